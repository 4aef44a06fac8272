// Progress: how far own lines have come, from receipts and the server's word to outbox, disk and event.
// Knows the states and that they only move forward; refuses to know how a receipt or a line travels.
import {covers, type Sequences} from '../../protocol/sequences.js';
import type {StoreWrite} from '../effects.js';
import type {DeliveryState} from '../events.js';
import type {Journal} from '../journal.js';
import type {KeptEntry, Lane, Outbox} from './outbox.js';

/**
Called when a line has come further towards one recipient.
*/
export type OnProgress = (entry: KeptEntry, state: DeliveryState, now: number) => void;

export class Progress {
	readonly #outbox: Outbox;
	readonly #journal: Journal;
	/**
	Whether an entry belongs to the name of now.
	*/
	readonly #isOurs: (entry: KeptEntry) => boolean;
	readonly #onProgress: OnProgress;
	/**
	Whether states are kept in the history as well.
	*/
	readonly #hasHistory: boolean;
	/**
	Lines that were told to be on their way.
	*/
	readonly #sent = new WeakSet<KeptEntry>();
	/**
	Lines that were told to be at the server, also where they had to be sealed again since.
	*/
	readonly #stored = new WeakSet<KeptEntry>();
	/**
	Lines that were given up: the server's word on one may still be under way.
	*/
	readonly #failed = new WeakSet<KeptEntry>();

	constructor({outbox, journal, isOurs, onProgress, hasHistory}: {outbox: Outbox; journal: Journal; isOurs: (entry: KeptEntry) => boolean; onProgress: OnProgress; hasHistory: boolean}) {
		this.#outbox = outbox;
		this.#journal = journal;
		this.#isOurs = isOurs;
		this.#onProgress = onProgress;
		this.#hasHistory = hasHistory;
	}

	/**
	A line was handed to a link.
	*/
	send(entry: KeptEntry, now: number): void {
		if (entry.state.step !== 'queued' || this.#sent.has(entry) || this.#stored.has(entry)) {
			return;
		}

		this.#sent.add(entry);
		this.#onProgress(entry, 'sent', now);
	}

	/**
	A line is safe at the server since `now`, sealed for `device` with the signed prekey `prekey`.
	*/
	store(entry: KeptEntry, {device, prekey}: {readonly device: string; readonly prekey: number}, now: number): void {
		if (entry.state.step === 'delivered' || this.#failed.has(entry)) {
			return;
		}

		const wasStored = entry.state.step === 'stored' || this.#stored.has(entry);
		this.#stored.add(entry);
		entry.state = {
			step: 'stored', device, prekey, at: Math.floor(now),
		};
		this.#journal.write([{
			kind: 'outbox-state', id: entry.id, to: entry.to, state: entry.state,
		}, ...this.#historyOf(new Map([[entry, 'stored']]))]);
		if (!wasStored) {
			this.#onProgress(entry, 'stored', now);
		}
	}

	/**
	What the server had of some lines is of no use to their reader: they wait to be sent as before.
	*/
	reopen(entries: readonly KeptEntry[]): void {
		const writes = entries.map((entry): StoreWrite => {
			entry.state = {step: 'queued'};
			return {
				kind: 'outbox-state', id: entry.id, to: entry.to, state: entry.state,
			};
		});
		this.#journal.gather(writes);
	}

	/**
	The recipient has received these of our lines in a lane, and read those of them that are in `read`.
	*/
	confirm(recipient: string, lane: Lane, {got, read}: {got: Sequences; read: Sequences}, now: number): void {
		const {received, forgotten} = this.#outbox.receive(recipient, lane, got, this.#isOurs);
		const done = this.#outbox.read(recipient, lane, read, entry => covers(got, entry.sequence) && this.#isOurs(entry));
		if (received.length + done.length === 0) {
			return;
		}

		const gone = new Set([...forgotten, ...done]);
		const writes: StoreWrite[] = [];
		for (const entry of new Set([...received, ...gone])) {
			const {id, to, state} = entry;
			writes.push(gone.has(entry)
				? {kind: 'outbox-remove', id, to}
				: {
					kind: 'outbox-state', id, to, state,
				});
		}

		const reached = new Map<KeptEntry, DeliveryState>([...received.map(entry => [entry, 'delivered'] as const), ...done.map(entry => [entry, 'read'] as const)]);
		this.#journal.gather([...writes, ...this.#historyOf(reached)]);
		for (const entry of received) {
			this.#onProgress(entry, 'delivered', now);
		}

		for (const entry of done) {
			this.#onProgress(entry, 'read', now);
		}
	}

	/**
	Gives up everything that waits in a lane.
	*/
	fail(lane: Lane, now: number): void {
		const {waiting, received} = this.#outbox.removeLane(lane, this.#isOurs);
		this.failAll(waiting, now);
		this.#erase(received);
	}

	/**
	Gives up lines that are out of the outbox already.
	*/
	failAll(entries: readonly KeptEntry[], now: number): void {
		this.#erase(entries, entries.map(({id}) => ({kind: 'history-state', id, state: 'failed'})));
		for (const entry of entries) {
			this.#failed.add(entry);
			this.#onProgress(entry, 'failed', now);
		}
	}

	#erase(entries: readonly KeptEntry[], history: readonly StoreWrite[] = []): void {
		if (entries.length > 0) {
			this.#journal.gather([...entries.map(({id, to}): StoreWrite => ({kind: 'outbox-remove', id, to})), ...(this.#hasHistory ? history : [])]);
		}
	}

	/**
	A line's state in the history is that of whoever is furthest behind: it changes only when they come along.
	*/
	#historyOf(reached: ReadonlyMap<KeptEntry, DeliveryState>): StoreWrite[] {
		return this.#hasHistory
			? [...reached].filter(([{id}, state]) => this.#outbox.stateOf(id) === state).map(([{id}, state]) => ({kind: 'history-state', id, state}))
			: [];
	}
}
