// PUNCH: the datagram that shows an address and opens a path, between client and server and between two clients.
// Knows its 34 bytes and their MAC; refuses to know when to send one.
//
//   0    1      type 0x24
//   1    4      sid: which secret is meant
//   5    12     txid: random, repeated in the answer
//   17   1      kind: 0 ask, 1 answer
//   18   16     mac: HMAC-SHA-256 of bytes 0..17 under the secret, first 16 bytes
import {createHmac, timingSafeEqual} from 'node:crypto';

/**
First byte of a PUNCH datagram; no other datagram begins with it.
*/
export const punchType = 0x24;

const macOffset = 18;

/**
Length of every PUNCH datagram in bytes.
*/
export const punchLength = macOffset + 16;

/**
`sid` and `txid` are raw bytes (4 and 12).
*/
export type Punch = {readonly sid: Uint8Array; readonly txid: Uint8Array; readonly kind: 'ask' | 'answer'};

function macOf(bytes: Uint8Array, secret: Uint8Array): Uint8Array {
	return createHmac('sha256', secret).update(bytes.subarray(0, macOffset)).digest().subarray(0, 16);
}

/**
Writes a PUNCH sealed with `secret` (at least 16 bytes).
*/
export function encodePunch({sid, txid, kind}: Punch, secret: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(punchLength);
	bytes[0] = punchType;
	bytes.set(sid, 1);
	bytes.set(txid, 5);
	bytes[17] = kind === 'ask' ? 0 : 1;
	bytes.set(macOf(bytes, secret), macOffset);
	return bytes;
}

/**
Reads the clear part; `undefined` when it has not the shape of a PUNCH. Nothing in it is to be believed before `isPunchAuthentic`.
*/
export function decodePunch(bytes: Uint8Array): Punch | undefined {
	return bytes.length !== punchLength || bytes[0] !== punchType || bytes[17]! > 1 ? undefined : {sid: bytes.slice(1, 5), txid: bytes.slice(5, 17), kind: bytes[17] === 0 ? 'ask' : 'answer'};
}

/**
Whether the holder of `secret` wrote these bytes; compared in constant time.
*/
export function isPunchAuthentic(bytes: Uint8Array, secret: Uint8Array): boolean {
	return bytes.length === punchLength && timingSafeEqual(macOf(bytes, secret), bytes.subarray(macOffset));
}
