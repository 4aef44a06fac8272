// Puts the screen on a terminal and gives the terminal back, whatever happens: leaving, a signal, a crash, a terminal that is gone.
// Knows the process and its streams; refuses to know what is drawn.
import process from 'node:process';
import {inspect} from 'node:util';
import {render} from 'ink';
import {chooseTheme} from '../kit/theme.js';
import type {MessengerPort} from '../messenger/port.js';
import {App} from './app.js';
import {createNurseryGuard} from './memory.js';
import {ScreenStore} from './store.js';

/**
How long leaving may take before the program ends anyway, in ms.
*/
const leavingMs = 3000;

// DECAWM (DEC private mode 7) off: a character that the terminal draws wider than Unicode says must not push the rest to the next row.
// Bracketed paste (2004) on: Ink does it too, but only after its first frame, and until then a paste would be keys.
// Alternate scroll (1007) saved and off: the wheel would come as arrow keys and leaf through the history of what one sent.
const modesOn = '\u{1B}[?7l\u{1B}[?1007s\u{1B}[?1007l\u{1B}[?2004h';
const modesOff = '\u{1B}[?2004l\u{1B}[?1007r\u{1B}[?7h';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
Shows the messenger until it has left. `user` is the name to begin signing in with.

@returns The exit code: 0 after leaving, 1 after a crash, which is then reported on stderr.
*/
export async function runScreen(port: MessengerPort, {user}: {readonly user?: string | undefined} = {}): Promise<number> {
	const {stdin, stdout} = process;
	let crash: unknown;
	let deadline: NodeJS.Timeout | undefined;
	const over = Promise.withResolvers<void>();

	const fail = (error: unknown) => {
		crash ??= error;
		over.resolve();
	};

	const leave = () => {
		deadline ??= setTimeout(over.resolve, leavingMs);
		void port.leave().catch(fail).then(over.resolve);
	};

	const restore = () => {
		stdout.write(modesOff);
		stdin.setRawMode(false);
	};

	const store = new ScreenStore({
		port,
		theme: chooseTheme(process.env),
		size: {columns: stdout.columns, rows: stdout.rows},
		user,
		leave,
		ringBell() {
			stdout.write('\u{07}');
		},
	});
	// A terminal that is gone refuses every write and read; leaving is all that is left to do.
	const handleGone = () => {
		leave();
	};

	for (const signal of endings) {
		process.on(signal, leave);
	}

	stdin.on('error', handleGone);
	stdin.on('end', handleGone);
	stdout.on('error', handleGone);
	process.on('uncaughtException', fail);
	process.on('unhandledRejection', fail);
	process.once('exit', restore);
	// Before the first frame, or an early Enter would arrive as a line feed.
	stdin.setRawMode(true);
	stdout.write(modesOn);
	const guardNursery = createNurseryGuard();
	const ink = render(<App store={store}/>, {
		alternateScreen: true,
		incrementalRendering: true,
		// Frames are timed by the store; this only keeps Ink from timing them a second time.
		maxFps: 1000,
		exitOnCtrlC: false,
		patchConsole: false,
		interactive: true,
		onRender() {
			store.handleDrawn();
			guardNursery();
		},
	});
	void ink.waitUntilExit().then(() => {
		over.resolve();
	}).catch(fail);
	void port.finished.then(over.resolve).catch(fail);

	await over.promise;
	clearTimeout(deadline);
	store.stop();
	ink.unmount();
	process.off('exit', restore);
	restore();
	for (const signal of endings) {
		process.off(signal, leave);
	}

	process.off('uncaughtException', fail);
	process.off('unhandledRejection', fail);
	if (crash === undefined) {
		return 0;
	}

	process.stderr.write(`Earshot ended because of an error of its own. Please report it.\n${inspect(crash)}\n`);
	return 1;
}
