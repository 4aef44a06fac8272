// A peer dies without a word: what the link notices by itself, what it asks the system, and what a wrong answer does.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {Pair, type Side} from '../helpers/pair.js';

/**
Both on one machine, as the link sees it.
*/
const near = {conditions: {delay: 0.05}, ann: {sizeCeiling: () => 65_507}, bob: {sizeCeiling: () => 65_507}};

/**
Answers the pokes of `side` as a system does on which `isOpen` says whether anybody listens. Returns how many there were.
*/
function answerPokes(pair: Pair, side: Side, isOpen: () => boolean, known = 0): number {
	const silences = side.ofType('silent');
	for (const {address} of silences.slice(known)) {
		if (!isOpen()) {
			side.endpoint.handleUnreachable(address, pair.now);
		}
	}

	return silences.length;
}

/**
How long ann takes to call bob lost after his death, or Infinity after `time` ms. Pokes are answered at once.
*/
function timeToNotice(pair: Pair, time: number): number {
	const {ann, bob} = pair;
	const start = pair.now;
	bob.isRunning = false;
	let pokes = ann.ofType('silent').length;
	const isLost = pair.runUntil(() => {
		pokes = answerPokes(pair, ann, () => bob.isRunning, pokes);
		return ann.ofType('lost').length > 0;
	}, time);
	return isLost ? pair.now - start : Infinity;
}

test('on one machine a death is noticed within two seconds, whenever it comes and whoever talked last', t => {
	for (let quiet = 0; quiet < 60_000; quiet += 3137) {
		const pair = new Pair(near).open();
		pair.run(quiet);
		const time = timeToNotice(pair, 30_000);
		t.true(time < 1200, `${time} ms after ${quiet} ms of silence`);
	}
});

test('on any path a death is noticed as soon when something was on its way to the peer', t => {
	for (const delay of [1, 20, 100]) {
		const pair = new Pair({conditions: {delay}}).open();
		pair.run(60_000);
		pair.bob.isRunning = false;
		pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('are you there?'));
		const time = timeToNotice(pair, 30_000);
		t.true(time < 2000, `${time} ms at a delay of ${delay}`);
	}
});

test('without a word from the system it takes the long silence', t => {
	const pair = new Pair(near).open();
	pair.run(5000);
	pair.bob.isRunning = false;
	t.false(pair.runUntil(() => pair.ann.ofType('lost').length > 0, 11_000));
	t.true(pair.runUntil(() => pair.ann.ofType('lost').length > 0, 10_000));
	const pokes = pair.ann.ofType('silent').length;
	t.true(pokes >= 3 && pokes <= 20, `${pokes} pokes`);
});

test('two idle peers on one machine cost each other three packets a second, and nobody is poked', t => {
	const pair = new Pair(near).open();
	pair.run(10_000);
	const before = pair.network.sent;
	pair.run(60_000);
	const rate = (pair.network.sent - before) / 60;
	t.true(rate > 1 && rate < 3, `${rate} packets a second`);
	t.deepEqual([...pair.ann.ofType('silent'), ...pair.bob.ofType('silent')], []);
});

test('wrong hints, however many, do not cost a living peer its link', t => {
	for (let seed = 1; seed <= 20; seed++) {
		const pair = new Pair({seed, conditions: {delay: 10, loss: 0.2}}).open();
		for (let count = 0; count < 50; count++) {
			pair.ann.endpoint.handleUnreachable(pair.bob.address, pair.now);
			pair.run(100);
		}

		t.deepEqual(pair.ann.ofType('lost'), [], `seed ${seed}`);
		pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('still here'));
		t.true(pair.runUntil(() => pair.bob.received(1).toString() === 'still here', 10_000));
	}
});

test('a hint about another address asks nobody', t => {
	const pair = new Pair().open();
	pair.run(1000);
	const before = pair.network.sent;
	for (const address of ['10.0.0.2:7601', '10.0.0.3:7600', '', pair.ann.address]) {
		pair.ann.endpoint.handleUnreachable(address, pair.now);
	}

	pair.run(1000);
	t.is(pair.network.sent, before);
});

test('a poke is met with silence', t => {
	const pair = new Pair().open();
	pair.run(1000);
	pair.bob.endpoint.handleDatagram(new Uint8Array(0), '203.0.113.1:5', pair.now);
	t.is(pair.bob.endpoint.pollTransmit(pair.now), undefined);
});
