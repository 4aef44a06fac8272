// The control server without sockets, disk or clock: what comes in, what is to be done, and when to wake it.
// Knows connections and joins the nouns beside it; each of them keeps its own rules. Start reading at commands.ts.
// `now` is ms since the epoch, with fractions, and never goes back.
import type {KeyObject} from 'node:crypto';
import {parseRequest} from '../../source/protocol/codec.js';
import {ProtocolError, type ErrorReport} from '../../source/protocol/errors.js';
import type {
	Notice,
	Operation,
	Reply,
	Request,
} from '../../source/protocol/messages.js';
import {Accounts, type Account} from './accounts.js';
import type {
	Action,
	HashOutcome,
	OperatorReply,
	Write,
} from './actions.js';
import {AddressBuckets} from './buckets.js';
import {
	commands,
	type Call,
	type Command,
	type House,
} from './commands.js';
import {Connection} from './connection.js';
import {Deadlines} from './deadlines.js';
import {Introductions} from './introductions.js';
import {defaultLimits, type Limits} from './limits.js';
import {Logins} from './logins.js';
import {Notices} from './notices.js';
import {runOperatorCommand} from './operator.js';
import {Outbox} from './outbox.js';
import {Presence, type User} from './presence.js';
import {Rendezvous} from './rendezvous.js';
import {Rooms, type StoredRoom} from './rooms.js';
import {Sessions} from './sessions.js';
import {Tally} from './tally.js';
import {Tasks} from './tasks.js';

/**
What a server core is made of.
*/
export type CoreOptions = {
	/**
	The realm's Ed25519 root key.
	*/
	readonly rootKey: KeyObject;
	/**
	32 bytes, the same in every run: seals resume tokens.
	*/
	readonly tokenSecret: Uint8Array;
	readonly random: (size: number) => Uint8Array;
	readonly accounts?: Iterable<Account>;
	readonly rooms?: Iterable<StoredRoom>;
	readonly limits?: Partial<Limits>;
	/**
	Name and version, as `hello` says it.
	*/
	readonly program?: string;
	readonly term?: number;
};

const shutdown: Notice<'closing'> = {event: 'closing', code: 'shutdown', message: 'The server was stopped by its operator.'};

export class ServerCore {
	readonly #limits: Limits;
	readonly #outbox = new Outbox();
	readonly #hashings = new Tasks<HashOutcome>();
	readonly #writes = new Tasks<boolean>();
	readonly #connections = new Map<number, Connection>();
	readonly #strangers = new Tally();
	readonly #ungreeted: Deadlines<Connection>;
	readonly #silent: Deadlines<Connection>;
	readonly #house: House;
	readonly #rendezvous: Rendezvous;
	#now = 0;
	#isShutDown = false;

	constructor(options: CoreOptions) {
		const {random, rootKey, tokenSecret} = options;
		const limits = {...defaultLimits, ...options.limits};
		const outbox = this.#outbox;
		const accounts = new Accounts(options.accounts ?? []);
		const presence = new Presence();
		const introductions = new Introductions(random(32));
		const notices: Notices = new Notices(outbox, {
			users: () => presence.users(),
			isOnline: key => presence.get(key) !== undefined,
			onlineNames: presence.names,
			nameOf: key => accounts.get(key).name,
			roomNames: () => rooms.names,
			roomRow: key => rooms.row(key),
			partners: user => partners(user),
			introduce: (subject, viewer) => ({event: 'peer', peer: introductions.introduce(subject, viewer)}),
		});
		const store = (write: Write, done: (ok: boolean, now: number) => void) => {
			outbox.push({kind: 'store', task: this.#writes.begin(done), write});
		};

		const rooms: Rooms = new Rooms(options.rooms ?? [], {
			outbox, introductions, notices, limits, store,
		});
		const sessions = new Sessions({
			outbox, presence, introductions, limits, random,
		});
		function * partners(user: User): Generator<User, void> {
			yield * sessions.partners(user);
			yield * rooms.partners(user);
		}

		const logins = new Logins({
			accounts,
			presence,
			limits,
			rootKey,
			tokenSecret,
			random,
			store,
			hash: (action, done) => {
				outbox.push({...action, task: this.#hashings.begin(done)});
			},
			welcome: user => {
				this.#strangers.remove(user.connection.host);
				outbox.push({kind: 'trust', connection: user.connection.id});
				this.#notePresence(user, true);
				notices.addNewcomer(user);
			},
			replace: ({connection}) => {
				this.#cut(connection, {event: 'closing', code: 'replaced', message: 'The same user and device has connected again; this older connection gives way.'}, 'gone');
			},
		});
		this.#limits = limits;
		this.#ungreeted = new Deadlines(limits.helloTimeoutMs);
		this.#silent = new Deadlines(limits.silenceTimeoutMs);
		this.#rendezvous = new Rendezvous(outbox, presence, notices);
		this.#house = {
			accounts,
			presence,
			sessions,
			rooms,
			logins,
			notices,
			loginBuckets: new AddressBuckets(limits.loginRate, limits.loginBurst),
			program: options.program ?? 'earshotd',
			term: options.term ?? 1,
			udpPort: 0,
		};
	}

	/**
	A connection with finished TLS; it is cut at once when the server is stopping. `remote` is `ip:port`, `acceptedAt` when its TCP connection came.
	*/
	handleOpened(id: number, remote: string, now: number, acceptedAt = now): void {
		this.#now = now;
		if (this.#isShutDown) {
			this.#outbox.push({kind: 'cut', connection: id, closing: shutdown});
			return;
		}

		const connection = new Connection(id, remote, this.#limits, now);
		this.#connections.set(id, connection);
		this.#ungreeted.start(connection, acceptedAt);
		this.#silent.start(connection, now);
		if (this.#strangers.add(connection.host) > this.#limits.strangersPerAddress) {
			this.#cut(connection, {event: 'closing', code: 'flood', message: 'Too many connections from this address have not logged in.'}, 'gone');
		}
	}

	/**
	A line from a client. Lines of a connection that has been cut are ignored.
	*/
	handleLine(id: number, line: string, now: number): void {
		const connection = this.#connections.get(id);
		if (!connection) {
			return;
		}

		const parsed = parseRequest(line);
		if ('request' in parsed) {
			this.handleRequest(id, parsed.request, now);
			return;
		}

		this.#now = now;
		this.#silent.start(connection, now);
		if (parsed.id === undefined) {
			this.#cut(connection, {event: 'closing', code: 'bad-request', message: parsed.error.message}, 'gone');
			return;
		}

		if (!this.#pay(connection, parsed.id, 1)) {
			return;
		}

		this.#log(connection, parsed.op ?? '?', undefined, false);
		this.#refuse(connection, parsed.id, parsed.error);
	}

	/**
	A checked request from a client.
	*/
	handleRequest(id: number, request: Request, now: number): void {
		const connection = this.#connections.get(id);
		if (!connection) {
			return;
		}

		this.#now = now;
		this.#silent.start(connection, now);
		// The table gives each operation the command of its own type; one lookup serves them all.
		this.#run(connection, request, commands[request.op] as unknown as Command<Operation>);
	}

	/**
	A connection ended without our doing.
	*/
	handleClosed(id: number, now: number): void {
		this.#now = now;
		const connection = this.#connections.get(id);
		if (connection) {
			this.#forget(connection, 'gone');
		}
	}

	/**
	A UDP datagram from `from` (`ip:port`).
	*/
	handleDatagram(bytes: Uint8Array, from: string, now: number): void {
		this.#now = now;
		this.#rendezvous.handleDatagram(bytes, from);
	}

	/**
	The outcome of a `hash` or `verify` action.
	*/
	handleHashed(task: number, outcome: HashOutcome, now: number): void {
		this.#now = now;
		this.#hashings.finish(task, outcome, now);
	}

	/**
	Whether the write of a `store` action is durable.
	*/
	handleStored(task: number, ok: boolean, now: number): void {
		this.#now = now;
		this.#writes.finish(task, ok, now);
	}

	/**
	A line typed by the operator, and what to show for it. `x` also ends every connection and then asks for `exit`.
	*/
	handleCommand(line: string, now: number): OperatorReply {
		this.#now = now;
		const reply = runOperatorCommand(this.#house, line);
		if (reply.ok && reply.command === 'x') {
			this.#shutDown();
		}

		return reply;
	}

	handleTimeout(now: number): void {
		this.#now = now;
		for (let connection = this.#ungreeted.poll(now); connection; connection = this.#ungreeted.poll(now)) {
			this.#cut(connection, {event: 'closing', code: 'timeout', message: 'No "hello" came in time.'}, 'gone');
		}

		for (let connection = this.#silent.poll(now); connection; connection = this.#silent.poll(now)) {
			if (connection.isLoggingIn) {
				// It waits for us.
				this.#silent.start(connection, now);
				continue;
			}

			this.#cut(connection, {event: 'closing', code: 'timeout', message: 'Nothing was heard for too long.'}, 'gone');
		}

		this.#house.sessions.handleTimeout(now);
		this.#house.notices.handleTimeout(now);
	}

	/**
	When `handleTimeout` is due; may lie in the past.
	*/
	pollTimeout(): number | undefined {
		let earliest: number | undefined;
		for (const at of [this.#ungreeted.next(), this.#silent.next(), this.#house.sessions.pollTimeout(), this.#house.notices.pollTimeout()]) {
			earliest = at === undefined || (earliest !== undefined && earliest <= at) ? earliest : at;
		}

		return earliest;
	}

	/**
	The next thing to do.
	*/
	pollAction(): Action | undefined {
		return this.#outbox.poll();
	}

	/**
	The ports, once they are bound.
	*/
	setPorts({tcp, udp}: {readonly tcp: number; readonly udp: number}): void {
		this.#rendezvous.tcpPort = tcp;
		this.#house.udpPort = udp;
	}

	get connectionCount(): number {
		return this.#connections.size;
	}

	/**
	Who asked and with what right is checked here, once for all operations.
	*/
	#run(connection: Connection, request: Request, command: Command<Operation>): void {
		const {id, op} = request;
		const word = typeof command.word === 'function' ? command.word(request) : command.word;
		const argument = command.argument?.(request);
		if (!this.#pay(connection, id, command.cost, command.loginCost)) {
			return;
		}

		const settle = (outcome: Reply | ProtocolError) => {
			const ok = !(outcome instanceof ProtocolError);
			if (word !== undefined) {
				this.#log(connection, word, argument, ok);
			}

			if (ok) {
				this.#send(connection, {id, ok, ...outcome});
			} else {
				this.#refuse(connection, id, outcome.report);
			}
		};

		try {
			if (command.needs === 'hello' && !connection.hasGreeted) {
				throw new ProtocolError('hello-first', 'A connection begins with "hello".');
			}

			const call: Call = {now: this.#now, settle, reply: settle};
			const outcome = command.needs === 'login' ? command.run(this.#house, userOf(connection), request, call) : command.run(this.#house, connection, request, call);
			if (outcome) {
				settle(outcome);
			}
		} catch (error) {
			if (!(error instanceof ProtocolError)) {
				throw error;
			}

			settle(error);
		}

		if (op === 'hello' && connection.hasGreeted) {
			this.#ungreeted.stop(connection);
		} else if (op === 'bye') {
			this.#cut(connection, undefined, 'bye');
		}
	}

	#pay(connection: Connection, id: number, cost: number, loginCost = 0): boolean {
		let verdict = connection.bucket.take(cost, this.#now);
		if (verdict === 'ok' && loginCost > 0) {
			verdict = this.#house.loginBuckets.take(connection.host, loginCost, this.#now);
		}

		if (verdict === 'flood') {
			this.#cut(connection, {event: 'closing', code: 'flood', message: 'Far more was asked than this server answers; connect again later and ask more slowly.'}, 'gone');
		} else if (verdict === 'slow-down') {
			this.#refuse(connection, id, {code: 'slow-down', message: 'Too many requests at once; wait a moment and ask again.'});
		}

		return verdict === 'ok';
	}

	#log(connection: Connection, command: string, argument: string | undefined, ok: boolean): void {
		this.#outbox.push({
			kind: 'query', entry: {
				at: this.#now, from: connection.remote, user: connection.user?.name, command, argument, ok,
			},
		});
	}

	#refuse(connection: Connection, id: number, error: ErrorReport): void {
		this.#send(connection, {id, ok: false, error});
	}

	#send(connection: Connection, message: Extract<Action, {kind: 'send'}>['message']): void {
		if (!connection.isClosed) {
			this.#outbox.send(connection.id, message);
		}
	}

	#cut(connection: Connection, closing: Notice<'closing'> | undefined, how: 'bye' | 'gone'): void {
		this.#outbox.push({kind: 'cut', connection: connection.id, closing});
		this.#forget(connection, how);
	}

	#forget(connection: Connection, how: 'bye' | 'gone'): void {
		connection.isClosed = true;
		this.#connections.delete(connection.id);
		this.#ungreeted.stop(connection);
		this.#silent.stop(connection);
		const {user} = connection;
		if (!user) {
			this.#strangers.remove(connection.host);
			return;
		}

		const {presence, sessions, rooms} = this.#house;
		presence.remove(user);
		sessions.drop(user, how, this.#now);
		rooms.drop(user, how === 'bye' ? 'left' : 'gone');
		this.#notePresence(user, false);
	}

	#notePresence(user: User, online: boolean): void {
		this.#house.notices.noteUser(user.key);
		this.#outbox.push({
			kind: 'presence', user: user.name, online, at: this.#now,
		});
	}

	#shutDown(): void {
		this.#isShutDown = true;
		for (const connection of this.#connections.values()) {
			connection.isClosed = true;
			this.#outbox.push({kind: 'cut', connection: connection.id, closing: shutdown});
		}

		this.#connections.clear();
		this.#outbox.push({kind: 'exit'});
	}
}

function userOf({user}: Connection): User {
	if (!user) {
		throw new ProtocolError('not-logged-in', 'That needs a login; use "login" or "register" first.');
	}

	return user;
}
