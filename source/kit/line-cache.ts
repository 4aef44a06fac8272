// Keeps the finished lines of an item until its content, the width or the theme changes, because wrapping and colouring cost more than drawing.
// Bounded: the entries that have not been asked for longest go first. It refuses to know how lines are made.

/**
Everything the lines depend on. A changed `revision`, `width` or `theme` makes them anew.
*/
export type LineKey = {
	readonly id: string;
	readonly revision: number;
	readonly width: number;
	readonly theme: string;
};

type Entry<Line> = {
	readonly key: LineKey;
	readonly lines: readonly Line[];
};

export class LineCache<Line> {
	readonly #entries = new Map<string, Entry<Line>>();
	readonly #limit: number;

	/**
	`limit` is in items.
	*/
	constructor(limit = 600) {
		this.#limit = limit;
	}

	get size(): number {
		return this.#entries.size;
	}

	lines(key: LineKey, make: () => readonly Line[]): readonly Line[] {
		const found = this.#entries.get(key.id);
		// Put back at the end: a Map keeps its order, so the first entry is the one longest unused.
		this.#entries.delete(key.id);
		const entry = found && isSame(found.key, key) ? found : {key, lines: make()};
		this.#entries.set(key.id, entry);
		if (this.#entries.size > this.#limit) {
			this.#entries.delete(this.#entries.keys().next().value!);
		}

		return entry.lines;
	}
}

function isSame(a: LineKey, b: LineKey): boolean {
	return a.revision === b.revision && a.width === b.width && a.theme === b.theme;
}
