// Lines in a byte stream: one JSON text a line, UTF-8, ended by a newline.
// Knows how to cut any chunking into bounded lines; refuses to know what a line means.
import {Buffer} from 'node:buffer';
import {ProtocolError} from './errors.js';

const newline = 0x0A;

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
	#pending: Uint8Array[] = [];
	#pendingBytes = 0;

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

		if (!(start < chunk.length)) {
			return;
		}

		this.#check(this.#pendingBytes + chunk.length - start);
		// A copy: the socket reuses its read buffer.
		this.#pending.push(chunk.slice(start));
		this.#pendingBytes += chunk.length - start;
	}

	#take(rest: Uint8Array): string {
		this.#check(this.#pendingBytes + rest.length);
		const bytes = this.#pending.length === 0 ? rest : Buffer.concat([...this.#pending, rest]);
		this.#pending = [];
		this.#pendingBytes = 0;
		const body = bytes.at(-1) === 0x0D ? bytes.subarray(0, -1) : bytes;
		try {
			return this.#decoder.decode(body);
		} catch {
			throw new ProtocolError('bad-encoding', 'A line is not UTF-8 text; one JSON object a line was expected.');
		}
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
