// A server core whose clients, disk, passwords and clock are function calls.
// Passwords "hash" to themselves and writes succeed at once unless a test takes them into its own hands.
import {createPrivateKey} from 'node:crypto';
import {importPrivateKey} from '../../../source/protocol/keys.js';
import type {
	Notice,
	NoticeName,
	Operation,
	Reply,
} from '../../../source/protocol/messages.js';
import type {
	Action,
	HashOutcome,
	QueryEntry,
} from '../../../server/core/actions.js';
import {ServerCore, type CoreOptions} from '../../../server/core/server-core.js';
import type {Answer as DiskAnswer} from '../../../server/core/storage.js';
import {seededRandom} from '../../helpers/random.js';
import {ServerDisk} from '../../helpers/server-disk.js';

/**
A reply as a client reads it; the fields of its operation stand only where it is `ok`.
*/
export type Answer<Name extends Operation = Operation> = {id: number; ok: boolean; error?: {code: string; message: string}} & Reply<Name>;

/**
Keys of a device, told apart by a letter.
*/
export function deviceKeys(letter = 'A'): {sign: string; agree: string} {
	return {sign: letter.repeat(42) + 'A', agree: letter.toLowerCase().repeat(42) + 'A'};
}

export class FakeServer {
	core: ServerCore;
	now = 1_700_000_000_000;
	readonly disk = new ServerDisk();
	readonly queries: QueryEntry[] = [];
	readonly datagrams: Array<Extract<Action, {kind: 'datagram'}>> = [];
	hasExited = false;
	/**
	While set, writes and passwords wait for `release`.
	*/
	isHolding = false;
	readonly held: Array<() => void> = [];
	isDiskFull = false;
	isHashingBusy = false;
	readonly #clients = new Map<number, FakeClient>();
	readonly #options: Partial<CoreOptions>;
	readonly #random = seededRandom(7);
	#last = 0;

	constructor(options: Partial<CoreOptions> = {}) {
		this.#options = options;
		this.core = this.#start();
		this.perform();
	}

	/**
	Starts anew from what is on disk; clients are gone.
	*/
	restart(): void {
		this.#clients.clear();
		this.core = this.#start();
		this.perform();
	}

	connect(remote = '10.0.0.1:1000'): FakeClient {
		this.#last += 1;
		const client = new FakeClient(this, this.#last, remote);
		this.#clients.set(client.id, client);
		this.core.handleOpened(client.id, remote, this.now);
		this.perform();
		return client;
	}

	/**
	A connected, greeted and registered client.
	*/
	register(name: string, {remote, device = deviceKeys()}: {remote?: string; device?: {sign: string; agree: string}} = {}): FakeClient {
		const client = this.connect(remote);
		client.ask('hello', {protocol: 1, program: 'test'});
		client.device = device;
		client.login = client.ask('register', {user: name, password: `${name}-secret`, device});
		this.settle();
		return client;
	}

	/**
	Lets time pass, waking the core whenever it asks for it.
	*/
	advance(ms: number): void {
		const end = this.now + ms;
		for (let at = this.core.pollTimeout(); at !== undefined && at <= end; at = this.core.pollTimeout()) {
			this.now = Math.max(this.now, at);
			this.core.handleTimeout(this.now);
			this.perform();
		}

		this.now = end;
	}

	/**
	Lets the next batch of notices out.
	*/
	settle(): void {
		this.advance(60);
	}

	release(): void {
		this.isHolding = false;
		for (const act of this.held.splice(0)) {
			act();
		}

		this.perform();
	}

	perform(): void {
		for (let action = this.core.pollAction(); action; action = this.core.pollAction()) {
			this.#performOne(action);
		}
	}

	#start(): ServerCore {
		const core = new ServerCore({
			rootKey: createPrivateKey(importPrivateKey('ed25519', new Uint8Array(32).fill(1)).export({format: 'pem', type: 'pkcs8'})),
			tokenSecret: new Uint8Array(32).fill(2),
			random: size => Uint8Array.from({length: size}, () => Math.floor(this.#random() * 256)),
			now: this.now,
			stored: this.disk.load(),
			...this.#options,
		});
		core.setPorts({tcp: 7600, udp: 7600});
		return core;
	}

	#performOne(action: Action): void {
		switch (action.kind) {
			case 'send': {
				this.#clients.get(action.connection)?.handle(action.message);
				break;
			}

			case 'cut': {
				this.#clients.get(action.connection)?.handleCut(action.closing);
				break;
			}

			case 'hash':
			case 'verify': {
				this.#later(() => {
					this.core.handleHashed(action.task, this.isHashingBusy ? {kind: 'busy'} : this.#hash(action), this.now);
				});
				break;
			}

			case 'store': {
				this.#later(() => {
					this.#answer(action.task, this.isDiskFull ? undefined : () => this.disk.apply(action.write));
				});
				break;
			}

			case 'look-up': {
				this.#later(() => {
					this.#answer(action.task, () => this.disk.lookUp(action.query));
				});
				break;
			}

			case 'datagram': {
				this.datagrams.push(action);
				break;
			}

			case 'query': {
				this.queries.push(action.entry);
				break;
			}

			case 'exit': {
				this.hasExited = true;
				break;
			}

			case 'trust':
			case 'presence': {
				break;
			}
		}
	}

	#hash(action: Extract<Action, {kind: 'hash' | 'verify'}>): HashOutcome {
		return action.kind === 'hash' ? {kind: 'hash', hash: action.password} : {kind: 'match', matches: this.disk.passwords.get(action.key) === action.password};
	}

	#later(act: () => void): void {
		if (this.isHolding) {
			this.held.push(act);
		} else {
			act();
		}
	}

	#answer(task: number, ask: (() => unknown) | undefined): void {
		this.core.handleStored(task, ask ? {ok: true, answer: ask() as DiskAnswer<'alive'>} : {ok: false}, this.now);
	}
}

export class FakeClient {
	readonly id: number;
	readonly remote: string;
	/**
	The reply to `register` by `FakeServer.register`.
	*/
	login!: Answer<'login'>;
	device = deviceKeys();
	readonly notices: Notice[] = [];
	readonly replies = new Map<number, Answer>();
	isCut = false;
	closing: Notice<'closing'> | undefined;
	readonly #server: FakeServer;
	#lastId = 0;

	constructor(server: FakeServer, id: number, remote: string) {
		this.#server = server;
		this.id = id;
		this.remote = remote;
	}

	/**
	Sends a request and gives back the reply; `undefined` fields where none came yet.
	*/
	ask<Name extends Operation>(op: Name, fields: Record<string, unknown> = {}): Answer<Name> {
		const id = this.send(op, fields);
		return (this.replies.get(id) ?? {id, ok: false, error: {code: 'no-reply-yet', message: ''}}) as Answer<Name>;
	}

	send(op: Operation, fields: Record<string, unknown> = {}): number {
		this.#lastId += 1;
		this.line(JSON.stringify({id: this.#lastId, op, ...fields}));
		return this.#lastId;
	}

	/**
	The code of the refusal, `undefined` when it was none.
	*/
	refusal(op: Operation, fields: Record<string, unknown> = {}): string | undefined {
		return this.ask(op, fields).error?.code;
	}

	line(text: string): void {
		this.#server.core.handleLine(this.id, text, this.#server.now);
		this.#server.perform();
	}

	drop(): void {
		this.#server.core.handleClosed(this.id, this.#server.now);
		this.#server.perform();
	}

	handle(message: Answer | Notice): void {
		if (this.isCut) {
			throw new Error('a message came after the end');
		}

		if ('event' in message) {
			this.notices.push(message);
		} else {
			this.replies.set(message.id, message);
		}
	}

	handleCut(closing: Notice<'closing'> | undefined): void {
		this.isCut = true;
		this.closing = closing;
	}

	/**
	Takes out all notices of that name so far.
	*/
	take<Name extends NoticeName>(event: Name): Array<Notice<Name>> {
		const taken = this.notices.filter(notice => notice.event === event);
		const kept = this.notices.filter(notice => notice.event !== event);
		this.notices.splice(0, this.notices.length, ...kept);
		return taken as unknown as Array<Notice<Name>>;
	}
}
