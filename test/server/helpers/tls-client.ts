// A client of a real server, over TLS: asks, hears, notices how it ends.
import {type Buffer} from 'node:buffer';
import {connect, type TLSSocket} from 'node:tls';
import type {Notice, Operation} from '../../../source/protocol/messages.js';
import {deviceKeys, type Answer} from './fake-server.js';

export class TlsClient {
	readonly socket: TLSSocket;
	readonly notices: Notice[] = [];
	/**
	Settles when the socket has closed.
	*/
	readonly closed: Promise<void>;
	readonly #replies = new Map<number, {resolve: (answer: Answer) => void; reject: (error: Error) => void}>();
	#lastId = 0;
	#rest = '';
	#onNotice: (() => void) | undefined;

	private constructor(socket: TLSSocket) {
		this.socket = socket;
		socket.on('data', (chunk: Buffer) => {
			this.#read(chunk.toString());
		});
		socket.on('error', () => {
			// The close event follows.
		});
		this.closed = new Promise(resolve => {
			socket.on('close', () => {
				for (const {reject} of this.#replies.values()) {
					reject(new Error('the connection ended before everything was answered'));
				}

				resolve();
			});
		});
	}

	static async open(port: number): Promise<TlsClient> {
		const socket = connect({port, host: '127.0.0.1', rejectUnauthorized: false});
		await new Promise<void>((resolve, reject) => {
			socket.once('secureConnect', resolve);
			socket.once('error', reject);
		});
		return new TlsClient(socket);
	}

	/**
	A connected, greeted and registered client.
	*/
	static async register(port: number, user: string, letter = 'A'): Promise<TlsClient> {
		const client = await this.open(port);
		await client.ask('hello', {protocol: 1, program: 'test'});
		await client.ok('register', {user, password: `${user}-secret`, device: deviceKeys(letter)});
		return client;
	}

	/**
	Asks, and throws when it is refused.
	*/
	async ok<Name extends Operation>(op: Name, fields: Record<string, unknown> = {}): Promise<Answer<Name>> {
		const answer = await this.ask(op, fields);
		if (!answer.ok) {
			throw new Error(answer.error!.message);
		}

		return answer;
	}

	async ask<Name extends Operation>(op: Name, fields: Record<string, unknown> = {}): Promise<Answer<Name>> {
		this.#lastId += 1;
		const id = this.#lastId;
		return new Promise((resolve, reject) => {
			this.#replies.set(id, {resolve: resolve as (answer: Answer) => void, reject});
			this.socket.write(`${JSON.stringify({id, op, ...fields})}\n`);
		});
	}

	/**
	The reason in the server's last words, once it has closed the connection.
	*/
	async end(): Promise<string | undefined> {
		await this.closed;
		const last = this.notices.at(-1);
		return last?.event === 'closing' ? last.code : undefined;
	}

	/**
	Waits until a notice fits.
	*/
	async notice(fits: (notice: Notice) => boolean): Promise<Notice> {
		return new Promise(resolve => {
			this.#onNotice = () => {
				const notice = this.notices.find(candidate => fits(candidate));
				if (notice) {
					resolve(notice);
				}
			};

			this.#onNotice();
		});
	}

	#read(text: string): void {
		const lines = (this.#rest + text).split('\n');
		this.#rest = lines.pop()!;
		for (const line of lines) {
			const message = JSON.parse(line) as Answer | Notice;
			if ('event' in message) {
				this.notices.push(message);
				this.#onNotice?.();
			} else {
				this.#replies.get(message.id)?.resolve(message);
				this.#replies.delete(message.id);
			}
		}
	}
}
