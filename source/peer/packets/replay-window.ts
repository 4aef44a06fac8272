// Remembers which packet numbers were accepted, so that a replayed packet is dropped (RFC 6479).
// Knows the last 4096 numbers; anything older counts as seen.

const windowSize = 4096;

export class ReplayWindow {
	readonly #bits = new Uint32Array(windowSize / 32);
	/**
	One past the largest number accepted.
	*/
	#end = 0;

	/**
	The number was accepted before, or is too old to tell.
	*/
	hasSeen(pn: number): boolean {
		return pn >= this.#end ? false : pn < this.#end - windowSize || this.#hasBit(pn);
	}

	/**
	The number is larger than all that were accepted.
	*/
	isNewest(pn: number): boolean {
		return pn >= this.#end;
	}

	/**
	Records an authentic packet. Only to be called when `hasSeen` is false.
	*/
	accept(pn: number): void {
		if (pn >= this.#end) {
			if (pn - this.#end >= windowSize) {
				this.#bits.fill(0);
			} else {
				for (let skipped = this.#end; skipped < pn; skipped++) {
					this.#bits[(skipped % windowSize) >>> 5]! &= ~(1 << (skipped & 31));
				}
			}

			this.#end = pn + 1;
		}

		this.#bits[(pn % windowSize) >>> 5]! |= 1 << (pn & 31);
	}

	#hasBit(pn: number): boolean {
		return (this.#bits[(pn % windowSize) >>> 5]! & (1 << (pn & 31))) !== 0;
	}
}
