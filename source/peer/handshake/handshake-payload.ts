// What travels sealed inside the two handshake messages: the connection id again, where nobody can alter it,
// the limits each side announces, and a credential whose meaning only the caller knows.
//
//   scid:4  reset token:16  parameters size:2 (id varint, value varint)*  credential size:2 credential  zeros up to the wished size
//
// Unknown parameters are skipped, so that later versions can add some.
import {
	ByteReader,
	varintSize,
	writeUint16,
	writeUint32,
	writeVarint,
} from '../packets/bytes.js';
import {resetTokenSize} from '../packets/packet.js';

/**
What each side announces once.
*/
export type LinkParameters = {
	/**
	Initial credit for data, bytes.
	*/
	maxData: number;
	maxStreamData: number;
	/**
	How long it holds back an acknowledgement, ms.
	*/
	maxAckDelay: number;
	/**
	The packet size from which on it would like AES-256-GCM (ciphers.ts); 0 for never.
	*/
	aesFrom: number;
	/**
	Bytes that its socket takes in while it is busy: the peer has no more in flight. Infinity where it does not say.
	*/
	maxInFlight: number;
};

export type HandshakePayload = {
	scid: number;
	/**
	What a RESET for this connection will carry (reset.ts).
	*/
	resetToken: Uint8Array;
	parameters: LinkParameters;
	credential: Uint8Array;
};

const parameterIds = {
	maxData: 1, maxStreamData: 2, maxAckDelay: 3, aesFrom: 4, maxInFlight: 5,
} as const;
type ParameterName = keyof typeof parameterIds;
const parameterNames = Object.keys(parameterIds) as ParameterName[];

/**
Encodes a payload, padded with zeros up to `size` bytes.
*/
export function encodeHandshakePayload({scid, resetToken, parameters, credential}: HandshakePayload, size = 0): Uint8Array {
	let parametersSize = 0;
	for (const name of parameterNames) {
		parametersSize += varintSize(parameterIds[name]) + varintSize(parameters[name]);
	}

	const length = 8 + resetTokenSize + parametersSize + credential.length;
	const payload = new Uint8Array(Math.max(length, size));
	writeUint32(payload, 0, scid);
	payload.set(resetToken, 4);
	writeUint16(payload, 4 + resetTokenSize, parametersSize);
	let at = 6 + resetTokenSize;
	for (const name of parameterNames) {
		at = writeVarint(payload, at, parameterIds[name]);
		at = writeVarint(payload, at, parameters[name]);
	}

	writeUint16(payload, at, credential.length);
	payload.set(credential, at + 2);
	return payload;
}

/**
Decodes a payload, or returns undefined when it is malformed or its credential is longer than `maxCredential`.
*/
export function decodeHandshakePayload(payload: Uint8Array, maxCredential: number): HandshakePayload | undefined {
	const reader = new ByteReader(payload);
	const scid = reader.readUint32();
	const resetToken = reader.readBytes(resetTokenSize);
	const parameters: LinkParameters = {
		maxData: 0, maxStreamData: 0, maxAckDelay: 0, aesFrom: 0, maxInFlight: Infinity,
	};
	const list = new ByteReader(reader.readBytes(reader.readUint16()));
	while (list.remaining > 0 && !list.failed) {
		const id = list.readVarint();
		const value = list.readVarint();
		const name = parameterNames.find(name => parameterIds[name] === id);
		if (name !== undefined) {
			parameters[name] = value;
		}
	}

	const credentialSize = reader.readUint16();
	const credential = reader.readBytes(credentialSize);
	return reader.failed || list.failed || credentialSize > maxCredential || parameters.maxAckDelay > 10_000
		? undefined
		: {
			scid, resetToken, parameters, credential,
		};
}
