// The window on one machine: as large as the peer allows while round trips are tiny, somebody else's business otherwise.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {type AckedBatch} from '../../../source/peer/congestion/congestion.js';
import {LocalCongestion} from '../../../source/peer/congestion/congestion-local.js';
import {NewReno} from '../../../source/peer/congestion/new-reno.js';
import {Pair} from '../../helpers/pair.js';

const batch = (latestRtt: number | undefined, changes: Partial<AckedBatch> = {}): AckedBatch => ({
	bytes: 60_000, sentAt: 0, inFlight: 60_000, rtt: latestRtt ?? 1, latestRtt, delivered: 0, priorDelivered: 0, sample: undefined, ...changes,
});

test('until a round trip was seen, and where it is long, the network\'s controller decides', t => {
	const network = new NewReno(1200);
	const local = new LocalCongestion(network, 1200);
	t.is(local.window, network.window);
	local.handleAcknowledged(batch(30), 1);
	t.is(local.window, network.window);
	t.is(local.pacingRate(30), network.pacingRate(30));
	local.handleAcknowledged(batch(undefined), 2);
	t.is(local.window, network.window);
	local.handleAcknowledged(batch(0.2), 3);
	t.true(local.window >= 2 * 1024 * 1024);
	t.is(local.pacingRate(0.2), Infinity);
});

test('a loss halves the window once, it grows again, and never falls below a few packets', t => {
	const local = new LocalCongestion(new NewReno(1200), 1200);
	local.handleAcknowledged(batch(0.2), 1);
	const full = local.window;
	local.handleDatagramSize(60_000);
	local.handleLost({bytes: 60_000, sentAt: 5}, 10);
	local.handleLost({bytes: 60_000, sentAt: 9}, 11);
	t.is(local.window, full / 2);
	local.handleAcknowledged(batch(0.2), 12);
	t.is(local.window, (full / 2) + 60_000);
	for (let now = 20; now < 60; now++) {
		local.handleLost({bytes: 60_000, sentAt: now}, now);
	}

	t.is(local.window, 4 * 60_000);
	local.handlePersistentCongestion();
	t.is(local.window, 4 * 60_000);
});

test('no more is in flight than the peer\'s socket takes in', t => {
	const loopback = {sizeCeiling: () => 65_507};
	const pair = new Pair({ann: loopback, bob: {...loopback, config: {maxInFlight: 200_000}}, conditions: {delay: 0.1}}).open();
	pair.run(200);
	let most = 0;
	let left = 2_000_000;
	pair.runUntil(() => {
		left -= left > 0 ? pair.ann.endpoint.write(pair.ann.link, 2, Buffer.alloc(Math.min(left, 65_536))) : 0;
		most = Math.max(most, pair.ann.endpoint.statistics(pair.ann.link)!.bytesInFlight);
		return pair.bob.receivedSize(2) === 2_000_000;
	}, 10_000);
	t.is(pair.bob.receivedSize(2), 2_000_000);
	t.true(most > 100_000 && most <= 200_000, `${most} in flight`);
});
