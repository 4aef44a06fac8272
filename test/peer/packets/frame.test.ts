// The frame codec: golden bytes, the naive codec as oracle, every truncation, and arbitrary bytes.
import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {
	decodeFrames,
	frameSize,
	maxReasonSize,
	writeFrame,
	type Frame,
} from '../../../source/peer/packets/frame.js';
import {encodeNaively} from './naive-frames.js';

const golden: Array<[string, Frame]> = [
	['01', {type: 'ping'}],
	['0200000000', {type: 'ack', delay: 0, ranges: [{start: 0, end: 1}]}],
	['0209409c01050100', {type: 'ack', delay: 156, ranges: [{start: 4, end: 10}, {start: 1, end: 2}]}],
	['0301404500026869', {
		type: 'stream', stream: 1, offset: 69, data: Buffer.from('hi'), fin: false,
	}],
	['0400000000', {
		type: 'stream', stream: 0, offset: 0, data: new Uint8Array(0), fin: true,
	}],
	['0580400000', {type: 'maxData', limit: 4_194_304}],
	['060180100000', {type: 'maxStreamData', stream: 1, limit: 1_048_576}],
	['07080a4100', {
		type: 'resetStream', stream: 8, code: 10, size: 256,
	}],
	['080803', {type: 'stop', stream: 8, code: 3}],
	['090102030405060708', {type: 'pathChallenge', token: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)}],
	['0a0807060504030201', {type: 'pathResponse', token: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1)}],
	['0b410103627965', {type: 'close', code: 0x1_01, reason: 'bye'}],
	['0c020102', {type: 'datagram', data: Uint8Array.of(1, 2)}],
];

function encode(frame: Frame): Buffer {
	const bytes = new Uint8Array(70_000);
	const end = writeFrame(bytes, 0, frame);
	return Buffer.from(bytes.subarray(0, end));
}

/**
Frames with plain arrays in them, so that kinds of byte arrays do not matter.
*/
function plain(frames: readonly Frame[] | undefined): unknown {
	return frames?.map(frame => Object.fromEntries(Object.entries(frame).map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value])));
}

const varint = fc.oneof(fc.nat(100), fc.maxSafeNat());
const bytes = fc.uint8Array({maxLength: 40});
const token = fc.uint8Array({minLength: 8, maxLength: 8});
const gapsAndLengths = fc.array(fc.tuple(fc.integer({min: 1, max: 50}), fc.integer({min: 1, max: 50})), {minLength: 1, maxLength: 64});
const ack = fc.record({delay: varint, first: fc.nat(2 ** 40), runs: gapsAndLengths}).map(({delay, first, runs}): Frame => {
	const ranges: Array<{start: number; end: number}> = [];
	let start = first;
	for (const [gap, length] of runs) {
		ranges.unshift({start: start + gap, end: start + gap + length});
		start += gap + length;
	}

	return {type: 'ack', delay, ranges};
});
const frame: fc.Arbitrary<Frame> = fc.oneof(
	fc.constant<Frame>({type: 'ping'}),
	ack,
	fc.record({
		type: fc.constant('stream' as const), stream: varint, offset: fc.nat(2 ** 50), data: bytes, fin: fc.boolean(),
	}),
	fc.record({type: fc.constant('maxData' as const), limit: varint}),
	fc.record({type: fc.constant('maxStreamData' as const), stream: varint, limit: varint}),
	fc.record({
		type: fc.constant('resetStream' as const), stream: varint, code: varint, size: varint,
	}),
	fc.record({type: fc.constant('stop' as const), stream: varint, code: varint}),
	fc.record({type: fc.constantFrom('pathChallenge' as const, 'pathResponse' as const), token}),
	fc.record({type: fc.constant('close' as const), code: varint, reason: fc.string({unit: 'binary', maxLength: 40})}),
	fc.record({type: fc.constant('datagram' as const), data: bytes}),
);

test('golden frames, both ways', t => {
	for (const [text, value] of golden) {
		t.is(encode(value).toString('hex'), text);
		t.is(encodeNaively(value), text);
		t.is(frameSize(value), text.length / 2);
		t.deepEqual(plain(decodeFrames(Buffer.from(text, 'hex'))), plain([value]));
	}
});

test('frames come back as they were, and the naive codec writes the same bytes', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(frame, {maxLength: 8}), fc.array(fc.nat(3), {minLength: 8, maxLength: 8}), (frames, padding) => {
			const parts = frames.map((value, index) => {
				const part = encode(value);
				if (part.toString('hex') !== encodeNaively(value) || part.length !== frameSize(value)) {
					throw new Error(`${part.toString('hex')} instead of ${encodeNaively(value)}`);
				}

				return Buffer.concat([Buffer.alloc(padding[index]!), part]);
			});
			const decoded = decodeFrames(Buffer.concat(parts));
			if (JSON.stringify(plain(decoded)) !== JSON.stringify(plain(frames))) {
				throw new Error('decoded otherwise');
			}
		}), {numRuns: 500});
	});
});

test('a frame cut anywhere is refused', t => {
	for (const [text, value] of golden) {
		for (let size = 1; size < text.length / 2; size++) {
			t.is(decodeFrames(Buffer.from(text, 'hex').subarray(0, size)), undefined, `${value.type} cut to ${size}`);
		}
	}
});

test('nonsense is refused: unknown types, ranges below zero, ends beyond counting, endless reasons', t => {
	for (const text of ['0d', '40', 'ff', '0200000001', '0205000106', '02050001040200', '0300dfffffffffffffff0000', '0300c01fffffffffffff000161', `0b004101${'00'.repeat(257)}`]) {
		t.is(decodeFrames(Buffer.from(text, 'hex')), undefined, `decoding ${text}`);
	}
});

test('a long reason is cut to whole characters', t => {
	const [cut] = decodeFrames(encode({type: 'close', code: 0, reason: 'ä'.repeat(300)}))!;
	t.deepEqual(cut, {type: 'close', code: 0, reason: 'ä'.repeat(maxReasonSize / 2)});
});
