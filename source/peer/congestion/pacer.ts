// Spreads packets over a round trip (RFC 9002, section 7.7): a token bucket filled at the controller's rate.
// Timers are coarse, so the bucket holds what a few milliseconds let through, but never so much that a small queue overflows.

/**
What may go at once: what `burstTime` ms let through, at most `maxBurst` bytes unless the finest timer needs more; two packets in any case.
*/
const burstTime = 4;
const maxBurst = 64 * 1024;
const finestTimer = 1.5;
const minBurstPackets = 2;
const initialPackets = 10;

export class Pacer {
	#tokens: number;
	#filledAt = -Infinity;

	constructor(datagramSize: number) {
		this.#tokens = initialPackets * datagramSize;
	}

	/**
	When `size` bytes may go: `now`, or a later moment. `rate` is bytes a millisecond.
	*/
	timeToSend(size: number, rate: number, now: number): number {
		if (now > this.#filledAt) {
			const capacity = Math.max(Math.min(rate * burstTime, maxBurst), rate * finestTimer, size * minBurstPackets);
			const filled = Number.isFinite(this.#filledAt) ? (now - this.#filledAt) * rate : 0;
			this.#tokens = Math.max(this.#tokens, Math.min(capacity, this.#tokens + filled));
			this.#filledAt = now;
		}

		return this.#tokens >= size ? now : now + ((size - this.#tokens) / rate);
	}

	/**
	`size` bytes went out. Probes go unasked, so the bucket may fall below zero.
	*/
	handleSent(size: number): void {
		this.#tokens -= size;
	}
}
