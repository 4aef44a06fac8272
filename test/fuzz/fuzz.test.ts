// The fuzzer's share in every run of the tests, and the fuzzer itself: it finds what is there, and finds it again.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {SeededRandom} from '../helpers/random.js';
import {
	describeFinding,
	fuzz,
	Fuzzer,
	type Target,
} from './fuzzer.js';
import {maximumInputSize, mutate} from './mutation.js';
import {targets} from './targets.js';

const seed = 1;

for (const target of targets) {
	test.serial(`${target.name} takes whatever comes`, async t => {
		const startedAt = performance.now();
		const {finding} = await fuzz([target], {seed, isOver: inputs => inputs > 0 && (inputs >= 10_000 || performance.now() - startedAt > 120)});
		t.is(finding && describeFinding(finding, seed), undefined);
	});
}

const brittle: Target = {
	name: 'brittle',
	kind: 'bytes',
	corpus: () => [Buffer.from('abcdefgh'), Buffer.from('ABCDEFGH')],
	begin() {
		let sum = 0;
		return input => {
			sum += input.length;
			if (sum > 500 && input[3] === 0x80) {
				throw new Error('broken');
			}
		};
	},
};

test('what is broken is found, told, and found again in its round alone', async t => {
	const {finding} = await fuzz([brittle], {seed: 5, isOver: inputs => inputs > 1_000_000});
	t.truthy(finding);
	const text = describeFinding(finding!, 5);
	t.true(text.includes('broken') && text.includes(Buffer.from(finding!.input).toString('hex')));
	t.true(text.includes(`npm run fuzz -- --seed 5 --target brittle --round ${finding!.round}`));
	const again = await new Fuzzer(brittle, 5).round(finding!.round);
	t.deepEqual({...again!, problem: ''}, {...finding!, problem: ''});
});

test('a thing that keeps everything is found', async t => {
	const {finding} = await fuzz([{
		...brittle,
		name: 'greedy',
		begin() {
			const kept: Uint8Array[] = [];
			return () => {
				kept.push(new Uint8Array(1_000_000));
			};
		},
	}], {seed: 5, isOver: inputs => inputs > 100_000});
	t.regex(finding?.problem ?? '', /^memory grew/v);
});

test('inputs are bounded, mostly near the genuine ones, and repeat with their seed', t => {
	const corpus = [Buffer.from('{"id":1,"op":"login","user":"ann"}')];
	for (const kind of ['bytes', 'text'] as const) {
		const make = () => {
			const random = new SeededRandom(9);
			return Array.from({length: 3000}, () => Buffer.from(mutate(corpus, kind, random)).toString('latin1'));
		};

		const inputs = make();
		t.deepEqual(make(), inputs);
		t.true(inputs.every(({length}) => length <= maximumInputSize));
		t.true(new Set(inputs).size > 2000);
		t.true(inputs.filter(input => input.includes('"op"') || input.includes('login')).length > 1500);
	}
});
