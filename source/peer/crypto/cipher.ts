// The two AEADs of a packet behind one small interface: ChaCha20-Poly1305 (RFC 8439) and AES-256-GCM (NIST SP 800-38D).
// libsodium does a small packet in a quarter of the time of node:crypto, whose AES-GCM wins on large ones by the processor's own
// instructions; where libsodium's addon is missing, node:crypto does both.
// Knows keys and bytes; refuses to know packets, and which of the two one is sealed with (ciphers.ts).
import {Buffer} from 'node:buffer';
import {createCipheriv, createDecipheriv, createSecretKey} from 'node:crypto';
import {freeBytes} from '../packets/bytes.js';
import {loadSodium, type Sodium} from './sodium.js';

/**
Seals and opens with one key. A nonce is 12 bytes and must never be used twice for sealing.
*/
export type Cipher = {
	/**
	Seals `plaintext`, and `tail` behind it, into `sealed`, which is 16 bytes longer than both and may begin at the same byte as `plaintext`.
	*/
	seal(sealed: Uint8Array, plaintext: Uint8Array, header: Uint8Array, nonce: Uint8Array, tail?: Uint8Array): void;
	/**
	The plaintext, in memory that is the caller's; undefined when `sealed` is not authentic.
	*/
	open(sealed: Uint8Array, header: Uint8Array, nonce: Uint8Array): Uint8Array | undefined;
};

export type CipherSuite = {
	readonly name: string;
	/**
	`key` is 32 bytes.
	*/
	create(key: Uint8Array): Cipher;
};

const tagSize = 16;

function nodeSuite(algorithm: 'chacha20-poly1305' | 'aes-256-gcm'): CipherSuite {
	const options = {authTagLength: tagSize};
	// One overload takes both names.
	const name = algorithm as 'aes-256-gcm';
	return {
		name: `${algorithm} (node)`,
		create(key) {
			// As an object the key is checked and copied once, not with each packet.
			const secret = createSecretKey(key);
			return {
				seal(sealed, plaintext, header, nonce, tail) {
					const cipher = createCipheriv(name, secret, nonce, options);
					cipher.setAAD(header);
					let at = 0;
					for (const part of tail ? [plaintext, tail] : [plaintext]) {
						const ciphertext = cipher.update(part);
						sealed.set(ciphertext, at);
						at += ciphertext.length;
						freeBytes(ciphertext);
					}

					cipher.final();
					sealed.set(cipher.getAuthTag(), at);
				},
				open(sealed, header, nonce) {
					const size = sealed.length - tagSize;
					const decipher = createDecipheriv(name, secret, nonce, options);
					decipher.setAAD(header);
					decipher.setAuthTag(sealed.subarray(size));
					const plaintext = decipher.update(sealed.subarray(0, size));
					try {
						decipher.final();
						return plaintext;
					} catch {
						freeBytes(plaintext);
						return undefined;
					}
				},
			};
		},
	};
}

export const nodeChaCha: CipherSuite = nodeSuite('chacha20-poly1305');

export const aesGcm: CipherSuite = nodeSuite('aes-256-gcm');

let sodiumSuite: CipherSuite | undefined;

/**
The libsodium suite, or undefined where its addon does not load.
*/
export function sodiumChaCha(): CipherSuite | undefined {
	const sodium = loadSodium();
	sodiumSuite ??= sodium && createSodiumSuite(sodium);
	return sodiumSuite;
}

const fastestChaCha = (): CipherSuite => sodiumChaCha() ?? nodeChaCha;

/**
The faster ChaCha20-Poly1305 of this machine. Both produce the same bytes.
*/
export const chaCha: CipherSuite = {
	get name() {
		return fastestChaCha().name;
	},
	create: key => fastestChaCha().create(key),
};

function createSodiumSuite(sodium: Sodium): CipherSuite {
	return {
		name: 'chacha20-poly1305 (sodium)',
		create(key) {
			const secret = Buffer.from(key);
			return {
				seal(sealed, plaintext, header, nonce, tail) {
					let whole = plaintext;
					if (tail) {
						whole = sealed.subarray(0, plaintext.length + tail.length);
						whole.set(plaintext);
						whole.set(tail, plaintext.length);
					}

					sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, whole, header, null, nonce, secret);
				},
				open(sealed, header, nonce) {
					const plaintext = Buffer.allocUnsafe(sealed.length - tagSize);
					try {
						sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, header, nonce, secret);
						return plaintext;
					} catch {
						return undefined;
					}
				},
			};
		},
	};
}
