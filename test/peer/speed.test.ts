// What a link makes of bad paths, in virtual time: the goals of `npm run bench -- emulated`, with room for a worse seed.
import test from 'ava';
import {
	fast,
	fairnessOf,
	faster,
	rough,
	runFlow,
	runNeighbours,
	slow,
	type PathShape,
} from '../helpers/emulated-runs.js';

function percentile(samples: readonly number[], p: number): number {
	return samples.toSorted((a, b) => a - b)[Math.floor(samples.length * p)] ?? NaN;
}

const shares: Array<[string, PathShape, {time: number; least: number}]> = [
	['100 Mbit/s, 50 ms', fast, {time: 8000, least: 0.9}],
	['1 % loss', {...fast, loss: 0.01}, {time: 8000, least: 0.88}],
	['5 % loss', {...fast, loss: 0.05}, {time: 8000, least: 0.8}],
	['500 Mbit/s, 20 ms, 1 % loss', {...faster, loss: 0.01}, {time: 3000, least: 0.84}],
	['jitter, reordering, duplication', rough, {time: 8000, least: 0.85}],
	['half a BDP of queue', {...fast, queue: 0.5}, {time: 5000, least: 0.87}],
	['4 BDP of queue', {...fast, queue: 4}, {time: 5000, least: 0.87}],
	['64 kbit/s', slow, {time: 30_000, least: 0.8}],
];

for (const [name, shape, {time, least}] of shares) {
	test(`${name}: the link is filled, little is sent twice, nothing is damaged`, t => {
		for (const seed of [1, 2]) {
			const {share, resent, damaged} = runFlow(shape, {time, seed});
			t.true(share >= least, `seed ${seed}: ${share}`);
			t.true(resent <= (shape.loss ?? 0) + (shape === slow ? 0.2 : 0.03), `seed ${seed}: ${resent}`);
			t.is(damaged, 0);
		}
	});
}

test('the start does not overfill a queue of one BDP', t => {
	const {largestQueue, overflowed} = runFlow(fast, {time: 2000});
	t.is(overflowed, 0);
	t.true(largestQueue <= 1, `${largestQueue}`);
});

test('once started, the queue stays short', t => {
	const {path} = runFlow(fast, {time: 2000});
	path.there.counts.largestQueue = 0;
	path.run(5000);
	t.true(path.there.counts.largestQueue < 0.2 * fast.rate * fast.rtt, `${path.there.counts.largestQueue}`);
});

test('beside a CUBIC flow neither starves', t => {
	const {share, competitor} = runFlow(fast, {time: 30_000, competitorLead: 5000});
	t.true(share > 0.25 && share < 0.7, `${share}`);
	t.true(competitor > 0.25 && competitor < 0.7, `CUBIC: ${competitor}`);
});

test('beside a CUBIC flow neither starves, even where the queue is too short to tell whose it is', t => {
	const {share, competitor} = runFlow({...fast, queue: 0.5}, {time: 30_000, competitorLead: 5000});
	t.true(share > 0.25 && share < 0.7, `${share}`);
	t.true(competitor > 0.25 && competitor < 0.7, `CUBIC: ${competitor}`);
});

for (const {queue, lag} of [{queue: 0.5, lag: 0}, {queue: 1, lag: 0}, {queue: 4, lag: 0}, {queue: 1, lag: 5000}]) {
	test(`two of ours share a link with a queue of ${queue} BDP fairly, the second ${lag} ms later`, t => {
		const both = runNeighbours({...fast, queue}, {lag, settle: 8000, time: 8000});
		t.true(both.every(share => share > 0.35 && share < 0.65), both.join(' / '));
		t.true(fairnessOf(both) > 0.93);
	});
}

test('a line waits for no file', t => {
	const {lineTimes, share} = runFlow(fast, {time: 10_000, linesEvery: 20});
	t.true(lineTimes.length > 480);
	t.true(percentile(lineTimes, 0.95) < 60, `${percentile(lineTimes, 0.95)}`);
	t.true(share > 0.9, `${share}`);
});

test('a lost line is repaired soon', t => {
	const {lineTimes} = runFlow({...fast, loss: 0.05}, {time: 60_000, linesEvery: 200, isBulk: false});
	t.true(percentile(lineTimes, 0.5) < 51);
	t.true(percentile(lineTimes, 0.95) < 250, `${percentile(lineTimes, 0.95)}`);
});

test('chat works at 64 kbit/s beside a file', t => {
	const {lineTimes} = runFlow(slow, {time: 30_000, linesEvery: 1000});
	t.true(lineTimes.length >= 27);
	t.true(percentile(lineTimes, 0.9) < 2500, `${percentile(lineTimes, 0.9)}`);
});
