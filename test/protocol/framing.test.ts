import {Buffer} from 'node:buffer';
import process from 'node:process';
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {encodeLine, LineDecoder} from '../../source/protocol/framing.js';

/**
The slow way: everything at once, no limit.
*/
function naiveLines(bytes: Uint8Array): string[] {
	return Buffer.from(bytes).toString().split('\n').slice(0, -1).map(line => line.endsWith('\r') ? line.slice(0, -1) : line).filter(line => line !== '');
}

function decode(chunks: readonly Uint8Array[], limit = 1000): string[] {
	const decoder = new LineDecoder(limit);
	return chunks.flatMap(chunk => [...decoder.push(chunk)]);
}

function cut(bytes: Uint8Array, points: readonly number[]): Uint8Array[] {
	const ends = [...points.toSorted((one, other) => one - other), bytes.length];
	return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const sample = Buffer.from('{"id":1}\n\n{"täxt":"日本 👩‍👩‍👧"}\r\n\r\n\n{"id":2}\nrest');

test('the same bytes cut at any one place are the same lines', t => {
	const expected = ['{"id":1}', '{"täxt":"日本 👩‍👩‍👧"}', '{"id":2}'];
	t.deepEqual(naiveLines(sample), expected);
	for (let point = 0; point <= sample.length; point++) {
		t.deepEqual(decode(cut(sample, [point])), expected, `cut at ${point}`);
	}

	t.deepEqual(decode(Array.from(sample, byte => Uint8Array.of(byte))), expected, 'in single bytes');
});

test('any text in any pieces is what the naive reader reads', t => {
	const text = fc.array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r', ''), fc.string({unit: 'grapheme'})), {maxLength: 20}).map(parts => Buffer.from(parts.join('').toWellFormed()));
	t.notThrows(() => {
		fc.assert(fc.property(text, fc.array(fc.nat(200), {maxLength: 10}), (bytes, points) => {
			const places = points.map(point => point % (bytes.length + 1));
			return isDeepStrictEqual(decode(cut(bytes, places), 100_000), naiveLines(bytes));
		}));
	});
});

test('a decoder does not keep the chunk it was given', t => {
	const decoder = new LineDecoder(100);
	const chunk = Buffer.from('abc');
	t.deepEqual([...decoder.push(chunk)], []);
	chunk.fill(0x78);
	t.deepEqual([...decoder.push(Buffer.from('d\n'))], ['abcd']);
});

for (const [what, chunks] of [
	['in one piece', [`${'x'.repeat(11)}\n`]],
	['without an end', ['x'.repeat(11)]],
	['in pieces', ['xxxxxx', 'xxxxx\n']],
	['in pieces without an end', ['xxxxxx', 'xxxxx']],
	['after a good one', [`ok\n${'x'.repeat(11)}\n`]],
] as const) {
	test(`a line over the limit ${what} is refused`, t => {
		t.throws(() => decode(chunks.map(chunk => Buffer.from(chunk)), 10), {name: 'ProtocolError', code: 'line-too-long'});
	});
}

test('a line of exactly the limit passes, and the limit may be raised', t => {
	t.deepEqual(decode([Buffer.from(`${'x'.repeat(10)}\n`)], 10), ['x'.repeat(10)]);
	const decoder = new LineDecoder(10);
	t.deepEqual([...decoder.push(Buffer.from('x'.repeat(10)))], []);
	decoder.limit = 20;
	t.deepEqual([...decoder.push(Buffer.from(`${'x'.repeat(10)}\n`))], ['x'.repeat(20)]);
});

test('bytes that are no UTF-8 are refused, whole and in pieces', t => {
	for (const bytes of [[0xFF, 0x0A], [0xC3, 0x0A], [0xED, 0xA0, 0x80, 0x0A]]) {
		t.throws(() => decode([Uint8Array.from(bytes)]), {code: 'bad-encoding'});
		t.throws(() => decode(bytes.map(byte => Uint8Array.of(byte))), {code: 'bad-encoding'});
	}
});

test('a byte order mark is kept: it is no JSON', t => {
	t.deepEqual(decode([Buffer.from('\u{FEFF}{}\n')]), ['\u{FEFF}{}']);
});

test('what is written is one line', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.json(), json => {
			const message = {value: JSON.parse(json) as unknown};
			const [line = '', ...rest] = decode([Buffer.from(encodeLine(message))], 1_000_000);
			return rest.length === 0 && isDeepStrictEqual(JSON.parse(line), message);
		}));
	});
});

test('64 KiB in single bytes take little time and memory', t => {
	const decoder = new LineDecoder(64 * 1024);
	const byte = Uint8Array.of(0x78);
	const before = process.memoryUsage().arrayBuffers;
	for (let index = 0; index < 64 * 1024; index++) {
		decoder.push(byte).next();
	}

	t.true(process.memoryUsage().arrayBuffers - before < 4 * 1024 * 1024);
	t.is([...decoder.push(Uint8Array.of(0x0A))][0]!.length, 64 * 1024);
});
