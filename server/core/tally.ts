// How many of something each key has.
// Knows counts; forgets a key that has none.

export class Tally {
	readonly #counts = new Map<string, number>();

	count(key: string): number {
		return this.#counts.get(key) ?? 0;
	}

	/**
	@returns The new count.
	*/
	add(key: string): number {
		const count = this.count(key) + 1;
		this.#counts.set(key, count);
		return count;
	}

	remove(key: string): void {
		const count = this.count(key) - 1;
		if (count > 0) {
			this.#counts.set(key, count);
		} else {
			this.#counts.delete(key);
		}
	}
}
