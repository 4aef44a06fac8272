// What is to happen later in a made-up world, in order of time and, within a moment, of planning.

type Item = {readonly at: number; readonly order: number; readonly act: () => void};

export class Agenda {
	readonly #heap: Item[] = [];
	#order = 0;

	get next(): number | undefined {
		return this.#heap[0]?.at;
	}

	plan(at: number, act: () => void): void {
		const heap = this.#heap;
		let index = heap.length;
		heap.push({at, order: this.#order++, act});
		while (index > 0) {
			const parent = (index - 1) >> 1;
			if (!isBefore(heap[index]!, heap[parent]!)) {
				return;
			}

			swap(heap, index, parent);
			index = parent;
		}
	}

	/**
	Takes out the next act.
	*/
	take(): (() => void) | undefined {
		const heap = this.#heap;
		const first = heap[0];
		const last = heap.pop();
		if (!first || !last || first === last) {
			return first?.act;
		}

		heap[0] = last;
		let index = 0;
		for (;;) {
			const left = (2 * index) + 1;
			const right = left + 1;
			let least = index;
			if (left < heap.length && isBefore(heap[left]!, heap[least]!)) {
				least = left;
			}

			if (right < heap.length && isBefore(heap[right]!, heap[least]!)) {
				least = right;
			}

			if (least === index) {
				return first.act;
			}

			swap(heap, index, least);
			index = least;
		}
	}
}

function swap(heap: Item[], one: number, other: number): void {
	const item = heap[one]!;
	heap[one] = heap[other]!;
	heap[other] = item;
}

function isBefore(one: Item, other: Item): boolean {
	return one.at < other.at || (one.at === other.at && one.order < other.order);
}
