// Stateless resets (RFC 9000, section 10.3): who forgot a connection can prove to its other end that it has.
// The token of a connection follows from its id and a key that follows from the identity, so it survives a restart and needs no memory.
// The other end was told the token in the handshake, sealed. Knows ids and tokens; refuses to know links.
import {createHmac} from 'node:crypto';
import {writeUint32} from '../packets/bytes.js';
import {resetTokenSize} from '../packets/packet.js';

/**
A RESET answers nothing but a DATA packet, which is larger, and only so often in a second: no loop, no flood, and collecting the tokens
of connections to come would take centuries.
*/
const resetsPerSecond = 10;

export class StatelessReset {
	readonly #key: Uint8Array;
	#allowance = resetsPerSecond;
	#refilledAt = -Infinity;

	/**
	@param privateKey The identity's, which a restarted program has again.
	*/
	constructor(privateKey: Uint8Array) {
		this.#key = createHmac('sha256', privateKey).update('earshot reset key').digest();
	}

	/**
	The token of the connection that is addressed by `cid`.
	*/
	tokenOf(cid: number): Uint8Array {
		const id = new Uint8Array(4);
		writeUint32(id, 0, cid);
		return createHmac('sha256', this.#key).update(id).digest().subarray(0, resetTokenSize);
	}

	/**
	Counts a RESET that is about to go out; false when there were too many in the last second.
	*/
	takeAllowance(now: number): boolean {
		this.#allowance = Math.min(resetsPerSecond, this.#allowance + ((now - this.#refilledAt) * resetsPerSecond / 1000));
		this.#refilledAt = now;
		if (this.#allowance < 1) {
			return false;
		}

		this.#allowance--;
		return true;
	}
}
