// Bytes of a stream by their offset, in a ring that grows as it is needed.
// Knows positions only; its owner knows which of them are filled, and bounds the size.

const initialCapacity = 4096;

export class ByteRing {
	#bytes = new Uint8Array(0);

	/**
	Makes room for `from` up to `end`; bytes of `from` up to `filled` are kept.
	*/
	reserve(from: number, filled: number, end: number): void {
		if (end - from <= this.#bytes.length) {
			return;
		}

		let capacity = Math.max(initialCapacity, this.#bytes.length);
		while (capacity < end - from) {
			capacity *= 2;
		}

		const kept = this.read(from, filled - from);
		this.#bytes = new Uint8Array(capacity);
		this.write(from, kept);
	}

	/**
	Gives the memory back; nothing is kept.
	*/
	release(): void {
		this.#bytes = new Uint8Array(0);
	}

	write(offset: number, data: Uint8Array): void {
		const at = offset % this.#bytes.length;
		const first = Math.min(data.length, this.#bytes.length - at);
		this.#bytes.set(first === data.length ? data : data.subarray(0, first), at);
		if (first < data.length) {
			this.#bytes.set(data.subarray(first), 0);
		}
	}

	/**
	Copies `length` bytes from `offset` into `target` at `at`.
	*/
	copy(offset: number, length: number, target: Uint8Array, at: number): void {
		const from = offset % this.#bytes.length;
		const first = Math.min(length, this.#bytes.length - from);
		target.set(this.#bytes.subarray(from, from + first), at);
		if (first < length) {
			target.set(this.#bytes.subarray(0, length - first), at + first);
		}
	}

	read(offset: number, length: number): Uint8Array {
		const bytes = new Uint8Array(length);
		if (length > 0) {
			this.copy(offset, length, bytes, 0);
		}

		return bytes;
	}
}
