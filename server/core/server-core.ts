// The control server without sockets, disk or clock: what comes in, what is to be done, and when to wake it.
// Knows connections and joins the nouns beside it; each of them keeps its own rules. Start reading at commands.ts.
// `now` is ms since the epoch, with fractions, and never goes back.
import type {KeyObject} from 'node:crypto';
import {parseRequest} from '../../source/protocol/codec.js';
import {requestCost} from '../../source/protocol/costs.js';
import {ProtocolError, type ErrorReport} from '../../source/protocol/errors.js';
import {encodeBase64} from '../../source/protocol/keys.js';
import {mailLifetimeMs} from '../../source/protocol/limits.js';
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
} from './actions.js';
import {AddressBuckets} from './buckets.js';
import {Cards} from './cards.js';
import {
	commands,
	type Call,
	type Command,
	type House,
} from './commands.js';
import {Deadlines} from './deadlines.js';
import {Introductions} from './introductions.js';
import {Invitations} from './invitations.js';
import {defaultLimits, expiryIntervalMs, type Limits} from './limits.js';
import {Logins} from './logins.js';
import {Mailbox} from './mailbox.js';
import {Notices} from './notices.js';
import {runOperatorCommand} from './operator.js';
import {Outbox} from './outbox.js';
import {Prekeys} from './prekeys.js';
import {Presence} from './presence.js';
import {Register} from './register.js';
import {Rendezvous} from './rendezvous.js';
import type {StoredRoom} from './room-list.js';
import {Rooms} from './rooms.js';
import {Sessions} from './sessions.js';
import type {
	AskDisk,
	MailboxName,
	Outcome,
	Query,
	RegisterRow,
	Write,
} from './storage.js';
import {Tally} from './tally.js';
import {Tasks} from './tasks.js';
import {Connection, type User} from './state.js';

/**
What a core starts with: everything of the disk that it keeps in memory.
*/
export type StoredState = {
	readonly accounts: Iterable<Account>;
	readonly rooms: readonly StoredRoom[];
	/**
	Where mail waits.
	*/
	readonly mailboxes: Iterable<MailboxName>;
	/**
	The newest rows of the register, oldest first.
	*/
	readonly register: Iterable<RegisterRow>;
	/**
	When the server last was known to live, in an earlier run.
	*/
	readonly lastAlive: number | undefined;
};

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
	/**
	When the server starts.
	*/
	readonly now: number;
	readonly stored?: Partial<StoredState>;
	readonly limits?: Partial<Limits>;
	/**
	Name and version, as `hello` says it.
	*/
	readonly program?: string;
	readonly term?: number;
};

const shutdown: Notice<'closing'> = {event: 'closing', code: 'shutdown', message: 'The server was stopped by its operator.'};

/**
How somebody goes: with a good-bye to everything, with one to the server only, or without a word.
*/
type Departure = 'bye' | 'away' | 'gone';

export class ServerCore {
	readonly #limits: Limits;
	readonly #outbox = new Outbox();
	readonly #hashings = new Tasks<HashOutcome>();
	readonly #diskTasks = new Tasks<Outcome<(Query | Write)['kind']>>();
	readonly #connections = new Map<number, Connection>();
	readonly #strangers = new Tally();
	readonly #ungreeted: Deadlines<Connection>;
	readonly #silent: Deadlines<Connection>;
	readonly #house: House;
	readonly #rendezvous: Rendezvous;
	#now: number;
	#nextExpiry: number;
	#isShutDown = false;

	constructor(options: CoreOptions) {
		const {random, rootKey, tokenSecret, now} = options;
		const stored: StoredState = {
			accounts: [], rooms: [], mailboxes: [], register: [], lastAlive: undefined, ...options.stored,
		};
		const lastAlive = Math.min(stored.lastAlive ?? now, now);
		const limits = {...defaultLimits, ...options.limits};
		const outbox = this.#outbox;
		const accounts = new Accounts(stored.accounts);
		const presence = new Presence();
		const introductions = new Introductions(random(32));
		const cards = new Cards(rootKey);
		const nameOf = (key: string) => accounts.get(key).name;
		const notices: Notices = new Notices(outbox, {
			users: () => presence.users(),
			user: key => presence.get(key),
			onlineNames: presence.names,
			nameOf,
			roomNames: () => rooms.list.names,
			roomRow: key => rooms.list.row(key),
			privateRooms: key => rooms.list.privateRows(key),
			partners: user => partners(user),
			introduce: (subject, viewer) => ({event: 'peer', peer: introductions.introduce(subject, viewer)}),
		});
		const disk: AskDisk = (request, done) => {
			// Each answer comes back under the number of its request, and so in the shape that belongs to it.
			const task = this.#diskTasks.begin((done ?? ignore) as (outcome: Outcome<(Query | Write)['kind']>, now: number) => void);
			outbox.push(isQuery(request) ? {kind: 'look-up', task, query: request} : {kind: 'store', task, write: request});
		};

		const rooms: Rooms = new Rooms(stored.rooms, lastAlive, {
			outbox,
			introductions,
			notices,
			limits,
			disk,
			nameOf,
			onClosed(room) {
				invitations.dropRoom(room);
			},
		});
		const sessions = new Sessions({
			outbox, presence, introductions, limits, random,
		});
		function * partners(user: User): Generator<User, void> {
			yield * sessions.partners(user);
			yield * rooms.partners(user);
		}

		const invitations = new Invitations({
			outbox, presence, sessions, rooms, limits, random,
		});
		const mailbox = new Mailbox({
			filled: stored.mailboxes, outbox, accounts, presence, disk,
		});
		const prekeys = new Prekeys({
			outbox, accounts, presence, cards, disk,
		});
		const register = new Register(stored.register, lastAlive, disk);
		const logins = new Logins({
			accounts,
			presence,
			limits,
			cards,
			tokenSecret,
			random,
			disk,
			hash: (action, done) => {
				outbox.push({...action, task: this.#hashings.begin(done)});
			},
			welcome: (user, at) => {
				this.#strangers.remove(user.connection.host);
				outbox.push({kind: 'trust', connection: user.connection.id});
				register.login(user, at);
				this.#notePresence(user, true);
				notices.addNewcomer(user);
				mailbox.greet(user);
			},
			replace: ({connection}) => {
				this.#cut(connection, {event: 'closing', code: 'replaced', message: 'The same user and device has connected again; this older connection gives way.'}, 'gone');
			},
		});
		this.#now = now;
		this.#nextExpiry = now;
		this.#limits = limits;
		this.#ungreeted = new Deadlines(limits.helloTimeoutMs);
		this.#silent = new Deadlines(limits.silenceTimeoutMs);
		this.#rendezvous = new Rendezvous(outbox, presence, notices);
		this.#house = {
			accounts,
			presence,
			sessions,
			rooms,
			invitations,
			mailbox,
			prekeys,
			register,
			logins,
			notices,
			rootKey: encodeBase64(cards.rootPublicKey),
			loginBuckets: new AddressBuckets(limits.loginRate, limits.loginBurst),
			program: options.program ?? 'earshotd',
			term: options.term ?? 1,
			udpPort: 0,
		};
		this.#expire(now);
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
	What became of a `store` or `look-up` action.
	*/
	handleStored(task: number, outcome: Outcome<(Query | Write)['kind']>, now: number): void {
		this.#now = now;
		this.#diskTasks.finish(task, outcome, now);
	}

	/**
	A line typed by the operator, and what to show for it. `x` also ends every connection and then asks for `exit`.
	*/
	handleCommand(line: string, now: number): OperatorReply {
		this.#now = now;
		const reply = runOperatorCommand(this.#house, line);
		if (reply.ok && reply.command === 'x') {
			this.#shutDown(shutdown);
		}

		return reply;
	}

	/**
	Ends every connection with `message` and then asks for `exit`, without an operator's word.
	*/
	handleStop(message: string, now: number): void {
		this.#now = now;
		this.#shutDown({...shutdown, message});
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

		const {sessions, invitations, notices, mailbox, register} = this.#house;
		for (const timed of [sessions, invitations, notices, mailbox, register]) {
			timed.handleTimeout(now);
		}

		if (this.#nextExpiry <= now) {
			this.#expire(now);
		}
	}

	/**
	When `handleTimeout` is due; may lie in the past.
	*/
	pollTimeout(): number {
		const {sessions, invitations, notices, mailbox, register} = this.#house;
		let earliest = this.#nextExpiry;
		for (const at of [this.#ungreeted.next(), this.#silent.next(), ...[sessions, invitations, notices, mailbox, register].map(timed => timed.pollTimeout())]) {
			earliest = Math.min(earliest, at ?? Infinity);
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
		if (!this.#pay(connection, id, requestCost(request), command.loginCost)) {
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
			this.#cut(connection, undefined, request.staying ? 'away' : 'bye');
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

	#cut(connection: Connection, closing: Notice<'closing'> | undefined, how: Departure): void {
		this.#outbox.push({kind: 'cut', connection: connection.id, closing});
		this.#forget(connection, how);
	}

	#forget(connection: Connection, how: Departure): void {
		connection.isClosed = true;
		this.#connections.delete(connection.id);
		this.#ungreeted.stop(connection);
		this.#silent.stop(connection);
		const {user} = connection;
		if (!user) {
			this.#strangers.remove(connection.host);
			return;
		}

		const {presence, sessions, invitations, rooms, register} = this.#house;
		presence.remove(user);
		const isLeaving = how === 'bye';
		sessions.drop(user, isLeaving ? 'bye' : 'gone', this.#now);
		invitations.drop(user, isLeaving ? 'bye' : 'gone');
		rooms.drop(user, isLeaving ? 'left' : 'gone', this.#now);
		register.logout(user, this.#now, {how: how === 'gone' ? 'lost' : 'bye', isLast: presence.size === 0});
		this.#notePresence(user, false);
	}

	/**
	Forgets what is too old, on disk and in rooms.
	*/
	#expire(now: number): void {
		this.#nextExpiry = now + expiryIntervalMs;
		this.#house.rooms.expire(now);
		this.#outbox.push({kind: 'store', task: this.#diskTasks.begin(ignore), write: {kind: 'expired', at: Math.floor(now - mailLifetimeMs)}});
	}

	#notePresence(user: User, online: boolean): void {
		this.#house.notices.noteUser(user.key);
		this.#outbox.push({
			kind: 'presence', user: user.name, online, at: this.#now,
		});
	}

	#shutDown(closing: Notice<'closing'>): void {
		this.#isShutDown = true;
		for (const connection of this.#connections.values()) {
			connection.isClosed = true;
			this.#outbox.push({kind: 'cut', connection: connection.id, closing});
			if (connection.user) {
				this.#house.register.logout(connection.user, this.#now, {how: 'shutdown', isLast: true});
			}
		}

		this.#house.register.beat(this.#now);

		this.#connections.clear();
		this.#outbox.push({kind: 'exit'});
	}
}

function ignore(): void {
	// What nobody waits for.
}

const queries: ReadonlySet<string> = new Set<Query['kind']>(['keys', 'waiting', 'fetch']);

function isQuery(request: Query | Write): request is Query {
	return queries.has(request.kind);
}

function userOf({user}: Connection): User {
	if (!user) {
		throw new ProtocolError('not-logged-in', 'That needs a login; use "login" or "register" first.');
	}

	return user;
}
