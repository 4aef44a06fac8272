// Lines in a byte stream: one JSON text a line, UTF-8, ended by a newline.
// Knows how to cut any chunking into bounded lines; refuses to know what a line means.
import {ProtocolError} from './errors.js';

const newline = 0x0A;
const carriageReturn = 0x0D;
const empty = new Uint8Array(0);

/**
Cuts a byte stream into lines. Feed it chunks as they come; it holds at most one unfinished line of `limit` bytes.
After it has thrown it must not be fed again: the connection is to be closed.
*/
export class LineDecoder {
	/**
	Longest line in bytes; may be raised between two calls (after login).
	*/
	limit: number;
	readonly #decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
	// One growing buffer instead of a list of chunks: a line that comes byte by byte must not cost more than its length.
	#pending: Uint8Array = empty;
	#pendingLength = 0;

	constructor(limit: number) {
		this.limit = limit;
	}

	/**
	The complete lines that `chunk` brings, without newline or a carriage return before it; empty lines are left out.

	@throws {ProtocolError} `line-too-long` or `bad-encoding`.
	*/
	* push(chunk: Uint8Array): Generator<string, void> {
		let start = 0;
		for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
			const line = this.#take(chunk.subarray(start, end));
			start = end + 1;
			if (line !== '') {
				yield line;
			}
		}

		if (start < chunk.length) {
			this.#keep(chunk.subarray(start));
		}
	}

	#take(rest: Uint8Array): string {
		this.#check(this.#pendingLength + rest.length);
		let line = rest;
		if (this.#pendingLength > 0) {
			this.#keep(rest);
			line = this.#pending.subarray(0, this.#pendingLength);
			this.#pending = empty;
			this.#pendingLength = 0;
		}

		try {
			return this.#decoder.decode(line.at(-1) === carriageReturn ? line.subarray(0, -1) : line);
		} catch {
			throw new ProtocolError('bad-encoding', 'A line is not UTF-8 text; one JSON object a line was expected.');
		}
	}

	/**
	Copies bytes of an unfinished line: the socket reuses its read buffer.
	*/
	#keep(bytes: Uint8Array): void {
		const length = this.#pendingLength + bytes.length;
		this.#check(length);
		if (length > this.#pending.length) {
			const grown = new Uint8Array(Math.max(length, Math.min(2 * this.#pending.length, this.limit)));
			grown.set(this.#pending.subarray(0, this.#pendingLength));
			this.#pending = grown;
		}

		this.#pending.set(bytes, this.#pendingLength);
		this.#pendingLength = length;
	}

	#check(length: number): void {
		if (length > this.limit) {
			throw new ProtocolError('line-too-long', `A line is longer than ${this.limit} bytes; one JSON object a line was expected.`);
		}
	}
}

/**
One message as a line, newline included.
*/
export function encodeLine(message: unknown): string {
	return `${JSON.stringify(message)}\n`;
}
