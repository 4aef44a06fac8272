// Many timers of one length: because all last equally long, the order of starting is the order of ending.
// Knows when the first one ends; refuses to know what then happens.

export class Deadlines<Item> {
	readonly #lengthMs: number;
	readonly #ends = new Map<Item, number>();

	constructor(lengthMs: number) {
		this.#lengthMs = lengthMs;
	}

	/**
	Starts the timer of `item`, or starts it again.
	*/
	start(item: Item, now: number): void {
		this.#ends.delete(item);
		this.#ends.set(item, now + this.#lengthMs);
	}

	stop(item: Item): void {
		this.#ends.delete(item);
	}

	/**
	Time left for `item` in whole ms, 0 when it has no timer.
	*/
	remainingMs(item: Item, now: number): number {
		return Math.max(0, Math.ceil((this.#ends.get(item) ?? now) - now));
	}

	/**
	When the first timer ends.
	*/
	next(): number | undefined {
		return this.#ends.values().next().value;
	}

	/**
	Takes out the next item whose time is over.
	*/
	poll(now: number): Item | undefined {
		const [item, end] = this.#ends.entries().next().value ?? [];
		if (item === undefined || end === undefined || end > now) {
			return undefined;
		}

		this.#ends.delete(item);
		return item;
	}
}
