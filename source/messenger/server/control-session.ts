// The control session: our side of the connection to the server, from `c` to `d`.
// Knows connecting, the certificate pin, hello, logging in and resuming, request ids, pings and backoff;
// refuses to know what requests and notices mean.
//
//   closed ──connect──► connecting ──opened, pin fits──► greeting ──hello──► ready
//     ▲                     ▲  │                            │  └──token──► resuming ──► ready
//     │ disconnect          │  ▼ failed                     ▼ failed                     │ lost
//     └───────────────── waiting (backoff) ◄─────────────────────────────────────────────┘
//
// Nothing but `hello` is sent before the server's certificate and root key are those that were seen first.
import {formatHostPort, type HostPort} from '../../protocol/addresses.js';
import {parseReply, parseServerLine, type ServerLine} from '../../protocol/codec.js';
import {requestBurst, requestCost, requestRate} from '../../protocol/costs.js';
import {ProtocolError, type ErrorReport} from '../../protocol/errors.js';
import {formatFingerprint} from '../../protocol/fingerprint.js';
import {encodeLine, LineDecoder} from '../../protocol/framing.js';
import {
	loginTimeoutMs,
	maximumLineBytes,
	pingIntervalMs,
	pongTimeoutMs,
	protocolVersion,
} from '../../protocol/limits.js';
import type {
	DeviceKeys,
	Notice,
	Operation,
	Reply,
	Request,
} from '../../protocol/messages.js';
import type {ControlEvent, Effect, StoredState} from '../effects.js';
import type {ConnectionState} from '../events.js';
import type {Journal} from '../journal.js';
import {nextBackoff, reconnectBackoffMs, replyTimeoutMs} from '../limits.js';
import type {ConnectionView} from '../view.js';
import {Pace} from './pace.js';

/**
What became of a request: the checked fields of its reply, or why not.
*/
export type Outcome<Name extends Operation> =
	| {readonly ok: true; readonly reply: Reply<Name>}
	| {readonly ok: false; readonly error: ErrorReport};

/**
What the session tells its owner.
*/
export type ControlListener = {
	handleNotice(notice: Notice, now: number): void;
	/**
	The server knows us as `reply.user` from now on. `isResumed`: without a password, after a break.
	*/
	handleLoggedIn(reply: Reply<'login'>, isResumed: boolean, now: number): void;
	/**
	The server does not know us any more.
	*/
	handleLoggedOut(now: number): void;
};

type Pending = {
	readonly op: Operation;
	readonly deadline: number;
	readonly done: (outcome: Outcome<Operation>, now: number) => void;
};

/**
Called when the first attempt has succeeded (no error) or failed.
*/
export type OnConnected = (error: ErrorReport | undefined, now: number) => void;

type Phase = 'closed' | 'waiting' | 'connecting' | 'greeting' | 'resuming' | 'ready';

/**
Reasons for which a token will never work again; any other failure to resume is tried again.
*/
const deadTokenCodes: ReadonlySet<string> = new Set(['bad-token', 'already-online', 'bad-request']);

export class ControlSession {
	readonly #listener: ControlListener;
	readonly #push: (effect: Effect) => void;
	readonly #journal: Journal;
	readonly #random: (size: number) => Uint8Array;
	readonly #device: DeviceKeys;
	readonly #program: string;
	readonly #pins: Map<string, {readonly fingerprint: string; readonly rootKey: string | undefined}>;
	readonly #logins: Map<string, {readonly user: string; readonly token: string}>;
	#phase: Phase = 'closed';
	#server: HostPort | undefined;
	#onConnected: OnConnected | undefined;
	#decoder = new LineDecoder(maximumLineBytes);
	#fingerprint = '';
	#remoteAddress: string | undefined;
	#hello: Reply<'hello'> | undefined;
	/**
	Who we are to be again after a break.
	*/
	#identity: {readonly user: string; readonly token: string} | undefined;
	#user: string | undefined;
	#isResumed = false;
	readonly #pending = new Map<number, Pending>();
	#nextId = 1;
	readonly #pace = new Pace(requestRate, requestBurst);
	/**
	Lines that the server would refuse for coming too fast, in their order.
	*/
	readonly #held: Array<{readonly id: number; readonly cost: number; readonly line: string}> = [];
	#pingAt: number | undefined;
	#deadline: number | undefined;
	#attempts = 0;
	#pauseMs: number | undefined;
	#retryAt: number | undefined;
	#reason: string | undefined;
	#view: ConnectionView | undefined;

	constructor({listener, push, journal, random, device, program, stored}: {
		listener: ControlListener;
		push: (effect: Effect) => void;
		journal: Journal;
		random: (size: number) => Uint8Array;
		device: DeviceKeys;
		program: string;
		stored: Pick<StoredState, 'pins' | 'logins'>;
	}) {
		this.#listener = listener;
		this.#push = push;
		this.#journal = journal;
		this.#random = random;
		this.#device = device;
		this.#program = program;
		this.#pins = new Map(stored.pins);
		this.#logins = new Map(stored.logins);
	}

	/**
	`host:port` of the server that is meant, connected or not.
	*/
	get server(): string | undefined {
		return this.#server && formatHostPort(this.#server);
	}

	/**
	The name the server knows us by now.
	*/
	get user(): string | undefined {
		return this.#phase === 'ready' ? this.#user : undefined;
	}

	/**
	The realm's root public key as base64url, once a server has shown one that fits its pin.
	*/
	get rootKey(): string | undefined {
		return this.#hello?.rootKey;
	}

	/**
	Where the server hears our PUNCH.
	*/
	get rendezvousAddress(): string | undefined {
		return this.#hello && this.#remoteAddress !== undefined ? formatHostPort({host: this.#remoteAddress, port: this.#hello.udpPort}) : undefined;
	}

	/**
	What is known of the server, once one has introduced itself. Nobody else may serve yet, so nobody votes.
	*/
	get facts(): {readonly address: string; readonly role: 'root'; readonly term: number; readonly voters: readonly string[]; readonly program: string; readonly fingerprint: string} | undefined {
		return this.#phase === 'ready' && this.#hello
			? {
				address: this.server!, role: 'root', term: this.#hello.term, voters: [], program: this.#hello.program, fingerprint: this.#fingerprint,
			}
			: undefined;
	}

	get isReady(): boolean {
		return this.#phase === 'ready';
	}

	/**
	The same object until something changed.
	*/
	get view(): ConnectionView {
		this.#view ??= {
			state: this.#viewState(),
			server: this.server,
			user: this.#phase === 'closed' ? undefined : this.#user ?? this.#identity?.user,
			isResumed: this.#isResumed,
			attempts: this.#attempts,
			retryAt: this.#retryAt,
			reason: this.#reason,
		};
		return this.#view;
	}

	/**
	Connects, and stays connected until `disconnect`: after a failure it tries again with backoff.

	@param server
	@param user Log in as this one without a password, where the server's token for it is still known.
	@param now
	@param onConnected
	*/
	connect(server: HostPort, user: string | undefined, now: number, onConnected: OnConnected): void {
		if (this.#phase === 'ready' && this.server === formatHostPort(server)) {
			onConnected(undefined, now);
			return;
		}

		if (this.server !== formatHostPort(server)) {
			this.part(now);
			const login = this.#logins.get(formatHostPort(server));
			this.#identity = login?.user === user ? login : undefined;
		}

		this.#abandon({code: 'superseded', message: 'Another connection was asked for meanwhile.'}, now);
		this.#onConnected = onConnected;
		this.#server = server;
		this.#attempts = 0;
		this.#pauseMs = undefined;
		this.#attempt(now);
	}

	/**
	Ends the session for good and tells the server, not the peers: what stands between us and them goes on.
	*/
	part(now: number): void {
		if (this.user !== undefined) {
			this.#send('bye', {staying: true}, now, () => {});
		}

		this.disconnect(now);
	}

	/**
	Ends the session for good; nobody is told but by the broken connection.
	*/
	disconnect(now: number): void {
		if (this.#phase === 'closed') {
			return;
		}

		const {server} = this;
		this.#abandon({code: 'disconnected', message: 'The connection was ended with: d'}, now);
		this.#phase = 'closed';
		this.#identity = undefined;
		this.#reason = undefined;
		this.#server = undefined;
		this.#changed();
		this.#announce('closed', server);
	}

	/**
	Forgets the certificate of a server (`host:port`).
	*/
	forget(server: string): boolean {
		this.#journal.write([{
			kind: 'pin', server, fingerprint: undefined, rootKey: undefined,
		}]);
		return this.#pins.delete(server);
	}

	/**
	Trusts a certificate without having met it: that of a server inside this process.
	*/
	trust(server: string, fingerprint: string): void {
		if (this.#pins.get(server)?.fingerprint !== fingerprint) {
			this.#pin(server, fingerprint, undefined);
		}
	}

	/**
	Sends a request. `done` is called exactly once, also when the connection ends first.
	*/
	request<Name extends Operation>(op: Name, fields: Omit<Request<Name>, 'id' | 'op'>, now: number, done: (outcome: Outcome<Name>, now: number) => void = () => {}): void {
		if (this.#phase === 'ready') {
			this.#send(op, fields, now, done);
		} else {
			done({ok: false, error: {code: 'not-connected', message: 'There is no connection to a server. Connect with: c HOST[:PORT]'}}, now);
		}
	}

	#send<Name extends Operation>(op: Name, fields: Omit<Request<Name>, 'id' | 'op'>, now: number, done: (outcome: Outcome<Name>, now: number) => void): void {
		const id = this.#nextId++;
		this.#pending.set(id, {op, deadline: Infinity, done: done as Pending['done']});
		this.#held.push({id, cost: requestCost({op, ...fields}), line: encodeLine({id, op, ...fields})});
		this.#sendHeld(now);
	}

	#sendHeld(now: number): void {
		for (let first = this.#held[0]; first && this.#pace.take(first.cost, now); first = this.#held[0]) {
			this.#held.shift();
			this.#pending.set(first.id, {...this.#pending.get(first.id)!, deadline: now + replyTimeoutMs});
			this.#push({type: 'send', line: first.line});
			this.#pingAt = now + pingIntervalMs;
		}
	}

	/**
	Registers or logs in; the listener has heard of it before `done` has. Where a login was resumed, its password is only checked.
	*/
	logIn(op: 'register' | 'login', user: string, password: string, now: number, done: (outcome: Outcome<'login'>, now: number) => void): void {
		const isCheck = this.user !== undefined;
		this.request(op, {user, password, device: this.#device}, now, (outcome, then) => {
			if (isCheck && outcome.ok) {
				this.#isResumed = false;
				this.#changed();
			} else if (outcome.ok) {
				this.#welcome(outcome.reply, false, then);
			}

			done(outcome, then);
		});
	}

	handleControl(event: ControlEvent, now: number): void {
		if (this.#phase === 'closed' || this.#phase === 'waiting') {
			return;
		}

		if (event.type === 'opened') {
			this.#handleOpened(event.fingerprint, event.remoteAddress, now);
		} else if (event.type === 'closed') {
			this.#fail({code: event.code === 'not-tls' ? 'not-tls' : 'unreachable', message: event.message}, now, {isOver: true});
		} else {
			this.#handleData(event.chunk, now);
		}
	}

	pollTimeout(): number | undefined {
		const [first] = this.#held;
		const own = Math.min(this.#deadline ?? Infinity, this.#retryAt ?? Infinity, this.#pingAt ?? Infinity, first ? this.#pace.readyAt(first.cost) : Infinity);
		const next = Math.min(own, ...this.#pending.values().map(({deadline}) => deadline));
		return next === Infinity ? undefined : next;
	}

	handleTimeout(now: number): void {
		if (this.#retryAt !== undefined && this.#retryAt <= now) {
			this.#attempt(now);
		}

		this.#sendHeld(now);
		const isMute = this.#pending.values().some(({deadline}) => deadline <= now);
		if (isMute || (this.#deadline !== undefined && this.#deadline <= now)) {
			this.#fail({code: 'unreachable', message: `The server ${this.server ?? ''} does not answer.`}, now);
		} else if (this.#pingAt !== undefined && this.#pingAt <= now) {
			this.#ping(now);
		}
	}

	#ping(now: number): void {
		this.request('ping', {}, now);
		const last = [...this.#pending].at(-1)!;
		this.#pending.set(last[0], {...last[1], deadline: now + pongTimeoutMs});
	}

	#attempt(now: number): void {
		this.#phase = 'connecting';
		this.#retryAt = undefined;
		this.#deadline = now + loginTimeoutMs;
		this.#decoder = new LineDecoder(maximumLineBytes);
		this.#changed();
		this.#push({type: 'connect', server: this.#server!});
	}

	#handleOpened(fingerprint: string, remoteAddress: string, now: number): void {
		const pin = this.#pins.get(this.server!);
		if (pin && pin.fingerprint !== fingerprint) {
			this.#refuseCertificate(pin.fingerprint, fingerprint, now);
			return;
		}

		this.#phase = 'greeting';
		this.#pace.reset(now);
		this.#fingerprint = fingerprint;
		this.#remoteAddress = remoteAddress;
		this.#changed();
		this.#send('hello', {protocol: protocolVersion, program: this.#program}, now, (outcome, then) => {
			if (outcome.ok) {
				this.#handleHello(outcome.reply, then);
			} else if (this.#phase === 'greeting') {
				this.#fail(outcome.error, then, {isFatal: true});
			}
		});
	}

	#handleHello(hello: Reply<'hello'>, now: number): void {
		const server = this.server!;
		const pin = this.#pins.get(server);
		if (pin?.rootKey !== undefined && pin.rootKey !== hello.rootKey) {
			this.#refuseCertificate(pin.rootKey, hello.rootKey, now);
			return;
		}

		if (pin?.rootKey === undefined) {
			this.#pin(server, this.#fingerprint, hello.rootKey);
		}

		if (!pin) {
			this.#push({type: 'event', event: {type: 'notice', level: 'info', text: `First connection to ${server}: its certificate is trusted from now on. Fingerprint: ${formatFingerprint(this.#fingerprint)}`}});
		}

		this.#hello = hello;
		if (this.#identity) {
			this.#resume(this.#identity, now);
		} else {
			this.#stand(now);
		}
	}

	#resume({token}: {readonly token: string}, now: number): void {
		this.#phase = 'resuming';
		this.#send('resume', {token, device: this.#device}, now, (outcome, then) => {
			if (this.#phase !== 'resuming') {
				return;
			}

			if (outcome.ok) {
				this.#stand(then);
				this.#welcome(outcome.reply, true, then);
			} else if (deadTokenCodes.has(outcome.error.code)) {
				this.#identity = undefined;
				this.#stand(then);
				this.#push({type: 'event', event: {type: 'notice', level: 'warn', text: `The server did not log us in again: ${outcome.error.message} Log in with: login USER PASSWORD`}});
				this.#listener.handleLoggedOut(then);
			} else {
				this.#fail(outcome.error, then);
			}
		});
	}

	#stand(now: number): void {
		this.#phase = 'ready';
		this.#deadline = undefined;
		this.#attempts = 0;
		this.#pauseMs = undefined;
		this.#reason = undefined;
		this.#pingAt = now + pingIntervalMs;
		this.#changed();
		this.#announce('connected', this.server);
		this.#onConnected?.(undefined, now);
		this.#onConnected = undefined;
	}

	#welcome(reply: Reply<'login'>, isResumed: boolean, now: number): void {
		const {user, token} = reply;
		const isRepeated = this.#user === user;
		this.#user = user;
		this.#isResumed = isResumed;
		this.#identity = {user, token};
		this.#logins.set(this.server!, {user, token});
		this.#journal.write([{
			kind: 'login', server: this.server!, user, token,
		}]);
		this.#changed();
		if (!isRepeated) {
			this.#listener.handleLoggedIn(reply, isResumed, now);
		}
	}

	#handleData(chunk: Uint8Array, now: number): void {
		try {
			for (const text of this.#decoder.push(chunk)) {
				const line = parseServerLine(text);
				if (line) {
					this.#handleLine(line, now);
				}

				if (this.#phase === 'closed' || this.#phase === 'waiting') {
					return;
				}
			}
		} catch (error) {
			if (!(error instanceof ProtocolError)) {
				throw error;
			}

			this.#fail(error.report, now);
		}
	}

	#handleLine(line: ServerLine, now: number): void {
		if (line.kind === 'notice') {
			if (line.notice.event === 'closing') {
				this.#handleClosing(line.notice, now);
			} else {
				this.#listener.handleNotice(line.notice, now);
			}

			return;
		}

		const pending = this.#pending.get(line.id);
		if (!pending) {
			return;
		}

		const outcome = line.ok ? {ok: true as const, reply: parseReply(pending.op, line.fields)} : line;
		this.#pending.delete(line.id);
		pending.done(outcome, now);
	}

	#handleClosing({code, message}: Notice<'closing'>, now: number): void {
		this.#push({type: 'event', event: {type: 'notice', level: 'warn', text: `The server ends this connection: ${message}`}});
		// Whoever took our place would be thrown out in turn if we came back by ourselves.
		this.#fail({code, message}, now, {isFatal: code === 'replaced'});
	}

	#refuseCertificate(expected: string, shown: string, now: number): void {
		const error = {
			code: 'certificate-changed',
			message: `The server ${this.server!} shows another key than the one first seen: somebody may be listening in. Nothing was sent to it. Known: ${expected} Shown: ${shown} If its owner has really replaced it, type: forget ${this.server!} and connect again.`,
		};
		this.#push({type: 'event', event: {type: 'notice', level: 'error', text: error.message}});
		this.#fail(error, now, {isFatal: true});
	}

	/**
	The connection is no more. `isOver`: the world has closed it already. `isFatal`: trying again would not help.
	*/
	#fail(error: ErrorReport, now: number, {isOver = false, isFatal = false}: {isOver?: boolean; isFatal?: boolean} = {}): void {
		const wasReady = this.#phase === 'ready';
		if (!isOver) {
			this.#push({type: 'disconnect'});
		}

		const {server} = this;
		const onConnected = this.#onConnected;
		this.#onConnected = undefined;
		this.#reason = error.message;
		this.#phase = isFatal ? 'closed' : 'waiting';
		if (wasReady) {
			this.#announce('lost', server, {reason: error.message});
		}

		this.#endConnection({code: 'connection-lost', message: `The connection to the server was lost: ${error.message}`}, now);
		onConnected?.(error, now);
		if (this.#phase === 'closed') {
			this.#identity = undefined;
			this.#server = undefined;
			this.#announce('closed', server, {reason: error.message});
		} else if (this.#phase === 'waiting') {
			this.#attempts++;
			this.#pauseMs = nextBackoff(this.#pauseMs, reconnectBackoffMs);
			const jitter = new DataView(new Uint8Array(this.#random(2)).buffer).getUint16(0) / 0x1_00_00;
			const retryInMs = Math.round(this.#pauseMs * (1 + (jitter / 4)));
			this.#retryAt = now + retryInMs;
			this.#announce('retrying', server, {reason: error.message, retryInMs});
		}

		this.#changed();
	}

	/**
	Drops whatever connection or attempt there is, without a word to the user.
	*/
	#abandon(error: ErrorReport, now: number): void {
		if (this.#phase !== 'closed' && this.#phase !== 'waiting') {
			this.#push({type: 'disconnect'});
		}

		this.#phase = 'waiting';
		const onConnected = this.#onConnected;
		this.#onConnected = undefined;
		this.#endConnection(error, now);
		onConnected?.(error, now);
	}

	#endConnection(error: ErrorReport, now: number): void {
		const wasLoggedIn = this.#user !== undefined;
		this.#user = undefined;
		this.#isResumed = false;
		this.#deadline = undefined;
		this.#pingAt = undefined;
		this.#retryAt = undefined;
		const pending = this.#pending.values().toArray();
		this.#pending.clear();
		this.#held.length = 0;
		for (const {done} of pending) {
			done({ok: false, error}, now);
		}

		if (wasLoggedIn) {
			this.#listener.handleLoggedOut(now);
		}
	}

	#pin(server: string, fingerprint: string, rootKey: string | undefined): void {
		this.#pins.set(server, {fingerprint, rootKey});
		this.#journal.write([{
			kind: 'pin', server, fingerprint, rootKey,
		}]);
	}

	#viewState(): ConnectionView['state'] {
		switch (this.#phase) {
			case 'closed': {
				return 'closed';
			}

			case 'ready': {
				return 'connected';
			}

			case 'waiting': {
				return 'retrying';
			}

			default: {
				return this.#attempts === 0 ? 'connecting' : 'retrying';
			}
		}
	}

	#announce(state: ConnectionState, server: string | undefined, more: {reason?: string; retryInMs?: number} = {}): void {
		this.#push({
			type: 'event', event: {
				type: 'connection', state, server: server ?? null, term: this.#hello?.term ?? 0, ...more,
			},
		});
	}

	#changed(): void {
		this.#view = undefined;
	}
}
