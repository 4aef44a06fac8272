// Loss detection, round trip and window against the rules of RFC 9002.
import test from 'ava';
import {Acknowledgements} from '../../../source/peer/packets/acknowledgements.js';
import {completeConfig} from '../../../source/peer/config.js';
import {ProtocolViolation} from '../../../source/peer/errors.js';
import {NewReno} from '../../../source/peer/congestion/new-reno.js';
import {Pacer} from '../../../source/peer/congestion/pacer.js';
import {Recovery} from '../../../source/peer/recovery/recovery.js';
import {RttEstimator} from '../../../source/peer/recovery/rtt.js';

function create(sample = 100) {
	const rtt = new RttEstimator(100);
	rtt.update(sample, 0);
	const congestion = new NewReno(1200);
	return {
		rtt, congestion, recovery: new Recovery({
			rtt, congestion, peerMaxAckDelay: 25, maxProbeTimeout: 4000,
		}),
	};
}

const ack = (...ranges: Array<[number, number]>) => ({type: 'ack' as const, delay: 0, ranges: ranges.map(([start, end]) => ({start, end}))});

function send(recovery: Recovery, count: number, now: number): void {
	for (let index = 0; index < count; index++) {
		recovery.handleSent(1200, [{type: 'ping'}], true, now);
	}
}

test('three later packets prove a packet lost', t => {
	const {recovery} = create();
	send(recovery, 4, 0);
	t.deepEqual(recovery.handleAck(ack([2, 3]), 50).lost, []);
	const {acked, lost} = recovery.handleAck(ack([2, 4]), 51);
	t.deepEqual(acked.map(({pn}) => pn), [3]);
	t.deepEqual(lost.map(({pn}) => pn), [0]);
	t.is(recovery.bytesInFlight, 1200);
	t.is(recovery.packetsLost, 1);
});

test('so does 9/8 of a round trip', t => {
	const {recovery} = create(100);
	send(recovery, 2, 0);
	t.deepEqual(recovery.handleAck(ack([1, 2]), 100).lost, []);
	t.is(recovery.pollTimeout(), 112.5);
	t.deepEqual(recovery.handleTimeout(112.4).lost, []);
	t.deepEqual(recovery.handleTimeout(112.5).lost.map(({pn}) => pn), [0]);
	t.is(recovery.pollTimeout(), undefined);
});

test('silence brings two probes, then waits twice as long, up to a limit', t => {
	const {recovery} = create(100);
	send(recovery, 3, 1000);
	// 100 smoothed + 4 x 50 variation + 25 delay of the acknowledgement.
	t.is(recovery.pollTimeout(), 1325);
	const {probe} = recovery.handleTimeout(1325);
	t.deepEqual(probe.map(({pn}) => pn), [0, 1]);
	t.is(recovery.probesToSend, 2);
	send(recovery, 2, 1325);
	t.is(recovery.probesToSend, 0);
	t.is(recovery.pollTimeout(), 1325 + 650);
	for (let now = 1325; recovery.probeCount < 8; now = recovery.pollTimeout()!) {
		recovery.handleTimeout(now);
		t.true(recovery.pollTimeout()! - now <= 4000);
	}

	recovery.handleAck(ack([0, 5]), 30_000);
	t.is(recovery.probeCount, 0);
	t.is(recovery.bytesInFlight, 0);
	t.is(recovery.pollTimeout(), undefined);
});

test('a packet that comes after it was given up is settled, and the next late one is waited for', t => {
	const {recovery} = create(100);
	send(recovery, 5, 0);
	t.deepEqual(recovery.handleAck(ack([1, 5]), 100).lost.map(({pn}) => pn), [0]);
	const {acked} = recovery.handleAck(ack([0, 5]), 120);
	t.deepEqual(acked.map(({pn}) => pn), [0]);
	t.is(recovery.packetsLost, 0);
	send(recovery, 5, 200);
	t.deepEqual(recovery.handleAck(ack([6, 10], [0, 5]), 300).lost, [], 'three later packets prove nothing any more');
	t.true(recovery.pollTimeout()! > 300 + 20, 'it is waited as long as the other was late');
	t.deepEqual(recovery.handleAck(ack([0, 10]), 319).acked.map(({pn}) => pn), [5]);
	t.is(recovery.packetsLost, 0);
});

test('losses over several probe timeouts, with nothing between them acknowledged, restart the path', t => {
	const {recovery, congestion} = create(100);
	send(recovery, 1, 0);
	recovery.handleAck(ack([0, 1]), 100);
	for (let now = 200; now < 3000; now += 100) {
		send(recovery, 1, now);
	}

	send(recovery, 1, 3000);
	recovery.handleAck(ack([recovery.nextPacketNumber - 1, recovery.nextPacketNumber]), 3100);
	t.is(congestion.window, 2400);
});

test('an acknowledgement of what was never sent is a violation', t => {
	const {recovery} = create();
	send(recovery, 2, 0);
	t.throws(() => recovery.handleAck(ack([0, 3]), 10), {instanceOf: ProtocolViolation});
});

test('packets without anything to acknowledge are not in flight', t => {
	const {recovery} = create();
	for (let index = 0; index < 100; index++) {
		recovery.handleSent(40, [], false, index);
	}

	t.is(recovery.bytesInFlight, 0);
	send(recovery, 1, 200);
	recovery.handleSent(40, [], false, 201);
	send(recovery, 1, 202);
	t.is(recovery.bytesInFlight, 2400);
	t.deepEqual(recovery.handleAck(ack([0, 103]), 210).acked.map(({pn}) => pn), [102, 100]);
});

test('the round trip follows section 5.3, less the delay the peer admits', t => {
	const rtt = new RttEstimator(333);
	rtt.update(100, 0);
	t.is(rtt.smoothed, 100);
	t.is(rtt.variation, 50);
	rtt.update(180, 20);
	t.is(rtt.minimum, 100);
	t.is(rtt.smoothed, (0.875 * 100) + (0.125 * 160));
	t.is(rtt.variation, (0.75 * 50) + (0.25 * 60));
	rtt.update(110, 50);
	t.is(rtt.latest, 110, 'a delay that would take the sample below the minimum is not believed');
});

test('the window doubles in a round trip, halves once a loss, and never falls below two packets', t => {
	const reno = new NewReno(1200);
	const initial = reno.window;
	t.is(initial, 12_000);
	reno.handleAcknowledged({
		bytes: 12_000, sentAt: 1, inFlight: 12_000,
	});
	t.is(reno.window, 24_000);
	reno.handleLost({sentAt: 5}, 10);
	t.is(reno.window, 12_000);
	reno.handleLost({sentAt: 9}, 11);
	t.is(reno.window, 12_000, 'the same round trip');
	reno.handleAcknowledged({
		bytes: 12_000, sentAt: 12, inFlight: 12_000,
	});
	t.is(reno.window, 13_200, 'one packet a round trip');
	for (let now = 20; now < 40; now++) {
		reno.handleLost({sentAt: now}, now);
	}

	t.is(reno.window, 2400);
	reno.handleAcknowledged({
		bytes: 100, sentAt: 50, inFlight: 100,
	});
	t.is(reno.window, 2400, 'an idle window does not grow');
});

test('the pacer lets a burst go, then the rate', t => {
	const pacer = new Pacer(1000);
	let sent = 0;
	while (pacer.timeToSend(1000, 100, 0) === 0) {
		pacer.handleSent(1000);
		sent++;
	}

	t.is(sent, 10);
	t.is(pacer.timeToSend(1000, 100, 0), 10);
	t.is(pacer.timeToSend(1000, 100, 10), 10);
	pacer.handleSent(1000);
	t.is(pacer.timeToSend(1000, 100, 10), 20);
});

test('what the pacer saved up in a pause is bounded: 4 ms, 64 KB, two packets at least', t => {
	for (const [rate, packets] of [[10, 2], [5000, 20], [10_000, 40], [100_000, 150], [40_000, 64 * 1024 / 1000]] as const) {
		const pacer = new Pacer(1000);
		pacer.timeToSend(1000, rate, 0);
		pacer.handleSent(10_000);
		let sent = 0;
		while (pacer.timeToSend(1000, rate, 60_000) === 60_000) {
			pacer.handleSent(1000);
			sent++;
		}

		t.is(sent, Math.floor(packets), `${rate} bytes a ms`);
	}
});

test('every second packet is acknowledged, at once where the order breaks, sparser when fast', t => {
	const acknowledgements = new Acknowledgements(completeConfig());
	const take = (pn: number, now: number, isUrgent = false) => {
		acknowledgements.handlePacket(pn, {size: 1200, isEliciting: true, isUrgent}, now);
		return acknowledgements.dueAt;
	};

	t.is(take(0, 1000), 1025);
	t.is(take(1, 1001), 1001);
	t.deepEqual(acknowledgements.takeFrame(1001), {type: 'ack', delay: 0, ranges: [{start: 0, end: 2}]});
	t.is(acknowledgements.dueAt, undefined);
	t.is(take(3, 1002), 1002, 'a gap');
	t.deepEqual(acknowledgements.takeFrame(1003)?.ranges, [{start: 3, end: 4}, {start: 0, end: 2}]);
	t.is(take(2, 1004), 1004, 'out of order');
	acknowledgements.takeFrame(1004);
	t.is(take(4, 1005, true), 1005, 'a ping');
	acknowledgements.takeFrame(1005);
	let pn = 5;
	let told = 0;
	for (; pn < 1005; pn++) {
		const now = 1100 + ((pn - 5) / 10);
		if (take(pn, now) !== now) {
			continue;
		}

		acknowledgements.takeFrame(now);
		told++;
	}

	// Ten a millisecond: a few while the speed is found out, then one for twenty packets.
	t.true(told < 250, `${told} of 1000`);
	acknowledgements.takeFrame(1200);
	let count = 1;
	for (; take(pn, 1200 + (count / 10)) === 1205.1; pn++) {
		count++;
	}

	pn++;
	t.true(count >= 18 && count <= 22, `${count}`);
	t.is(acknowledgements.dueAt, 1200 + (count / 10));
	acknowledgements.takeFrame(1202);
	t.is(take(pn + 1, 1202.5), 1203, 'a gap waits a moment when packets come fast');
	acknowledgements.takeFrame(1203);
	take(pn, 1203);
	pn += 2;
	acknowledgements.takeFrame(1204);
	acknowledgements.handleSettled(pn - 1);
	acknowledgements.handlePacket(pn, {size: 40, isEliciting: false, isUrgent: false}, 1300);
	t.is(acknowledgements.dueAt, undefined, 'an ACK is not acknowledged');
	t.deepEqual(acknowledgements.takeFrame(1300)?.ranges, [{start: pn - 1, end: pn + 1}]);
});

test('a quarter of what the peer may have in flight is acknowledged at once, however fast it comes', t => {
	const acknowledgements = new Acknowledgements(completeConfig({maxInFlight: 2_000_000}));
	let told = 0;
	for (let pn = 0; pn < 2000; pn++) {
		const now = 1000 + (pn / 20);
		acknowledgements.handlePacket(pn, {size: 50_000, isEliciting: true, isUrgent: false}, now);
		if (acknowledgements.dueAt !== now) {
			continue;
		}

		acknowledgements.takeFrame(now);
		told++;
	}

	// The first 25 ms every second packet, while the speed is found out.
	t.true(told >= 200 && told < 500, `${told} of 2000`);
});

test('scattered packets leave a bounded list of ranges', t => {
	const acknowledgements = new Acknowledgements(completeConfig());
	for (let pn = 0; pn < 4000; pn += 2) {
		acknowledgements.handlePacket(pn, {size: 1200, isEliciting: true, isUrgent: false}, pn);
	}

	const {ranges} = acknowledgements.takeFrame(5000)!;
	t.is(ranges.length, 64);
	t.deepEqual(ranges[0], {start: 3998, end: 3999});
});

test('what went by an old path is given up, and when it arrives after all it teaches nothing about the new', t => {
	const {recovery} = create(100);
	send(recovery, 10, 0);
	recovery.handleAck(ack([0, 1]), 100);
	const rtt = new RttEstimator(100);
	const congestion = new NewReno(1200);
	const given = recovery.handleMoved({rtt, congestion});
	t.deepEqual(given.map(({pn}) => pn), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
	t.is(recovery.bytesInFlight, 0);
	t.is(recovery.pollTimeout(), undefined);
	const {window} = congestion;
	send(recovery, 10, 200);
	const {acked, lost} = recovery.handleAck(ack([1, 9]), 210);
	t.deepEqual(acked.map(({pn}) => pn), [1, 2, 3, 4, 5, 6, 7, 8]);
	t.deepEqual(lost, []);
	t.is(rtt.minimum, 0, 'no sample was taken');
	t.is(congestion.window, window);
	t.is(recovery.packetsLost, 1);
	recovery.handleAck(ack([10, 20], [1, 9]), 220);
	t.is(rtt.minimum, 20);
	t.true(congestion.window > window);
	t.is(recovery.bytesInFlight, 0);
});
