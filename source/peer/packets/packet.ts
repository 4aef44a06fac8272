// The layouts of datagrams. Knows where each clear field stands; refuses to know keys, frames and links.
// Sealed parts pass through as opaque bytes. Read frame.ts for what is inside a DATA packet.
//
//   INIT   20 version:1 scid:4 noise message 1 … [cookie:16] mac1:16   at least 1200 bytes, padded inside the Noise payload;
//                                                                 the version's highest bit says that there is a cookie
//   RESP   21 dcid:4 scid:4 noise message 2 … mac1:16             never larger than the INIT it answers
//   RETRY  22 dcid:4 cookie:16 mac:16                             answers an INIT under load
//   RESET  23 token:16                                            answers a DATA packet of an unknown connection
//   DATA   40 epoch:1 dcid:4 pn:6 | sealed frames | tag:16        the first 12 bytes are the associated data
//
// All numbers are big-endian. `scid` is the connection id the sender wants to be addressed by, `dcid` the receiver's.
import {createHash, createHmac, timingSafeEqual} from 'node:crypto';
import {maxInitSize, minInitSize} from '../config.js';
import {
	readUint32,
	readUint48,
	writeUint32,
	writeUint48,
} from './bytes.js';

/**
First byte of every datagram. PUNCH belongs to source/protocol/punch.ts; the endpoint ignores it.
*/
export const packetType = {
	init: 0x20,
	resp: 0x21,
	retry: 0x22,
	reset: 0x23,
	punch: 0x24,
	data: 0x40,
} as const;

export const protocolVersion = 1;
const cookieFlag = 0x80;
export const cookieSize = 16;
export const resetTokenSize = 16;
const resetSize = 1 + resetTokenSize;
export const macSize = 16;
const retrySize = 5 + cookieSize + macSize;
export const tagSize = 16;
export const initHeaderSize = 6;
export const respHeaderSize = 9;
export const dataHeaderSize = 12;
/**
Noise IK: ephemeral key 32, sealed static key 48, tag of the payload 16.
*/
export const initNoiseOverhead = 96;
/**
Noise IK: ephemeral key 32, tag of the payload 16.
*/
export const respNoiseOverhead = 48;
export const maxPacketNumber = (2 ** 48) - 1;

/**
`mac1` is what names this very datagram in a RETRY.
*/
export type InitPacket = {scid: number; noise: Uint8Array; cookie?: Uint8Array | undefined; mac1: Uint8Array};
export type RespPacket = {dcid: number; scid: number; noise: Uint8Array};
export type DataHeader = {epoch: number; dcid: number; pn: number};

/**
The key of mac1: whoever does not know the receiver's static public key cannot make it work (as in WireGuard, section 5.4.4).
*/
export function deriveMacKey(receiverStatic: Uint8Array): Uint8Array {
	return createHash('sha256').update('earshot peer mac1').update(receiverStatic).digest();
}

export function encodeInit({scid, noise, cookie}: Omit<InitPacket, 'mac1'>, macKey: Uint8Array): Uint8Array {
	const packet = new Uint8Array(initHeaderSize + noise.length + (cookie ? cookieSize : 0) + macSize);
	packet[0] = packetType.init;
	packet[1] = protocolVersion | (cookie ? cookieFlag : 0);
	writeUint32(packet, 2, scid);
	packet.set(noise, initHeaderSize);
	if (cookie) {
		packet.set(cookie, initHeaderSize + noise.length);
	}

	writeMac(packet, macKey);
	return packet;
}

/**
An INIT meant for the owner of `macKey`, or undefined. Costs one hash when the datagram is garbage.
*/
export function decodeInit(packet: Uint8Array, macKey: Uint8Array): InitPacket | undefined {
	if (!isInitShaped(packet) || !isMacRight(packet, macKey)) {
		return undefined;
	}

	const macAt = packet.length - macSize;
	const noiseEnd = (packet[1]! & cookieFlag) === 0 ? macAt : macAt - cookieSize;
	return {
		scid: readUint32(packet, 2),
		noise: packet.subarray(initHeaderSize, noiseEnd),
		cookie: noiseEnd < macAt ? packet.subarray(noiseEnd, macAt) : undefined,
		mac1: packet.subarray(macAt),
	};
}

/**
Asks the sender of an INIT to send it again with `cookie`. `macKey` is ours, as in the INIT; who has not seen that INIT cannot forge this.
*/
export function encodeRetry({dcid, cookie, mac1}: {dcid: number; cookie: Uint8Array; mac1: Uint8Array}, macKey: Uint8Array): Uint8Array {
	const packet = new Uint8Array(retrySize);
	packet[0] = packetType.retry;
	writeUint32(packet, 1, dcid);
	packet.set(cookie, 5);
	packet.set(computeRetryMac(packet, mac1, macKey), retrySize - macSize);
	return packet;
}

/**
Whom a RETRY is for, or undefined where it has another shape.
*/
export function readRetryTarget(packet: Uint8Array): number | undefined {
	return packet.length === retrySize && packet[0] === packetType.retry ? readUint32(packet, 1) : undefined;
}

/**
The cookie of a RETRY that answers the INIT of `mac1`, sent to the owner of `macKey`; undefined when it does not.
*/
export function openRetry(packet: Uint8Array, mac1: Uint8Array, macKey: Uint8Array): Uint8Array | undefined {
	const isRight = timingSafeEqual(computeRetryMac(packet, mac1, macKey), packet.subarray(retrySize - macSize));
	return isRight ? new Uint8Array(packet.subarray(5, 5 + cookieSize)) : undefined;
}

export function encodeReset(token: Uint8Array): Uint8Array {
	const packet = new Uint8Array(resetSize);
	packet[0] = packetType.reset;
	packet.set(token, 1);
	return packet;
}

/**
The token of a RESET, or undefined where it has another shape.
*/
export function decodeReset(packet: Uint8Array): Uint8Array | undefined {
	return packet.length === resetSize && packet[0] === packetType.reset ? packet.subarray(1) : undefined;
}

export function encodeResp({dcid, scid, noise}: RespPacket, macKey: Uint8Array): Uint8Array {
	const packet = new Uint8Array(respHeaderSize + noise.length + macSize);
	packet[0] = packetType.resp;
	writeUint32(packet, 1, dcid);
	writeUint32(packet, 5, scid);
	packet.set(noise, respHeaderSize);
	writeMac(packet, macKey);
	return packet;
}

/**
A RESP meant for the owner of `macKey`, or undefined.
*/
export function decodeResp(packet: Uint8Array, macKey: Uint8Array): RespPacket | undefined {
	if (packet.length < respHeaderSize + respNoiseOverhead + macSize || packet[0] !== packetType.resp || !isMacRight(packet, macKey)) {
		return undefined;
	}

	return {
		dcid: readUint32(packet, 1),
		scid: readUint32(packet, 5),
		noise: packet.subarray(respHeaderSize, packet.length - macSize),
	};
}

export function writeDataHeader(packet: Uint8Array, {epoch, dcid, pn}: DataHeader): void {
	packet[0] = packetType.data;
	packet[1] = epoch;
	writeUint32(packet, 2, dcid);
	writeUint48(packet, 6, pn);
}

/**
The clear part of a DATA packet, or undefined where it is too short to hold a tag.
*/
export function readDataHeader(packet: Uint8Array): DataHeader | undefined {
	return packet.length < dataHeaderSize + tagSize || packet[0] !== packetType.data ? undefined : {epoch: packet[1]!, dcid: readUint32(packet, 2), pn: readUint48(packet, 6)};
}

function isInitShaped(packet: Uint8Array): boolean {
	return packet.length >= minInitSize && packet.length <= maxInitSize && packet[0] === packetType.init && (packet[1]! & ~cookieFlag) === protocolVersion;
}

function computeRetryMac(packet: Uint8Array, mac1: Uint8Array, macKey: Uint8Array): Uint8Array {
	return createHmac('sha256', macKey).update(packet.subarray(0, retrySize - macSize)).update(mac1).digest().subarray(0, macSize);
}

function computeMac(packet: Uint8Array, macKey: Uint8Array): Uint8Array {
	return createHmac('sha256', macKey).update(packet.subarray(0, packet.length - macSize)).digest().subarray(0, macSize);
}

function writeMac(packet: Uint8Array, macKey: Uint8Array): void {
	packet.set(computeMac(packet, macKey), packet.length - macSize);
}

function isMacRight(packet: Uint8Array, macKey: Uint8Array): boolean {
	return timingSafeEqual(computeMac(packet, macKey), packet.subarray(packet.length - macSize));
}
