// Estimates the round trip of a path (RFC 9002, section 5). Knows samples in ms; refuses to know packets.

/**
Timers are no finer than this (RFC 9002, section 6.1.2).
*/
export const timerGranularity = 1;

export class RttEstimator {
	latest: number;
	/**
	The latest sample less what the peer held its acknowledgement back.
	*/
	adjusted: number;
	smoothed: number;
	variation: number;
	/**
	Smallest sample seen; zero before the first.
	*/
	minimum = 0;
	#hasSample = false;

	constructor(initial: number) {
		this.latest = initial;
		this.adjusted = initial;
		this.smoothed = initial;
		this.variation = initial / 2;
	}

	/**
	Takes a sample; `ackDelay` is how long the peer says it held its acknowledgement back.
	*/
	update(sample: number, ackDelay: number): void {
		this.latest = sample;
		if (!this.#hasSample) {
			this.#hasSample = true;
			this.adjusted = sample;
			this.minimum = sample;
			this.smoothed = sample;
			this.variation = sample / 2;
			return;
		}

		this.minimum = Math.min(this.minimum, sample);
		this.adjusted = sample >= this.minimum + ackDelay ? sample - ackDelay : sample;
		this.variation = (0.75 * this.variation) + (0.25 * Math.abs(this.smoothed - this.adjusted));
		this.smoothed = (0.875 * this.smoothed) + (0.125 * this.adjusted);
	}

	/**
	How long to wait for an acknowledgement before a probe (section 6.2.1).
	*/
	probeTimeout(maxAckDelay: number): number {
		return this.smoothed + Math.max(4 * this.variation, timerGranularity) + maxAckDelay;
	}
}
