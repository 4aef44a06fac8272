// Safety numbers: sixty digits that two people read to each other to know that nobody stands between them.
// Knows how they are made of both sides' identities; refuses to know who has compared them (trust.ts).
//
// Made as Signal's numeric fingerprints are (libsignal, "fingerprint"): each side's half is the hash of its identity, hashed over and
// over with the identity so that searching for a look-alike key costs thousands of hashes a try; the halves stand in sorted order, so
// both sides see the same number.
import {createHash} from 'node:crypto';
import {Buffer} from 'node:buffer';
import {nameKey} from '../../protocol/names.js';

/**
One side: its name in a realm, and the raw public keys (base64url) of its device.
*/
export type SafetyIdentity = {readonly realm: string; readonly user: string; readonly sign: string; readonly agree: string};

const rounds = 5200;
const digitsPerGroup = 5;
const bytesPerGroup = 5;
const groupsPerHalf = 6;

/**
Twelve groups of five digits, the same for both sides whichever is named first.
*/
export function safetyNumber(one: SafetyIdentity, other: SafetyIdentity): string {
	return [half(one), half(other)].toSorted().join(' ');
}

function half({realm, user, sign, agree}: SafetyIdentity): string {
	const identity = Buffer.from(JSON.stringify(['earshot safety number 1', realm, nameKey(user), sign, agree]));
	let digest: Uint8Array = identity;
	for (let round = 0; round < rounds; round++) {
		digest = createHash('sha512').update(digest).update(identity).digest();
	}

	const groups = Array.from({length: groupsPerHalf}, (_, index) => {
		const bytes = Buffer.from(digest).readUIntBE(index * bytesPerGroup, bytesPerGroup);
		return String(bytes % (10 ** digitsPerGroup)).padStart(digitsPerGroup, '0');
	});
	return groups.join(' ');
}
