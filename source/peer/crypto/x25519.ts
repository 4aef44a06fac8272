// X25519 key agreement (RFC 7748) with raw 32-byte keys, by libsodium where its addon loads, else by node:crypto. An agreement costs
// either some 35 us of arithmetic; but node:crypto wants key objects made of the bytes, through code that a quiet machine has to fetch
// from memory each time, which trebles that.
// Knows one private key; refuses to know handshakes.
import {diffieHellman} from 'node:crypto';
import {exportPublicKey, importPrivateKey, importPublicKey} from '../../protocol/keys.js';
import {loadedSodium, loadSodium, type Sodium} from './sodium.js';

export const keySize = 32;

/**
The arithmetic. Keys are raw and have the right size.
*/
export type Agreement = {
	publicKeyOf(privateKey: Uint8Array): Uint8Array;
	/**
	Throws for a point of low order (RFC 7748, section 6.1).
	*/
	agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
};

export const nodeAgreement: Agreement = {
	publicKeyOf: privateKey => exportPublicKey(importPrivateKey('x25519', privateKey)),
	agree: (privateKey, publicKey) => diffieHellman({privateKey: importPrivateKey('x25519', privateKey), publicKey: importPublicKey('x25519', publicKey)}),
};

export function sodiumAgreement(sodium: Sodium): Agreement {
	return {
		publicKeyOf(privateKey) {
			const publicKey = new Uint8Array(keySize);
			sodium.crypto_scalarmult_base(publicKey, privateKey);
			return publicKey;
		},
		agree(privateKey, publicKey) {
			const secret = new Uint8Array(keySize);
			sodium.crypto_scalarmult(secret, privateKey, publicKey);
			return secret;
		},
	};
}

const pick = (sodium: Sodium | undefined): Agreement => sodium ? sodiumAgreement(sodium) : nodeAgreement;

/**
A private key with its public half.
*/
export class AgreementKey {
	readonly publicKey: Uint8Array;
	readonly #privateKey: Uint8Array;

	/**
	@throws {RangeError} When `privateKey` has not 32 bytes.
	*/
	constructor(privateKey: Uint8Array) {
		if (privateKey.length !== keySize) {
			throw new RangeError(`a raw key has ${keySize} bytes, not ${privateKey.length}`);
		}

		this.#privateKey = new Uint8Array(privateKey);
		// Not loaded for this: at its start a program looks at its own key, and has nobody to agree with.
		this.publicKey = pick(loadedSodium()).publicKeyOf(this.#privateKey);
	}

	/**
	The shared secret with `publicKey`, or undefined for a point of low order (RFC 7748, section 6.1) and for what is no key.
	*/
	agree(publicKey: Uint8Array): Uint8Array | undefined {
		try {
			return pick(loadSodium()).agree(this.#privateKey, publicKey);
		} catch {
			return undefined;
		}
	}
}
