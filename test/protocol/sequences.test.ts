import test from 'ava';
import fc from 'fast-check';
import {
	beginRun,
	covers,
	decodeSequences,
	encodeSequences,
	gapsOf,
	isNext,
	isSequences,
	join,
	lastOf,
	maximumRanges,
	maximumSequence,
	runLength,
	take,
	upTo,
	type Sequences,
} from '../../source/protocol/sequences.js';

const highest = 60;
const ranges = fc.array(fc.tuple(fc.integer({min: 1, max: highest}), fc.nat(4)).map(([first, more]) => [first, first + more] as const), {maxLength: 12});
function joinAll(parts: ReadonlyArray<readonly [number, number]>): Sequences {
	let all: Sequences = [];
	for (const range of parts) {
		all = join(all, range);
	}

	return all;
}

const numbers = Array.from({length: highest + 6}, (_, index) => index + 1);

test('ranges hold what was put in, as a set of numbers does', t => {
	fc.assert(fc.property(ranges, fc.nat(highest), (parts, limit) => {
		const all = joinAll(parts);
		const oracle = new Set(parts.flatMap(([first, last]) => numbers.filter(number => first <= number && number <= last)));
		const held = (sequences: Sequences) => numbers.filter(number => covers(sequences, number));
		t.deepEqual(held(all), numbers.filter(number => oracle.has(number)));
		t.deepEqual(held(gapsOf(all)), numbers.filter(number => !oracle.has(number)));
		t.deepEqual(held(upTo(all, limit)), numbers.filter(number => oracle.has(number) && number <= limit));
		t.is(lastOf(all), Math.max(0, ...oracle));
		t.deepEqual(decodeSequences(encodeSequences(all)), all);
		t.true(isSequences(all));
	}));
});

test('with too many ranges what is missing between the lowest two is given up', t => {
	const parts = Array.from({length: maximumRanges + 3}, (_, index) => [(10 * index) + 1, (10 * index) + 2] as const);
	const all = joinAll(parts);
	t.is(all.length, maximumRanges);
	t.deepEqual(all[0], [1, 32]);
	t.true(parts.every(([first, last]) => covers(all, first) && covers(all, last)));
});

const base = 5 * runLength;

test('a line speaks for those before it since the one that its author names, and for none of an earlier run', t => {
	t.deepEqual(take([], 7), [[1, 7]]);
	t.deepEqual(take([[1, 4]], 7, 4), [[1, 7]]);
	t.deepEqual(take([[1, 4]], 7, 5), [[1, 4], [6, 7]]);
	t.deepEqual(take([[1, 4]], base + 3), [[1, 4], [base, base + 3]]);
	t.deepEqual(take([[1, 4]], base + 3, 4), [[1, 4], [base, base + 3]]);
	t.deepEqual(take([[1, 4], [base, base + 3]], 9, 8), [[1, 4], [9, 9], [base, base + 3]]);
	t.deepEqual(take([[1, 4], [9, 9], [base, base + 3]], 8, 4), [[1, 9], [base, base + 3]]);
	t.deepEqual(take([[1, runLength - 1]], runLength, runLength - 1), [[1, runLength]], 'numbering goes over into the next run');
	t.deepEqual(take([], 7, 9), [[7, 7]], 'whatever nonsense comes');
});

test('a line waits for the one before it, unless its device has begun anew since', t => {
	t.true(isNext([], 7, 0));
	t.true(isNext([[1, 4]], 7, 3));
	t.false(isNext([[1, 4]], 7, 5));
	t.true(isNext([[1, 4], [base, base]], 7, 5));
	t.false(isNext([[1, 4]], base, 5), 'also over runs');
	t.true(isNext([[1, 4]], base, 4));
	t.false(isNext([[base, base + 3]], base + 7, base + 6));
});

test('a run begins beyond all that may have been used, by this state and by what became of it', t => {
	const now = Date.parse('2026-03-01T12:00:00Z');
	for (const next of [1, 129, runLength - 1, runLength, base + 5]) {
		const begun = beginRun(next, 0);
		t.is(begun % runLength, 0);
		t.true(begun - next > runLength);
		t.true(beginRun(next, now) >= begun);
		t.true(beginRun(next, now + 60_000) > beginRun(next, now) || begun > now, 'from the same state at another time');
	}

	t.true(beginRun(1, Date.parse('2400-01-01T00:00:00Z')) < maximumSequence);
});
