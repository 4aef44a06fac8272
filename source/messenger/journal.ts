// The journal: gathers durable changes of one turn into one batch and says when they are safe.
// Knows batches and who waits for them; refuses to know what a change means.
import type {Effect, StoreWrite} from './effects.js';

/**
Called once the changes are on disk.
*/
export type OnStored = (now: number) => void;

export class Journal {
	readonly #push: (effect: Effect) => void;
	#writes: StoreWrite[] = [];
	#waiting: OnStored[] = [];
	#nextBatch = 1;
	readonly #batches = new Map<number, readonly OnStored[]>();

	constructor(push: (effect: Effect) => void) {
		this.#push = push;
	}

	/**
	Adds changes to this turn's batch.
	*/
	write(writes: readonly StoreWrite[], onStored?: OnStored): void {
		this.#writes.push(...writes);
		if (onStored) {
			this.#waiting.push(onStored);
		}
	}

	/**
	Whether nothing is on its way to disk.
	*/
	get isIdle(): boolean {
		return this.#writes.length === 0 && this.#batches.size === 0;
	}

	/**
	Ends the turn: hands its changes over in one piece.
	*/
	flush(): void {
		if (this.#writes.length === 0) {
			return;
		}

		const batch = this.#nextBatch++;
		this.#batches.set(batch, this.#waiting);
		this.#push({type: 'store', batch, writes: this.#writes});
		this.#writes = [];
		this.#waiting = [];
	}

	handleStored(batch: number, now: number): void {
		const waiting = this.#batches.get(batch) ?? [];
		this.#batches.delete(batch);
		for (const onStored of waiting) {
			onStored(now);
		}
	}
}
