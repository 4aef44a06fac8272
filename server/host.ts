// A server with its folder: one process at a time, automatic backups, a local door for the operator, and another set of files when it must be.
// Knows when a server is started anew within one process; refuses to know how one serves (serve.ts).
import {join, resolve} from 'node:path';
import {ageOf} from '../source/kit/time.js';
import {ProtocolError} from '../source/protocol/errors.js';
import type {OperatorReply} from './core/actions.js';
import type {ServerEvent} from './core/events.js';
import {askDoor, Door} from './net/door.js';
import {startServer, type RunningServer, type ServerOptions} from './serve.js';
import {AutomaticBackups, stamp} from './store/automatic-backups.js';
import type {BackupLabel} from './store/backup.js';
import {FolderLock} from './store/folder-lock.js';
import {hasRealm, openRealm, readRealmFiles} from './store/realm.js';
import {databaseFile, finishRestoration, prepareRestoration} from './store/restoration.js';
import {makePrivateFolder} from './store/safe-file.js';
import {DamageError, StartError} from './store/start-error.js';
import {Store} from './store/store.js';

const backupIntervalMs = 24 * 60 * 60 * 1000;

const restoring = 'The server goes back to a backup and starts anew; what came after that backup is gone from it.';

/**
A server as whoever started it sees it, whatever is restored meanwhile.
*/
export type HostedServer = Pick<RunningServer, 'closed' | 'fingerprint' | 'port' | 'udpPort'> & {
	/**
	Runs an operator's command; `x` also begins to close.
	*/
	command(line: string): Promise<OperatorReply>;
	/**
	Tells every client, ends all connections and gives the folder back.
	*/
	close(): Promise<void>;
};

/**
Starts a server on a folder. Where its data is damaged, the newest automatic backup takes its place, and a notice says so.

@throws {StartError} When the folder, its files or a port can't be used.
*/
export async function hostServer(options: ServerOptions): Promise<HostedServer> {
	await makePrivateFolder(options.folder);
	const lock = await FolderLock.take(options.folder);
	const host = new Host(options, lock);
	try {
		await host.start();
		return host;
	} catch (error) {
		lock.release();
		throw error;
	}
}

/**
Backs up the data of `folder`, through the server that runs on it or, where none does, by itself.
*/
export async function backUpFolder(folder: string, file: string): Promise<OperatorReply> {
	return await askDoor(folder, `backup ${file}`) ?? alone('backup', folder, async () => {
		if (!hasRealm(folder)) {
			throw new StartError(`There is no server's data in ${folder}; name its folder with --data.`);
		}

		await finishRestoration(folder);
		const store = await Store.open(join(folder, databaseFile), true);
		try {
			await openRealm(folder);
			return {file, ...saying(await store.backUp({file, realm: await readRealmFiles(folder), at: Date.now()}))};
		} finally {
			await store.close();
		}
	});
}

/**
Puts a backup in place of the data of `folder`; a server that runs on it serves from it at once.
*/
export async function restoreFolder(folder: string, file: string): Promise<OperatorReply> {
	return await askDoor(folder, `restore ${file}`) ?? alone('restore', folder, async () => {
		await finishRestoration(folder);
		const label = await prepareRestoration(folder, file, `before-restore-${stamp(Date.now())}`);
		return {file, ...saying(label), kept: await finishRestoration(folder)};
	});
}

/**
Does what needs a folder that no server uses.

@throws {StartError}
*/
async function alone(command: string, folder: string, work: () => Promise<Readonly<Record<string, unknown>>>): Promise<OperatorReply> {
	await makePrivateFolder(folder);
	const lock = await FolderLock.take(folder);
	try {
		return await replyOf(command, work);
	} finally {
		lock.release();
	}
}

async function replyOf(command: string, work: () => Promise<Readonly<Record<string, unknown>>>): Promise<OperatorReply> {
	try {
		return {command, ok: true, fields: await work()};
	} catch (error) {
		if (error instanceof ProtocolError) {
			return {command, ok: false, error: error.report};
		}

		if ((error as NodeJS.ErrnoException).syscall !== undefined) {
			return {command, ok: false, error: {code: 'bad-folder', message: `The server's folder can't be used: ${(error as Error).message}. Check its permissions and free space.`}};
		}

		throw error;
	}
}

function saying({madeAt, ...label}: BackupLabel): Readonly<Record<string, unknown>> {
	return {...label, made: new Date(madeAt).toISOString()};
}

class Host implements HostedServer {
	readonly closed: Promise<void>;
	readonly #options: ServerOptions;
	readonly #lock: FolderLock;
	readonly #backups: AutomaticBackups;
	readonly #settle: PromiseWithResolvers<void> = Promise.withResolvers();
	#server: RunningServer | undefined;
	#door: Door | undefined;
	#backupTimer: NodeJS.Timeout | undefined;
	/**
	Says how the server has ended, once it has.
	*/
	#outcome: (() => void) | undefined;
	#isRestoring = false;
	#isUnwanted = false;
	/**
	What is to be told once whoever starts the server has been able to say that it has started.
	*/
	#news: ServerEvent[] | undefined = [];

	constructor(options: ServerOptions, lock: FolderLock) {
		this.#options = options;
		this.#lock = lock;
		this.#backups = new AutomaticBackups(options.folder);
		this.closed = this.#settle.promise;
		// Whoever does not wait for the end need not hear how it was.
		this.closed.catch(() => {});
	}

	get port(): number {
		return this.#running.port;
	}

	get udpPort(): number {
		return this.#running.udpPort;
	}

	get fingerprint(): string {
		return this.#running.fingerprint;
	}

	async start(): Promise<void> {
		const {folder} = this.#options;
		const kept = await finishRestoration(folder);
		if (kept !== undefined) {
			this.#tell('warn', `A restoration that was interrupted has been finished; what was there before is in ${kept}.`);
		}

		await this.#serve(this.#options);
		try {
			this.#door = await Door.open(folder, async line => this.command(line));
		} catch (error) {
			this.#tell('warn', `The local door could not be opened (${(error as Error).message}): "earshotd backup" and "earshotd restore" can't reach this server.`);
		}

		void this.#backUpByItself();
		this.#backupTimer = setInterval(() => {
			void this.#backUpByItself();
		}, backupIntervalMs);
		setImmediate(() => {
			this.#tellNews();
		});
	}

	async command(line: string): Promise<OperatorReply> {
		this.#tellNews();
		if (this.#isRestoring) {
			return {command: line.trim().split(/\s/v, 1)[0]!, ok: false, error: {code: 'restoring', message: 'The server is going back to a backup; ask again in a moment.'}};
		}

		const reply = this.#running.command(line);
		if (!reply.ok || !['backup', 'restore'].includes(reply.command)) {
			return reply;
		}

		const file = resolve(reply.fields.file as string);
		return replyOf(reply.command, async () => reply.command === 'backup' ? {file, ...saying(await this.#running.backUp(file))} : this.#restore(file));
	}

	async close(): Promise<void> {
		this.#tellNews();
		this.#isUnwanted = true;
		if (!this.#isRestoring) {
			await this.#running.close();
		}

		await this.closed;
	}

	get #running(): RunningServer {
		return this.#server!;
	}

	/**
	Starts to serve what is in the folder or, where that is damaged, in its newest backup.
	*/
	async #serve(options: ServerOptions): Promise<void> {
		const newest = this.#backups.newest();
		try {
			this.#server = await startServer({...options, leastAccounts: newest?.accounts});
		} catch (error) {
			if (!newest || !(error instanceof DamageError)) {
				throw error;
			}

			this.#server = await this.#serveBackup(options, newest, error);
		}

		this.#watch(this.#server);
	}

	async #serveBackup(options: ServerOptions, {file, madeAt}: BackupLabel & {readonly file: string}, damage: DamageError): Promise<RunningServer> {
		try {
			await prepareRestoration(options.folder, file, `damaged-${stamp(Date.now())}`);
		} catch (error) {
			throw new StartError(`${damage.message} The automatic backup could not be used either: ${(error as Error).message}`);
		}

		const kept = await finishRestoration(options.folder);
		this.#tell('error', `${damage.message} The server goes on with its automatic backup of ${new Date(madeAt).toISOString()}, which is ${ageOf(madeAt, Date.now())} old: accounts, rooms, prekeys and mail that came after that are missing. The damaged files are kept in ${kept!}.`);
		return startServer(options);
	}

	#watch(server: RunningServer): void {
		void (async () => {
			this.#outcome = await outcomeOf(server, this.#settle);
			if (!this.#isRestoring) {
				await this.#end();
			}
		})();
	}

	async #end(): Promise<void> {
		clearInterval(this.#backupTimer);
		await this.#door?.close();
		this.#lock.release();
		this.#outcome?.();
	}

	async #restore(file: string): Promise<Readonly<Record<string, unknown>>> {
		const {folder} = this.#options;
		const {port, udpPort} = this.#running;
		this.#isRestoring = true;
		try {
			const label = await prepareRestoration(folder, file, `before-restore-${stamp(Date.now())}`);
			// Whatever ails the old one matters no more.
			await Promise.allSettled([this.#running.stop(restoring)]);
			return {file, ...saying(label), kept: await this.#beginAnew({...this.#options, port, udpPort})};
		} finally {
			this.#isRestoring = false;
			if (this.#outcome) {
				await this.#end();
			} else if (this.#isUnwanted) {
				void this.#running.close();
			}
		}
	}

	/**
	Serves again, from the files that lie ready, in the same process. A failure ends it: the next start finishes.

	@returns The folder with what was there before.
	*/
	async #beginAnew(options: ServerOptions): Promise<string | undefined> {
		let kept: string | undefined;
		try {
			kept = await finishRestoration(options.folder);
			this.#server = await startServer(options);
			this.#outcome = undefined;
		} catch (error) {
			this.#outcome = () => {
				this.#settle.reject(error);
			};

			throw new ProtocolError('start-failed', `The server could not go on from the backup and ends: ${(error as Error).message} Start it again: it finishes what was begun.`);
		}

		this.#watch(this.#server);
		void this.#backUpByItself();
		return kept;
	}

	async #backUpByItself(): Promise<void> {
		const server = this.#running;
		try {
			await server.backUp(this.#backups.next(Date.now()));
			this.#backups.prune();
		} catch (error) {
			// A server that ends takes its unfinished backup with it; the next start makes one, and removes what is left of this.
			if (server.isClosing) {
				return;
			}

			this.#tell('error', `The automatic backup failed: ${(error as Error).message}`);
		}
	}

	#tellNews(): void {
		const news = this.#news ?? [];
		this.#news = undefined;
		for (const event of news) {
			this.#options.onEvent?.(event);
		}
	}

	#tell(level: Extract<ServerEvent, {kind: 'notice'}>['level'], text: string): void {
		const event: ServerEvent = {
			kind: 'notice', level, text, at: Date.now(),
		};
		if (this.#news) {
			this.#news.push(event);
		} else {
			this.#options.onEvent?.(event);
		}
	}
}

/**
How to tell that `server` has ended, once it has.
*/
async function outcomeOf(server: RunningServer, {resolve: settle, reject}: PromiseWithResolvers<void>): Promise<() => void> {
	try {
		await server.closed;
		return settle;
	} catch (error) {
		return () => {
			reject(error);
		};
	}
}
