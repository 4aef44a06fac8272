// Letters: what a mail says inside its seal, as compact bytes (JSON escapes could make a line six times as long).
// Knows the kinds, a line with or without a proof, a receipt and a plea, and their layout; refuses to know seals and who may say what.
//
//   line     1 | sequence 6 | after 6 | at 6 | clock 16 | text, UTF-8
//   proven   6 | as a line up to the clock | made 6 | signature 64 | audience's length 2 | audience | text, UTF-8
//   receipt  4 | got | read | lane, UTF-8                                 numbers big-endian
//   plea     5 | got | lane, UTF-8                                        `got`, `read`: count 1 | (first 6 | last 6) each
//
// Earlier versions wrote receipts as 2 and pleas as 3, with the last line (6) alone for `got` and `read`; these are still read.
import {Buffer} from 'node:buffer';
import {decodeBase64, encodeBase64} from '../../protocol/keys.js';
import {maximumSealedLength, maximumTextBytes} from '../../protocol/limits.js';
import {isAudience} from '../../protocol/line-proof.js';
import {
	isSequences,
	maximumSequence,
	type SequenceRange,
	type Sequences,
} from '../../protocol/sequences.js';
import {isMoment} from '../clock.js';
import type {LineProof} from '../effects.js';
import {isLane, type Lane} from '../lines/outbox.js';
import {sealLength} from './sealing.js';

/**
A line. `after`: the sequence of the line before it, in the same lane to the same reader, that the author had no receipt for when it was
sealed; 0 where there is none. `at`: ms since the epoch. `proof`: in rooms, for passing the line on; a very long line goes without.
*/
export type LineLetter = {readonly kind: 'line'; readonly sequence: number; readonly after: number; readonly at: number; readonly clock: string; readonly text: string; readonly proof?: LineProof | undefined};

/**
What the sender has of the reader's own lines in a lane: received, and read.
*/
export type ReceiptLetter = {readonly kind: 'receipt'; readonly lane: Lane; readonly got: Sequences; readonly read: Sequences};

/**
The sender could not open what the reader has mailed in a lane: all beyond `got` is wanted again, sealed with the prekeys of now.
*/
export type PleaLetter = {readonly kind: 'plea'; readonly lane: Lane; readonly got: Sequences};

export type Letter = LineLetter | ReceiptLetter | PleaLetter;

const kinds = {
	line: 1, oldReceipt: 2, oldPlea: 3, receipt: 4, plea: 5, proven: 6,
} as const;
/**
What fits a mail, sealed and in base64url.
*/
const maximumLetterBytes = Math.floor(maximumSealedLength * 3 / 4) - sealLength;
const clockLength = 16;
const lineHeader = 19 + clockLength;
const proofHeader = 72;
const signatureLength = 64;
const rangeLength = 12;
const longestLane = 200;

export function encodeLetter(letter: Letter): Uint8Array {
	if (letter.kind === 'receipt') {
		return Buffer.concat([Buffer.from([kinds.receipt]), encodeRanges(letter.got), encodeRanges(letter.read), Buffer.from(letter.lane)]);
	}

	if (letter.kind === 'plea') {
		return Buffer.concat([Buffer.from([kinds.plea]), encodeRanges(letter.got), Buffer.from(letter.lane)]);
	}

	const proof = letter.proof && letter.proof.made <= maximumSequence ? encodeProof(letter.proof) : undefined;
	const text = Buffer.from(letter.text);
	const isProven = proof !== undefined && lineHeader + proof.length + text.length <= maximumLetterBytes;
	const header = Buffer.alloc(lineHeader);
	header.writeUInt8(isProven ? kinds.proven : kinds.line);
	header.writeUIntBE(letter.sequence, 1, 6);
	header.writeUIntBE(letter.after, 7, 6);
	header.writeUIntBE(letter.at, 13, 6);
	header.write(letter.clock, 19, 'latin1');
	return Buffer.concat([header, ...(isProven ? [proof] : []), text]);
}

/**
@returns `undefined` when the bytes are no letter that this version knows.
*/
export function decodeLetter(bytes: Uint8Array): Letter | undefined {
	const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	switch (data[0]) {
		case kinds.line: {
			return decodeLine(data, undefined, data.subarray(lineHeader));
		}

		case kinds.proven: {
			const found = decodeProof(data.subarray(lineHeader));
			return found && decodeLine(data, found.proof, found.rest);
		}

		case kinds.receipt:
		case kinds.oldReceipt: {
			return decodeReceipt(data, data[0] === kinds.receipt ? decodeRanges : decodeLast);
		}

		case kinds.plea:
		case kinds.oldPlea: {
			return decodePlea(data, data[0] === kinds.plea ? decodeRanges : decodeLast);
		}

		default: {
			return undefined;
		}
	}
}

function decodeLine(data: Buffer, proof: LineProof | undefined, rest: Buffer): LineLetter | undefined {
	const text = rest.length > 0 && rest.length <= maximumTextBytes ? decodeText(rest) : undefined;
	if (text === undefined) {
		return undefined;
	}

	const sequence = data.readUIntBE(1, 6);
	const clock = data.toString('latin1', 19, lineHeader);
	return sequence > 0 && isMoment(clock)
		? {
			kind: 'line', sequence, after: data.readUIntBE(7, 6), at: data.readUIntBE(13, 6), clock, text, ...(proof && {proof}),
		}
		: undefined;
}

function encodeProof({made, signature, audience}: LineProof): Buffer {
	const names = Buffer.from(audience);
	const header = Buffer.alloc(proofHeader);
	header.writeUIntBE(made, 0, 6);
	header.set(decodeBase64(signature), 6);
	header.writeUInt16BE(names.length, 70);
	return Buffer.concat([header, names]);
}

/**
The proof at the beginning of `data`, and what comes after it.
*/
function decodeProof(data: Buffer): {readonly proof: LineProof; readonly rest: Buffer} | undefined {
	const end = data.length < proofHeader ? Infinity : proofHeader + data.readUInt16BE(70);
	const audience = data.length < end ? undefined : decodeText(data.subarray(proofHeader, end));
	return audience !== undefined && isAudience(audience)
		? {proof: {made: data.readUIntBE(0, 6), audience, signature: encodeBase64(data.subarray(6, 6 + signatureLength))}, rest: data.subarray(end)}
		: undefined;
}

function decodeReceipt(data: Buffer, decode: Decoder): ReceiptLetter | undefined {
	const got = decode(data.subarray(1));
	const read = got && decode(got.rest);
	const lane = read && decodeLane(read.rest);
	return got && read && lane !== undefined
		? {
			kind: 'receipt', lane, got: got.ranges, read: read.ranges,
		}
		: undefined;
}

function decodePlea(data: Buffer, decode: Decoder): PleaLetter | undefined {
	const got = decode(data.subarray(1));
	const lane = got && decodeLane(got.rest);
	return got && lane !== undefined ? {kind: 'plea', lane, got: got.ranges} : undefined;
}

function encodeRanges(ranges: Sequences): Uint8Array {
	const bytes = Buffer.alloc(1 + (ranges.length * rangeLength));
	bytes.writeUInt8(ranges.length);
	for (const [index, [first, last]] of ranges.entries()) {
		bytes.writeUIntBE(first, 1 + (index * rangeLength), 6);
		bytes.writeUIntBE(last, 7 + (index * rangeLength), 6);
	}

	return bytes;
}

/**
Takes sequences off the beginning of `data`.
*/
type Decoder = (data: Buffer) => {readonly ranges: Sequences; readonly rest: Buffer} | undefined;

function decodeLast(data: Buffer): ReturnType<Decoder> {
	const last = data.length < 6 ? undefined : data.readUIntBE(0, 6);
	return last === undefined ? undefined : {ranges: last === 0 ? [] : [[1, last]], rest: data.subarray(6)};
}

function decodeRanges(data: Buffer): ReturnType<Decoder> {
	const end = 1 + ((data[0] ?? 0) * rangeLength);
	if (data.length < end) {
		return undefined;
	}

	const ranges: SequenceRange[] = [];
	for (let offset = 1; offset < end; offset += rangeLength) {
		ranges.push([data.readUIntBE(offset, 6), data.readUIntBE(offset + 6, 6)]);
	}

	return isSequences(ranges) ? {ranges, rest: data.subarray(end)} : undefined;
}

/**
The lane that stands at the end.
*/
function decodeLane(data: Buffer): Lane | undefined {
	const lane = data.length > 0 && data.length <= longestLane ? decodeText(data) : undefined;
	return lane !== undefined && isLane(lane) ? lane : undefined;
}

function decodeText(bytes: Uint8Array): string | undefined {
	try {
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
	} catch {
		return undefined;
	}
}
