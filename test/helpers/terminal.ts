// A program in a real pseudo-terminal and the screen that a person would see: an emulator fed with every byte it writes.
// Knows keys, cells, cursor and modes; refuses to know what stands on the screen.
import process from 'node:process';
import {spawn, type IPty} from '@lydell/node-pty';
import xterm from '@xterm/headless';
import {Expectations, type Patience} from './expectations.js';
import {
	cleanEnvironment,
	killGroup,
	watchGroup,
	type Launch,
} from './programs.js';

/**
Keys by name, as a terminal sends them.
*/
export const keys = {
	enter: '\r',
	escape: '\u{1B}',
	tab: '\t',
	backTab: '\u{1B}[Z',
	backspace: '\u{7F}',
	up: '\u{1B}[A',
	down: '\u{1B}[B',
	right: '\u{1B}[C',
	left: '\u{1B}[D',
	pageUp: '\u{1B}[5~',
	pageDown: '\u{1B}[6~',
	home: '\u{1B}[H',
	end: '\u{1B}[F',
	control: (letter: string): string => String.fromCodePoint(letter.toUpperCase().codePointAt(0)! - 64),
	alt: (letter: string): string => `\u{1B}${letter}`,
} as const;

/**
Size in cells; 80x24 unless given.
*/
export type TerminalOptions = {
	readonly columns?: number;
	readonly rows?: number;
	/**
	Run under a shell that prints the terminal's settings and `ended with CODE` afterwards, so that a test sees what the program left behind.
	The shell ends when a line feed is typed.
	*/
	readonly underShell?: boolean;
};

/**
One cell of the screen. Colours are palette indexes or 24-bit values; `undefined` is the terminal's own.
*/
export type Cell = {
	readonly character: string;
	readonly foreground: number | undefined;
	readonly background: number | undefined;
	readonly isBold: boolean;
	readonly isDim: boolean;
	readonly isInverse: boolean;
};

// The inner shell leaves its own process id in a file and becomes the program. The outer one waits for a line feed: a terminal that ends before
// it was read is emptied.
const afterwards = 'sh -c \'echo $$ >program.pid; exec "$@"\' inner "$@"; code=$?; stty -a; echo "ended with $code"; read -r _';

/**
A program in a terminal.
*/
export class TerminalProgram {
	readonly name: string;
	readonly expectations: Expectations;
	/**
	Settles with the exit code when the outermost process has ended and all its output is on the screen.
	*/
	readonly exited: Promise<number>;
	/**
	Bytes (UTF-16 units) written to the terminal so far.
	*/
	written = 0;
	/**
	When the output came that was drawn last, on the clock of `performance.now()`: while an expectation is met, the output that met it.
	*/
	drawnAt = 0;
	readonly #pty: IPty;
	readonly #emulator: xterm.Terminal;
	readonly #typed: string[] = [];
	#isCursorHidden = false;
	#tail = '';

	constructor(name: string, path: string, launch: Launch, {columns = 80, rows = 24, underShell = false}: TerminalOptions = {}) {
		this.name = name;
		this.expectations = new Expectations(() => `Screen of ${name}, after typing ${JSON.stringify(this.#typed.join(''))}:\n${this.screen()}\n`);
		const command = [process.execPath, path, ...launch.arguments];
		const [file, ...arguments_] = underShell ? ['/bin/sh', '-c', afterwards, 'outer', ...command] : command;
		this.#emulator = new xterm.Terminal({
			cols: columns, rows, allowProposedApi: true, scrollback: 2000,
		});
		this.#pty = spawn(file!, arguments_, {
			name: 'xterm-256color',
			cols: columns,
			rows,
			cwd: launch.home,
			env: {...cleanEnvironment(launch.home, launch.environment), TERM: 'xterm-256color'},
		});
		const unwatch = watchGroup(this.#pty.pid);
		this.#pty.onData(data => {
			const cameAt = performance.now();
			this.written += data.length;
			this.#followCursor(data);
			this.#emulator.write(data, () => {
				this.drawnAt = cameAt;
				this.expectations.notify();
			});
		});
		// Answers to what the program asks its terminal.
		this.#emulator.onData(answer => {
			this.#pty.write(answer);
		});
		this.exited = new Promise(resolve => {
			this.#pty.onExit(({exitCode}) => {
				unwatch();
				this.#emulator.write('', () => {
					this.expectations.abandon(`${name} ended with code ${exitCode}`);
					resolve(exitCode);
				});
			});
		});
	}

	/**
	Process id of the outermost process: the program, or the shell it runs under.
	*/
	get pid(): number {
		return this.#pty.pid;
	}

	/**
	Types characters and keys as they are.
	*/
	type(text: string): void {
		this.#typed.push(text);
		this.#pty.write(text);
	}

	/**
	Types a line and Enter.
	*/
	enter(text: string): void {
		this.type(`${text}${keys.enter}`);
	}

	/**
	Pastes as a terminal does for programs that asked for bracketed paste.
	*/
	paste(text: string): void {
		this.type(this.#emulator.modes.bracketedPasteMode ? `\u{1B}[200~${text}\u{1B}[201~` : text);
	}

	/**
	Changes the size of the window.
	*/
	resize(columns: number, rows: number): void {
		this.#emulator.resize(columns, rows);
		this.#pty.resize(columns, rows);
	}

	/**
	The rows of the window as text, without trailing spaces.
	*/
	rows(): string[] {
		const buffer = this.#emulator.buffer.active;
		return Array.from({length: this.#emulator.rows}, (_, row) => buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '');
	}

	/**
	The whole window as text.
	*/
	screen(): string {
		return this.rows().join('\n');
	}

	/**
	Where the cursor stands, from the upper left, and whether it is shown.
	*/
	get cursor(): {readonly column: number; readonly row: number; readonly isVisible: boolean} {
		const {cursorX: column, cursorY: row} = this.#emulator.buffer.active;
		return {column, row, isVisible: !this.#isCursorHidden};
	}

	/**
	The modes that a program must give back: alternate screen, bracketed paste, mouse reports, hidden cursor.
	*/
	get modesLeftOn(): string[] {
		const {bracketedPasteMode, mouseTrackingMode, applicationCursorKeysMode, sendFocusMode} = this.#emulator.modes;
		return [
			this.#emulator.buffer.active.type === 'alternate' && 'alternate screen',
			bracketedPasteMode && 'bracketed paste',
			mouseTrackingMode !== 'none' && 'mouse reports',
			applicationCursorKeysMode && 'application cursor keys',
			sendFocusMode && 'focus reports',
			this.#isCursorHidden && 'hidden cursor',
		].filter(mode => mode !== false);
	}

	/**
	The cells of the first place where `text` stands in one row; `undefined` when it is not on the screen.
	*/
	cellsOf(text: string): Cell[] | undefined {
		const buffer = this.#emulator.buffer.active;
		for (const [row, line] of this.rows().entries()) {
			const at = line.indexOf(text);
			const cells = buffer.getLine(buffer.baseY + row);
			if (at === -1 || !cells) {
				continue;
			}

			return Array.from({length: text.length}, (_, offset) => {
				const cell = cells.getCell(at + offset)!;
				return {
					character: cell.getChars(),
					foreground: cell.isFgDefault() ? undefined : cell.getFgColor(),
					background: cell.isBgDefault() ? undefined : cell.getBgColor(),
					isBold: cell.isBold() !== 0,
					isDim: cell.isDim() !== 0,
					isInverse: cell.isInverse() !== 0,
				};
			});
		}

		return undefined;
	}

	/**
	Whether any cell of the window has a colour of its own.
	*/
	get hasColour(): boolean {
		const buffer = this.#emulator.buffer.active;
		for (let row = 0; row < this.#emulator.rows; row++) {
			const line = buffer.getLine(buffer.baseY + row);
			for (let column = 0; column < this.#emulator.cols; column++) {
				const cell = line?.getCell(column);
				if (cell && !(cell.isFgDefault() && cell.isBgDefault())) {
					return true;
				}
			}
		}

		return false;
	}

	/**
	Waits until the window shows what is looked for: a text, a pattern, or what a function of the whole window says. Half a frame
	of a program that marks its frames (mode 2026) is not looked at: no terminal shows it.

	@returns The window at that moment.
	*/
	async shows(what: string | RegExp | ((screen: string) => boolean), patience?: Patience): Promise<string> {
		return this.expectations.until(`the screen of ${this.name} to show ${String(what)}`, () => {
			if (this.#emulator.modes.synchronizedOutputMode) {
				return undefined;
			}

			const screen = this.screen();
			const isThere = typeof what === 'string' ? screen.includes(what) : (typeof what === 'function' ? what(screen) : what.test(screen));
			return isThere ? screen : undefined;
		}, patience);
	}

	/**
	Waits until the window no longer shows a text or pattern.
	*/
	async hides(what: string | RegExp, patience?: Patience): Promise<string> {
		return this.shows(screen => typeof what === 'string' ? !screen.includes(what) : !what.test(screen), patience);
	}

	/**
	Sends a signal to one process: the outermost unless `pid` is given.
	*/
	signal(signal: NodeJS.Signals, pid = this.pid): void {
		process.kill(pid, signal);
	}

	/**
	Ends it and all it started, at once.
	*/
	async destroy(): Promise<void> {
		killGroup(this.pid);
		await this.exited;
		this.#emulator.dispose();
	}

	// The emulator does not tell whether the cursor is hidden, so the sequences are watched; one may be cut between two reads.
	#followCursor(data: string): void {
		const text = this.#tail + data;
		const last = text.matchAll(/\u{1B}\[\?25(?<mode>[hl])/gv).toArray().at(-1);
		if (last) {
			this.#isCursorHidden = last.groups!.mode === 'l';
		}

		this.#tail = text.slice(-5);
	}
}
