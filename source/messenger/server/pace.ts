// How fast we may ask: a little below what the server grants a connection, so that nothing is refused for coming too soon.
// Knows a bucket of tokens; refuses to know what is asked.

/**
What we use of what the server grants. The rest is for requests that the network delivers in a bunch.
*/
const share = 0.9;

export class Pace {
	readonly #rate: number;
	readonly #burst: number;
	#tokens = 0;
	#at = 0;

	/**
	@param rate Tokens that the server gives back each second.
	@param burst Tokens that it grants a rested connection.
	*/
	constructor(rate: number, burst: number) {
		this.#rate = rate * share;
		this.#burst = burst * share;
	}

	/**
	A new connection is a rested one.
	*/
	reset(now: number): void {
		this.#tokens = this.#burst;
		this.#at = now;
	}

	/**
	Takes `cost` tokens, if they are there.
	*/
	take(cost: number, now: number): boolean {
		this.#tokens = Math.min(this.#burst, this.#tokens + (((now - this.#at) / 1000) * this.#rate));
		this.#at = now;
		if (this.#tokens < cost) {
			return false;
		}

		this.#tokens -= cost;
		return true;
	}

	/**
	When `cost` tokens will be there, if none are taken before.
	*/
	readyAt(cost: number): number {
		return this.#at + Math.ceil((Math.max(0, cost - this.#tokens) / this.#rate) * 1000);
	}
}
