// One direction of a network link: a rate with a bounded queue before it, a delay, and seeded misfortune behind it.
// Knows sizes and times; refuses to know what passes, and reads no clock: the same calls give the same arrivals.
// Two of them are a path in a virtual world (emulated-path.ts) or a real one (link-emulator-proxy.ts).
import {type SeededRandom} from './random.js';

/**
What the link does. Times in ms, sizes in bytes, probabilities 0 to 1.
*/
export type LinkConditions = {
	/**
	Bytes a millisecond; 12 500 is 100 Mbit/s.
	*/
	rate: number;
	/**
	Bytes that may wait for the rate; what does not fit is dropped.
	*/
	queue: number;
	/**
	Bytes that each datagram takes of rate and queue besides its own: 28 are the headers of IPv4 and UDP.
	*/
	overhead: number;
	/**
	From the end of the queue to the other side.
	*/
	delay: number;
	/**
	Up to so much more for each datagram by itself, evenly spread.
	*/
	jitter: number;
	/**
	Datagrams that vanish behind the queue, so that they have cost their share of the rate.
	*/
	loss: number;
	/**
	Datagrams that are held back by up to `reorderDelay`, evenly spread.
	*/
	reorder: number;
	reorderDelay: number;
	/**
	Datagrams that come twice, each at its own time.
	*/
	duplicate: number;
};

export const perfectLink: Readonly<LinkConditions> = {
	rate: Infinity, queue: Infinity, overhead: 28, delay: 0, jitter: 0, loss: 0, reorder: 0, reorderDelay: 10, duplicate: 0,
};

type Arrival<Item> = {at: number; order: number; item: Item};

export class LinkEmulator<Item> {
	conditions: LinkConditions;
	/**
	Datagrams, and in `largestQueue` the bytes that waited at once.
	*/
	readonly counts = {
		sent: 0, delivered: 0, lost: 0, overflowed: 0, reordered: 0, duplicated: 0, largestQueue: 0,
	};

	readonly #random: SeededRandom;
	/**
	A binary heap by time of arrival.
	*/
	readonly #arrivals: Array<Arrival<Item>> = [];
	#busyUntil = 0;
	#order = 0;

	constructor(random: SeededRandom, conditions: Partial<LinkConditions> = {}) {
		this.#random = random;
		this.conditions = {...perfectLink, ...conditions};
	}

	/**
	Bytes that wait at `now`.
	*/
	backlog(now: number): number {
		return this.#busyUntil > now ? (this.#busyUntil - now) * this.conditions.rate : 0;
	}

	send(item: Item, size: number, now: number): void {
		const {rate, queue, overhead, loss, duplicate} = this.conditions;
		const cost = size + overhead;
		const backlog = this.backlog(now);
		this.counts.sent++;
		if (backlog + cost > queue) {
			this.counts.overflowed++;
			return;
		}

		this.counts.largestQueue = Math.max(this.counts.largestQueue, backlog + cost);
		this.#busyUntil = Math.max(now, this.#busyUntil) + (cost / rate);
		if (this.#random.chance(loss)) {
			this.counts.lost++;
			return;
		}

		this.#schedule(item);
		if (!this.#random.chance(duplicate)) {
			return;
		}

		this.counts.duplicated++;
		this.#schedule(item);
	}

	/**
	When the next datagram arrives.
	*/
	nextArrival(): number | undefined {
		return this.#arrivals[0]?.at;
	}

	/**
	The next datagram that has arrived by `now`.
	*/
	receive(now: number): Item | undefined {
		const first = this.#arrivals[0];
		if (!first || first.at > now) {
			return undefined;
		}

		const last = this.#arrivals.pop()!;
		if (this.#arrivals.length > 0) {
			this.#sink(last);
		}

		this.counts.delivered++;
		return first.item;
	}

	#schedule(item: Item): void {
		const {delay, jitter, reorder, reorderDelay} = this.conditions;
		let at = this.#busyUntil + delay + (jitter > 0 ? this.#random.float() * jitter : 0);
		if (this.#random.chance(reorder)) {
			this.counts.reordered++;
			at += this.#random.float() * reorderDelay;
		}

		this.#rise({at, order: this.#order++, item});
	}

	#rise(arrival: Arrival<Item>): void {
		const heap = this.#arrivals;
		let index = heap.length;
		heap.push(arrival);
		while (index > 0) {
			const parent = (index - 1) >>> 1;
			if (!isBefore(arrival, heap[parent]!)) {
				break;
			}

			heap[index] = heap[parent]!;
			index = parent;
		}

		heap[index] = arrival;
	}

	#sink(arrival: Arrival<Item>): void {
		const heap = this.#arrivals;
		let index = 0;
		for (;;) {
			let child = (2 * index) + 1;
			if (child >= heap.length) {
				break;
			}

			if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) {
				child++;
			}

			if (!isBefore(heap[child]!, arrival)) {
				break;
			}

			heap[index] = heap[child]!;
			index = child;
		}

		heap[index] = arrival;
	}
}

function isBefore(a: Arrival<unknown>, b: Arrival<unknown>): boolean {
	return a.at < b.at || (a.at === b.at && a.order < b.order);
}
