// Libsodium, where its addon loads: it does small work in a fraction of the time that node:crypto takes to prepare for it.
// Knows where it comes from and what is used of it; refuses to know what for.
import {createRequire} from 'node:module';

/**
What is used of it. Results are written into the first argument; what can't be done throws.
*/
export type Sodium = {
	crypto_aead_chacha20poly1305_ietf_encrypt(sealed: Uint8Array, plaintext: Uint8Array, header: Uint8Array, secretNonce: null, nonce: Uint8Array, key: Uint8Array): number;
	crypto_aead_chacha20poly1305_ietf_decrypt(plaintext: Uint8Array, secretNonce: null, sealed: Uint8Array, header: Uint8Array, nonce: Uint8Array, key: Uint8Array): number;
	crypto_scalarmult(secret: Uint8Array, privateKey: Uint8Array, publicKey: Uint8Array): void;
	crypto_scalarmult_base(publicKey: Uint8Array, privateKey: Uint8Array): void;
};

let loaded: Sodium | undefined;
let isLooked = false;

/**
Libsodium, or undefined where its addon does not load. Loaded when it is first asked for: that takes some 10 ms, and nothing is
sealed or agreed before somebody is met.
*/
export function loadSodium(): Sodium | undefined {
	if (!isLooked) {
		isLooked = true;
		try {
			loaded = createRequire(import.meta.url)('sodium-native') as Sodium;
		} catch {
			// Node's own crypto does the same, slower.
		}
	}

	return loaded;
}

/**
Libsodium where somebody has loaded it before.
*/
export function loadedSodium(): Sodium | undefined {
	return loaded;
}
