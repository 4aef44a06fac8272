import test from 'ava';
import {completeConfig} from '../../source/peer/config.js';
import {Liveness} from '../../source/peer/liveness.js';

/**
When a probe that is never answered ends, in ms after the hint, and how many pings it sent.
*/
function probeInVain(interval: number): {readonly lostAfter: number; readonly pings: number} {
	const liveness = new Liveness(completeConfig({}), 0);
	liveness.startProbe(1, {}, 0);
	let pings = 0;
	for (;;) {
		const now = liveness.pollTimeout();
		const verdict = liveness.handleTimeout({missed: 0, interval}, now);
		if (verdict === 'lost') {
			return {lostAfter: now, pings};
		}

		pings += verdict === 'ping' ? 1 : 0;
	}
}

test('a dead peer on a fast path is lost within a second of the hint', t => {
	t.deepEqual(probeInVain(30), {lostAfter: 800, pings: 8});
});

test('a path that seems slow is waited for once, not after each ping', t => {
	t.deepEqual(probeInVain(600), {lostAfter: 1300, pings: 8});
});

test('a peer on this machine is pinged every 0.75 s, talking or not, any other after 4 s or 20', t => {
	const liveness = new Liveness(completeConfig({}), 0);
	t.is(liveness.pollTimeout(), 4000);
	liveness.handleReceived(100_000);
	t.is(liveness.pollTimeout(), 120_000);
	liveness.setNear(true);
	t.is(liveness.pollTimeout(), 100_750);
	t.is(liveness.handleTimeout({missed: 0, interval: 30}, 100_749), undefined);
	t.is(liveness.handleTimeout({missed: 0, interval: 30}, 100_750), 'ping');
});

test('an overdue answer is a reason to ask elsewhere, but not at each timeout, and not while the peer talks', t => {
	const liveness = new Liveness(completeConfig({}), 0);
	t.false(liveness.takeDoubt(30, 29));
	t.true(liveness.takeDoubt(30, 30));
	t.false(liveness.takeDoubt(30, 100));
	t.true(liveness.takeDoubt(30, 280));
	liveness.handleReceived(600);
	t.false(liveness.takeDoubt(30, 620));
	t.true(liveness.takeDoubt(30, 640));
});

test('a probe that was answered ends without a verdict', t => {
	const liveness = new Liveness(completeConfig({}), 0);
	liveness.startProbe(7, {}, 0);
	t.is(liveness.handleTimeout({missed: 0, interval: 30}, 0), 'ping');
	liveness.handleReceived(50);
	liveness.handleAcknowledged(6);
	t.is(liveness.pollTimeout(), 100, 'an old packet says nothing about now');
	liveness.handleAcknowledged(7);
	t.true(liveness.pollTimeout() > 1000);
});

test('a closed port on this machine needs fewer pings than a rumour; elsewhere it is a rumour', t => {
	const pingsUntilLost = (isNear: boolean) => {
		const liveness = new Liveness(completeConfig({}), 0);
		liveness.setNear(isNear);
		liveness.startProbe(1, {}, 0);
		liveness.startProbe(1, {isRefused: true}, 0);
		for (let pings = 0, now = 0; ; pings++) {
			now = liveness.pollTimeout();
			if (liveness.handleTimeout({missed: 0, interval: 10}, now) === 'lost') {
				return {pings, now};
			}
		}
	};

	t.deepEqual(pingsUntilLost(true), {pings: 3, now: 300});
	t.deepEqual(pingsUntilLost(false), {pings: 8, now: 800});
});
