// One TLS connection: lines in, messages out, with a bounded queue.
// Knows framing, corking and cutting; refuses to know what a line means.
import type {Buffer} from 'node:buffer';
import type {TLSSocket} from 'node:tls';
import {ProtocolError} from '../../source/protocol/errors.js';
import {encodeLine, LineDecoder} from '../../source/protocol/framing.js';
import {maximumLineBytes, maximumLineBytesBeforeLogin} from '../../source/protocol/limits.js';
import type {Notice} from '../../source/protocol/messages.js';

/**
A cut connection has this long to take its last words.
*/
const lingerMs = 1000;

/**
Characters written at once: for as long as a connection lasts, the TLS layer keeps buffers as large as what it was ever given in one go.
*/
const writeSize = 6 * 1024;

export type ConnectionEvents = {
	onLine(line: string): void;
	/**
	All lines of one read have been delivered.
	*/
	onIdle(): void;
	/**
	The connection is over, whoever ended it; comes once.
	*/
	onClosed(): void;
};

export class Connection {
	readonly #socket: TLSSocket;
	readonly #queueLimit: number;
	readonly #decoder = new LineDecoder(maximumLineBytesBeforeLogin);
	readonly #events: ConnectionEvents;
	#lines: string[] = [];
	#queued = 0;
	#isWriting = false;
	#isCut = false;

	/**
	@param socket
	@param queueLimit Characters that may wait for a slow reader before it is cut.
	@param events
	*/
	constructor(socket: TLSSocket, queueLimit: number, events: ConnectionEvents) {
		this.#socket = socket;
		this.#queueLimit = queueLimit;
		this.#events = events;
		socket.setNoDelay(true);
		socket.on('data', (chunk: Buffer) => {
			this.#read(chunk);
		});
		// The close event follows and tells everything that matters.
		socket.on('error', () => {});
		socket.on('close', () => {
			events.onClosed();
		});
	}

	/**
	Longer lines are allowed from now on.
	*/
	trust(): void {
		this.#decoder.limit = maximumLineBytes;
	}

	/**
	Queues a line for the next `flush`.
	*/
	write(line: string): void {
		if (this.#isCut) {
			return;
		}

		this.#lines.push(line);
		this.#queued += line.length;
	}

	/**
	Writes what is queued, and cuts a reader that is too slow.
	*/
	flush(): void {
		if (this.#queued > this.#queueLimit) {
			this.#lines = [];
			this.#queued = 0;
			this.cut({event: 'closing', code: 'slow-reader', message: `More than ${this.#queueLimit / 1024} KiB wait for this client, which does not read them.`});
		} else if (!this.#isWriting && this.#lines.length > 0) {
			this.#writeSome();
		}
	}

	/**
	Ends the connection after what was written before; a reason is the last line.
	*/
	cut(closing?: Notice<'closing'>): void {
		if (this.#isCut) {
			return;
		}

		this.#isCut = true;
		this.#socket.end(this.#lines.join('') + (closing ? encodeLine(closing) : ''));
		this.#lines = [];
		setTimeout(() => {
			this.#socket.destroy();
		}, lingerMs).unref();
	}

	/**
	One write at a time, none larger than its largest line or `writeSize`.
	*/
	#writeSome(): void {
		let count = 0;
		let size = 0;
		while (count < this.#lines.length && (count === 0 || size + this.#lines[count]!.length <= writeSize)) {
			size += this.#lines[count]!.length;
			count += 1;
		}

		this.#isWriting = true;
		this.#queued -= size;
		this.#socket.write(this.#lines.splice(0, count).join(''), () => {
			this.#isWriting = false;
			this.flush();
		});
	}

	#read(chunk: Uint8Array): void {
		if (this.#isCut) {
			return;
		}

		try {
			for (const line of this.#decoder.push(chunk)) {
				this.#events.onLine(line);
				if (this.#isCut) {
					return;
				}
			}
		} catch (error) {
			if (!(error instanceof ProtocolError)) {
				throw error;
			}

			this.cut({event: 'closing', code: 'bad-request', message: error.message});
		}

		this.#events.onIdle();
	}
}
