// The session log of `--log`: plain lines, appended as they come.
// Knows one file; refuses to know what stands in it.
import {createWriteStream, openSync, type WriteStream} from 'node:fs';
import {dirname} from 'node:path';
import {ProtocolError} from '../protocol/errors.js';

/**
Lines that wait for a slow disk beyond this many bytes are dropped: a log must not fill the memory.
*/
const maximumQueuedBytes = 4 * 1024 * 1024;

/**
A text file that grows by lines.
*/
export class SessionLog {
	readonly #stream: WriteStream;

	private constructor(stream: WriteStream) {
		this.#stream = stream;
		this.#stream.on('error', () => {
			// A full disk must not end the conversation.
		});
	}

	/**
	Opens `path` for appending, making the file where there is none. Its reader is the user alone.

	@throws {ProtocolError} `bad-file` when that can't be done.
	*/
	static open(path: string): SessionLog {
		try {
			const descriptor = openSync(path, 'a', 0o600);
			return new SessionLog(createWriteStream(path, {fd: descriptor}));
		} catch (error) {
			const {code, message} = error as NodeJS.ErrnoException;
			throw new ProtocolError('bad-file', code === 'ENOENT'
				? `The log file can't be made: there is no folder ${dirname(path)}. Make it first, or name another file with --log.`
				: `The log file ${path} can't be written: ${message}. Name another file with --log.`);
		}
	}

	/**
	Appends one line; `line` has no newline.
	*/
	append(line: string): void {
		if (this.#stream.writable && this.#stream.writableLength < maximumQueuedBytes) {
			this.#stream.write(`${line}\n`);
		}
	}

	/**
	Resolves when everything is in the file.
	*/
	async close(): Promise<void> {
		await new Promise<void>(resolve => {
			this.#stream.once('close', resolve);
			this.#stream.end();
			if (this.#stream.closed) {
				resolve();
			}
		});
	}
}
