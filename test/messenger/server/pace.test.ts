// The client's pace against the server's own bucket: whatever is asked when, nothing is refused.
import test from 'ava';
import fc from 'fast-check';
import {TokenBucket} from '../../../server/core/buckets.js';
import {Pace} from '../../../source/messenger/server/pace.js';
import {requestBurst, requestRate} from '../../../source/protocol/costs.js';

type Asked = {readonly waitMs: number; readonly cost: number; readonly delayMs: number};

const asked = fc.array(fc.record({waitMs: fc.nat(200), cost: fc.constantFrom(0, 0.5, 1, 2, 5), delayMs: fc.nat(300)}), {maxLength: 2000, size: 'max'});

function isNeverRefused(requests: readonly Asked[]): boolean {
	const pace = new Pace(requestRate, requestBurst);
	const bucket = new TokenBucket(requestRate, requestBurst, 0);
	let now = 0;
	let arrived = 0;
	pace.reset(now);
	for (const {waitMs, cost, delayMs} of requests) {
		// Nearly always in a hurry.
		now += waitMs > 190 ? waitMs : 0;
		const isTaken = pace.take(cost, now);
		now = isTaken ? now : pace.readyAt(cost);
		if (!isTaken && !pace.take(cost, now)) {
			throw new Error('it was not ready when it said');
		}

		// In order, but some in a bunch.
		arrived = Math.max(arrived, now + delayMs);
		if (bucket.take(cost, arrived) !== 'ok') {
			return false;
		}
	}

	return true;
}

test('what keeps the pace is never refused, also where the network delivers it in a bunch', t => {
	t.notThrows(() => {
		fc.assert(fc.property(asked, isNeverRefused), {numRuns: 50});
	});
});

test('a rested connection may ask much at once, and then as fast as tokens come back', t => {
	const pace = new Pace(10, 20);
	pace.reset(1000);
	let count = 0;
	while (pace.take(1, 1000)) {
		count++;
	}

	t.is(count, 18);
	t.is(pace.readyAt(1), 1112);
	t.false(pace.take(1, 1111));
	t.true(pace.take(1, 1112));
});
