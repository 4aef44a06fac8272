// Chance that repeats: one seed, one sequence.

/**
Numbers in [0, 1) from a 32-bit seed (mulberry32).
*/
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6D_2B_79_F5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / (2 ** 32);
	};
}

/**
The same, with everything a made-up world asks of chance. Not for secrets.
*/
export class SeededRandom {
	readonly #next: () => number;

	constructor(seed: number) {
		this.#next = seededRandom(seed);
	}

	/**
	0 up to, not including, 1.
	*/
	float(): number {
		return this.#next();
	}

	/**
	A whole number from `low` to `high`, both included.
	*/
	integer(low: number, high: number): number {
		return low + Math.floor(this.#next() * (high - low + 1));
	}

	/**
	True with the given probability.
	*/
	chance(probability: number): boolean {
		return this.#next() < probability;
	}

	pick<Item>(items: readonly Item[]): Item {
		return items[this.integer(0, items.length - 1)]!;
	}

	bytes(size: number): Uint8Array {
		return Uint8Array.from({length: size}, () => this.integer(0, 255));
	}

	/**
	An independent source, so that one part of a world does not shift the luck of another.
	*/
	fork(): SeededRandom {
		return new SeededRandom(this.integer(0, 0xFF_FF_FF_FF));
	}
}
