// The emulator imposes what it says.
import test from 'ava';
import {LinkEmulator, type LinkConditions} from '../helpers/link-emulator.js';
import {SeededRandom} from '../helpers/random.js';

/**
Sends `count` datagrams of 1000 bytes, one every `pause` ms, and returns when each arrived, by number.
*/
function send(conditions: Partial<LinkConditions>, {count, pause, seed = 1}: {count: number; pause: number; seed?: number}) {
	const link = new LinkEmulator<number>(new SeededRandom(seed), {overhead: 0, ...conditions});
	const arrivals: Array<{number: number; at: number; delay: number}> = [];
	for (let number = 0; number < count; number++) {
		link.send(number, 1000, number * pause);
	}

	for (let at = link.nextArrival(); at !== undefined; at = link.nextArrival()) {
		const number = link.receive(at)!;
		arrivals.push({number, at, delay: at - (number * pause)});
	}

	return {arrivals, counts: link.counts};
}

const isNear = (value: number, wanted: number, tolerance: number) => Math.abs(value - wanted) <= tolerance;

test('a clean link delays and nothing else', t => {
	const {arrivals} = send({delay: 25}, {count: 100, pause: 1});
	t.deepEqual(arrivals.map(({number}) => number), Array.from({length: 100}, (_, number) => number));
	t.true(arrivals.every(({delay}) => delay === 25));
});

test('the rate holds, headers counted', t => {
	const {arrivals} = send({rate: 100, overhead: 28}, {count: 50, pause: 0});
	t.true(isNear(arrivals.at(-1)!.at, 50 * 1028 / 100, 1e-6));
});

test('the queue holds so many bytes and drops the rest', t => {
	const {arrivals, counts} = send({rate: 100, queue: 5000}, {count: 50, pause: 0});
	t.is(arrivals.length, 5);
	t.is(counts.overflowed, 45);
	t.is(counts.largestQueue, 5000);
	t.is(send({rate: 100, queue: 5000}, {count: 50, pause: 10}).counts.overflowed, 0);
});

test('loss, duplication and reordering happen as often as they should', t => {
	const {arrivals, counts} = send({
		loss: 0.05, duplicate: 0.02, reorder: 0.03, reorderDelay: 10,
	}, {count: 50_000, pause: 1});
	t.true(isNear(counts.lost / 50_000, 0.05, 0.004), `${counts.lost}`);
	t.true(isNear(counts.duplicated / (50_000 - counts.lost), 0.02, 0.003), `${counts.duplicated}`);
	t.true(isNear(counts.reordered / arrivals.length, 0.03, 0.003), `${counts.reordered}`);
	t.is(arrivals.length, 50_000 - counts.lost + counts.duplicated);
	t.true(arrivals.every(({delay}) => delay >= 0 && delay <= 10));
	t.true(arrivals.some(({number}, index) => index > 0 && number < arrivals[index - 1]!.number));
});

test('jitter is spread evenly', t => {
	const {arrivals} = send({delay: 20, jitter: 5}, {count: 20_000, pause: 1});
	let sum = 0;
	for (const {delay} of arrivals) {
		sum += delay;
	}

	t.true(isNear(sum / arrivals.length, 22.5, 0.1));
	t.true(arrivals.every(({delay}) => delay >= 20 && delay <= 25));
});

test('a seed repeats exactly, another one does not', t => {
	const conditions = {
		rate: 500, queue: 20_000, delay: 10, jitter: 5, loss: 0.1, reorder: 0.1, duplicate: 0.1,
	};
	const run = (seed: number) => send(conditions, {count: 500, pause: 1, seed}).arrivals;
	t.deepEqual(run(3), run(3));
	t.notDeepEqual(run(3), run(4));
});
