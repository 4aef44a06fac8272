// Records: what two messengers say to each other on stream 1 of their link.
// Knows their shapes and how to cut them out of a byte stream; refuses to know who may say one.
//
//   here   I am in this conversation, have the lines `seen` of yours and have read those in `read`; send me the rest, marked with `visit`
//   say    a line
//   got    your lines `seen` in this conversation are safe and shown, those in `read` were read
//   bye    I have left this conversation, which I was in with `visit`
//   close  I have closed this room, which I created and was in with `visit`, for everyone
//   absent I am not in this conversation, though you have said `here` to me with `visit`
//   have   this is how far I have come with each author in this room, to which I miss links to `missing`: pass me what you have beyond it
//   pass   the answer: lines of one author, with the author's card and signatures; none where there is nothing
//   more   I have come by another line of one you miss
//
// Wire: length (4 bytes, big-endian), then one JSON object in UTF-8.
import {Buffer} from 'node:buffer';
import {ProtocolError} from '../../protocol/errors.js';
import {maximumCardLength} from '../../protocol/cards.js';
import {maximumTextBytes} from '../../protocol/limits.js';
import {isAudience} from '../../protocol/line-proof.js';
import {isSequences, maximumSequence, type Sequences} from '../../protocol/sequences.js';
import {isMoment} from '../clock.js';
import type {LineProof} from '../effects.js';
import {
	maximumMarks,
	maximumMissing,
	maximumPassedLines,
	maximumRecordBytes,
} from '../limits.js';

/**
The stream of a link that carries records.
*/
export const recordStream = 1;

const headerLength = 4;

/**
The name under which both ends of a conversation know it: `session:ID` with the server's id, or `room:NAME`.
*/
export type SharedName = string;

/**
A line that is passed on; its author and its room are those of the record it stands in.
*/
export type PassedLine = {readonly sequence: number; readonly text: string; readonly at: number; readonly clock: string} & Omit<LineProof, 'made'>;

/**
A record. `sequence`, `seen` and `read` are the author's numbers, `at` is ms since the epoch.
*/
export type PeerRecord =
	| {kind: 'here'; shared: SharedName; visit: number; seen: Sequences; read: Sequences}
	| {kind: 'say'; shared: SharedName; visit: number; sequence: number; text: string; at: number; clock: string; proof?: LineProof}
	| {kind: 'got'; shared: SharedName; seen: Sequences; read: Sequences}
	| {kind: 'bye'; shared: SharedName; visit: number}
	| {kind: 'close'; shared: SharedName; visit: number}
	| {kind: 'absent'; shared: SharedName; visit: number}
	/**
	`made`: when the room was made; `marks`: by device; `missing`: name keys.
	*/
	| {kind: 'have'; shared: SharedName; visit: number; made: number; marks: ReadonlyArray<readonly [device: string, taken: Sequences]>; missing: readonly string[]}
	| {kind: 'pass'; shared: SharedName; visit: number; card: string; lines: readonly PassedLine[]}
	| {kind: 'more'; shared: SharedName; visit: number};

const sharedPattern = /^(?:session:[\w\-]{1,64}|room:[^\s:]{1,128})$/v;

const isShared = (value: unknown): boolean => typeof value === 'string' && sharedPattern.test(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isSequence = (value: unknown): boolean => isCount(value) && value !== 0 && (value as number) <= maximumSequence;
const isTime = (value: unknown): boolean => isCount(value) && (value as number) <= 8.64e15;
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= maximumTextBytes;
const isClock = (value: unknown): boolean => typeof value === 'string' && isMoment(value);

const isNameKey = (value: unknown): boolean => typeof value === 'string' && /^[^\s:]{1,128}$/v.test(value);
const isDevice = (value: unknown): boolean => typeof value === 'string' && /^[\da-f]{16}$/v.test(value);
const isSignature = (value: unknown): boolean => typeof value === 'string' && /^[\w\-]{86}$/v.test(value);
const isCardText = (value: unknown): boolean => typeof value === 'string' && value.length <= maximumCardLength;
const isAudienceText = (value: unknown): boolean => typeof value === 'string' && isAudience(value);

/**
What a value is taken for, or `wrong`.
*/
type Reader = (value: unknown) => unknown;

const wrong = Symbol('wrong');

const only = (check: (value: unknown) => boolean): Reader => value => check(value) ? value : wrong;

const optional = (read: Reader): Reader => value => value === undefined ? undefined : read(value);

function list(read: Reader, maximum: number): Reader {
	return value => {
		if (!Array.isArray(value) || value.length > maximum) {
			return wrong;
		}

		const items = value.map(item => read(item));
		return items.includes(wrong) ? wrong : items;
	};
}

/**
Only what is known of it: whatever else stands in it goes no further.
*/
function object(fields: Readonly<Record<string, Reader>>): Reader {
	const readers = Object.entries(fields);
	return value => {
		if (!isObject(value)) {
			return wrong;
		}

		const known: Record<string, unknown> = {};
		for (const [field, read] of readers) {
			known[field] = read(value[field]);
			if (known[field] === wrong) {
				return wrong;
			}
		}

		return known;
	};
}

function pair(first: Reader, second: Reader): Reader {
	return value => {
		const items = Array.isArray(value) && value.length === 2 ? [first(value[0]), second(value[1])] : [wrong];
		return items.includes(wrong) ? wrong : items;
	};
}

const line = {
	sequence: only(isSequence), text: only(isText), at: only(isTime), clock: only(isClock),
};
const proof = {audience: only(isAudienceText), signature: only(isSignature)};
const shared = only(isShared);
const visit = only(isCount);

/**
What each field of each kind has to be. By hand, because a line a millisecond comes through here: a schema took a tenth of a loud client's time.
*/
const fields: ReadonlyMap<unknown, ReadonlyArray<readonly [field: string, read: Reader]>> = new Map(Object.entries({
	here: {
		shared, visit, seen: only(isSequences), read: only(isSequences),
	},
	say: {
		shared, visit, ...line, proof: optional(object({made: only(isTime), ...proof})),
	},
	got: {shared, seen: only(isSequences), read: only(isSequences)},
	bye: {shared, visit},
	close: {shared, visit},
	absent: {shared, visit},
	have: {
		shared, visit, made: only(isTime), marks: list(pair(only(isDevice), only(isSequences)), maximumMarks), missing: list(only(isNameKey), maximumMissing),
	},
	pass: {
		shared, visit, card: only(isCardText), lines: list(object({...line, ...proof}), maximumPassedLines),
	},
	more: {shared, visit},
} satisfies Record<PeerRecord['kind'], Record<string, Reader>>).map(([kind, readers]) => [kind, Object.entries<Reader>(readers)]));

/**
A record as bytes.
*/
export function encodeRecord(record: PeerRecord): Uint8Array {
	const body = Buffer.from(JSON.stringify(record));
	const bytes = Buffer.alloc(headerLength + body.length);
	bytes.writeUInt32BE(body.length);
	body.copy(bytes, headerLength);
	return bytes;
}

function parseRecord(body: Uint8Array): PeerRecord {
	let value: unknown;
	try {
		value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
	} catch {
		throw new ProtocolError('bad-record', 'A record is not JSON.');
	}

	const readers = isObject(value) ? fields.get(value.kind) : undefined;
	if (!readers || !isObject(value)) {
		throw new ProtocolError('bad-record', 'A record is of no known kind.');
	}

	// Only what is known: whatever else stands in it goes no further.
	const record: Record<string, unknown> = {kind: value.kind};
	for (const [field, read] of readers) {
		const known = read(value[field]);
		if (known === wrong) {
			throw new ProtocolError('bad-record', `A record can't be read: its ${field} is not what one is.`);
		}

		if (known !== undefined) {
			record[field] = known;
		}
	}

	return record as PeerRecord;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null;
}

/**
Cuts a byte stream into records; holds at most one unfinished record. After it has thrown the link is to be closed.
*/
export class RecordDecoder {
	#pending: Uint8Array[] = [];
	#pendingBytes = 0;

	/**
	The complete records that `chunk` brings.

	@throws {ProtocolError} `bad-record`.
	*/
	* push(chunk: Uint8Array): Generator<PeerRecord, void> {
		this.#pending.push(new Uint8Array(chunk));
		this.#pendingBytes += chunk.length;
		for (;;) {
			const length = this.#peekLength();
			if (length === undefined || this.#pendingBytes < headerLength + length) {
				return;
			}

			yield parseRecord(this.#take(headerLength + length).subarray(headerLength));
		}
	}

	#peekLength(): number | undefined {
		if (this.#pendingBytes < headerLength) {
			return undefined;
		}

		if (this.#pending[0]!.length < headerLength) {
			this.#pending = [Buffer.concat(this.#pending)];
		}

		const first = this.#pending[0]!;
		const length = new DataView(first.buffer, first.byteOffset).getUint32(0);
		if (length > maximumRecordBytes) {
			throw new ProtocolError('bad-record', `A record is longer than ${maximumRecordBytes} bytes.`);
		}

		return length;
	}

	#take(size: number): Uint8Array {
		const all = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
		this.#pendingBytes -= size;
		this.#pending = this.#pendingBytes === 0 ? [] : [all.subarray(size)];
		return all.subarray(0, size);
	}
}
