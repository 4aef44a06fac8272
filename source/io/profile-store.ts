// A claimed profile as the program sees it: what it knew at the start, and a way to write that gathers what comes together.
// It is read right here, because a thread takes longer to start than the tables to read; a thread of its own does all that comes later.
// Knows which writes go to the profile and which to the shared settings; refuses to know tables (profile-database.ts).
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import type {
	ExportResult,
	HistoryQuery,
	Recalled,
	StoreWrite,
	StoredState,
} from '../messenger/effects.js';
import {sqliteThreadFlags} from '../disk/sqlite-warning.js';
import {ProtocolError} from '../protocol/errors.js';
import {nameKey} from '../protocol/names.js';
import {ProfileClaim, type DeviceSecrets, type ProfileWish} from './profile-claim.js';
import type {ProfileState} from './profile-database.js';
import {readOrRestore} from './profile-restoration.js';
import type {
	ExportOrder,
	ProfileAnswer,
	ProfileCommand,
	ProfileRequest,
} from './profile-worker.js';
import {Settings} from './settings.js';

/**
A full disk is tried again this much later; nothing is given up while the program runs.
*/
const retryMs = 1000;

type Batch = {readonly writes: readonly StoreWrite[]; readonly resolve: () => void; readonly reject: (error: unknown) => void};

/**
What to open.
*/
export type ProfileOptions = {
	/**
	The data folder; made where there is none.
	*/
	readonly folder: string;
	/**
	The profile that last had this name is wanted, and none of another name's.
	*/
	readonly user?: string | undefined;
};

/**
A profile keeps the names of so many people.
*/
const maximumNames = 32;

/**
The profiles to try for `user`, from who used which, the last one first: where they were last, then where they ever were.
*/
export function wishFor(user: string | undefined, users: Readonly<Record<string, readonly string[]>>): ProfileWish {
	if (user === undefined) {
		return {preferred: [], avoided: []};
	}

	const known = Object.entries(users).map(([number, names]) => ({number: Number(number), rank: names.findIndex(name => nameKey(name) === nameKey(user))}));
	return {
		preferred: known.filter(({rank}) => rank !== -1).toSorted((one, other) => one.rank - other.rank).map(({number}) => number),
		avoided: known.filter(({rank}) => rank === -1).map(({number}) => number),
	};
}

/**
The profile of this client, locked until `close`.
*/
export class ProfileStore {
	readonly number: number;
	readonly device: DeviceSecrets;
	/**
	What the disk held when the profile was opened.
	*/
	readonly stored: StoredState;
	readonly settings: Settings;
	/**
	What the user is to be told of how the profile was opened: that its backup took its place.
	*/
	readonly news: string | undefined;
	/**
	Is told, in a sentence, that the disk refuses a write, and again that it took it after all.
	*/
	onTrouble: ((problem: string | undefined) => void) | undefined;
	/**
	Is told, in a sentence, what the user should know and nothing waits for.
	*/
	onNews: ((text: string) => void) | undefined;
	readonly #folder: string;
	readonly #claim: ProfileClaim;
	/**
	Started when it is first needed.
	*/
	#thread: Thread | undefined;
	#waiting: Batch[] = [];
	#running: Promise<void> | undefined;
	#isClosing = false;
	#isClosed = false;
	#lastQuestion = 0;

	private constructor(folder: string, {claim, state, news, settings}: {claim: ProfileClaim; state: ProfileState; news: string | undefined; settings: Settings}) {
		this.#folder = folder;
		this.#claim = claim;
		this.number = claim.number;
		this.device = claim.device;
		this.settings = settings;
		this.news = news;
		this.stored = {
			...state,
			pins: new Map(Object.entries(settings.data.pins).map(([server, {fingerprint, rootKey}]) => [server, {fingerprint, rootKey}])),
		};
	}

	/**
	Claims a profile in the data folder and reads it.

	@throws {ProtocolError} As `ProfileClaim.claim` and `readOrRestore`.
	*/
	static async open({folder, user}: ProfileOptions): Promise<ProfileStore> {
		const settings = await Settings.open(join(folder, 'settings.json'));
		const claim = await ProfileClaim.claim(join(folder, 'profiles'), wishFor(user, settings.data.users));
		try {
			return new ProfileStore(folder, {claim, settings, ...readOrRestore(claim.path, Object.hasOwn(settings.data.users, claim.number), Date.now())});
		} catch (error) {
			claim.close();
			throw error instanceof ProtocolError ? error : new ProtocolError('damaged-profile', (error as Error).message);
		}
	}

	/**
	Where `user` should log in if not here: the profile that last had this name, or one that had none where this one was somebody else's.

	@returns The other profile, claimed, and whether the name's own one is held by another client; `undefined` where this profile is the right one.
	@throws {ProtocolError} As `open`.
	*/
	async openFor(user: string): Promise<{readonly store: ProfileStore | undefined; readonly isHeld: boolean}> {
		const {data: {users}} = await Settings.open(join(this.#folder, 'settings.json'));
		const {preferred, avoided} = wishFor(user, users);
		const isOurs = preferred.includes(this.number);
		if (isOurs || (preferred.length === 0 && !avoided.includes(this.number))) {
			return {store: undefined, isHeld: false};
		}

		const store = await ProfileStore.open({folder: this.#folder, user});
		return {store, isHeld: preferred.length > 0 && !preferred.includes(store.number)};
	}

	/**
	Resolves when all of `writes` are on the disk. Calls that come while the disk is busy share one transaction;
	they become durable in their order.
	A disk that refuses is tried until it takes them; rejects only when the store closes before that.
	*/
	async write(writes: readonly StoreWrite[]): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#waiting.push({writes, resolve, reject});
			this.#running ??= this.#drain();
		});
	}

	/**
	What the history knows, everything written so far included. Rejects when the store closes or the disk can't be read.
	*/
	async recall(query: HistoryQuery): Promise<readonly Recalled[]> {
		await this.write([]);
		const {lines, problem} = await this.#ask('recalled', {type: 'recall', id: ++this.#lastQuestion, query});
		if (problem !== undefined) {
			throw new Error(problem);
		}

		return lines;
	}

	/**
	Writes a conversation's history, everything written so far included, to a new file.
	*/
	async export(order: ExportOrder): Promise<ExportResult> {
		await this.write([]);
		const {result} = await this.#ask('exported', {type: 'export', id: ++this.#lastQuestion, order});
		return result;
	}

	/**
	Resolves when everything is on the disk and the profile is free for another client.
	*/
	async close(): Promise<void> {
		this.#isClosing = true;
		await this.#running;
		await this.settings.flush();
		this.#isClosed = true;
		const thread = this.#thread;
		thread?.worker.postMessage({type: 'close'} satisfies ProfileCommand);
		await thread?.ended;
		this.#claim.close();
	}

	async #drain(): Promise<void> {
		while (this.#waiting.length > 0) {
			const batches = this.#waiting;
			this.#waiting = [];
			try {
				await this.#tryUntilDone(async () => this.#apply(batches.flatMap(({writes}) => writes)));
				for (const {resolve} of batches) {
					resolve();
				}
			} catch (error) {
				for (const {reject} of batches) {
					reject(error);
				}
			}
		}

		this.#running = undefined;
	}

	async #apply(writes: readonly StoreWrite[]): Promise<void> {
		// The first write has more behind it: the thread is up by the time when the settings are on the disk.
		this.#start();
		await this.#applyShared(writes);
		const own = writes.filter(write => write.kind !== 'pin');
		if (own.length === 0) {
			return;
		}

		const {problem} = await this.#ask('applied', {type: 'apply', writes: own});
		if (problem !== undefined) {
			throw new Error(problem);
		}
	}

	async #applyShared(writes: readonly StoreWrite[]): Promise<void> {
		const shared = writes.filter(write => write.kind === 'pin' || write.kind === 'login');
		if (shared.length === 0) {
			return;
		}

		await this.settings.update(data => {
			for (const write of shared) {
				if (write.kind === 'login') {
					const others = (data.users[this.number] ?? []).filter(name => nameKey(name) !== nameKey(write.user));
					data.users[this.number] = [write.user, ...others].slice(0, maximumNames);
				} else if (write.fingerprint === undefined) {
					Reflect.deleteProperty(data.pins, write.server);
				} else {
					data.pins[write.server] = {fingerprint: write.fingerprint, ...(write.rootKey !== undefined && {rootKey: write.rootKey})};
				}
			}
		});
	}

	async #tryUntilDone(task: () => Promise<void>): Promise<void> {
		for (let isTroubled = false; ; isTroubled = true) {
			try {
				await task();
				if (isTroubled) {
					this.onTrouble?.(undefined);
				}

				return;
			} catch (error) {
				if (this.#isClosing) {
					throw error;
				}

				if (!isTroubled) {
					this.onTrouble?.((error as Error).message);
				}

				await delay(retryMs);
			}
		}
	}

	/**
	The thread. One that ends before its time answers nothing any more; the next command gets another.
	*/
	#start(): Thread {
		if (this.#isClosed) {
			throw new Error('the profile is closed');
		}

		if (!this.#thread) {
			const thread = startThread(this.#claim.path);
			void thread.ended.then(() => {
				this.#thread = undefined;
			});
			thread.worker.on('message', (answer: ProfileAnswer) => {
				if (answer.type === 'news') {
					this.onNews?.(answer.text);
				}
			});
			this.#thread = thread;
		}

		return this.#thread;
	}

	/**
	The thread's answer to a command: of its type, and under its number where it has one.
	*/
	async #ask<Type extends 'applied' | 'recalled' | 'exported'>(type: Type, command: ProfileCommand): Promise<ProfileAnswer & {type: Type}> {
		const id = 'id' in command ? command.id : undefined;
		const {worker} = this.#start();
		const answer = nextAnswer(worker, (candidate): candidate is ProfileAnswer & {type: Type} => candidate.type === type && (id === undefined || ('id' in candidate && candidate.id === id)));
		worker.postMessage(command);
		return answer;
	}
}

type Thread = {readonly worker: Worker; readonly ended: Promise<unknown>};

function startThread(path: string): Thread {
	const request: ProfileRequest = {path};
	const worker = new Worker(new URL('profile-worker.js', import.meta.url), {workerData: request, name: 'profile', execArgv: [...sqliteThreadFlags]});
	const ended = new Promise(resolve => {
		worker.once('exit', resolve);
	});
	return {worker, ended};
}

async function nextAnswer<Answer extends ProfileAnswer>(worker: Worker, isMeant: (answer: ProfileAnswer) => answer is Answer): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const settle = () => {
			worker.off('message', onMessage);
			worker.off('error', onError);
			worker.off('exit', onExit);
		};

		const onMessage = (answer: ProfileAnswer) => {
			if (!isMeant(answer)) {
				return;
			}

			settle();
			resolve(answer);
		};

		const onError = (error: Error) => {
			settle();
			reject(error);
		};

		const onExit = () => {
			onError(new Error('the profile thread ended'));
		};

		worker.on('message', onMessage);
		worker.on('error', onError);
		worker.on('exit', onExit);
	});
}
