// Spreads packets over a round trip (RFC 9002, section 7.7): a token bucket filled at the controller's rate.
// Timers are coarse, so the bucket holds at least what a few milliseconds let through.

const minBurstPackets = 10;
const burstTime = 4;

export class Pacer {
	#tokens: number;
	#filledAt = -Infinity;
	#minBurst: number;

	constructor(datagramSize: number) {
		this.#minBurst = minBurstPackets * datagramSize;
		this.#tokens = this.#minBurst;
	}

	/**
	Packets have another size from now on, bytes.
	*/
	handleDatagramSize(size: number): void {
		this.#minBurst = minBurstPackets * size;
	}

	/**
	When `size` bytes may go: `now`, or a later moment. `rate` is bytes a millisecond.
	*/
	timeToSend(size: number, rate: number, now: number): number {
		const capacity = Math.max(this.#minBurst, rate * burstTime);
		if (now > this.#filledAt) {
			this.#tokens = Math.min(capacity, this.#tokens + ((now - this.#filledAt) * rate));
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
