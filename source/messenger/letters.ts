// Letters: what a mail says inside its seal, as compact bytes (JSON escapes could make a line six times as long).
// Knows the two kinds, a line and a receipt, and their layout; refuses to know seals and who may say what.
//
//   line     1 | sequence 6 | after 6 | at 6 | clock 16 | text, UTF-8
//   receipt  2 | got 6 | read 6 | lane, UTF-8                             numbers big-endian
import {Buffer} from 'node:buffer';
import {maximumTextBytes} from '../protocol/limits.js';
import {isMoment} from './clock.js';
import {isLane, type Lane} from './outbox.js';

/**
A line. `after`: the sequence of the line before it, in the same lane to the same reader, that the author had no receipt for when it was
sealed; 0 where there is none. `at`: ms since the epoch.
*/
export type LineLetter = {readonly kind: 'line'; readonly sequence: number; readonly after: number; readonly at: number; readonly clock: string; readonly text: string};

/**
What the sender has of the reader's own lines in a lane: received, and read, up to these sequences.
*/
export type ReceiptLetter = {readonly kind: 'receipt'; readonly lane: Lane; readonly got: number; readonly read: number};

export type Letter = LineLetter | ReceiptLetter;

const kinds = {line: 1, receipt: 2} as const;
const clockLength = 16;
const lineHeader = 19 + clockLength;
const receiptHeader = 13;
const longestLane = 200;

export function encodeLetter(letter: Letter): Uint8Array {
	if (letter.kind === 'receipt') {
		const header = Buffer.alloc(receiptHeader);
		header.writeUInt8(kinds.receipt);
		header.writeUIntBE(letter.got, 1, 6);
		header.writeUIntBE(letter.read, 7, 6);
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
	if (data[0] === kinds.line) {
		return decodeLine(data);
	}

	return data[0] === kinds.receipt ? decodeReceipt(data) : undefined;
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
	const lane = data.length > receiptHeader && data.length <= receiptHeader + longestLane ? decodeText(data.subarray(receiptHeader)) : undefined;
	return lane !== undefined && isLane(lane)
		? {
			kind: 'receipt', lane, got: data.readUIntBE(1, 6), read: data.readUIntBE(7, 6),
		}
		: undefined;
}

function decodeText(bytes: Uint8Array): string | undefined {
	try {
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
	} catch {
		return undefined;
	}
}
