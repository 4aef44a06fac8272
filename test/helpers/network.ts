// A virtual datagram network: addresses, a clock that is an argument, and seeded misfortune.
// Knows datagrams from address to address; refuses to know what is in them.
import {type SeededRandom} from './random.js';

export type Datagram = {from: string; to: string; data: Uint8Array};

/**
What the network does to datagrams. Times in ms, probabilities 0 to 1.
*/
export type NetworkConditions = {
	/**
	One way.
	*/
	delay: number;
	/**
	Up to so much more, evenly spread; enough of it reorders.
	*/
	jitter: number;
	loss: number;
	duplicate: number;
	/**
	Probability that a datagram is held back by `reorderDelay`.
	*/
	reorder: number;
	reorderDelay: number;
	/**
	Bytes a millisecond between two addresses; what waits longer than `queue` ms is dropped.
	*/
	rate: number;
	queue: number;
};

export const perfectNetwork: Readonly<NetworkConditions> = {
	delay: 1, jitter: 0, loss: 0, duplicate: 0, reorder: 0, reorderDelay: 10, rate: Infinity, queue: 100,
};

export class VirtualNetwork {
	conditions: NetworkConditions;
	/**
	Says which datagrams a partition or a broken path swallows.
	*/
	isBlocked: (datagram: Datagram) => boolean = () => false;
	/**
	Sees each datagram as it is sent.
	*/
	tap: ((datagram: Datagram, now: number) => void) | undefined;
	sent = 0;
	dropped = 0;
	readonly #random: SeededRandom;
	readonly #inFlight: Array<Datagram & {at: number}> = [];
	readonly #busyUntil = new Map<string, number>();

	constructor(random: SeededRandom, conditions: Partial<NetworkConditions> = {}) {
		this.#random = random;
		this.conditions = {...perfectNetwork, ...conditions};
	}

	send(datagram: Datagram, now: number): void {
		this.sent++;
		this.tap?.(datagram, now);
		const {loss, duplicate} = this.conditions;
		const copies = this.#random.chance(duplicate) ? 2 : 1;
		for (let copy = 0; copy < copies; copy++) {
			const at = this.#random.chance(loss) || this.isBlocked(datagram) ? undefined : this.#schedule(datagram, now);
			if (at === undefined) {
				this.dropped++;
			} else {
				this.#insert({...datagram, at});
			}
		}
	}

	/**
	When the next datagram arrives.
	*/
	nextArrival(): number | undefined {
		return this.#inFlight[0]?.at;
	}

	/**
	The next datagram that has arrived by `now`.
	*/
	receive(now: number): Datagram | undefined {
		return this.#inFlight[0] && this.#inFlight[0].at <= now ? this.#inFlight.shift() : undefined;
	}

	#schedule({from, to, data}: Datagram, now: number): number | undefined {
		const {
			delay, jitter, reorder, reorderDelay, rate, queue,
		} = this.conditions;
		const path = `${from}>${to}`;
		const start = Math.max(now, this.#busyUntil.get(path) ?? 0);
		if (start - now > queue) {
			return undefined;
		}

		const sentAt = start + (data.length / rate);
		this.#busyUntil.set(path, sentAt);
		const extra = this.#random.chance(reorder) ? reorderDelay : 0;
		return sentAt + delay + (this.#random.float() * jitter) + extra;
	}

	#insert(datagram: Datagram & {at: number}): void {
		let low = 0;
		let high = this.#inFlight.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#inFlight[middle]!.at <= datagram.at) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}

		this.#inFlight.splice(low, 0, datagram);
	}
}
