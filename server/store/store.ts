// What must survive: the door to the worker that owns the database.
// It is read right here, because what it holds would take longer to hand over than to read; all that comes later is the worker's.
// Knows requests on their way and their answers; refuses to block once it is open.
import {Worker} from 'node:worker_threads';
import {sqliteThreadFlags} from '../../source/disk/sqlite-warning.js';
import {ProtocolError} from '../../source/protocol/errors.js';
import type {StoredState} from '../core/server-core.js';
import type {BackupOrder, BackupReport} from './backup.js';
import {
	Database,
	type DatabaseAnswer,
	type DatabaseQuery,
	type DatabaseWrite,
} from './database.js';
import {DamageError, StartError} from './start-error.js';
import type {StoreAnswer, StoreRequest} from './store-messages.js';

type Waiting = {resolve(answer: unknown): void; reject(error: Error): void};

export class Store {
	/**
	What was on disk when it was opened.
	*/
	readonly state: StoredState;
	readonly #worker: Worker;
	readonly #waiting = new Map<number, Waiting>();
	readonly #ended: Promise<void>;
	#lastId = 0;
	#onFailed: ((error: Error) => void) | undefined;

	private constructor(worker: Worker, state: StoredState) {
		this.state = state;
		this.#worker = worker;
		worker.on('message', (answer: StoreAnswer) => {
			this.#handleAnswer(answer);
		});
		worker.removeAllListeners('error');
		worker.on('error', (error: Error) => {
			this.#onFailed?.(error);
		});
		this.#ended = new Promise(resolve => {
			worker.on('exit', () => {
				this.#failAll(new Error('the store has ended'));
				resolve();
			});
		});
	}

	/**
	Opens the database `file` for this process alone.

	@param file
	@param expectsData There was a server here before: an empty file is a lost one.
	@throws {StartError} When it can't be used, with the reason; a `DamageError` when it is not whole.
	*/
	static async open(file: string, expectsData = false): Promise<Store> {
		// The thread gets ready meanwhile, and opens the database when it is told that it was given back.
		const worker = new Worker(new URL('store-worker.js', import.meta.url), {workerData: {file}, execArgv: [...sqliteThreadFlags]});
		const firstAnswer = new Promise<StoreAnswer>((resolve, reject) => {
			worker.once('message', resolve);
			worker.once('error', reject);
		});
		let state: StoredState;
		try {
			state = readState(file, expectsData);
		} catch (error) {
			await worker.terminate();
			throw error;
		}

		const request: StoreRequest = {kind: 'open'};
		worker.postMessage(request);
		const first = await firstAnswer;
		if (first.kind === 'opened') {
			return new Store(worker, state);
		}

		const {message, reason} = first as Extract<StoreAnswer, {kind: 'refused'}>;
		throw new ({damage: DamageError, start: StartError, other: Error}[reason])(message);
	}

	/**
	Resolves when the change is durable, with what it is answered with.

	@throws {Error} When it could not be made; then nothing has changed.
	*/
	async write<W extends DatabaseWrite>(write: W): Promise<DatabaseAnswer<W>> {
		return await this.#ask(id => ({kind: 'write', id, write})) as DatabaseAnswer<W>;
	}

	async lookUp<Q extends DatabaseQuery>(query: Q): Promise<DatabaseAnswer<Q>> {
		return await this.#ask(id => ({kind: 'look-up', id, query})) as DatabaseAnswer<Q>;
	}

	/**
	The password hash of the account with this key.
	*/
	async hashOf(key: string): Promise<string | undefined> {
		return this.lookUp({kind: 'hash', key});
	}

	/**
	Writes a backup; what is written meanwhile is written, too.

	@throws {ProtocolError} As `writeBackup`.
	*/
	async backUp(order: BackupOrder): Promise<BackupReport> {
		return await this.#ask(id => ({kind: 'back-up', id, order})) as BackupReport;
	}

	/**
	Calls `onFailed` when the worker dies of itself: nothing can be made durable any more.
	*/
	watch(onFailed: (error: Error) => void): void {
		this.#onFailed = onFailed;
	}

	/**
	Finishes what was asked and gives the database back.
	*/
	async close(): Promise<void> {
		const request: StoreRequest = {kind: 'close'};
		this.#worker.postMessage(request);
		await this.#ended;
	}

	async #ask(toRequest: (id: number) => StoreRequest): Promise<unknown> {
		return new Promise((resolve, reject) => {
			this.#lastId += 1;
			this.#waiting.set(this.#lastId, {resolve, reject});
			this.#worker.postMessage(toRequest(this.#lastId));
		});
	}

	#handleAnswer(answer: StoreAnswer): void {
		if (answer.kind === 'done') {
			for (const [index, id] of answer.ids.entries()) {
				this.#take(id)?.resolve(answer.answers[index]);
			}
		} else if (answer.kind === 'failed') {
			for (const id of answer.ids) {
				this.#take(id)?.reject(answer.code === undefined ? new Error(answer.error) : new ProtocolError(answer.code, answer.error));
			}
		}
	}

	#take(id: number): Waiting | undefined {
		const waiting = this.#waiting.get(id);
		this.#waiting.delete(id);
		return waiting;
	}

	#failAll(error: Error): void {
		for (const id of this.#waiting.keys()) {
			this.#take(id)?.reject(error);
		}
	}
}

function readState(file: string, expectsData: boolean): StoredState {
	const database = new Database(file, expectsData);
	try {
		return database.load(file);
	} finally {
		database.close();
	}
}
