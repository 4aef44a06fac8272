// What a link makes of bad paths, in virtual time: the goals of `npm run bench -- emulated`, with room for a worse seed.
import test from 'ava';
import {Cubic} from '../helpers/cubic.js';
import {EmulatedPath} from '../helpers/emulated-path.js';
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

// In 4 BDP every round trip takes a quarter of a second, and half a minute is short.
for (const {queue, least} of [{queue: 0.5, least: 0.25}, {queue: 1, least: 0.3}, {queue: 4, least: 0.1}]) {
	test(`beside a CUBIC flow and a queue of ${queue} BDP neither starves`, t => {
		const {share, competitor} = runFlow({...fast, queue}, {time: 30_000, competitorLead: 5000});
		t.true(share > least, `${share}`);
		t.true(competitor > 0.3, `CUBIC: ${competitor}`);
	});
}

test('a CUBIC flow that comes later gets its share', t => {
	const path = new EmulatedPath(1, {...fast, delay: 25, queue: 625_000});
	const common = {datagramSize: 1452, maxDatagramSize: 1452};
	const ours = path.open({config: common});
	ours.start(Infinity);
	path.run(5000);
	const cubic = path.open({config: {...common, fastAckEvery: 2, sendBuffer: 2 ** 23}, congestion: size => new Cubic(size)});
	cubic.start(Infinity);
	path.run(10_000);
	const before = [ours.received, cubic.received];
	path.run(20_000);
	const both = [ours.received, cubic.received].map((received, index) => (received - before[index]!) / (fast.rate * 20_000));
	t.true(both.every(share => share > 0.3 && share < 0.7), both.join(' / '));
});

test('two of ours leave the queue short', t => {
	const path = new EmulatedPath(1, {...fast, delay: 25, queue: 625_000});
	for (const lag of [5000, 8000]) {
		path.open({config: {datagramSize: 1452, maxDatagramSize: 1452}}).start(Infinity);
		path.run(lag);
	}

	const backlogs = Array.from({length: 200}, () => {
		path.run(50);
		return path.there.backlog(path.now) / fast.rate;
	});
	t.true(percentile(backlogs, 0.5) < 15, `${percentile(backlogs, 0.5)}`);
});

for (const {queue, lag} of [{queue: 0.5, lag: 0}, {queue: 1, lag: 0}, {queue: 4, lag: 0}, {queue: 1, lag: 5000}]) {
	test(`two of ours share a link with a queue of ${queue} BDP fairly, the second ${lag} ms later`, t => {
		const both = runNeighbours({...fast, queue}, {lag, settle: 8000, time: 16_000});
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
	t.true(percentile(lineTimes, 0.9) < 1200, `${percentile(lineTimes, 0.9)}`);
});
