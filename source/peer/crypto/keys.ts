// The two directions' packet keys and their steps from epoch to epoch.
// Each epoch's secret yields key, iv and the next secret by HKDF-Expand (RFC 5869); old secrets are overwritten, so that a key
// taken today opens nothing of yesterday. Knows packet numbers and epochs; refuses to know who asks for a step.
import {Buffer} from 'node:buffer';
import {createHmac} from 'node:crypto';
import {concatBytes, writeUint48} from '../packets/bytes.js';
import {dataHeaderSize, tagSize} from '../packets/packet.js';
import {type Cipher} from './cipher.js';
import {type LinkCiphers} from './ciphers.js';

/**
Each cipher has a key of its own, so that one nonce may serve both.
*/
type EpochKey = {small: Cipher; large: Cipher; iv: Uint8Array};

/**
Derives one epoch after the other.
*/
class KeyChain {
	#secret: Uint8Array;
	readonly #ciphers: LinkCiphers;

	constructor(secret: Uint8Array, ciphers: LinkCiphers) {
		this.#secret = new Uint8Array(secret);
		this.#ciphers = ciphers;
	}

	next(): EpochKey {
		const small = this.#ciphers.small.create(this.#expand('earshot key'));
		const large = this.#ciphers.large.create(this.#expand('earshot large key'));
		const iv = this.#expand('earshot iv').subarray(0, 12);
		const secret = this.#expand('earshot step');
		this.#secret.fill(0);
		this.#secret = secret;
		return {small, large, iv};
	}

	#expand(label: string): Uint8Array {
		return createHmac('sha256', this.#secret).update(concatBytes(Buffer.from(label), Uint8Array.of(1))).digest();
	}
}

/**
The nonce of a packet: the iv with the packet number XORed into its last six bytes.
*/
function writeNonce(nonce: Uint8Array, iv: Uint8Array, pn: number): void {
	writeUint48(nonce, 6, pn);
	for (let at = 0; at < 6; at++) {
		nonce[at] = iv[at]!;
		nonce[at + 6]! ^= iv[at + 6]!;
	}
}

/**
Seals our packets.
*/
export class SendKeys {
	/**
	Counts key steps; the wire carries its last byte.
	*/
	epoch = 0;
	readonly #chain: KeyChain;
	readonly #largeFrom: number;
	readonly #nonce = new Uint8Array(12);
	#current: EpochKey;

	constructor(secret: Uint8Array, ciphers: LinkCiphers) {
		this.#chain = new KeyChain(secret, ciphers);
		this.#largeFrom = ciphers.largeFrom;
		this.#current = this.#chain.next();
	}

	/**
	Goes on to the next epoch.
	*/
	step(): void {
		this.#current = this.#chain.next();
		this.epoch++;
	}

	/**
	Seals `packet` in place: header, then frames up to `end`, then room for `tail`, which belongs behind them, and for the tag.
	*/
	seal(packet: Uint8Array, end: number, pn: number, tail?: Uint8Array): void {
		const {small, large, iv} = this.#current;
		const size = end + (tail?.length ?? 0) + tagSize;
		const cipher = size < this.#largeFrom ? small : large;
		writeNonce(this.#nonce, iv, pn);
		cipher.seal(packet.subarray(dataHeaderSize, size), packet.subarray(dataHeaderSize, end), packet.subarray(0, dataHeaderSize), this.#nonce, tail);
	}
}

/**
Opens the peer's packets: of the current epoch, of the one before for a while, and of the next, which it then steps to.
*/
export class ReceiveKeys {
	/**
	Counts the peer's key steps.
	*/
	epoch = 0;
	readonly #chain: KeyChain;
	readonly #nonce = new Uint8Array(12);
	readonly #largeFrom: number;
	readonly #oldKeyLifetime: number;
	#previous: EpochKey | undefined;
	#previousUntil = 0;
	#current: EpochKey;
	/**
	Derived when the first packet claims to be of it, minutes after the handshake.
	*/
	#next: EpochKey | undefined;

	constructor(secret: Uint8Array, ciphers: LinkCiphers, oldKeyLifetime: number) {
		this.#chain = new KeyChain(secret, ciphers);
		this.#largeFrom = ciphers.largeFrom;
		this.#current = this.#chain.next();
		this.#oldKeyLifetime = oldKeyLifetime;
	}

	/**
	The frames in `packet`, in memory of their own; undefined when it is not authentic. `epoch` and `pn` are its header's.
	*/
	open(packet: Uint8Array, {epoch, pn}: {epoch: number; pn: number}, now: number): Uint8Array | undefined {
		const key = this.#keyOf(epoch, now);
		if (!key) {
			return undefined;
		}

		writeNonce(this.#nonce, key.iv, pn);
		const cipher = packet.length < this.#largeFrom ? key.small : key.large;
		const plaintext = cipher.open(packet.subarray(dataHeaderSize), packet.subarray(0, dataHeaderSize), this.#nonce);
		if (!plaintext) {
			return undefined;
		}

		if (key === this.#next) {
			this.#previous = this.#current;
			this.#previousUntil = now + this.#oldKeyLifetime;
			this.#current = key;
			this.#next = undefined;
			this.epoch++;
		}

		return plaintext;
	}

	#keyOf(epoch: number, now: number): EpochKey | undefined {
		switch ((epoch - this.epoch) & 0xFF) {
			case 0: {
				return this.#current;
			}

			case 1: {
				this.#next ??= this.#chain.next();
				return this.#next;
			}

			case 0xFF: {
				return now < this.#previousUntil ? this.#previous : undefined;
			}

			default: {
				return undefined;
			}
		}
	}
}
