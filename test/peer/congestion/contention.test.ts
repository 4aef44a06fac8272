// Who is believed to fill the queue, and the window beside him.
import test from 'ava';
import {Contention, type Leftover} from '../../../source/peer/congestion/contention.js';
import {CubicWindow} from '../../../source/peer/congestion/cubic-window.js';

const packet = 1000;

/**
Whether somebody is believed to be there after each drained queue.
*/
function beliefs(leftovers: readonly Leftover[]): boolean[] {
	const contention = new Contention();
	return leftovers.map((leftover, index) => {
		contention.handleDrained(leftover, 100 * packet, index * 1000);
		return contention.window !== undefined;
	});
}

const seen: Array<[string, Leftover[], boolean[]]> = [
	['four queues in a row', ['queue', 'queue', 'queue', 'queue'], [false, false, false, true]],
	['two deep ones', ['deep', 'deep'], [false, true]],
	['a short queue says nothing', ['queue', 'queue', 'short', 'queue', 'queue'], [false, false, false, false, true]],
	['nobody where nothing is left', ['nothing', 'nothing'], [false, false]],
	['an empty queue ends it', ['deep', 'deep', 'short', 'nothing'], [false, true, true, false]],
	['he is believed again sooner', ['deep', 'deep', 'nothing', 'queue', 'queue'], [false, true, false, false, true]],
];

for (const [name, leftovers, expected] of seen) {
	test(`belief: ${name}`, t => {
		t.deepEqual(beliefs(leftovers), expected);
	});
}

test('round trips with an empty queue wear the belief away, but only where he is not believed in', t => {
	const contention = new Contention();
	contention.handleDrained('deep', packet, 0);
	contention.handleEmpty();
	contention.handleEmpty();
	contention.handleDrained('deep', packet, 0);
	t.is(contention.window, undefined);
	contention.handleDrained('deep', packet, 0);
	contention.handleEmpty();
	t.is(contention.window, packet);
});

test('his window is remembered while he is doubted', t => {
	const contention = new Contention();
	contention.handleDrained('deep', 100 * packet, 0);
	contention.handleDrained('deep', 100 * packet, 0);
	t.is(contention.window, 100 * packet);
	contention.grow(1.5, 0);
	contention.handleDrained('nothing', packet, 100);
	t.is(contention.window, undefined);
	contention.handleDrained('deep', packet, 200);
	t.is(contention.window, 150 * packet);
	contention.forget();
	contention.handleDrained('deep', packet, 300);
	t.is(contention.window, undefined);
});

test('a loss that lasts for several round trips is yielded to once', t => {
	const contention = new Contention();
	contention.handleDrained('deep', 100 * packet, 0);
	contention.handleDrained('deep', 100 * packet, 0);
	for (const isLost of [true, true, true]) {
		contention.handleRound({isLost, packet}, 50);
		contention.climb({packet, rtt: 50}, 50);
	}

	t.is(contention.window, 70 * packet);
	contention.handleRound({isLost: false, packet}, 100);
	contention.handleRound({isLost: true, packet}, 150);
	t.is(contention.window, 49 * packet);
});

/**
Bytes after `time` ms of round trips of 50 ms.
*/
function climb(window: CubicWindow, from: number, time: number): number {
	for (let now = from + 50; now <= from + time; now += 50) {
		window.handleRound(packet, 50, now);
	}

	return window.size;
}

test('a CUBIC window is back where packets were lost after K seconds, flat there, and climbs on', t => {
	const window = new CubicWindow(1000 * packet, 0);
	window.handleLoss(packet, 0);
	t.is(window.size, 700 * packet);
	// RFC 9438, equation 2.
	const plateau = Math.cbrt(1000 * 0.3 / 0.4) * 1000;
	const before = climb(window, 0, plateau - 1000);
	t.true(before > 990 * packet && before < 1000 * packet, `${before}`);
	const after = climb(window, plateau - 1000, 2000);
	t.true(after > 1000 * packet && after < 1010 * packet, `${after}`);
	t.true(climb(window, plateau + 1000, 4000) > 1030 * packet);
});

test('a small CUBIC window climbs as a Reno sender\'s', t => {
	const window = new CubicWindow(20 * packet, 0);
	window.handleLoss(packet, 0);
	const size = climb(window, 0, 500);
	t.true(Math.abs(size - ((14 + (10 * 9 / 17)) * packet)) < packet, `${size}`);
});

test('a CUBIC window gives way to newcomers: lost before it was back, it aims lower', t => {
	const window = new CubicWindow(1000 * packet, 0);
	window.handleLoss(packet, 0);
	window.handleLoss(packet, 50);
	t.is(Math.round(window.size), 490 * packet);
	const size = climb(window, 50, 7000);
	t.true(size < 700 * packet, `${size}`);
});
