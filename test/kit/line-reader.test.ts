import {Buffer} from 'node:buffer';
import test from 'ava';
import {maximumInputBytes, readLines, type InputLine} from '../../source/kit/line-reader.js';

async function read(chunks: readonly Uint8Array[]): Promise<InputLine[]> {
	return Array.fromAsync(readLines((async function * () {
		yield * chunks;
	})()));
}

const text = Buffer.from('one\r\nzwei ü\n\nlast 💬');
const expected = [
	{number: 1, text: 'one'}, {number: 2, text: 'zwei ü'}, {number: 3, text: ''}, {number: 4, text: 'last 💬'},
];

test('lines come out the same however the input is cut', async t => {
	for (let cut = 0; cut <= text.length; cut++) {
		t.deepEqual(await read([text.subarray(0, cut), text.subarray(cut)]), expected, `cut at ${cut}`);
	}

	t.deepEqual(await read([...text].map(byte => Buffer.from([byte]))), expected);
});

test('a line that is too long or no text is named, and the next one is read', async t => {
	const chunks = [Buffer.from('a\n'), ...Array.from({length: 16}, () => Buffer.alloc(65_536, 'x')), Buffer.from('\nb\n'), Buffer.from([0xFF, 0x00, 0xFE, 0x0A]), Buffer.from('c')];
	t.deepEqual(await read(chunks), [
		{number: 1, text: 'a'}, {number: 2, problem: 'line-too-long'}, {number: 3, text: 'b'}, {number: 4, problem: 'bad-encoding'}, {number: 5, text: 'c'},
	]);
});

test('the longest line is still read', async t => {
	t.deepEqual(await read([Buffer.alloc(maximumInputBytes, 'x'), Buffer.from('\n')]), [{number: 1, text: 'x'.repeat(maximumInputBytes)}]);
	t.deepEqual(await read([Buffer.alloc(maximumInputBytes + 1, 'x')]), [{number: 1, problem: 'line-too-long'}]);
});

test('nothing at all is no line', async t => {
	t.deepEqual(await read([]), []);
	t.deepEqual(await read([Buffer.from('a\n')]), [{number: 1, text: 'a'}]);
});

test('an input that breaks has ended', async t => {
	const lines = readLines((async function * () {
		yield Buffer.from('a\nb');
		throw new Error('EIO');
	})());
	t.deepEqual(await Array.fromAsync(lines), [{number: 1, text: 'a'}, {number: 2, text: 'b'}]);
});
