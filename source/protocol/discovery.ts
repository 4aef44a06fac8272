// DISCOVER: the question "is a control server here?" on the local network, and its answer.
// Knows the bytes; refuses to know where they are sent. Nothing secret is in them, and the answer is not to be believed:
// it only tells where to try a TLS connection, whose certificate then counts.
//
//   ask     0  1   type 0x25          answer  0  1   type 0x26
//           1  1   version 1                  1  1   version 1
//           2  8   nonce                      2  8   nonce of the question
//          10  6   zero                      10  2   TCP port of the server, big-endian
//
// The answer is shorter than the question, so that nobody can be flooded through a server with forged questions.
import {Buffer} from 'node:buffer';

const askType = 0x25;
const answerType = 0x26;
const version = 1;
const nonceEnd = 10;

/**
Length of the random nonce in bytes.
*/
export const discoveryNonceLength = 8;

/**
Length of a question in bytes.
*/
export const discoveryAskLength = 16;

const answerLength = nonceEnd + 2;

/**
A question; `nonce` is random, so that only those who got it can answer.
*/
export function encodeDiscoveryAsk(nonce: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(discoveryAskLength);
	bytes[0] = askType;
	bytes[1] = version;
	bytes.set(nonce.subarray(0, discoveryNonceLength), 2);
	return bytes;
}

/**
The answer of a server with this TCP port to `ask`, or `undefined` when `ask` is no question.
*/
export function answerDiscovery(ask: Uint8Array, tcpPort: number): Uint8Array | undefined {
	if (ask.length !== discoveryAskLength || ask[0] !== askType || ask[1] !== version) {
		return undefined;
	}

	const bytes = ask.slice(0, answerLength);
	bytes[0] = answerType;
	bytes[10] = tcpPort >> 8;
	bytes[11] = tcpPort & 0xFF;
	return bytes;
}

/**
The TCP port in an answer to the question with `nonce`, or `undefined` when it is none.
*/
export function decodeDiscoveryAnswer(bytes: Uint8Array, nonce: Uint8Array): number | undefined {
	if (bytes.length !== answerLength || bytes[0] !== answerType || bytes[1] !== version || Buffer.compare(bytes.subarray(2, nonceEnd), nonce) !== 0) {
		return undefined;
	}

	const port = (bytes[10]! << 8) | bytes[11]!;
	return port === 0 ? undefined : port;
}
