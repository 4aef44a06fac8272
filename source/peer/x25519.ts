// X25519 key agreement (RFC 7748) with raw 32-byte keys.
// Knows one private key, unwrapped once for many agreements; refuses to know handshakes.
import {diffieHellman, type KeyObject} from 'node:crypto';
import {exportPublicKey, importPrivateKey, importPublicKey} from '../protocol/keys.js';

export const keySize = 32;

/**
A private key with its public half.
*/
export class AgreementKey {
	readonly publicKey: Uint8Array;
	readonly #privateKey: KeyObject;

	constructor(privateKey: Uint8Array) {
		this.#privateKey = importPrivateKey('x25519', privateKey);
		this.publicKey = exportPublicKey(this.#privateKey);
	}

	/**
	The shared secret with `publicKey`, or undefined for a point of low order (RFC 7748, section 6.1).
	*/
	agree(publicKey: Uint8Array): Uint8Array | undefined {
		try {
			return diffieHellman({privateKey: this.#privateKey, publicKey: importPublicKey('x25519', publicKey)});
		} catch {
			return undefined;
		}
	}
}
