// Memory for outgoing packets. Small ones are cut from larger pieces, which are never written twice: such a packet stays valid for as long
// as somebody holds it. A large one has a piece of its own, which comes back into use when the packet was given back.
import {Buffer} from 'node:buffer';

const slabSize = 64 * 1024;
const maxFree = 64;

/**
From this size on a packet has memory of its own.
*/
const largeSize = 16 * 1024;

// Not zeroed. Not handed out as a Buffer either: cutting a piece from one takes several times as long as from a plain array.
function allocate(): ArrayBuffer {
	return Buffer.allocUnsafeSlow(slabSize).buffer;
}

export class Slab {
	#bytes = new Uint8Array(0);
	#used = 0;
	#large: Uint8Array | undefined;
	readonly #free: ArrayBuffer[] = [];

	/**
	Room for a packet of at most `size` bytes; taken only as far as `keep` says, before the next `offer`.
	*/
	offer(size: number): Uint8Array {
		if (size >= largeSize) {
			this.#large ??= new Uint8Array(this.#free.pop() ?? allocate());
			return this.#large.subarray(0, size);
		}

		this.#large = undefined;
		if (this.#used + size > this.#bytes.length) {
			this.#bytes = new Uint8Array(allocate());
			this.#used = 0;
		}

		return this.#bytes.subarray(this.#used, this.#used + size);
	}

	keep(size: number): void {
		if (this.#large) {
			this.#large = undefined;
		} else {
			this.#used += size;
		}
	}

	/**
	Nobody will read the packet again.
	*/
	giveBack(packet: Uint8Array): void {
		const {buffer} = packet;
		if (packet.length >= largeSize && buffer instanceof ArrayBuffer && buffer.byteLength === slabSize && this.#free.length < maxFree) {
			this.#free.push(buffer);
		}
	}
}
