// The controller against a made-up path: one that delivers what it is given, up to a rate, with a queue for the rest.
import test from 'ava';
import {Bbr} from '../../../source/peer/congestion/congestion-bbr.js';
import {DeliveryRate} from '../../../source/peer/recovery/delivery-rate.js';

const size = 1200;
const rtt = 50;

/**
Rounds of one round trip each, in which the path delivers at most `rate` bytes a ms and loses a share.
*/
class Path {
	readonly bbr = new Bbr(size);
	rate = 1000;
	loss = 0;
	now = 0;
	#delivered = 0;

	round({queueDelay = 0, isAppLimited = false} = {}): void {
		const sent = Math.min(this.bbr.window, this.bbr.pacingRate(rtt) * rtt);
		const bytes = Math.min(sent * (1 - this.loss), this.rate * rtt);
		const prior = this.#delivered;
		this.now += rtt;
		if (this.loss > 0) {
			this.bbr.handleLost({bytes: sent * this.loss});
		}

		for (let part = 1; part <= 10; part++) {
			this.#delivered += bytes / 10;
			this.bbr.handleAcknowledged({
				bytes: bytes / 10,
				sentAt: this.now - rtt,
				inFlight: bytes,
				rtt,
				latestRtt: rtt + queueDelay,
				delivered: this.#delivered,
				priorDelivered: part === 10 ? prior : prior - 1,
				sample: {rate: bytes / rtt, isAppLimited},
			}, this.now);
		}
	}

	rounds(count: number, options = {}): this {
		for (let index = 0; index < count; index++) {
			this.round(options);
		}

		return this;
	}
}

test('it finds the rate, and holds no more in flight than 1.25 times what the path holds, and what acknowledgements hold back', t => {
	const {bbr} = new Path().rounds(60);
	t.true(Math.abs(bbr.bandwidth - 1000) < 20, `${bbr.bandwidth}`);
	t.is(bbr.capacity, bbr.bandwidth * rtt);
	t.true(bbr.window <= (1.25 * bbr.capacity) + (5 * bbr.bandwidth) + 1);
	t.true(bbr.pacingRate(rtt) <= 1.13 * bbr.bandwidth);
});

test('usual loss does not slow it down; it sends so much more', t => {
	const path = new Path().rounds(40);
	path.loss = 0.05;
	path.rate = 950;
	path.rounds(150);
	t.true(path.bbr.bandwidth > 900, `${path.bbr.bandwidth}`);
});

test('a path that got slower is followed down', t => {
	const path = new Path().rounds(40);
	path.rate = 300;
	path.rounds(40);
	t.true(path.bbr.bandwidth < 310, `${path.bbr.bandwidth}`);
});

test('a path that got faster is followed up, ever harder', t => {
	const path = new Path().rounds(40);
	path.rate = 4000;
	path.rounds(120);
	t.true(path.bbr.bandwidth > 3500, `${path.bbr.bandwidth}`);
});

test('a queue ends the start-up before delivery stops growing', t => {
	const path = new Path();
	path.rate = Infinity;
	path.rounds(3);
	const growing = path.bbr.pacingRate(rtt) / path.bbr.bandwidth;
	path.round({queueDelay: 20});
	t.true(growing > 2);
	t.true(path.bbr.pacingRate(rtt) / path.bbr.bandwidth <= 1);
});

test('a queue that was there before does not end it', t => {
	const {bbr} = new Path().rounds(5, {isAppLimited: true}).rounds(12, {queueDelay: 40});
	t.true(bbr.bandwidth > 900, `${bbr.bandwidth}`);
});

test('a little chat says nothing about the path, and does not end the start-up', t => {
	const {bbr} = new Path().rounds(50, {isAppLimited: true});
	t.true(bbr.window >= 12_000);
});

test('persistent congestion begins anew', t => {
	const path = new Path().rounds(40);
	path.bbr.handlePersistentCongestion();
	t.is(path.bbr.bandwidth, 0);
	t.is(path.bbr.window, 12_000);
	path.rounds(60);
	t.true(path.bbr.bandwidth > 900);
});

test('a rate sample spans the longer of sending and acknowledging, and knows when there was too little to send', t => {
	const rate = new DeliveryRate();
	const stamps = [0, 1, 2, 3].map(index => rate.stamp(index * 1000, 100 + (index * 10)));
	rate.handleDelivered(4000, 200);
	t.deepEqual(rate.sample(stamps[3]!, 130, {minimumRtt: 50, now: 200}), {rate: 40, isAppLimited: false});
	rate.handleAppLimited(0);
	const late = rate.stamp(1, 210);
	rate.handleDelivered(1000, 260);
	t.true(rate.sample(late, 210, {minimumRtt: 50, now: 260})?.isAppLimited);
	const early = rate.stamp(0, 300);
	rate.handleDelivered(1000, 305);
	t.is(rate.sample(early, 300, {minimumRtt: 50, now: 305}), undefined, 'no round trip is that short');
});

test('beside somebody who fills the queue it keeps a window, yields to loss as he does, and stops when the queue was empty', t => {
	const path = new Path().rounds(40);
	const {bbr} = path;
	const contend = (): number => {
		for (let index = 0; index < 40 && bbr.state !== 'contended'; index++) {
			path.round({queueDelay: 40});
		}

		t.is(bbr.state, 'contended');
		return bbr.window;
	};

	const first = contend();
	path.rounds(45, {queueDelay: 40});
	const climbed = contend();
	t.true(climbed > first, `${first} -> ${climbed}`);
	path.loss = 0.01;
	path.round({queueDelay: 40});
	path.loss = 0;
	const yielded = contend();
	t.true(yielded < 0.75 * climbed, `${climbed} -> ${yielded}`);
	path.rounds(60);
	t.not(bbr.state, 'contended');
	t.true(bbr.window <= (1.25 * bbr.capacity) + (5 * bbr.bandwidth) + 1);
});

test('a queue that comes and goes is nobody who fills it', t => {
	const path = new Path().rounds(40);
	for (let index = 0; index < 40; index++) {
		path.rounds(2, {queueDelay: 15}).rounds(1);
		t.not(path.bbr.state, 'contended');
	}
});
