// The journal: gathers durable changes into batches, one a turn at most, and says when they are safe. Changes that nobody waits
// for at a keyboard may be gathered for some milliseconds, so that a loud room costs a hundred batches a second and not a thousand.
// Knows batches and who waits for them; refuses to know what a change means.
import type {Effect, StoreWrite} from './effects.js';
import {
	deferMs,
	floodBatch,
	floodGatherMs,
	gatherMs,
	maximumGathered,
} from './limits.js';

/**
Called once the changes are on disk.
*/
export type OnStored = (now: number) => void;

export class Journal {
	readonly #push: (effect: Effect) => void;
	#writes: StoreWrite[] = [];
	/**
	Where in `#writes` the change of each subject stands that a newer one takes the place of.
	*/
	readonly #places = new Map<string, number>();
	/**
	Changes gathered, those that were replaced included; each may be several writes.
	*/
	#gathered = 0;
	#waiting: OnStored[] = [];
	readonly #deferred = new Map<string, StoreWrite>();
	/**
	Since when something is deferred.
	*/
	#deferredAt: number | undefined;
	#nextBatch = 1;
	#isUrgent = false;
	#flushedAt = -Infinity;
	#lastSize = 0;
	readonly #batches = new Map<number, readonly OnStored[]>();

	constructor(push: (effect: Effect) => void) {
		this.#push = push;
	}

	/**
	Adds changes that go to disk at the end of this turn, with all that were gathered before them.
	*/
	write(writes: readonly StoreWrite[], onStored?: OnStored): void {
		this.#isUrgent = true;
		this.gather(writes, onStored);
	}

	/**
	Adds changes that may wait some ms after the last batch (`gatherMs`, `floodGatherMs`) where they come faster than the disk takes them one by one.
	*/
	gather(writes: readonly StoreWrite[], onStored?: OnStored): void {
		this.#writes.push(...writes);
		this.#gathered++;
		if (onStored) {
			this.#waiting.push(onStored);
		}
	}

	/**
	Adds a change that says all that earlier ones of the same subject said: of those not yet on their way to disk only the last goes there.
	`others` are changes that go to disk with it and stand for themselves.
	*/
	gatherLatest(subject: string, write: StoreWrite, onStored: OnStored, others: readonly StoreWrite[] = []): void {
		const place = this.#places.get(subject) ?? this.#writes.length;
		this.#places.set(subject, place);
		this.#writes[place] = write;
		this.#writes.push(...others);
		this.#gathered++;
		this.#waiting.push(onStored);
	}

	/**
	Adds a change that nobody waits for and that is harmless to lose: it goes with the next batch, or by itself after `deferMs`. Of one subject only the last is written.
	*/
	defer(subject: string, write: StoreWrite): void {
		this.#deferred.set(subject, write);
	}

	/**
	What was deferred goes to disk at the end of this turn.
	*/
	hurry(): void {
		this.#isUrgent ||= this.#deferred.size > 0;
	}

	/**
	Whether nothing is on its way to disk that anybody waits for.
	*/
	get isIdle(): boolean {
		return this.#writes.length === 0 && this.#batches.size === 0;
	}

	/**
	When gathered changes are due; for `flush`.
	*/
	pollTimeout(): number | undefined {
		const gatheredAt = this.#writes.length === 0 ? Infinity : this.#dueAt;
		const next = Math.min(gatheredAt, (this.#deferredAt ?? Infinity) + deferMs);
		return next === Infinity ? undefined : next;
	}

	/**
	Ends the turn: hands the changes that are due over in one piece.
	*/
	flush(now: number): void {
		if (this.#deferred.size > 0) {
			this.#deferredAt ??= now;
		}

		const isQuiet = this.#batches.size === 0 && this.#lastSize <= 1;
		const isGathered = this.#writes.length > 0 && (isQuiet || this.#gathered >= maximumGathered || now >= this.#dueAt);
		const isDeferredDue = this.#deferredAt !== undefined && now >= this.#deferredAt + deferMs;
		if (!(isGathered || isDeferredDue || this.#isUrgent) || this.#writes.length + this.#deferred.size === 0) {
			return;
		}

		this.#isUrgent = false;
		this.#flushedAt = now;
		this.#lastSize = this.#gathered;
		const batch = this.#nextBatch++;
		this.#batches.set(batch, this.#waiting);
		this.#push({type: 'store', batch, writes: [...this.#writes, ...this.#deferred.values()]});
		this.#deferred.clear();
		this.#deferredAt = undefined;
		this.#writes = [];
		this.#places.clear();
		this.#gathered = 0;
		this.#waiting = [];
	}

	handleStored(batch: number, now: number): void {
		const waiting = this.#batches.get(batch) ?? [];
		this.#batches.delete(batch);
		for (const onStored of waiting) {
			onStored(now);
		}
	}

	get #dueAt(): number {
		return this.#flushedAt + (this.#lastSize >= floodBatch ? floodGatherMs : gatherMs);
	}
}
