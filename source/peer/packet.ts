// The layouts of datagrams. Knows where each clear field stands; refuses to know keys, frames and links.
// Sealed parts pass through as opaque bytes. Read frame.ts for what is inside a DATA packet.
//
//   INIT   20 version:1 scid:4 noise message 1 … mac1:16          at least 1200 bytes, padded inside the Noise payload
//   RESP   21 dcid:4 scid:4 noise message 2 … mac1:16             never larger than the INIT it answers
//   DATA   40 epoch:1 dcid:4 pn:6 | sealed frames | tag:16        the first 12 bytes are the associated data
//
// All numbers are big-endian. `scid` is the connection id the sender wants to be addressed by, `dcid` the receiver's.
import {createHash, createHmac, timingSafeEqual} from 'node:crypto';
import {
	readUint32,
	readUint48,
	writeUint32,
	writeUint48,
} from './bytes.js';
import {maxInitSize, minInitSize} from './config.js';

/**
First byte of every datagram. RETRY, RESET and PUNCH have their numbers reserved; the endpoint ignores them.
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
export const macSize = 16;
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

export type InitPacket = {scid: number; noise: Uint8Array};
export type RespPacket = {dcid: number; scid: number; noise: Uint8Array};
export type DataHeader = {epoch: number; dcid: number; pn: number};

/**
The key of mac1: whoever does not know the receiver's static public key cannot make it work (as in WireGuard, section 5.4.4).
*/
export function deriveMacKey(receiverStatic: Uint8Array): Uint8Array {
	return createHash('sha256').update('earshot peer mac1').update(receiverStatic).digest();
}

export function encodeInit({scid, noise}: InitPacket, macKey: Uint8Array): Uint8Array {
	const packet = new Uint8Array(initHeaderSize + noise.length + macSize);
	packet[0] = packetType.init;
	packet[1] = protocolVersion;
	writeUint32(packet, 2, scid);
	packet.set(noise, initHeaderSize);
	writeMac(packet, macKey);
	return packet;
}

/**
An INIT meant for the owner of `macKey`, or undefined. Costs one hash when the datagram is garbage.
*/
export function decodeInit(packet: Uint8Array, macKey: Uint8Array): InitPacket | undefined {
	return !isInitShaped(packet) || !isMacRight(packet, macKey) ? undefined : {scid: readUint32(packet, 2), noise: packet.subarray(initHeaderSize, packet.length - macSize)};
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

/**
Size of what is sealed inside a DATA packet of `size` bytes.
*/
export function plaintextSize(size: number): number {
	return size - dataHeaderSize - tagSize;
}

function isInitShaped(packet: Uint8Array): boolean {
	return packet.length >= minInitSize && packet.length <= maxInitSize && packet[0] === packetType.init && packet[1] === protocolVersion;
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
