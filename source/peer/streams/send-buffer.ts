// Bytes of a stream by their offset, from when they are written until they are acknowledged.
// Knows positions only. Small pieces are copied together; large ones stay where the caller has them.

/**
From this size on a piece is worth an entry of its own instead of a copy.
*/
const keptSize = 16 * 1024;

const firstBlock = 4096;
const largestBlock = 64 * 1024;

/**
`bytes` up to `length` hold the stream from `start` on; the rest is room for more of it.
*/
type Chunk = {start: number; bytes: Uint8Array; length: number};

export class SendBuffer {
	#chunks: Chunk[] = [];
	#end = 0;
	#nextBlock = firstBlock;
	/**
	Where the last piece was found: the next one follows it.
	*/
	#hint = 0;

	/**
	Takes `data`, which must not change before they were dropped.
	*/
	append(data: Uint8Array): void {
		if (data.length >= keptSize) {
			this.#push(data, data.length);
		} else {
			const fitting = this.#fillLast(data);
			this.#copyAnew(data.subarray(fitting));
		}
	}

	/**
	Nobody will ask for what lies before `offset`.
	*/
	drop(offset: number): void {
		let dropped = 0;
		while (dropped < this.#chunks.length && endOf(this.#chunks[dropped]!) <= offset) {
			dropped++;
		}

		if (dropped > 0) {
			this.#chunks.splice(0, dropped);
			this.#hint = Math.max(0, this.#hint - dropped);
		}

		if (this.#chunks.length === 0) {
			this.#nextBlock = firstBlock;
		}
	}

	/**
	Gives the memory back; nothing is kept.
	*/
	release(): void {
		this.#chunks = [];
		this.#hint = 0;
	}

	/**
	Copies `length` bytes from `offset` into `target` at `at`; they were written and not dropped.
	*/
	copy(offset: number, length: number, target: Uint8Array, at: number): void {
		const end = offset + length;
		let index = this.#find(offset);
		for (;;) {
			const chunk = this.#chunks[index]!;
			const from = offset - chunk.start;
			const size = Math.min(end, endOf(chunk)) - offset;
			target.set(chunk.bytes.subarray(from, from + size), at);
			this.#hint = index;
			offset += size;
			if (offset === end) {
				return;
			}

			at += size;
			index++;
		}
	}

	/**
	`length` bytes from `offset` on where they lie; undefined where they lie in two places.
	*/
	view(offset: number, length: number): Uint8Array | undefined {
		const index = this.#find(offset);
		this.#hint = index;
		const {start, bytes, length: filled} = this.#chunks[index]!;
		const from = offset - start;
		return from + length <= filled ? bytes.subarray(from, from + length) : undefined;
	}

	/**
	Puts as much of `data` as fits behind the last piece and returns how much that is.
	*/
	#fillLast(data: Uint8Array): number {
		const last = this.#chunks.at(-1);
		const fitting = last ? Math.min(data.length, last.bytes.length - last.length) : 0;
		if (last && fitting > 0) {
			last.bytes.set(data.subarray(0, fitting), last.length);
			last.length += fitting;
			this.#end += fitting;
		}

		return fitting;
	}

	#copyAnew(data: Uint8Array): void {
		if (data.length === 0) {
			return;
		}

		const block = new Uint8Array(Math.max(this.#nextBlock, data.length));
		this.#nextBlock = Math.min(2 * this.#nextBlock, largestBlock);
		block.set(data);
		this.#push(block, data.length);
	}

	#push(bytes: Uint8Array, length: number): void {
		this.#chunks.push({start: this.#end, bytes, length});
		this.#end += length;
	}

	#find(offset: number): number {
		let index = Math.min(this.#hint, this.#chunks.length - 1);
		while (this.#chunks[index]!.start > offset) {
			index--;
		}

		while (endOf(this.#chunks[index]!) <= offset) {
			index++;
		}

		return index;
	}
}

function endOf({start, length}: Chunk): number {
	return start + length;
}
