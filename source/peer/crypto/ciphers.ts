// Which cipher a packet of a link is sealed with: ChaCha20-Poly1305 below a size, AES-256-GCM from it on.
// Both sides say in the handshake from which size AES is worth it to them; the larger size holds, and no size at all where one of them
// would rather not. The size of a packet is plain to see, so nothing in it has to name its cipher, and nobody can talk a side into
// the other one: a packet that was cut or padded is opened with the wrong key and refused.
// Knows sizes and speeds; refuses to know keys.
import {aesGcm, chaCha, type CipherSuite} from './cipher.js';

export type LinkCiphers = {
	small: CipherSuite;
	large: CipherSuite;
	/**
	Packets of so many bytes and more, header and tag included, belong to `large`.
	*/
	largeFrom: number;
};

/**
What both sides do, given from which size on each of them wants AES; 0 or Infinity stand for never.
*/
export function agreeOnCiphers(small: CipherSuite, ours: number, theirs: number): LinkCiphers {
	return {small, large: aesGcm, largeFrom: ours > 0 && theirs > 0 ? Math.max(ours, theirs) : Infinity};
}

/**
For people.
*/
export function describeCiphers({small, large, largeFrom}: LinkCiphers): string {
	return Number.isFinite(largeFrom) ? `${small.name}, ${large.name} from ${largeFrom} bytes` : small.name;
}

const candidates = [1024, 4096, 8192, 12_288, 16_384];
const tries = 6;

/**
From which packet size on AES-256-GCM is faster than ChaCha20-Poly1305 on this machine; Infinity where it never is.
Takes a few milliseconds. `clock` is ms with fractions.
*/
export function measureAesThreshold(clock: () => number): number {
	const key = new Uint8Array(32);
	const header = new Uint8Array(12);
	const nonce = new Uint8Array(12);
	// Zero bytes under a zero key: nothing secret is sealed here, and nothing of it is kept.
	const time = (suite: CipherSuite, size: number): number => {
		const cipher = suite.create(key);
		const sealed = new Uint8Array(size + 16);
		let best = Infinity;
		for (let attempt = 0; attempt < tries; attempt++) {
			const from = clock();
			cipher.seal(sealed, sealed.subarray(0, size), header, nonce);
			best = Math.min(best, clock() - from);
		}

		return best;
	};

	return candidates.find(size => time(aesGcm, size) < time(chaCha, size)) ?? Infinity;
}
