// Joins a client core to the world: what happens goes in, what the core wants done is done.
// Knows turns, one timer and the order of effects; refuses to decide anything.
import type {
	Effect,
	HistoryQuery,
	HostedResult,
	RecallResult,
} from '../messenger/effects.js';
import type {CommandReply, MessengerEvent} from '../messenger/events.js';
import {parseCommandLine} from '../messenger/commands.js';
import type {MessengerPort} from '../messenger/port.js';
import type {ConversationKey, MessengerView} from '../messenger/view.js';
import type {Clock} from '../io/clock.js';
import {ControlSocket} from '../io/control-socket.js';
import type {ProfileStore} from '../io/profile-store.js';
import {watchAddresses} from '../io/addresses.js';
import {isRefused} from '../io/poke.js';
import type {UdpSocket} from '../io/udp-socket.js';
import type {HostPort} from '../protocol/addresses.js';
import {ProtocolError} from '../protocol/errors.js';
import type {ClientCore} from './client-core.js';

/**
So many datagrams leave in one turn; then acknowledgements and keys get theirs.
*/
const datagramsPerTurn = 256;

/**
So many bytes that came are answered within the turn: a peer of whose window all is unanswered stands still.
*/
const bytesPerAnswer = 512 * 1024;

/**
A core that is asked to leave has this long to say good-bye to everybody.
*/
const farewellMs = 4000;

/**
The longest a timer of Node can wait, in ms.
*/
const maximumTimerMs = 0x7F_FF_FF_FF;

/**
A control server that runs inside this process.
*/
export type HostedServer = {readonly port: number; readonly fingerprint: string; close(): Promise<void>};

/**
Starts a control server on `port` (the default one for `undefined`). Rejects with a `ProtocolError` that says why it can't.
*/
export type Host = (port: number | undefined) => Promise<HostedServer>;

/**
What a runtime is made of; it closes `udp` and `store` when it has left.
*/
export type RuntimeParts = {
	readonly core: ClientCore;
	readonly udp: UdpSocket;
	readonly store: ProfileStore;
	readonly clock: Clock;
	readonly host?: Host | undefined;
	/**
	Makes another core on another profile of the data folder, when somebody logs in whose profile that is; without it everybody logs in on this one.
	*/
	readonly createCore?: ((store: ProfileStore) => ClientCore) | undefined;
};

/**
A running messenger.
*/
export class Runtime implements MessengerPort {
	readonly finished: Promise<void>;
	#core: ClientCore;
	readonly #udp: UdpSocket;
	#store: ProfileStore;
	readonly #createCore: RuntimeParts['createCore'];
	/**
	Somebody has logged in on this profile: it is theirs from now on.
	*/
	#isTaken = false;
	/**
	While the profile changes, commands wait.
	*/
	#moving: Promise<void> | undefined;
	readonly #clock: Clock;
	readonly #host: Host | undefined;
	readonly #stopWatching: () => void;
	readonly #subscribers = new Set<() => void>();
	readonly #listeners = new Set<(event: MessengerEvent) => void>();
	readonly #waiting = new Map<number, (reply: CommandReply) => void>();
	readonly #resolveFinished: () => void;
	#lastTag = 0;
	#shownView: MessengerView;
	/**
	Subscribers were told of a change, and nobody has looked since.
	*/
	#isUnseen = false;
	#control: ControlSocket | undefined;
	#hosted: Promise<HostedServer> | undefined;
	#turn: NodeJS.Immediate | undefined;
	/**
	Something came in since the last run.
	*/
	#isDue = false;
	/**
	Bytes that came since then.
	*/
	#unanswered = 0;
	#timer: NodeJS.Timeout | undefined;
	#timerDue = Infinity;
	#departure: Promise<void> | undefined;

	constructor({core, createCore, udp, store, clock, host}: RuntimeParts) {
		this.#core = core;
		this.#udp = udp;
		this.#store = store;
		this.#createCore = createCore;
		this.#clock = clock;
		this.#host = host;
		this.#shownView = core.view;
		const {promise, resolve} = Promise.withResolvers<void>();
		this.finished = promise;
		this.#resolveFinished = resolve;
		udp.listen((data, from) => {
			this.#core.handleDatagram(data, from, clock());
			this.#answer(data.length);
		});
		this.#stopWatching = watchAddresses(udp.port, () => {
			this.#core.handleAddressesChanged(clock());
			this.#schedule();
		});
		this.#watchDisk(store);
		this.#schedule();
	}

	get view(): MessengerView {
		this.#isUnseen = false;
		return this.#core.view;
	}

	reach(conversation: ConversationKey, end: 'oldest' | 'newest'): void {
		this.#core.handleReached(conversation, end, this.#clock());
		this.#schedule();
	}

	// Not `async`: replies and events reach a face in the order in which the core gave them, and each `await` more would
	// let a later event overtake.
	// eslint-disable-next-line @typescript-eslint/promise-function-async
	execute(line: string): Promise<CommandReply> {
		if (this.#departure) {
			return this.finished.then(() => gone(line));
		}

		const {promise, resolve} = Promise.withResolvers<CommandReply>();
		const tag = ++this.#lastTag;
		this.#waiting.set(tag, resolve);
		const name = this.#moving ? undefined : this.#newcomer(line);
		if (name !== undefined) {
			this.#moving = this.#moveFor(name, tag);
		}

		if (this.#moving) {
			void this.#moving.then(() => {
				this.#command(line, tag);
			});
		} else {
			this.#command(line, tag);
		}

		return promise;
	}

	subscribe(listener: () => void): () => void {
		this.#isUnseen = false;
		this.#subscribers.add(listener);
		return () => {
			this.#subscribers.delete(listener);
		};
	}

	onEvent(listener: (event: MessengerEvent) => void): () => void {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	/**
	Tells all listeners. Also for what the program itself has to say beside the core.
	*/
	announce(event: MessengerEvent): void {
		// In a microtask, as replies are: their order holds.
		queueMicrotask(() => {
			for (const listener of this.#listeners) {
				listener(event);
			}
		});
	}

	/**
	Tells all listeners what there is to know of how the profile was opened. To be called once they listen.
	*/
	tellNews(): void {
		const {news} = this.#store;
		if (news !== undefined) {
			this.announce({type: 'notice', level: 'error', text: news});
		}
	}

	async leave(): Promise<void> {
		if (!this.#departure) {
			void this.execute('x');
			const impatience = setTimeout(() => {
				this.#depart();
			}, farewellMs);
			await this.finished;
			clearTimeout(impatience);
		}

		await this.finished;
	}

	#command(line: string, tag: number): void {
		this.#core.handleCommand(line, tag, this.#clock());
		this.#schedule();
	}

	/**
	Who wants to be known here, before anybody was.
	*/
	#newcomer(line: string): string | undefined {
		const {state, user} = this.#core.view.connection;
		if (user !== undefined || state !== 'connected' || this.#isTaken || !this.#createCore) {
			return undefined;
		}

		const parsed = parseCommandLine(line);
		return 'command' in parsed && ['login', 'register'].includes(parsed.command.name) ? parsed.values[0] : undefined;
	}

	/**
	Two clients on one data folder are two devices. Who logs in where somebody else was before would appear as a new device to
	everybody; so the program goes on with the profile that is theirs.
	*/
	async #moveFor(name: string, tag: number): Promise<void> {
		try {
			// What this server showed is known to the other profile, too, once it is on the disk.
			this.#performEffects();
			await this.#store.write([]);
			const {store, isHeld} = await this.#store.openFor(name);
			if (store) {
				await this.#moveTo(store, tag);
			}

			if (isHeld) {
				this.announce({type: 'notice', level: 'warn', text: `Another client that runs on this data folder holds the profile of ${name}; here ${name} is a new device.`});
			}
		} catch (error) {
			this.announce({type: 'notice', level: 'warn', text: `The profile of ${name} can't be used: ${(error as Error).message} Here ${name} is a new device.`});
		} finally {
			this.#moving = undefined;
		}
	}

	async #moveTo(store: ProfileStore, tag: number): Promise<void> {
		const before = this.#store;
		const {server} = this.#core.view.connection;
		void this.#control?.close();
		this.#control = undefined;
		this.#core = this.#createCore!(store);
		this.#store = store;
		this.#watchDisk(store);
		this.tellNews();
		for (const [waiting, resolve] of this.#waiting) {
			if (!(waiting < tag)) {
				continue;
			}

			this.#waiting.delete(waiting);
			resolve({command: '', ok: false, error: {code: 'superseded', message: 'Somebody else logs in now.'}});
		}

		// At once, so that nobody sees a client that wants no server.
		const {promise, resolve} = Promise.withResolvers<CommandReply>();
		const connecting = ++this.#lastTag;
		this.#waiting.set(connecting, resolve);
		this.#command(`c ${server ?? ''}`, connecting);
		await Promise.all([promise, before.close()]);
	}

	#watchDisk(store: ProfileStore): void {
		store.onNews = text => {
			this.announce({type: 'notice', level: 'error', text});
		};

		store.onTrouble = problem => {
			this.announce(problem === undefined
				? {type: 'notice', level: 'info', text: 'The data folder takes writes again.'}
				: {type: 'notice', level: 'error', text: `The data folder can't be written: ${problem}. What you send waits until it can.`});
		};
	}

	/**
	Everything that came in during one turn of the event loop is answered in one go.
	*/
	#schedule(): void {
		this.#isDue = true;
		this.#awaitEnd();
	}

	/**
	The timer is set when everything of this turn was heard: by then most of what it would have waited for was sent.
	*/
	#awaitEnd(): void {
		this.#turn ??= setImmediate(() => {
			this.#turn = undefined;
			if (this.#isDue) {
				this.#run();
			}

			if (!this.#departure) {
				this.#setTimer();
			}
		});
	}

	/**
	The first datagram of a turn is answered at once, which spares a line in a quiet conversation a third of its way; those that
	come with it wait for one another, unless they are large and many.
	*/
	#answer(size: number): void {
		const isFirst = this.#turn === undefined;
		this.#unanswered += size;
		this.#schedule();
		if (isFirst || this.#unanswered >= bytesPerAnswer) {
			this.#run();
		}
	}

	#run(): void {
		this.#isDue = false;
		this.#unanswered = 0;
		const now = this.#clock();
		const due = this.#core.pollTimeout();
		if (due !== undefined && due <= now) {
			this.#core.handleTimeout(now);
		}

		this.#performEffects();
		this.#transmit(now);
		this.#tellSubscribers();
	}

	/**
	Where nobody has looked since the last word there is nothing to add: in a loud room a view is made for each frame, not for each line.
	*/
	#tellSubscribers(): void {
		if (this.#isUnseen || this.#subscribers.size === 0 || this.#shownView === this.#core.view) {
			return;
		}

		this.#shownView = this.#core.view;
		this.#isUnseen = true;
		for (const listener of this.#subscribers) {
			listener();
		}
	}

	#performEffects(): void {
		for (let effect = this.#core.pollEffect(); effect; effect = this.#core.pollEffect()) {
			this.#perform(effect);
		}
	}

	#transmit(now: number): void {
		for (let count = 0; count < datagramsPerTurn; count++) {
			const transmit = this.#core.pollTransmit(now);
			if (!transmit) {
				return;
			}

			if (this.#udp.send(transmit.data, transmit.to)) {
				this.#core.giveBack?.(transmit.data);
			}
		}

		this.#schedule();
	}

	#setTimer(): void {
		const due = this.#core.pollTimeout();
		if (due === undefined || due >= this.#timerDue) {
			// A timer that fires early looks again; that is cheaper than setting it anew at each turn.
			return;
		}

		clearTimeout(this.#timer);
		const wait = due - this.#clock();
		if (wait <= 0) {
			this.#timerDue = Infinity;
			this.#schedule();
			return;
		}

		this.#timerDue = due;
		this.#timer = setTimeout(() => {
			this.#timerDue = Infinity;
			this.#schedule();
		}, Math.min(Math.ceil(wait), maximumTimerMs));
	}

	#perform(effect: Effect): void {
		switch (effect.type) {
			case 'connect': {
				this.#connect(effect.server);
				break;
			}

			case 'send': {
				this.#control?.send(effect.line);
				break;
			}

			case 'disconnect': {
				void this.#control?.close();
				this.#control = undefined;
				break;
			}

			case 'store': {
				this.#isTaken ||= effect.writes.some(({kind}) => kind === 'login');
				void this.#write(effect);
				break;
			}

			case 'event': {
				this.announce(effect.event);
				break;
			}

			case 'reply': {
				this.#waiting.get(effect.tag)?.(effect.reply);
				this.#waiting.delete(effect.tag);
				break;
			}

			case 'poke': {
				void this.#poke(effect.address);
				break;
			}

			case 'recall': {
				void this.#recall(effect);
				break;
			}

			case 'export': {
				void this.#export(effect);
				break;
			}

			case 'host': {
				void this.#startHosting(effect.port);
				break;
			}

			case 'quit': {
				this.#depart();
				break;
			}
		}
	}

	#connect(server: HostPort): void {
		void this.#control?.close();
		const core = this.#core;
		const control = new ControlSocket(server, event => {
			if (core !== this.#core) {
				return;
			}

			if (event.type === 'closed' && this.#control === control) {
				this.#control = undefined;
			}

			core.handleControl(event, this.#clock());
			this.#schedule();
		});
		this.#control = control;
	}

	async #write({batch, writes}: Effect & {type: 'store'}): Promise<void> {
		const core = this.#core;
		try {
			await this.#store.write(writes);
		} catch {
			// The store gives up only when it is closed, and then nobody waits any more.
			return;
		}

		if (core !== this.#core) {
			return;
		}

		core.handleStored(batch, this.#clock());
		this.#schedule();
	}

	async #poke(address: string): Promise<void> {
		if (!await isRefused(address)) {
			return;
		}

		this.#core.handleUnreachable(address, this.#clock());
		this.#schedule();
	}

	async #recall({recall, query}: Effect & {type: 'recall'}): Promise<void> {
		const core = this.#core;
		const result = await this.#tryToRecall(query);
		if (this.#departure !== undefined || core !== this.#core) {
			return;
		}

		core.handleRecalled(recall, result, this.#clock());
		this.#schedule();
	}

	async #tryToRecall(query: HistoryQuery): Promise<RecallResult> {
		try {
			return {ok: true, lines: await this.#store.recall(query)};
		} catch (error) {
			return {ok: false, error: {code: 'history-unreadable', message: `The history can't be read: ${(error as Error).message}`}};
		}
	}

	async #export({task, type, ...order}: Effect & {type: 'export'}): Promise<void> {
		try {
			this.#core.handleExported(task, await this.#store.export(order), this.#clock());
			this.#schedule();
		} catch {
			// The store has been closed: we are leaving, and nobody waits any more.
		}
	}

	async #startHosting(port: number | undefined): Promise<void> {
		const result = await this.#tryToHost(port);
		this.#core.handleHosted(result, this.#clock());
		this.#schedule();
	}

	async #tryToHost(port: number | undefined): Promise<HostedResult> {
		if (!this.#host || this.#hosted) {
			return {ok: false, error: {code: 'already-hosting', message: 'A server already runs inside this program.'}};
		}

		this.#hosted = this.#host(port);
		try {
			const hosted = await this.#hosted;
			return {ok: true, port: hosted.port, fingerprint: hosted.fingerprint};
		} catch (error) {
			this.#hosted = undefined;
			return {ok: false, error: error instanceof ProtocolError ? error.report : {code: 'host-failed', message: `The server can't be started: ${(error as Error).message}`}};
		}
	}

	#depart(): void {
		this.#departure ??= this.#close();
	}

	async #close(): Promise<void> {
		// What the core still has to say to its peers (their links close) goes out before the port does.
		await new Promise<void>(resolve => {
			setImmediate(resolve);
		});
		this.#performEffects();
		this.#transmit(this.#clock());
		clearImmediate(this.#turn);
		clearTimeout(this.#timer);
		this.#stopWatching();
		await this.#control?.close();
		const hosted = await this.#hosted?.catch(() => undefined);
		await Promise.allSettled([this.#udp.close(), this.#store.close(), hosted?.close()]);
		for (const resolve of this.#waiting.values()) {
			resolve(gone(''));
		}

		this.#waiting.clear();
		this.#resolveFinished();
	}
}

function gone(line: string): CommandReply {
	return {command: /^\S{0,64}/v.exec(line.trimStart())?.[0] ?? '', ok: false, error: {code: 'leaving', message: 'Earshot is leaving.'}};
}
