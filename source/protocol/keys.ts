// Raw 32-byte Ed25519 and X25519 keys and the key objects of node:crypto.
// Knows the two DER prefixes (RFC 8410, section 4 and 7); refuses to make or keep keys.
import {Buffer} from 'node:buffer';
import {createPrivateKey, createPublicKey, type KeyObject} from 'node:crypto';

const curves = {ed25519: '70', x25519: '6e'} as const;

/**
The two curves in use: signatures and key agreement.
*/
export type Curve = keyof typeof curves;

function checkLength(raw: Uint8Array): void {
	if (raw.length !== 32) {
		throw new RangeError(`a raw key has 32 bytes, not ${raw.length}`);
	}
}

/**
A private key object from its raw 32-byte seed. Throws when the length is wrong.
*/
export function importPrivateKey(curve: Curve, raw: Uint8Array): KeyObject {
	checkLength(raw);
	return createPrivateKey({key: Buffer.concat([Buffer.from(`302e020100300506032b65${curves[curve]}04220420`, 'hex'), raw]), format: 'der', type: 'pkcs8'});
}

/**
A public key object from its raw 32 bytes. Throws when the length is wrong.
*/
export function importPublicKey(curve: Curve, raw: Uint8Array): KeyObject {
	checkLength(raw);
	return createPublicKey({key: Buffer.concat([Buffer.from(`302a300506032b65${curves[curve]}032100`, 'hex'), raw]), format: 'der', type: 'spki'});
}

/**
The raw 32 public bytes of a private or public key object.
*/
export function exportPublicKey(key: KeyObject): Uint8Array {
	const publicKey = key.type === 'private' ? createPublicKey(key) : key;
	return new Uint8Array(publicKey.export({format: 'der', type: 'spki'}).subarray(-32));
}

/**
Key bytes as they stand in JSON.
*/
export function encodeBase64(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
Bytes of a base64url text; lenient as Buffer is, so check the length of what comes back.
*/
export function decodeBase64(text: string): Uint8Array {
	return new Uint8Array(Buffer.from(text, 'base64url'));
}
