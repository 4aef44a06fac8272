// ChaCha20-Poly1305 (RFC 8439) behind one small interface, so that a second cipher can join it.
// libsodium does a small packet in a quarter of the time of node:crypto; where its addon is missing, node:crypto does the same work.
// Knows keys and bytes; refuses to know packets.
import {Buffer} from 'node:buffer';
import {createCipheriv, createDecipheriv} from 'node:crypto';
import {createRequire} from 'node:module';

/**
Seals and opens with one key. A nonce is 12 bytes and must never be used twice for sealing.
*/
export type Cipher = {
	/**
	Seals `plaintext` into `sealed`, which is 16 bytes longer and may begin at the same byte.
	*/
	seal(sealed: Uint8Array, plaintext: Uint8Array, header: Uint8Array, nonce: Uint8Array): void;
	/**
	Opens `sealed` into `plaintext`, 16 bytes shorter; false, and nothing of use in `plaintext`, when it is not authentic.
	*/
	open(plaintext: Uint8Array, sealed: Uint8Array, header: Uint8Array, nonce: Uint8Array): boolean;
};

export type CipherSuite = {
	readonly name: string;
	/**
	`key` is 32 bytes.
	*/
	create(key: Uint8Array): Cipher;
};

const tagSize = 16;

export const nodeChaCha: CipherSuite = {
	name: 'chacha20-poly1305 (node)',
	create: key => ({
		seal(sealed, plaintext, header, nonce) {
			const cipher = createCipheriv('chacha20-poly1305', key, nonce, {authTagLength: tagSize});
			cipher.setAAD(header, {plaintextLength: plaintext.length});
			const size = plaintext.length;
			sealed.set(cipher.update(plaintext));
			cipher.final();
			sealed.set(cipher.getAuthTag(), size);
		},
		open(plaintext, sealed, header, nonce) {
			const size = sealed.length - tagSize;
			const decipher = createDecipheriv('chacha20-poly1305', key, nonce, {authTagLength: tagSize});
			decipher.setAAD(header, {plaintextLength: size});
			decipher.setAuthTag(sealed.subarray(size));
			const opened = decipher.update(sealed.subarray(0, size));
			try {
				decipher.final();
			} catch {
				return false;
			}

			plaintext.set(opened);
			return true;
		},
	}),
};

type Sodium = {
	crypto_aead_chacha20poly1305_ietf_encrypt(sealed: Uint8Array, plaintext: Uint8Array, header: Uint8Array, secretNonce: null, nonce: Uint8Array, key: Uint8Array): number;
	crypto_aead_chacha20poly1305_ietf_decrypt(plaintext: Uint8Array, secretNonce: null, sealed: Uint8Array, header: Uint8Array, nonce: Uint8Array, key: Uint8Array): number;
};

/**
The libsodium suite, or undefined where its addon does not load.
*/
export const sodiumChaCha: CipherSuite | undefined = loadSodium();

/**
The faster suite of this machine. Both produce the same bytes.
*/
export const chaCha: CipherSuite = sodiumChaCha ?? nodeChaCha;

function loadSodium(): CipherSuite | undefined {
	let sodium: Sodium;
	try {
		sodium = createRequire(import.meta.url)('sodium-native') as Sodium;
	} catch {
		return undefined;
	}

	return {
		name: 'chacha20-poly1305 (sodium)',
		create(key) {
			const secret = Buffer.from(key);
			return {
				seal(sealed, plaintext, header, nonce) {
					sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, header, null, nonce, secret);
				},
				open(plaintext, sealed, header, nonce) {
					try {
						sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, header, nonce, secret);
						return true;
					} catch {
						return false;
					}
				},
			};
		},
	};
}
