import {Buffer} from 'node:buffer';
import test from 'ava';
import {HiddenInput} from '../../source/plain/hidden-input.js';

// What is typed while hidden, and what comes of it.
const cases: ReadonlyArray<readonly [string, readonly string[], string]> = [
	['a line', ['secret\r'], 'secret\n'],
	['one key at a time', [...'sécret💬\r'], 'sécret💬\n'],
	['corrections', ['secx\u{7F}ret\r'], 'secret\n'],
	['a correction of a wide letter', ['é💬\u{7F}\u{8}ok\r'], 'ok\n'],
	['more corrections than letters', ['\u{7F}\u{7F}a\r'], 'a\n'],
	['a line begun anew', ['wrong\u{15}right\r'], 'right\n'],
	['what follows', ['secret\rlu\rl\r'], 'secret\nlu\nl\n'],
	['second thoughts', ['half\u{4}'], '\n'],
];

for (const [name, keys, expected] of cases) {
	test(`typed unseen: ${name}`, async t => {
		const modes: boolean[] = [];
		const input = new HiddenInput({
			async * [Symbol.asyncIterator]() {
				yield Buffer.from('login ann\n');
				input.hide();
				// Bytes, as a terminal sends them: a letter may come in pieces.
				yield * [...Buffer.from(keys.join(''))].map(byte => Buffer.from([byte])).slice(0, keys.length > 1 ? undefined : 0);
				yield * keys.length > 1 ? [] : [Buffer.from(keys[0]!)];
				yield Buffer.from('shown\n');
			},
			setRawMode(isRaw) {
				modes.push(isRaw);
			},
		}, () => {
			t.fail();
		});
		const chunks = await Array.fromAsync(input);
		t.is(Buffer.concat(chunks).toString(), `login ann\n${expected}shown\n`);
		t.deepEqual(modes, [true, false]);
	});
}

test('Ctrl-C still interrupts', async t => {
	let interrupts = 0;
	const input = new HiddenInput({
		async * [Symbol.asyncIterator]() {
			input.hide();
			yield Buffer.from('ab\u{3}');
		},
		setRawMode: () => undefined,
	}, () => {
		interrupts++;
	});
	await Array.fromAsync(input);
	t.is(interrupts, 1);
});
