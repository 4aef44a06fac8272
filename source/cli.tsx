// The `earshot` command: flags in, a face over a messenger, an exit code out.
// Knows signals, exit codes and who is loaded when; refuses to know how anything is done. The one file here that may import server/.
import {join} from 'node:path';
import process from 'node:process';
import {parseFlags, UsageError, type Options} from './flags.js';
import {discoveryReach} from './io/discovery.js';
import {SessionLog} from './io/session-log.js';
import {TraceFile} from './io/trace-file.js';
import {chooseTheme} from './kit/theme.js';
import {clockTime} from './kit/time.js';
import {drive} from './plain/driver.js';
import {HiddenInput} from './plain/hidden-input.js';
import {createJsonFace} from './plain/json-face.js';
import {createPlainFace} from './plain/plain-face.js';
import {transcribe} from './plain/transcript.js';
import {ProtocolError} from './protocol/errors.js';
import {
	chooseOpening,
	enterAfterLogin,
	lookOn,
	type Opening,
	type OpeningFacts,
} from './runtime/opening.js';
import type {Host, Runtime} from './runtime/runtime.js';
import {startMessenger} from './runtime/start.js';
import type {runScreen} from './screen/run-screen.js';

// What a flag asked for turned out to be impossible; anything else is a failure at run time.
const usageCodes: ReadonlySet<string> = new Set(['bad-file', 'bad-folder', 'port-in-use', 'port-refused', 'host-refused']);

const exitSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
Runs the program and ends the process: 0 clean, 1 failed, 2 bad usage.
*/
export async function main(arguments_: readonly string[]): Promise<void> {
	process.on('uncaughtException', crash);
	let code = 0;
	try {
		code = await run(parseFlags(arguments_, {
			isTerminal: process.stdin.isTTY && process.stdout.isTTY,
			environment: process.env,
		}));
	} catch (error) {
		code = report(error);
	}

	// Whatever still waits in the pipe goes out first.
	process.stdout.write('', () => {
		process.exit(code);
	});
}

/**
One line on stderr that says why the program ends.

@returns The exit code.
*/
function report(error: unknown): number {
	const isExpected = error instanceof UsageError || error instanceof ProtocolError;
	const {message, stack = ''} = error as Error;
	const place = /\((?<place>[^\(\)]*)\)$/mv.exec(stack)?.groups?.place;
	process.stderr.write(isExpected ? `earshot: ${message}\n` : `earshot: internal error: ${message}${place === undefined ? '' : ` (${place})`}\n`);
	return error instanceof UsageError || (error instanceof ProtocolError && usageCodes.has(error.code)) ? 2 : 1;
}

function crash(error: unknown): never {
	process.exit(report(error));
}

async function run(options: Options): Promise<number> {
	// The screen is loaded while disk and port are opened: it is the larger half of the start.
	const loading = options.face === 'screen' ? import('./screen/run-screen.js') : undefined;
	const log = options.log === undefined ? undefined : SessionLog.open(options.log);
	const program = `earshot ${options.version}`;
	const trace = options.trace === undefined ? undefined : TraceFile.open(options.trace, {startedAt: Date.now(), program});
	const {runtime, udpPort, settings} = await startMessenger({
		folder: options.data,
		user: options.user,
		udpPort: options.udpPort,
		announce: options.announce,
		mode: options.sessions,
		accept: options.accept,
		history: options.history,
		reading: options.face === 'screen' ? 'active' : 'printed',
		timeOfDay: clockTime,
		program,
		trace,
		host: createHost(options),
	});
	if (log) {
		transcribe(runtime, line => {
			log.append(line);
		}, Date.now);
	}

	const between = enterAfterLogin(runtime, options.room, message => {
		runtime.announce({type: 'notice', level: 'error', text: message});
	});
	let failure: unknown;
	const begin = async () => {
		trace?.watch(text => {
			runtime.announce({type: 'notice', level: 'error', text});
		});

		try {
			await open(runtime, options, settings.data.lastServer);
		} catch (error) {
			failure = error;
			await runtime.leave();
		}
	};

	try {
		const screen = await loading;
		const code = await (screen ? showScreen(screen.runScreen, runtime, options, begin) : speak(runtime, options, {udpPort, begin, between}));
		return failure === undefined ? code : report(failure);
	} finally {
		await runtime.leave();
		await log?.close();
		await trace?.close();
	}
}

/**
Connects or hosts, as the flags say or as is found out. Beside the screen a failure is told there; otherwise a server
that can't be hosted ends the program.
*/
async function open(runtime: Runtime, options: Options, lastServer: string | undefined): Promise<void> {
	runtime.tellNews();
	for (const flag of ['share', 'downloads'] as const) {
		if (options[flag] !== undefined) {
			runtime.announce({type: 'notice', level: 'warn', text: `--${flag} is noted, but this version does not transfer files yet.`});
		}
	}

	const facts: OpeningFacts = {
		host: options.host, server: options.server, lastServer, reach: discoveryReach(process.env.EARSHOT_DISCOVERY),
	};
	const opening = await chooseOpening(facts);
	await follow(runtime, opening, options);
	if (opening.command === undefined) {
		// Nobody is kept from the prompt meanwhile.
		void (async () => {
			const found = await lookOn(facts, runtime);
			if (found) {
				await follow(runtime, found, options);
			}
		})();
	}
}

async function follow(runtime: Runtime, {command, notice}: Opening, options: Options): Promise<void> {
	if (notice) {
		runtime.announce(notice);
	}

	if (command === undefined) {
		return;
	}

	const reply = await runtime.execute(command);
	if (reply.ok) {
		return;
	}

	if (options.host && options.face !== 'screen') {
		throw new ProtocolError('host-refused', reply.error.message);
	}

	runtime.announce({type: 'notice', level: 'error', text: reply.error.message});
}

/**
The server is loaded only by those who host one.
*/
function createHost({data, version, hostPort}: Options): Host {
	const folder = join(data, 'server');
	return async (port = hostPort) => {
		const {hostServer} = await import('../server/host.js');
		try {
			const server = await hostServer({folder, port, program: `earshot ${version}`});
			return {
				port: server.port,
				fingerprint: server.fingerprint,
				async close() {
					await server.close();
				},
			};
		} catch (error) {
			// What its operator can do something about, in a sentence of its own.
			throw (error as Error).name === 'StartError' ? new ProtocolError('host-refused', (error as Error).message) : error;
		}
	};
}

async function showScreen(show: typeof runScreen, runtime: Runtime, {user}: Options, begin: () => Promise<void>): Promise<number> {
	// A crash is now the screen's to tell, after it has given the terminal back.
	process.off('uncaughtException', crash);
	const code = show(runtime, {user});
	// Not before the screen listens: the first notice is for it.
	void begin();
	return code;
}

type Speech = {readonly udpPort: number; readonly begin: () => Promise<void>; readonly between: () => Promise<void>};

/**
The plain or the json face on standard input and output.
*/
async function speak(runtime: Runtime, options: Options, {udpPort, begin, between}: Speech): Promise<number> {
	const {stdin, stdout} = process;
	const leave = () => {
		void runtime.leave();
	};

	for (const signal of exitSignals) {
		process.on(signal, leave);
	}

	// A reader that is gone (EPIPE) has heard enough.
	stdout.on('error', leave);
	const write = (text: string) => {
		stdout.write(text);
	};

	// Nobody should read a password over somebody's shoulder.
	const hidden = options.face === 'plain' && stdin.isTTY ? new HiddenInput(stdin, leave) : undefined;
	const theme = stdout.isTTY ? chooseTheme(process.env) : undefined;
	await drive({
		port: runtime,
		face: options.face === 'json' ? createJsonFace(write) : createPlainFace({write, now: Date.now, theme: theme?.id === 'color' ? theme : undefined}),
		facts: {version: options.version, udpPort},
		user: options.user,
		input: hidden ?? stdin,
		hideNextLine: hidden && (() => {
			hidden.hide();
		}),
		begin,
		between,
	});
	return 0;
}
