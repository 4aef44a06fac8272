// Names in the order in which lists show them, and pages of them.
// Knows keys (nameKey) and their order; refuses to know what stands behind a name.
import {Buffer} from 'node:buffer';
import {maximumRowsPerLine} from '../../source/protocol/limits.js';
import {nameKey} from '../../source/protocol/names.js';
import {pageBytes} from './limits.js';

/**
A set of name keys, kept sorted: finding is a binary search, adding moves memory.
*/
export class OrderedNames {
	readonly #keys: string[];

	constructor(keys: Iterable<string> = []) {
		// By code units, as `<` compares below.
		this.#keys = [...keys].toSorted();
	}

	get size(): number {
		return this.#keys.length;
	}

	add(key: string): void {
		const index = this.#indexAfter(key);
		if (this.#keys[index - 1] !== key) {
			this.#keys.splice(index, 0, key);
		}
	}

	delete(key: string): void {
		const index = this.#indexAfter(key) - 1;
		if (this.#keys[index] === key) {
			this.#keys.splice(index, 1);
		}
	}

	/**
	One page of rows, at most 400 and at most what fits in a line.

	@param after Last name of the page before.
	@param toRow Called for each key of the page.
	@param bytes Size of the page's JSON, about.
	@param also Other names that stand among these.
	*/
	page<Row>(after: string | undefined, toRow: (key: string) => Row, bytes: number = pageBytes, also = nobody): {rows: Row[]; last: string | undefined; more: boolean} {
		const rows: Row[] = [];
		let size = 0;
		let last: string | undefined;
		const from = after === undefined ? undefined : nameKey(after.slice(0, 200));
		for (const key of merged(this.#after(from), also.#after(from))) {
			const row = toRow(key);
			size += sizeOf(row);
			if (rows.length > 0 && (size > bytes || rows.length === maximumRowsPerLine)) {
				return {rows, last, more: true};
			}

			rows.push(row);
			last = key;
		}

		return {rows, last, more: false};
	}

	[Symbol.iterator](): IterableIterator<string> {
		return this.#keys.values();
	}

	* #after(key: string | undefined): Generator<string, void> {
		for (let index = key === undefined ? 0 : this.#indexAfter(key); index < this.#keys.length; index++) {
			yield this.#keys[index]!;
		}
	}

	#indexAfter(key: string): number {
		let low = 0;
		let high = this.#keys.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#keys[middle]! <= key) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}

		return low;
	}
}

const nobody = new OrderedNames();

/**
Two ordered lists as one.
*/
function * merged(ones: Iterator<string, void>, others: Iterator<string, void>): Generator<string, void> {
	let one = ones.next();
	let other = others.next();
	while (!one.done || !other.done) {
		if (!one.done && (other.done === true || one.value < other.value)) {
			yield one.value;
			one = ones.next();
		} else {
			yield other.value!;
			other = others.next();
		}
	}
}

/**
Upper bound of the JSON of a flat row, cheaper than writing it out.
*/
function sizeOf(row: unknown): number {
	let bytes = 0;
	for (const value of Object.values(row as Record<string, unknown>)) {
		bytes += 24 + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
	}

	return bytes;
}

/**
Rows cut into pages that each fit in a line.
*/
export function pagesOf<Row>(rows: readonly Row[]): Row[][] {
	const pages: Row[][] = [];
	let page: Row[] = [];
	let bytes = 0;
	for (const row of rows) {
		bytes += sizeOf(row);
		if (page.length === maximumRowsPerLine || (bytes > pageBytes && page.length > 0)) {
			pages.push(page);
			page = [];
			bytes = sizeOf(row);
		}

		page.push(row);
	}

	if (page.length > 0) {
		pages.push(page);
	}

	return pages;
}
