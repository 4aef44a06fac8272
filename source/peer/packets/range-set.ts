// Sets of numbers as sorted ranges that never touch: packet numbers seen, bytes acknowledged, bytes to be sent again.
// Knows arithmetic only; its owner bounds how many ranges there may be.
import {type Range} from './frame.js';

export class RangeSet {
	readonly #ranges: Range[] = [];

	/**
	How many ranges it takes to write the set down.
	*/
	get count(): number {
		return this.#ranges.length;
	}

	get first(): Readonly<Range> | undefined {
		return this.#ranges[0];
	}

	get last(): Readonly<Range> | undefined {
		return this.#ranges.at(-1);
	}

	has(value: number): boolean {
		const range = this.#ranges[this.#search(value + 1)];
		return range !== undefined && range.start <= value;
	}

	/**
	Adds `start` up to, and not including, `end`.
	*/
	add(start: number, end: number): void {
		if (start >= end) {
			return;
		}

		const last = this.#ranges.at(-1);
		if (last?.end === start) {
			last.end = end;
			return;
		}

		const index = this.#search(start);
		let next = index;
		while (next < this.#ranges.length && this.#ranges[next]!.start <= end) {
			const range = this.#ranges[next]!;
			start = Math.min(start, range.start);
			end = Math.max(end, range.end);
			next++;
		}

		this.#ranges.splice(index, next - index, {start, end});
	}

	/**
	Takes `start` up to, and not including, `end` out.
	*/
	remove(start: number, end: number): void {
		if (start >= end) {
			return;
		}

		// Nearly always it is the beginning of the lowest range that goes.
		const first = this.#ranges[0];
		if (first && start <= first.start && end < first.end) {
			first.start = Math.max(first.start, end);
			return;
		}

		let index = this.#search(start + 1);
		while (index < this.#ranges.length && this.#ranges[index]!.start < end) {
			const range = this.#ranges[index]!;
			const rest = [{start: range.start, end: start}, {start: end, end: range.end}].filter(part => part.start < part.end);
			this.#ranges.splice(index, 1, ...rest);
			index += rest.length;
		}
	}

	/**
	Forgets the lowest ranges until `count` are left.
	*/
	keepLast(count: number): void {
		if (this.#ranges.length > count) {
			this.#ranges.splice(0, this.#ranges.length - count);
		}
	}

	/**
	From the highest range to the lowest.
	*/
	toDescending(): Range[] {
		return this.#ranges.map(({start, end}) => ({start, end})).toReversed();
	}

	/**
	The first range that ends at `start` or later.
	*/
	#search(start: number): number {
		let low = 0;
		let high = this.#ranges.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#ranges[middle]!.end < start) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}

		return low;
	}
}
