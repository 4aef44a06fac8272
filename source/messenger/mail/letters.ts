// Letters: what a mail says inside its seal, as compact bytes (JSON escapes could make a line six times as long).
// Knows the kinds, a line, a receipt and a plea, and their layout; refuses to know seals and who may say what.
//
//   line     1 | sequence 6 | after 6 | at 6 | clock 16 | text, UTF-8
//   receipt  2 | got 6 | read 6 | lane, UTF-8                             numbers big-endian
//   plea     3 | got 6 | lane, UTF-8
import {Buffer} from 'node:buffer';
import {maximumTextBytes} from '../../protocol/limits.js';
import {isMoment} from '../clock.js';
import {isLane, type Lane} from '../lines/outbox.js';

/**
A line. `after`: the sequence of the line before it, in the same lane to the same reader, that the author had no receipt for when it was
sealed; 0 where there is none. `at`: ms since the epoch.
*/
export type LineLetter = {readonly kind: 'line'; readonly sequence: number; readonly after: number; readonly at: number; readonly clock: string; readonly text: string};

/**
What the sender has of the reader's own lines in a lane: received, and read, up to these sequences.
*/
export type ReceiptLetter = {readonly kind: 'receipt'; readonly lane: Lane; readonly got: number; readonly read: number};

/**
The sender could not open what the reader has mailed in a lane: all after `got` is wanted again, sealed with the prekeys of now.
*/
export type PleaLetter = {readonly kind: 'plea'; readonly lane: Lane; readonly got: number};

export type Letter = LineLetter | ReceiptLetter | PleaLetter;

const kinds = {line: 1, receipt: 2, plea: 3} as const;
const clockLength = 16;
const lineHeader = 19 + clockLength;
const receiptHeader = 13;
const pleaHeader = 7;
const longestLane = 200;

export function encodeLetter(letter: Letter): Uint8Array {
	if (letter.kind === 'receipt') {
		const header = Buffer.alloc(receiptHeader);
		header.writeUInt8(kinds.receipt);
		header.writeUIntBE(letter.got, 1, 6);
		header.writeUIntBE(letter.read, 7, 6);
		return Buffer.concat([header, Buffer.from(letter.lane)]);
	}

	if (letter.kind === 'plea') {
		const header = Buffer.alloc(pleaHeader);
		header.writeUInt8(kinds.plea);
		header.writeUIntBE(letter.got, 1, 6);
		return Buffer.concat([header, Buffer.from(letter.lane)]);
	}

	const header = Buffer.alloc(lineHeader);
	header.writeUInt8(kinds.line);
	header.writeUIntBE(letter.sequence, 1, 6);
	header.writeUIntBE(letter.after, 7, 6);
	header.writeUIntBE(letter.at, 13, 6);
	header.write(letter.clock, 19, 'latin1');
	return Buffer.concat([header, Buffer.from(letter.text)]);
}

/**
@returns `undefined` when the bytes are no letter that this version knows.
*/
export function decodeLetter(bytes: Uint8Array): Letter | undefined {
	const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	switch (data[0]) {
		case kinds.line: {
			return decodeLine(data);
		}

		case kinds.receipt: {
			return decodeReceipt(data);
		}

		case kinds.plea: {
			return decodePlea(data);
		}

		default: {
			return undefined;
		}
	}
}

function decodeLine(data: Buffer): LineLetter | undefined {
	const text = data.length > lineHeader && data.length <= lineHeader + maximumTextBytes ? decodeText(data.subarray(lineHeader)) : undefined;
	if (text === undefined) {
		return undefined;
	}

	const sequence = data.readUIntBE(1, 6);
	const clock = data.toString('latin1', 19, lineHeader);
	return sequence > 0 && isMoment(clock)
		? {
			kind: 'line', sequence, after: data.readUIntBE(7, 6), at: data.readUIntBE(13, 6), clock, text,
		}
		: undefined;
}

function decodeReceipt(data: Buffer): ReceiptLetter | undefined {
	const lane = decodeLane(data, receiptHeader);
	return lane === undefined
		? undefined
		: {
			kind: 'receipt', lane, got: data.readUIntBE(1, 6), read: data.readUIntBE(7, 6),
		};
}

function decodePlea(data: Buffer): PleaLetter | undefined {
	const lane = decodeLane(data, pleaHeader);
	return lane === undefined ? undefined : {kind: 'plea', lane, got: data.readUIntBE(1, 6)};
}

/**
The lane that stands at the end, after a header.
*/
function decodeLane(data: Buffer, header: number): Lane | undefined {
	const lane = data.length > header && data.length <= header + longestLane ? decodeText(data.subarray(header)) : undefined;
	return lane !== undefined && isLane(lane) ? lane : undefined;
}

function decodeText(bytes: Uint8Array): string | undefined {
	try {
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
	} catch {
		return undefined;
	}
}
