// A whole control server in this process: core, sockets and disk joined.
// Knows how to perform what the core asks; touches no terminal, no signal and no exit code. Used by the `earshotd` program and by a client that hosts.
import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import type {TLSSocket} from 'node:tls';
import {encodeLine} from '../source/protocol/framing.js';
import {defaultPort} from '../source/protocol/limits.js';
import type {Action, OperatorReply} from './core/actions.js';
import type {ServerEvent} from './core/events.js';
import {defaultLimits, type Limits} from './core/limits.js';
import {ServerCore} from './core/server-core.js';
import {createClock} from './net/clock.js';
import {Connection} from './net/connection.js';
import {Datagrams} from './net/datagrams.js';
import {Listener} from './net/listener.js';
import {formatSocketAddress} from './net/socket-address.js';
import {BusyError, Passwords} from './store/passwords.js';
import type {BackupReport} from './store/backup.js';
import {
	hasRealm,
	openRealm,
	readRealmFiles,
	type Realm,
} from './store/realm.js';
import {databaseFile} from './store/restoration.js';
import {makePrivateFile, makePrivateFolder} from './store/safe-file.js';
import {DamageError, StartError} from './store/start-error.js';
import {Store} from './store/store.js';

/**
Limits of the shell, beside those of the core. Sizes in bytes, times in ms.
*/
export type NetLimits = {
	readonly handshakeTimeoutMs: number;
	readonly handshakesPerAddress: number;
	/**
	What may wait for a slow reader.
	*/
	readonly sendQueue: number;
	/**
	How long clients have to take their last words when the server ends.
	*/
	readonly closeGraceMs: number;
};

const defaultNetLimits: NetLimits = {
	handshakeTimeoutMs: 5000, handshakesPerAddress: 1024, sendQueue: 256 * 1024, closeGraceMs: 1000,
};

export type ServerOptions = {
	/**
	The server's own folder; made where there is none.
	*/
	readonly folder: string;
	/**
	TCP port; 0 takes a free one.
	*/
	readonly port?: number | undefined;
	/**
	UDP port; by default that of TCP where it is free, else any.
	*/
	readonly udpPort?: number | undefined;
	/**
	Address to listen on; by default all, IPv6 and IPv4.
	*/
	readonly bind?: string | undefined;
	/**
	Name and version, as clients are told.
	*/
	readonly program?: string | undefined;
	/**
	Accounts known to have been there: fewer are a loss.
	*/
	readonly leastAccounts?: number | undefined;
	readonly limits?: Partial<Limits> | undefined;
	readonly netLimits?: Partial<NetLimits> | undefined;
	readonly onEvent?: ((event: ServerEvent) => void) | undefined;
};

export type RunningServer = {
	readonly port: number;
	readonly udpPort: number;
	/**
	SHA-256 of the certificate, 64 lower-case hex digits.
	*/
	readonly fingerprint: string;
	/**
	Runs an operator's command; `x` also begins to close. `backup` and `restore` are only read here: a host performs them (host.ts).
	*/
	command(line: string): OperatorReply;
	/**
	Tells every client, ends all connections and gives the folder back. The same as command `x`.
	*/
	close(): Promise<void>;
	/**
	The same, with other last words to the clients.
	*/
	stop(message: string): Promise<void>;
	/**
	Writes everything to a new file, while it serves.

	@throws {ProtocolError} As `writeBackup`.
	*/
	backUp(file: string): Promise<BackupReport>;
	/**
	Whether it has begun to end.
	*/
	readonly isClosing: boolean;
	/**
	Settles when the server has ended; rejects when it could not go on.
	*/
	readonly closed: Promise<void>;
};

/**
Starts a control server.

@throws {StartError} When the folder, its files or a port can't be used; a `DamageError` when its files are not whole.
*/
export async function startServer(options: ServerOptions): Promise<RunningServer> {
	await makePrivateFolder(options.folder);
	const file = join(options.folder, databaseFile);
	await makePrivateFile(file);
	const store = await Store.open(file, hasRealm(options.folder));
	try {
		checkLoss(file, [...store.state.accounts].length, options.leastAccounts);
		const server = new Server(options, store, await openRealm(options.folder));
		await server.listen();
		return server;
	} catch (error) {
		await store.close();
		throw error;
	}
}

function checkLoss(file: string, accounts: number, least = 0): void {
	if (accounts < least) {
		throw new DamageError(`${file} has lost accounts: it holds ${accounts}, and its backup ${least}.`);
	}
}

class Server implements RunningServer {
	port = 0;
	udpPort = 0;
	readonly fingerprint: string;
	readonly closed: Promise<void>;
	readonly #options: ServerOptions;
	readonly #netLimits: NetLimits;
	readonly #store: Store;
	readonly #core: ServerCore;
	readonly #listener: Listener;
	readonly #passwords = new Passwords();
	readonly #now = createClock();
	readonly #connections = new Map<number, Connection>();
	readonly #unflushed = new Set<Connection>();
	readonly #settle: PromiseWithResolvers<void>;
	#datagrams: Datagrams | undefined;
	#lastConnection = 0;
	#wakeAt = Infinity;
	#timer: NodeJS.Timeout | undefined;
	#lastMessage: unknown;
	#lastLine = '';
	#isClosing = false;

	constructor(options: ServerOptions, store: Store, realm: Realm) {
		this.#options = options;
		this.#netLimits = {...defaultNetLimits, ...options.netLimits};
		this.#store = store;
		this.fingerprint = realm.fingerprint;
		this.#settle = Promise.withResolvers();
		this.closed = this.#settle.promise;
		// Whoever does not wait for the end need not hear how it was.
		this.closed.catch(() => {});
		this.#core = new ServerCore({
			rootKey: realm.rootKey,
			tokenSecret: realm.tokenSecret,
			random: size => randomBytes(size),
			now: this.#now(),
			stored: store.state,
			...(options.limits && {limits: options.limits}),
			...(options.program !== undefined && {program: options.program}),
		});
		this.#listener = new Listener({
			tls: realm.tls,
			handshakeTimeoutMs: this.#netLimits.handshakeTimeoutMs,
			maximumHandshakes: this.#netLimits.handshakesPerAddress,
			// Some more than users, so that the one too many can be refused in words.
			maximumConnections: (options.limits?.users ?? defaultLimits.users) + 2048,
			now: this.#now,
			onConnection: (socket, acceptedAt) => {
				this.#accept(socket, acceptedAt);
			},
		});
		store.watch(error => {
			this.#fail(error);
		});
	}

	async listen(): Promise<void> {
		const {port = defaultPort, bind} = this.#options;
		let host = bind ?? '::';
		try {
			this.port = await this.#listener.listen(port, host);
		} catch (error) {
			if (bind !== undefined || !['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '')) {
				throw explainListening(error, port, host);
			}

			// A machine without IPv6.
			host = '0.0.0.0';
			try {
				this.port = await this.#listener.listen(port, host);
			} catch (error_) {
				throw explainListening(error_, port, host);
			}
		}

		this.#datagrams = await this.#bindDatagrams(host);
		this.udpPort = this.#datagrams.port;
		this.#core.setPorts({tcp: this.port, udp: this.udpPort});
	}

	command(line: string): OperatorReply {
		const reply = this.#core.handleCommand(line, this.#now());
		this.#perform();
		return reply;
	}

	get isClosing(): boolean {
		return this.#isClosing;
	}

	async close(): Promise<void> {
		if (!this.#isClosing) {
			this.command('x');
		}

		await this.closed;
	}

	async stop(message: string): Promise<void> {
		if (!this.#isClosing) {
			this.#core.handleStop(message, this.#now());
			this.#perform();
		}

		await this.closed;
	}

	async backUp(file: string): Promise<BackupReport> {
		return this.#store.backUp({file, realm: await readRealmFiles(this.#options.folder), at: Date.now()});
	}

	async #bindDatagrams(host: string): Promise<Datagrams> {
		const onDatagram = (bytes: Uint8Array, from: string) => {
			this.#core.handleDatagram(bytes, from, this.#now());
			this.#perform();
		};

		const {udpPort = this.port} = this.#options;
		try {
			return await Datagrams.bind(udpPort, host, onDatagram);
		} catch (error) {
			if (this.#options.udpPort !== undefined) {
				await this.#listener.close(0);
				throw explainListening(error, udpPort, host);
			}

			return Datagrams.bind(0, host, onDatagram);
		}
	}

	#accept(socket: TLSSocket, acceptedAt: number): void {
		this.#lastConnection += 1;
		const id = this.#lastConnection;
		const connection = new Connection(socket, this.#netLimits.sendQueue, {
			onLine: line => {
				this.#core.handleLine(id, line, this.#now());
				this.#perform(false);
			},
			onIdle: () => {
				this.#perform();
			},
			onClosed: () => {
				this.#connections.delete(id);
				this.#unflushed.delete(connection);
				this.#core.handleClosed(id, this.#now());
				this.#perform();
			},
		});
		this.#connections.set(id, connection);
		this.#core.handleOpened(id, formatSocketAddress(socket.remoteAddress, socket.remotePort), this.#now(), acceptedAt);
		this.#perform();
	}

	/**
	Does everything the core asks for, then writes to each connection once and sets the one timer.
	*/
	#perform(isLast = true): void {
		for (let action = this.#core.pollAction(); action; action = this.#core.pollAction()) {
			this.#performOne(action);
		}

		if (!isLast) {
			return;
		}

		this.#lastMessage = undefined;
		for (const connection of this.#unflushed) {
			connection.flush();
		}

		this.#unflushed.clear();
		this.#schedule();
	}

	#performOne(action: Action): void {
		switch (action.kind) {
			case 'send': {
				this.#send(action.connection, action.message);
				break;
			}

			case 'cut': {
				this.#connections.get(action.connection)?.cut(action.closing);
				break;
			}

			case 'trust': {
				this.#connections.get(action.connection)?.trust();
				break;
			}

			case 'hash':
			case 'verify': {
				void this.#performHashing(action);
				break;
			}

			case 'store': {
				void this.#performAsking(action.task, this.#store.write(action.write), 'A change could not be written to disk');
				break;
			}

			case 'look-up': {
				void this.#performAsking(action.task, this.#store.lookUp(action.query), 'The disk could not be read');
				break;
			}

			case 'datagram': {
				this.#datagrams?.send(action.bytes, action.to);
				break;
			}

			case 'query':
			case 'presence': {
				this.#options.onEvent?.(action);
				break;
			}

			case 'exit': {
				if (!this.#isClosing) {
					void this.#end();
				}

				break;
			}
		}
	}

	/**
	A message to many is one object, so it is written out once.
	*/
	#send(id: number, message: Extract<Action, {kind: 'send'}>['message']): void {
		const connection = this.#connections.get(id);
		if (!connection) {
			return;
		}

		if (message !== this.#lastMessage) {
			this.#lastMessage = message;
			this.#lastLine = encodeLine(message);
		}

		connection.write(this.#lastLine);
		this.#unflushed.add(connection);
	}

	async #performHashing(action: Extract<Action, {kind: 'hash' | 'verify'}>): Promise<void> {
		const {task, password} = action;
		try {
			if (action.kind === 'hash') {
				const hash = await this.#passwords.hash(password);
				this.#core.handleHashed(task, {kind: 'hash', hash}, this.#now());
			} else {
				const isMatches = await this.#verify(password, action.key);
				this.#core.handleHashed(task, {kind: 'match', matches: isMatches}, this.#now());
			}
		} catch (error) {
			if (!(error instanceof BusyError)) {
				this.#notice('error', `A password could not be checked: ${(error as Error).message}`);
			}

			this.#core.handleHashed(task, {kind: error instanceof BusyError ? 'busy' : 'failed'}, this.#now());
		}

		this.#perform();
	}

	async #verify(password: string, key: string): Promise<boolean> {
		const hash = await this.#store.hashOf(key);
		const isMatches = await this.#passwords.verify(password, hash);
		if (isMatches && this.#passwords.isOutdated(hash!)) {
			await this.#store.write({kind: 'rehash', key, hash: await this.#passwords.hash(password)});
		}

		return isMatches;
	}

	async #performAsking(task: number, asked: Promise<unknown>, failure: string): Promise<void> {
		let outcome: Parameters<ServerCore['handleStored']>[1];
		try {
			outcome = {ok: true, answer: await asked as undefined};
		} catch (error) {
			outcome = {ok: false};
			this.#notice('error', `${failure}: ${(error as Error).message}`);
		}

		this.#core.handleStored(task, outcome, this.#now());
		this.#perform();
	}

	/**
	A timer that ends too early only looks again, so it is moved forward but never back.
	*/
	#schedule(): void {
		const at = this.#core.pollTimeout();
		if (at === undefined || at >= this.#wakeAt || this.#isClosing) {
			return;
		}

		clearTimeout(this.#timer);
		this.#wakeAt = at;
		this.#timer = setTimeout(() => {
			this.#wakeAt = Infinity;
			this.#core.handleTimeout(this.#now());
			this.#perform();
		}, Math.max(0, at - this.#now()));
	}

	#notice(level: 'info' | 'warn' | 'error', text: string): void {
		this.#options.onEvent?.({
			kind: 'notice', level, text, at: this.#now(),
		});
	}

	#fail(error: Error): void {
		this.#notice('error', `The database has failed: ${error.message}`);
		if (this.#isClosing) {
			return;
		}

		this.#settle.reject(error);
		this.command('x');
	}

	async #end(): Promise<void> {
		this.#isClosing = true;
		clearTimeout(this.#timer);
		await Promise.all([this.#listener.close(this.#netLimits.closeGraceMs), this.#datagrams?.close()]);
		await this.#store.close();
		this.#settle.resolve();
	}
}

const explanations: ReadonlyMap<string, (port: number, host: string) => string> = new Map([
	['EADDRINUSE', (port: number) => `Port ${port} is in use; another server may be running. Choose another with --port, or --port 0 for any free one.`],
	['EACCES', (port: number) => `Port ${port} needs more rights than this user has; choose one above 1023 with --port.`],
	['EADDRNOTAVAIL', noAddress],
	['EAFNOSUPPORT', noAddress],
	['EINVAL', noAddress],
]);

function noAddress(_port: number, host: string): string {
	return `${host} is no address of this machine; choose another with --bind.`;
}

function explainListening(error: unknown, port: number, host: string): Error {
	const explanation = explanations.get((error as NodeJS.ErrnoException).code ?? '');
	return explanation ? new StartError(explanation(port, host)) : error as Error;
}
