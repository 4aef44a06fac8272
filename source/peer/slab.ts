// Memory for outgoing packets, cut from larger pieces. A packet stays valid for as long as somebody holds it;
// a slab is never written twice, the garbage collector takes it when the last of its packets is gone.
import {Buffer} from 'node:buffer';

const slabSize = 64 * 1024;

export class Slab {
	#bytes: Uint8Array = new Uint8Array(0);
	#used = 0;

	/**
	Room for a packet of at most `size` bytes; taken only as far as `keep` says, before the next `offer`.
	*/
	offer(size: number): Uint8Array {
		if (this.#used + size > this.#bytes.length) {
			this.#bytes = Buffer.allocUnsafeSlow(Math.max(slabSize, size));
			this.#used = 0;
		}

		return this.#bytes.subarray(this.#used, this.#used + size);
	}

	keep(size: number): void {
		this.#used += size;
	}
}
