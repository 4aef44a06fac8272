// Records: what two messengers say to each other on stream 1 of their link.
// Knows their shapes and how to cut them out of a byte stream; refuses to know who may say one.
//
//   here   I am in this conversation and have seen your lines up to `seen`; send me the rest, marked with `visit`
//   say    a line
//   got    your lines in this conversation up to `sequence` are safe and shown
//   bye    I have left this conversation, which I was in with `visit`
//   close  I have closed this room, which I created and was in with `visit`, for everyone
//   absent I am not in this conversation, though you have said `here` to me with `visit`
//
// Wire: length (4 bytes, big-endian), then one JSON object in UTF-8.
import {Buffer} from 'node:buffer';
import * as v from 'valibot';
import {ProtocolError} from '../protocol/errors.js';
import {maximumTextBytes} from '../protocol/limits.js';
import {isMoment} from './clock.js';
import {maximumRecordBytes} from './limits.js';

/**
The stream of a link that carries records.
*/
export const recordStream = 1;

const headerLength = 4;
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/**
Both ends name a conversation alike: `session:ID` with the server's id, or `room:NAME`.
*/
const shared = v.pipe(v.string(), v.regex(/^(?:session:[\w\-]{1,64}|room:[^\s:]{1,128})$/v));

const schema = v.variant('kind', [
	v.object({
		kind: v.literal('here'), shared, visit: count, seen: count,
	}),
	v.object({
		kind: v.literal('say'),
		shared,
		visit: count,
		sequence: v.pipe(count, v.minValue(1)),
		text: v.pipe(v.string(), v.minLength(1), v.maxBytes(maximumTextBytes)),
		at: v.pipe(count, v.maxValue(8.64e15)),
		clock: v.pipe(v.string(), v.check(isMoment)),
	}),
	v.object({kind: v.literal('got'), shared, sequence: count}),
	v.object({kind: v.literal('bye'), shared, visit: count}),
	v.object({kind: v.literal('close'), shared, visit: count}),
	v.object({kind: v.literal('absent'), shared, visit: count}),
]);

/**
A record. `sequence` and `seen` count the author's lines, `at` is ms since the epoch.
*/
export type PeerRecord = v.InferOutput<typeof schema>;

/**
The name under which both ends of a conversation know it: `session:ID` or `room:NAME`.
*/
export type SharedName = string;

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

	const result = v.safeParse(schema, value, {abortEarly: true});
	if (!result.success) {
		throw new ProtocolError('bad-record', `A record can't be read: ${result.issues[0].message}`);
	}

	return result.output;
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
