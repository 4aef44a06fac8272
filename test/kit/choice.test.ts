import test from 'ava';
import {
	prepareChoices,
	rankChoices,
	step,
	windowStart,
} from '../../source/kit/choice.js';
import {processorMs} from '../helpers/cost.js';

const rank = (entries: readonly string[], query: string, limit = 10) => rankChoices(prepareChoices(entries, entry => entry), query, limit).map(({entry}) => entry);

test('an empty query keeps the order', t => {
	t.deepEqual(rank(['b', 'a', 'c'], '', 2), ['b', 'a']);
});

test('the whole text, its beginning, words, letters in a row, letters in order', t => {
	t.deepEqual(rank(['color', 'go or stop', 'xor', 'order', 'o r', 'or', 'or den', 'none'], 'or'), ['or', 'order', 'or den', 'go or stop', 'xor', 'color', 'o r']);
});

test('case does not matter, and a miss is no entry', t => {
	t.deepEqual(rank(['Ann', 'bob'], 'AN'), ['Ann']);
	t.deepEqual(rank(['Ann', 'bob'], 'zz'), []);
});

test('the rest of an entry is searched by its words only, after the label', t => {
	const choices = prepareChoices([['d', 'disconnect'], ['decline user', 'say no'], ['disk', '']] as const, ([label]) => label, ([, more]) => more);
	t.deepEqual(rankChoices(choices, 'dis', 10).map(({entry}) => entry[0]), ['disk', 'd', 'decline user']);
	t.deepEqual(rankChoices(choices, 'ay', 10), []);
});

test('what matched is shown', t => {
	const [first] = rankChoices(prepareChoices(['or den'], entry => entry), 'od', 1);
	t.deepEqual(first?.matched, [0, 3]);
	const [word] = rankChoices(prepareChoices(['xde den'], entry => entry), 'de', 1);
	t.deepEqual(word?.matched, [4, 5]);
});

test('5 000 entries rank within a frame', t => {
	const choices = prepareChoices(Array.from({length: 5000}, (_, index) => `command ${index} about user${index % 97} and room${index % 89}`), entry => entry);
	for (let warm = 0; warm < 20; warm++) {
		rankChoices(choices, 'abr', 20);
	}

	const costs = ['r', 'ro', 'roo', 'user1', 'abr', 'c49', 'zzz', 'room8'].map(query => processorMs(() => {
		rankChoices(choices, query, 20);
	}));
	const median = costs.toSorted((a, b) => a - b)[4]!;
	t.true(median < 8, `${median} ms`);
});

test('the chosen entry stays in view', t => {
	t.is(windowStart(0, 5, 20, 10), 0);
	t.is(windowStart(0, 12, 20, 10), 3);
	t.is(windowStart(8, 2, 20, 10), 2);
	t.is(windowStart(15, 19, 20, 10), 10);
	t.is(windowStart(3, 0, 0, 10), 0);
});

test('stepping goes around', t => {
	t.is(step(0, -1, 3), 2);
	t.is(step(2, 1, 3), 0);
	t.is(step(0, 1, 0), 0);
});
