// The frames inside a DATA packet. Knows their layout, both ways; refuses to know what they do to a link.
//
//   00 PADDING                                        05 MAX_DATA         limit
//   01 PING                                           06 MAX_STREAM_DATA  stream limit
//   02 ACK     largest delay count first (gap length)*  07 RESET_STREAM   stream code size
//   03 STREAM  stream offset length:2 data            08 STOP             stream code
//   04 STREAM  the same, and the stream ends here     09 PATH_CHALLENGE   token:8
//   0b CLOSE   code length reason                     0a PATH_RESPONSE    token:8
//   0c DATAGRAM length data
//
// Fields are variable-length integers (RFC 9000, section 16) unless a size is given; ACK ranges are coded as in section 19.3.1,
// its delay in microseconds.
import {
	ByteReader,
	varintSize,
	writeUint16,
	writeVarint,
} from './bytes.js';

export const frameType = {
	padding: 0x00,
	ping: 0x01,
	ack: 0x02,
	stream: 0x03,
	streamEnd: 0x04,
	maxData: 0x05,
	maxStreamData: 0x06,
	resetStream: 0x07,
	stop: 0x08,
	pathChallenge: 0x09,
	pathResponse: 0x0A,
	close: 0x0B,
	datagram: 0x0C,
} as const;

/**
Packet numbers from `start` up to, and not including, `end`.
*/
export type Range = {start: number; end: number};

/**
`ranges` run from the newest to the oldest and never touch; `delay` is microseconds.
*/
export type AckFrame = {type: 'ack'; delay: number; ranges: readonly Range[]};
export type StreamFrame = {type: 'stream'; stream: number; offset: number; data: Uint8Array; fin: boolean};
export type MaxDataFrame = {type: 'maxData'; limit: number};
export type MaxStreamDataFrame = {type: 'maxStreamData'; stream: number; limit: number};
export type ResetStreamFrame = {type: 'resetStream'; stream: number; code: number; size: number};
export type StopFrame = {type: 'stop'; stream: number; code: number};
export type PathFrame = {type: 'pathChallenge' | 'pathResponse'; token: Uint8Array};
export type CloseFrame = {type: 'close'; code: number; reason: string};
export type DatagramFrame = {type: 'datagram'; data: Uint8Array};
export type Frame = AckFrame | StreamFrame | MaxDataFrame | MaxStreamDataFrame | ResetStreamFrame | StopFrame | PathFrame | CloseFrame | DatagramFrame | {type: 'ping'};

/**
Longest reason of a CLOSE, in bytes of UTF-8.
*/
export const maxReasonSize = 256;
const pathTokenSize = 8;

/**
Bytes a STREAM frame needs besides its data.
*/
export function streamFrameOverhead(stream: number, offset: number): number {
	return 3 + varintSize(stream) + varintSize(offset);
}

/**
Writes everything of a STREAM frame but its data, and returns where that belongs.
*/
export function writeStreamHeader(bytes: Uint8Array, at: number, frame: {stream: number; offset: number; length: number; fin: boolean}): number {
	bytes[at] = frame.fin ? frameType.streamEnd : frameType.stream;
	at = writeVarint(bytes, at + 1, frame.stream);
	at = writeVarint(bytes, at, frame.offset);
	writeUint16(bytes, at, frame.length);
	return at + 2;
}

/**
Bytes that `frame` takes on the wire; a long CLOSE reason counts as cut.
*/
export function frameSize(frame: Frame): number {
	switch (frame.type) {
		case 'ping': {
			return 1;
		}

		case 'ack': {
			return ackSize(frame);
		}

		case 'stream': {
			return streamFrameOverhead(frame.stream, frame.offset) + frame.data.length;
		}

		case 'maxData': {
			return 1 + varintSize(frame.limit);
		}

		case 'maxStreamData': {
			return 1 + varintSize(frame.stream) + varintSize(frame.limit);
		}

		case 'resetStream': {
			return 1 + varintSize(frame.stream) + varintSize(frame.code) + varintSize(frame.size);
		}

		case 'stop': {
			return 1 + varintSize(frame.stream) + varintSize(frame.code);
		}

		case 'pathChallenge':
		case 'pathResponse': {
			return 1 + pathTokenSize;
		}

		case 'close': {
			const reason = encodeReason(frame.reason);
			return 1 + varintSize(frame.code) + varintSize(reason.length) + reason.length;
		}

		case 'datagram': {
			return 1 + varintSize(frame.data.length) + frame.data.length;
		}
	}
}

/**
Writes `frame` at `at` and returns the position after it. The caller has made sure of the room (`frameSize`).
*/
export function writeFrame(bytes: Uint8Array, at: number, frame: Frame): number {
	switch (frame.type) {
		case 'ping': {
			bytes[at] = frameType.ping;
			return at + 1;
		}

		case 'ack': {
			return writeAck(bytes, at, frame);
		}

		case 'stream': {
			const {stream, offset, fin, data} = frame;
			at = writeStreamHeader(bytes, at, {
				stream, offset, length: data.length, fin,
			});
			return writeBytes(bytes, at, data);
		}

		case 'maxData': {
			return writeFields(bytes, at, frameType.maxData, [frame.limit]);
		}

		case 'maxStreamData': {
			return writeFields(bytes, at, frameType.maxStreamData, [frame.stream, frame.limit]);
		}

		case 'resetStream': {
			return writeFields(bytes, at, frameType.resetStream, [frame.stream, frame.code, frame.size]);
		}

		case 'stop': {
			return writeFields(bytes, at, frameType.stop, [frame.stream, frame.code]);
		}

		case 'pathChallenge':
		case 'pathResponse': {
			bytes[at] = frameType[frame.type];
			return writeBytes(bytes, at + 1, frame.token);
		}

		case 'close': {
			const reason = encodeReason(frame.reason);
			at = writeFields(bytes, at, frameType.close, [frame.code, reason.length]);
			return writeBytes(bytes, at, reason);
		}

		case 'datagram': {
			at = writeFields(bytes, at, frameType.datagram, [frame.data.length]);
			return writeBytes(bytes, at, frame.data);
		}
	}
}

/**
Decodes all frames of an opened packet, or undefined when any of them is malformed. Data are views into `payload`.
*/
export function decodeFrames(payload: Uint8Array): Frame[] | undefined {
	const reader = new ByteReader(payload);
	const frames: Frame[] = [];
	while (reader.remaining > 0) {
		const type = reader.readByte();
		if (type === frameType.padding) {
			continue;
		}

		const frame = readFrame(type, reader);
		if (!frame || reader.failed) {
			return undefined;
		}

		frames.push(frame);
	}

	return frames;
}

function readFrame(type: number, reader: ByteReader): Frame | undefined {
	switch (type) {
		case frameType.ping: {
			return {type: 'ping'};
		}

		case frameType.ack: {
			return readAck(reader);
		}

		case frameType.stream:
		case frameType.streamEnd: {
			const stream = reader.readVarint();
			const offset = reader.readVarint();
			const data = reader.readBytes(reader.readUint16());
			const isSafe = offset + data.length <= Number.MAX_SAFE_INTEGER;
			return isSafe
				? {
					type: 'stream', stream, offset, data, fin: type === frameType.streamEnd,
				}
				: undefined;
		}

		case frameType.maxData: {
			return {type: 'maxData', limit: reader.readVarint()};
		}

		case frameType.maxStreamData: {
			return {type: 'maxStreamData', stream: reader.readVarint(), limit: reader.readVarint()};
		}

		case frameType.resetStream: {
			return {
				type: 'resetStream', stream: reader.readVarint(), code: reader.readVarint(), size: reader.readVarint(),
			};
		}

		case frameType.stop: {
			return {type: 'stop', stream: reader.readVarint(), code: reader.readVarint()};
		}

		case frameType.pathChallenge: {
			return {type: 'pathChallenge', token: reader.readBytes(pathTokenSize)};
		}

		case frameType.pathResponse: {
			return {type: 'pathResponse', token: reader.readBytes(pathTokenSize)};
		}

		case frameType.close: {
			const code = reader.readVarint();
			const size = reader.readVarint();
			return size > maxReasonSize ? undefined : {type: 'close', code, reason: new TextDecoder().decode(reader.readBytes(size))};
		}

		case frameType.datagram: {
			return {type: 'datagram', data: reader.readBytes(reader.readVarint())};
		}

		default: {
			return undefined;
		}
	}
}

function readRange(largest: number, reader: ByteReader): Range | undefined {
	const length = reader.readVarint();
	return length > largest ? undefined : {start: largest - length, end: largest + 1};
}

function readAck(reader: ByteReader): AckFrame | undefined {
	const largest = reader.readVarint();
	const delay = reader.readVarint();
	const count = reader.readVarint();
	let range = readRange(largest, reader);
	if (!range) {
		return undefined;
	}

	const ranges = [range];
	for (let index = 0; index < count && !reader.failed; index++) {
		range = readRange(range.start - reader.readVarint() - 2, reader);
		if (!range) {
			return undefined;
		}

		ranges.push(range);
	}

	return {type: 'ack', delay, ranges};
}

function writeAck(bytes: Uint8Array, at: number, {delay, ranges}: AckFrame): number {
	const first = ranges[0]!;
	at = writeFields(bytes, at, frameType.ack, [first.end - 1, delay, ranges.length - 1, first.end - first.start - 1]);
	for (let index = 1; index < ranges.length; index++) {
		const range = ranges[index]!;
		at = writeVarint(bytes, at, ranges[index - 1]!.start - range.end - 1);
		at = writeVarint(bytes, at, range.end - range.start - 1);
	}

	return at;
}

function ackSize({delay, ranges}: AckFrame): number {
	const first = ranges[0]!;
	let size = 1 + varintSize(first.end - 1) + varintSize(delay) + varintSize(ranges.length - 1) + varintSize(first.end - first.start - 1);
	for (let index = 1; index < ranges.length; index++) {
		const range = ranges[index]!;
		size += varintSize(ranges[index - 1]!.start - range.end - 1) + varintSize(range.end - range.start - 1);
	}

	return size;
}

function writeFields(bytes: Uint8Array, at: number, type: number, fields: readonly number[]): number {
	bytes[at] = type;
	at++;
	for (const field of fields) {
		at = writeVarint(bytes, at, field);
	}

	return at;
}

function writeBytes(bytes: Uint8Array, at: number, data: Uint8Array): number {
	bytes.set(data, at);
	return at + data.length;
}

function encodeReason(reason: string): Uint8Array {
	const bytes = new Uint8Array(maxReasonSize);
	return bytes.subarray(0, new TextEncoder().encodeInto(reason, bytes).written);
}
