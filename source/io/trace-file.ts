// The trace of `--trace`: qlog as a JSON text sequence (RFC 7464), in a file that qvis opens.
// Knows the header that draft-ietf-quic-qlog-main-schema-02 asks for and how events are laid into the file; refuses to know what they mean.
import {Buffer} from 'node:buffer';
import {
	closeSync,
	fchmodSync,
	fstatSync,
	openSync,
	write,
} from 'node:fs';
import {dirname} from 'node:path';
import {ProtocolError} from '../protocol/errors.js';

/**
An event as the peer links tell it; `time` is float ms since the epoch.
*/
export type TraceRecord = {readonly time: number; readonly group: string; readonly name: string; readonly data: object};

/**
Events that wait for a slow disk beyond this many bytes are dropped, and the file says how many: a trace must not fill the memory.
*/
const maximumQueuedBytes = 16 * 1024 * 1024;

/**
Every record stands between these two (RFC 7464, section 2.2).
*/
const recordSeparator = '\u{1E}';
const lineFeed = '\n';

export class TraceFile {
	readonly #path: string;
	readonly #descriptor: number;
	readonly #reference: number;
	#waiting: string[] = [];
	#waitingBytes = 0;
	#dropped = 0;
	/**
	When and about whom the last event was that came through.
	*/
	#last: {time: number; group: string};
	#isWriting = false;
	#hasFailed = false;
	#turn: NodeJS.Immediate | undefined;
	#onIdle: (() => void) | undefined;
	#trouble: string | undefined;
	#onTrouble: ((problem: string) => void) | undefined;

	private constructor(path: string, descriptor: number, reference: number) {
		this.#path = path;
		this.#descriptor = descriptor;
		this.#reference = reference;
		this.#last = {time: reference, group: ''};
	}

	/**
	Makes `path` anew. Its reader is the user alone.

	@param path
	@param options
	@param options.startedAt Ms since the epoch, not after the first event.
	@param options.program Name and version of who writes.
	@throws {ProtocolError} `bad-file` when that can't be done.
	*/
	static open(path: string, {startedAt, program}: {startedAt: number; program: string}): TraceFile {
		let descriptor: number;
		try {
			descriptor = openSync(path, 'w', 0o600);
			if (fstatSync(descriptor).isFile()) {
				// One that was there before may have been open to others.
				fchmodSync(descriptor, 0o600);
			}
		} catch (error) {
			const {code, message} = error as NodeJS.ErrnoException;
			throw new ProtocolError('bad-file', code === 'ENOENT'
				? `The trace can't be made: there is no folder ${dirname(path)}. Make it first, or name another file with --trace.`
				: `The trace ${path} can't be written: ${message}. Name another file with --trace.`);
		}

		const file = new TraceFile(path, descriptor, startedAt);
		file.#put(file.#header(program));
		return file;
	}

	/**
	`listener` is told once, with a sentence, when the file can't be written any more, and at once when that is so already.
	*/
	watch(listener: (problem: string) => void): void {
		this.#onTrouble = listener;
		this.#tellTrouble();
	}

	/**
	Adds an event; it is written later, and never waited for.
	*/
	append({time, group, name, data}: TraceRecord): void {
		if (this.#hasFailed) {
			return;
		}

		if (this.#waitingBytes >= maximumQueuedBytes) {
			this.#dropped++;
			return;
		}

		this.#tellDropped();
		this.#last = {time, group};
		this.#put(this.#event(time, group, name, data));
	}

	/**
	Resolves when everything is in the file, or the file has failed. To be called once, last.
	*/
	async close(): Promise<void> {
		this.#tellDropped();
		clearImmediate(this.#turn);
		this.#turn = undefined;
		this.#flush();
		if (this.#isWriting) {
			await new Promise<void>(resolve => {
				this.#onIdle = resolve;
			});
		}

		this.#hasFailed = true;
		closeSync(this.#descriptor);
	}

	/**
	A gap must not look like silence on the link.
	*/
	#tellDropped(): void {
		if (!(this.#dropped > 0)) {
			return;
		}

		const message = `${this.#dropped} events were dropped here: the disk was too slow`;
		this.#dropped = 0;
		this.#put(this.#event(this.#last.time, this.#last.group, 'generic:message', {message}));
	}

	#header(program: string): object {
		return {
			qlog_version: '0.3',
			qlog_format: 'JSON-SEQ',
			title: program,
			trace: {
				vantage_point: {name: program, type: 'client'},
				common_fields: {reference_time: this.#reference, time_format: 'relative', protocol_type: ['QUIC']},
				configuration: {time_offset: 0},
			},
		};
	}

	#event(time: number, group: string, name: string, data: object): object {
		return {
			time: Number((time - this.#reference).toFixed(3)), name, group_id: group, data,
		};
	}

	#put(record: object): void {
		const text = `${recordSeparator}${JSON.stringify(record)}${lineFeed}`;
		this.#waiting.push(text);
		this.#waitingBytes += text.length;
		// Everything of one turn goes out in one piece.
		this.#turn ??= setImmediate(() => {
			this.#turn = undefined;
			this.#flush();
		});
	}

	#flush(): void {
		if (this.#isWriting || this.#waiting.length === 0) {
			return;
		}

		this.#isWriting = true;
		const bytes = Buffer.from(this.#waiting.join(''));
		const textLength = this.#waitingBytes;
		this.#waiting = [];
		this.#write(bytes, 0, textLength);
	}

	#write(bytes: Buffer, from: number, textLength: number): void {
		write(this.#descriptor, bytes, from, bytes.length - from, null, (error, written) => {
			if (!error && from + written < bytes.length) {
				this.#write(bytes, from + written, textLength);
				return;
			}

			this.#isWriting = false;
			this.#waitingBytes -= textLength;
			if (error) {
				this.#fail(error.message);
			}

			this.#flush();
			if (!this.#isWriting) {
				this.#onIdle?.();
			}
		});
	}

	/**
	Tracing ends; the conversation goes on.
	*/
	#fail(problem: string): void {
		this.#hasFailed = true;
		this.#waiting = [];
		this.#waitingBytes = 0;
		this.#dropped = 0;
		this.#trouble = `The trace ${this.#path} can't be written any more: ${problem}. What happens from now on is not traced.`;
		this.#tellTrouble();
	}

	#tellTrouble(): void {
		if (this.#trouble === undefined || !this.#onTrouble) {
			return;
		}

		this.#onTrouble(this.#trouble);
		this.#trouble = undefined;
	}
}
