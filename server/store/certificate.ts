// A self-signed Ed25519 certificate, written by hand (X.509 v3, RFC 5280; Ed25519, RFC 8410).
// Knows just enough DER for it; refuses to read any.
import {Buffer} from 'node:buffer';
import {sign, type KeyObject} from 'node:crypto';

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
	const body = Buffer.concat(parts);
	const length = body.length < 0x80 ? [body.length] : (body.length < 0x1_00 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xFF]);
	return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const text = (tag: number, value: string) => der(tag, Buffer.from(value));
const ed25519 = sequence(der(0x06, Buffer.from([0x2B, 0x65, 0x70])));

/**
The certificate in PEM, valid for ever: what clients trust is its fingerprint.

@param key Ed25519 private key.
@param publicKey
@param serial At least 8 random bytes.
*/
export function makeCertificate(key: KeyObject, publicKey: KeyObject, serial: Uint8Array): string {
	const name = sequence(der(0x31, sequence(der(0x06, Buffer.from([0x55, 0x04, 0x03])), text(0x0C, 'earshot'))));
	const body = sequence(
		der(0xA0, der(0x02, Buffer.from([2]))),
		// A positive integer without leading zeros.
		der(0x02, Buffer.from([0x40 | (serial[0]! & 0x3F), ...serial.subarray(1)])),
		ed25519,
		name,
		// "No well-defined expiration date" is 9999 (RFC 5280, section 4.1.2.5).
		sequence(text(0x17, '200101000000Z'), text(0x18, '99991231235959Z')),
		name,
		publicKey.export({format: 'der', type: 'spki'}),
	);
	const certificate = sequence(body, ed25519, der(0x03, Buffer.from([0]), sign(null, body, key)));
	return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').match(/.{1,64}/gv)!.join('\n')}\n-----END CERTIFICATE-----\n`;
}
