// The last few transactions of somebody, in half a kilobyte.
// Knows their first eight bytes; forgets the oldest when it is full.
import {rememberedPunches} from './limits.js';

export class RecentTransactions {
	readonly #ring = new BigUint64Array(rememberedPunches);
	#count = 0;

	/**
	@param txid At least 8 bytes.
	@returns Whether it is among the remembered ones; it is from now on.
	*/
	hasSeen(txid: Uint8Array): boolean {
		const mark = new DataView(txid.buffer, txid.byteOffset, 8).getBigUint64(0);
		const filled = Math.min(this.#count, this.#ring.length);
		if (this.#ring.subarray(0, filled).includes(mark)) {
			return true;
		}

		this.#ring[this.#count % this.#ring.length] = mark;
		this.#count += 1;
		return false;
	}
}
