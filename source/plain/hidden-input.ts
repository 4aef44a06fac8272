// A terminal as input whose next line can be typed unseen: a password.
// Knows raw mode and the few keys that a line without echo needs; refuses to know what is typed.
import {Buffer} from 'node:buffer';

/**
What it takes of a terminal, as `process.stdin` is one.
*/
export type RawTerminal = AsyncIterable<Uint8Array> & {setRawMode(isRaw: boolean): unknown};

const interrupt = 0x03;
const endOfInput = 0x04;
const killLine = 0x15;
const enter = new Set([0x0A, 0x0D]);
const erase = new Set([0x08, 0x7F]);

/**
Bytes from `terminal`; after `hide` the next line comes without its letters having been shown.
*/
export class HiddenInput implements AsyncIterable<Uint8Array> {
	readonly #terminal: RawTerminal;
	readonly #onInterrupt: () => void;
	#typed: string | undefined;

	/**
	`onInterrupt` stands in for the signal that Ctrl-C does not send while the terminal is raw.
	*/
	constructor(terminal: RawTerminal, onInterrupt: () => void) {
		this.#terminal = terminal;
		this.#onInterrupt = onInterrupt;
	}

	/**
	The next line is not shown while it is typed.
	*/
	hide(): void {
		this.#typed = '';
		this.#terminal.setRawMode(true);
	}

	async * [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
		for await (const chunk of this.#terminal) {
			yield this.#typed === undefined ? chunk : this.#edit(chunk);
		}
	}

	/**
	The line when it is complete, and what was typed after it; nothing before.
	*/
	#edit(chunk: Uint8Array): Uint8Array {
		// One byte a letter: what UTF-8 makes of them is for the reader of the line.
		for (const [index, byte] of chunk.entries()) {
			if (byte === endOfInput || enter.has(byte)) {
				const line = Buffer.from(byte === endOfInput ? '\n' : `${this.#typed!}\n`, 'latin1');
				this.#typed = undefined;
				this.#terminal.setRawMode(false);
				return Buffer.concat([line, Buffer.from(chunk.subarray(index + 1)).map(next => next === 0x0D ? 0x0A : next)]);
			}

			if (byte === interrupt) {
				this.#onInterrupt();
			} else if (byte === killLine) {
				this.#typed = '';
			} else if (erase.has(byte)) {
				this.#typed = this.#typed!.replace(/[^\u{80}-\u{BF}][\u{80}-\u{BF}]*$/v, '');
			} else {
				this.#typed! += String.fromCodePoint(byte);
			}
		}

		return new Uint8Array();
	}
}
