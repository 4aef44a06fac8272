// Numbers in bytes: the examples of RFC 9000, round trips, and reading past the end.
import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {
	ByteReader,
	compareBytes,
	freeBytes,
	ownPiece,
	readUint48,
	varintSize,
	writeUint48,
	writeVarint,
} from '../../../source/peer/packets/bytes.js';

// RFC 9000, appendix A.1, as far as a number holds it exactly, and the borders between the lengths.
const varints: Array<[string, number]> = [
	['9d7f3e7d', 494_878_333],
	['7bbd', 15_293],
	['25', 37],
	['00', 0],
	['3f', 63],
	['4040', 64],
	['7fff', 16_383],
	['80004000', 16_384],
	['bfffffff', 1_073_741_823],
	['c000000040000000', 1_073_741_824],
	['c01fffffffffffff', Number.MAX_SAFE_INTEGER],
];

test('variable-length integers are those of RFC 9000', t => {
	for (const [text, value] of varints) {
		const reader = new ByteReader(Buffer.from(text, 'hex'));
		t.is(reader.readVarint(), value);
		t.is(reader.remaining, 0);
		const bytes = new Uint8Array(8);
		t.is(writeVarint(bytes, 0, value), varintSize(value));
		t.is(Buffer.from(bytes.subarray(0, varintSize(value))).toString('hex'), text);
	}
});

test('beyond 2^53 - 1 nothing can be counted exactly', t => {
	const reader = new ByteReader(Buffer.from('c2197c5eff14e88c', 'hex'));
	t.is(reader.readVarint(), 0);
	t.true(reader.failed);
});

test('a longer form of a small integer is understood', t => {
	t.is(new ByteReader(Buffer.from('4025', 'hex')).readVarint(), 37);
});

test('numbers survive the way there and back', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.maxSafeNat(), fc.integer({min: 0, max: (2 ** 48) - 1}), (varint, pn) => {
			const bytes = new Uint8Array(14);
			const end = writeVarint(bytes, 0, varint);
			writeUint48(bytes, end, pn);
			return new ByteReader(bytes).readVarint() === varint && readUint48(bytes, end) === pn;
		}));
	});
});

test('a reader that ran out stays failed and gives nothing', t => {
	const reader = new ByteReader(Uint8Array.of(0x40));
	t.is(reader.readVarint(), 0);
	t.true(reader.failed);
	t.is(reader.readByte(), 0);
	t.is(reader.readUint16(), 0);
	t.is(reader.readUint32(), 0);
	t.is(reader.readBytes(1).length, 0);
});

test('bytes have an order', t => {
	t.true(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)) < 0);
	t.true(compareBytes(Uint8Array.of(200), Uint8Array.of(3)) > 0);
	t.is(compareBytes(Uint8Array.of(7), Uint8Array.of(7)), 0);
});

test('of a large byte string at most one piece shares its memory, and only that one can be freed', t => {
	const large = new Uint8Array(40_000).fill(1);
	const most = large.subarray(100, 30_000);
	const rest = large.subarray(30_000);
	t.is(ownPiece(most, large.length), most);
	const copy = ownPiece(rest, large.length);
	t.deepEqual(copy, rest);
	t.not(copy.buffer, large.buffer);
	const small = large.subarray(0, 100);
	t.is(ownPiece(small, 1000), small, 'what came in a small packet is left where it is');
	freeBytes(new Uint8Array(new SharedArrayBuffer(40_000)));
	freeBytes(large.subarray(0, 20_000));
	t.is(large.length, 40_000);
	freeBytes(most);
	t.is(large.length, 0);
	t.is(copy.length, 10_000);
});
