// Token buckets: how much one connection or one address may ask for.
// Knows rates and bursts; refuses to know what an operation costs (commands.ts does).
import {rememberedAddresses} from './limits.js';

/**
`ok`, or over the limit, or so far over it that the other side can't be well-behaved.
*/
export type Verdict = 'ok' | 'slow-down' | 'flood';

export class TokenBucket {
	readonly #rate: number;
	readonly #burst: number;
	#tokens: number;
	#at: number;

	/**
	@param rate Tokens that come back each second.
	@param burst Tokens a rested bucket holds.
	@param now
	*/
	constructor(rate: number, burst: number, now: number) {
		this.#rate = rate;
		this.#burst = burst;
		this.#tokens = burst;
		this.#at = now;
	}

	/**
	Takes `cost` tokens. What is refused costs as well, down to a second burst below zero: there patience ends.
	*/
	take(cost: number, now: number): Verdict {
		this.#tokens = Math.min(this.#burst, this.#tokens + (((now - this.#at) / 1000) * this.#rate));
		this.#at = now;
		if (this.#tokens >= cost) {
			this.#tokens -= cost;
			return 'ok';
		}

		this.#tokens -= Math.max(1, cost);
		return this.#tokens < -this.#burst ? 'flood' : 'slow-down';
	}
}

/**
A bucket for each address, the oldest forgotten when there are too many.
*/
export class AddressBuckets {
	readonly #rate: number;
	readonly #burst: number;
	readonly #buckets = new Map<string, TokenBucket>();

	constructor(rate: number, burst: number) {
		this.#rate = rate;
		this.#burst = burst;
	}

	take(host: string, cost: number, now: number): Verdict {
		let bucket = this.#buckets.get(host);
		if (!bucket) {
			bucket = new TokenBucket(this.#rate, this.#burst, now);
			this.#buckets.set(host, bucket);
			if (this.#buckets.size > rememberedAddresses) {
				this.#buckets.delete(this.#buckets.keys().next().value!);
			}
		}

		return bucket.take(cost, now);
	}
}
