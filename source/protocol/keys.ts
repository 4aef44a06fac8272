// Raw 32-byte Ed25519 and X25519 keys and the key objects of node:crypto.
// Knows the DER prefix of a private key (RFC 8410, section 7) and a public key as JWK (RFC 8037); refuses to make or keep keys.
// Public keys go in and out as JWK, because OpenSSL takes 20 us to write DER and 5 more to read it. Secrets never become text.
import {Buffer} from 'node:buffer';
import {createPrivateKey, createPublicKey, type KeyObject} from 'node:crypto';

const curves = {ed25519: {identifier: '70', name: 'Ed25519'}, x25519: {identifier: '6e', name: 'X25519'}} as const;

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
	return createPrivateKey({key: Buffer.concat([Buffer.from(`302e020100300506032b65${curves[curve].identifier}04220420`, 'hex'), raw]), format: 'der', type: 'pkcs8'});
}

/**
A public key object from its raw 32 bytes. Throws when the length is wrong.
*/
export function importPublicKey(curve: Curve, raw: Uint8Array): KeyObject {
	checkLength(raw);
	return createPublicKey({key: {kty: 'OKP', crv: curves[curve].name, x: encodeBase64(raw)}, format: 'jwk'});
}

/**
The raw 32 public bytes of a private or public key object.
*/
export function exportPublicKey(key: KeyObject): Uint8Array {
	const publicKey = key.type === 'private' ? createPublicKey(key) : key;
	return decodeBase64(publicKey.export({format: 'jwk'}).x!);
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
