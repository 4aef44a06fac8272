// The life of links between endpoints: opening, crossing, talking, closing, dying, coming back.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {compareBytes} from '../../source/peer/packets/bytes.js';
import {nodeChaCha} from '../../source/peer/crypto/cipher.js';
import {type Datagram} from '../helpers/network.js';
import {Pair, Side} from '../helpers/pair.js';

const say = (side: Side, text: string, stream = 1) => side.endpoint.write(side.link, stream, Buffer.from(text));
const canHear = (pair: Pair, side: Side, text: string) => pair.runUntil(() => side.received(1).toString() === text, 5000);

test('a link opens in one round trip and carries stream 1 both ways', t => {
	const pair = new Pair();
	const start = pair.now;
	pair.connect();
	pair.runUntil(() => pair.ann.link > 0, 1000);
	t.is(pair.now - start, 2);
	say(pair.ann, 'hello');
	t.true(canHear(pair, pair.bob, 'hello'));
	t.is(pair.now - start, 3);
	t.like(pair.bob.ofType('open')[0], {
		peer: 'ann', initiator: false, address: pair.ann.address, publicKey: pair.ann.publicKey,
	});
	t.like(pair.ann.ofType('open')[0], {
		peer: 'bob', initiator: true, address: pair.bob.address, publicKey: pair.bob.publicKey,
	});
	say(pair.bob, 'hi');
	t.true(canHear(pair, pair.ann, 'hi'));
});

test('the responder learns of the link although nobody says anything', t => {
	const pair = new Pair();
	pair.connect();
	t.true(pair.runUntil(() => pair.bob.link > 0, 10));
});

test('what is written before the link is open is sent when it is', t => {
	const pair = new Pair();
	const link = pair.connect();
	t.is(pair.ann.endpoint.write(link, 1, Buffer.from('early')), 5);
	t.true(canHear(pair, pair.bob, 'early'));
});

test('all candidates are tried at once, the first that answers is taken; later ones join in', t => {
	const pair = new Pair();
	pair.connect(['192.0.2.1:1', '[2001:db8::1]:2', pair.bob.address]);
	t.true(pair.runUntil(() => pair.ann.link > 0, 5));
	t.deepEqual(pair.stray.map(({to}) => to), ['192.0.2.1:1', '[2001:db8::1]:2']);
	const late = new Pair();
	const link = late.connect(['192.0.2.1:1']);
	late.run(500);
	late.ann.endpoint.addCandidate(link, late.bob.address, late.now);
	t.true(late.runUntil(() => late.ann.link > 0, 5));
});

test('an INIT is repeated with growing pauses, and fails after ten seconds', t => {
	const pair = new Pair();
	const start = pair.now;
	const times: number[] = [];
	pair.network.tap = (_, now) => {
		times.push(now - start);
	};

	const link = pair.connect(['192.0.2.1:1']);
	pair.ann.endpoint.write(link, 1, Buffer.from('lost'));
	pair.run(20_000);
	t.deepEqual(times, [0, 50, 150, 350, 750, 1550, 3150, 5150, 7150, 9150]);
	t.deepEqual(pair.ann.events, [{type: 'failed', link, reason: 'the peer did not answer'}]);
	t.is(pair.ann.endpoint.pollTimeout(), undefined);
	t.is(pair.ann.endpoint.write(link, 1, Buffer.from('x')), 0);
});

test('connecting twice is one link; connecting to oneself or with half a key fails at once', t => {
	const pair = new Pair().open();
	t.is(pair.connect(), pair.ann.link);
	for (const publicKey of [pair.ann.publicKey, new Uint8Array(5)]) {
		const link = pair.ann.endpoint.connect({publicKey, candidates: []}, pair.now);
		pair.flush();
		t.like(pair.ann.events.at(-1), {type: 'failed', link});
	}
});

test('a peer that is refused, on either side, gets no link', t => {
	for (const side of ['ann', 'bob'] as const) {
		const pair = new Pair({[side]: {authenticate: () => undefined}});
		pair.connect();
		pair.run(15_000);
		t.deepEqual(pair.ann.events.map(({type}) => type), ['failed']);
		t.deepEqual(pair.bob.events, []);
		t.is(pair.bob.endpoint.halfOpen, 0);
	}
});

test('who begins at the same time as the other gets one link, whatever the delays', t => {
	const failures: string[] = [];
	for (let seed = 1; seed <= 300; seed++) {
		const pair = new Pair({
			seed, conditions: {
				delay: 1 + (seed % 30), jitter: seed % 40, loss: seed % 3 === 0 ? 0.2 : 0, duplicate: 0.1,
			},
		});
		const {ann, bob} = pair;
		const links = [pair.connect(), 0];
		pair.run(seed % 7 === 0 ? 0 : pair.random.integer(0, 80));
		ann.endpoint.write(links[0]!, 1, Buffer.from('from ann'));
		links[1] = bob.endpoint.connect({publicKey: ann.publicKey, candidates: [ann.address]}, pair.now);
		bob.endpoint.write(links[1], 1, Buffer.from('from bob'));
		pair.run(8000);
		const isOk = ann.received(1).toString() === 'from bob' && bob.received(1).toString() === 'from ann'
			&& [ann, bob].every((side, index) => side.ofType('open').length === 1 && side.link === links[index] && side.ofType('lost').length === 0)
			&& ann.endpoint.statistics(ann.link)!.isInitiator !== bob.endpoint.statistics(bob.link)!.isInitiator;
		if (!isOk) {
			failures.push(`seed ${seed}: ann ${JSON.stringify(ann.events)}, bob ${JSON.stringify(bob.events)}`);
		}
	}

	t.deepEqual(failures, []);
});

test('of two crossing handshakes the smaller key\'s goes on', t => {
	for (let seed = 1; seed <= 8; seed++) {
		const pair = new Pair({seed});
		pair.connect();
		pair.bob.endpoint.connect({publicKey: pair.ann.publicKey, candidates: [pair.ann.address]}, pair.now);
		pair.run(100);
		const isAnnFirst = compareBytes(pair.ann.publicKey, pair.bob.publicKey) < 0;
		t.is(pair.ann.endpoint.statistics(pair.ann.link)?.isInitiator, isAnnFirst);
		t.is(pair.bob.endpoint.statistics(pair.bob.link)?.isInitiator, !isAnnFirst);
	}
});

test('the smaller key finds the way by the other\'s INIT when its own candidates are wrong', t => {
	for (let seed = 1; seed <= 8; seed++) {
		const pair = new Pair({seed});
		pair.connect(['192.0.2.1:1']);
		pair.bob.endpoint.connect({publicKey: pair.ann.publicKey, candidates: [pair.ann.address]}, pair.now);
		t.true(pair.runUntil(() => pair.ann.link > 0 && pair.bob.link > 0, 100));
	}
});

test('a close reaches the other side with its code and reason, and both forget the link', t => {
	const pair = new Pair().open();
	pair.ann.endpoint.close(pair.ann.link, 0x1_05, 'bye', pair.now);
	pair.run(20_000);
	t.like(pair.ann.ofType('closed')[0], {by: 'us', code: 0x1_05, reason: 'bye'});
	t.like(pair.bob.ofType('closed')[0], {by: 'peer', code: 0x1_05, reason: 'bye'});
	for (const {endpoint, link} of [pair.ann, pair.bob]) {
		t.is(endpoint.pollTimeout(), undefined);
		t.is(endpoint.statistics(link), undefined);
		t.is(endpoint.closing, 0);
	}
});

test('a close is answered at once, and repeated while it is not', t => {
	const pair = new Pair().open();
	pair.run(100);
	let closes = 0;
	pair.network.tap = () => {
		closes++;
	};

	pair.ann.endpoint.close(pair.ann.link, 0, '', pair.now);
	t.is(pair.ann.endpoint.closing, 1);
	pair.run(3);
	t.is(pair.ann.endpoint.closing, 0);
	pair.run(5000);
	t.is(closes, 2);
	const deaf = new Pair().open();
	deaf.run(100);
	deaf.network.isBlocked = ({to}) => to === deaf.bob.address;
	deaf.ann.endpoint.close(deaf.ann.link, 0, '', deaf.now);
	deaf.run(150);
	deaf.network.isBlocked = () => false;
	deaf.run(2000);
	t.is(deaf.bob.ofType('closed').length, 1);
});

test('whoever still talks on a closed link is told again', t => {
	const pair = new Pair().open();
	pair.run(100);
	pair.network.isBlocked = ({to}) => to === pair.bob.address;
	pair.ann.endpoint.close(pair.ann.link, 0, '', pair.now);
	pair.run(500);
	pair.network.isBlocked = () => false;
	say(pair.bob, 'hello?');
	pair.run(200);
	t.is(pair.bob.ofType('closed').length, 1);
});

test('both sides may close at once', t => {
	const pair = new Pair().open();
	pair.ann.endpoint.close(pair.ann.link, 1, '', pair.now);
	pair.bob.endpoint.close(pair.bob.link, 2, '', pair.now);
	pair.run(20_000);
	t.deepEqual([pair.ann, pair.bob].map(side => side.ofType('closed').map(({by, code}) => [by, code])), [[['us', 1]], [['us', 2]]]);
	t.is(pair.ann.endpoint.pollTimeout(), undefined);
});

test('after a close the two may open another link at once', t => {
	const pair = new Pair().open();
	const first = pair.ann.link;
	pair.ann.endpoint.close(first, 0, '', pair.now);
	const second = pair.connect();
	t.not(first, second);
	t.true(pair.runUntil(() => pair.ann.link === second && pair.bob.ofType('open').length === 2, 1000));
	say(pair.ann, 'again');
	t.true(canHear(pair, pair.bob, 'again'));
});

test('an idle link stays open for hours, with a ping now and then', t => {
	const pair = new Pair().open();
	say(pair.ann, 'x');
	pair.run(40_000);
	const before = pair.network.sent;
	pair.run(3_600_000);
	t.deepEqual(pair.ann.ofType('lost'), []);
	const perMinute = (pair.network.sent - before) / 60;
	t.true(perMinute >= 6 && perMinute <= 14, `${perMinute} datagrams a minute`);
	say(pair.bob, 'still here');
	t.true(canHear(pair, pair.ann, 'still here'));
	t.true(pair.ann.endpoint.statistics(pair.ann.link)!.epoch >= 25, 'keys step although nobody talks');
});

test('keys step after so many packets, under way, with packets lost', t => {
	const pair = new Pair({conditions: {loss: 0.1, jitter: 5}, config: {keyPackets: 20}}).open();
	const text = 'x'.repeat(200_000);
	say(pair.ann, text);
	t.true(pair.runUntil(() => pair.bob.receivedSize(1) === text.length, 60_000));
	t.true(pair.ann.endpoint.statistics(pair.ann.link)!.epoch > 3);
});

test('keys do not step while the peer can\'t follow', t => {
	const pair = new Pair({config: {keyPackets: 2}}).open();
	pair.run(1000);
	pair.network.isBlocked = () => true;
	say(pair.ann, 'x'.repeat(10_000));
	pair.run(6000);
	pair.network.isBlocked = () => false;
	t.true(pair.runUntil(() => pair.bob.receivedSize(1) === 10_000, 10_000));
});

test('a peer that vanishes is lost after three pings, a partition of ten seconds is survived', t => {
	const pair = new Pair().open();
	say(pair.ann, 'x');
	pair.run(1000);
	pair.bob.isRunning = false;
	const start = pair.now;
	t.true(pair.runUntil(() => pair.ann.ofType('lost').length > 0, 60_000));
	t.true(pair.now - start >= 12_000 && pair.now - start < 17_000, `${pair.now - start} ms`);
	t.is(pair.ann.endpoint.pollTimeout(), undefined);

	const healed = new Pair().open();
	healed.network.isBlocked = () => true;
	say(healed.ann, 'through');
	healed.run(10_000);
	healed.network.isBlocked = () => false;
	t.true(canHear(healed, healed.bob, 'through'));
	healed.run(60_000);
	t.deepEqual([...healed.ann.ofType('lost'), ...healed.bob.ofType('lost')], []);
});

test('after a crash hint a dead peer is lost within a second', t => {
	for (const isTalking of [false, true]) {
		const pair = new Pair({conditions: {delay: 0.1}}).open();
		pair.run(1000);
		pair.bob.isRunning = false;
		if (isTalking) {
			say(pair.ann, 'are you there?');
			pair.run(300);
		}

		const start = pair.now;
		pair.ann.endpoint.probe(pair.ann.link, pair.now);
		t.true(pair.runUntil(() => pair.ann.ofType('lost').length > 0, 10_000));
		t.true(pair.now - start < 1000, `${pair.now - start} ms`);
	}
});

test('the last words of a dead peer, still on their way at the hint, do not pass for life', t => {
	const pair = new Pair({conditions: {delay: 50}}).open();
	pair.run(1000);
	say(pair.ann, 'one');
	say(pair.ann, 'two', 0);
	pair.runUntil(() => pair.bob.receivedSize(1) > 0, 1000);
	say(pair.bob, 'last words');
	pair.flush();
	pair.bob.isRunning = false;
	const start = pair.now;
	pair.ann.endpoint.probe(pair.ann.link, pair.now);
	t.true(pair.runUntil(() => pair.ann.ofType('lost').length > 0, 30_000));
	t.is(pair.ann.received(1).toString(), 'last words');
	t.true(pair.now - start < 3000, `${pair.now - start} ms`);
});

test('a hint about a peer that lives is harmless, even at 20 % loss', t => {
	let losses = 0;
	for (let seed = 1; seed <= 200; seed++) {
		const pair = new Pair({seed, conditions: {delay: 0.2, loss: seed % 2 === 0 ? 0.2 : 0}}).open();
		for (let hint = 0; hint < 3; hint++) {
			pair.ann.endpoint.probe(pair.ann.link, pair.now);
			pair.run(2000);
		}

		losses += pair.ann.ofType('lost').length;
	}

	t.is(losses, 0);
});

test('a hint on a slow path waits longer', t => {
	const pair = new Pair({conditions: {delay: 300}}).open();
	pair.run(1000);
	pair.ann.endpoint.probe(pair.ann.link, pair.now);
	pair.run(20_000);
	t.deepEqual(pair.ann.ofType('lost'), []);
});

test('a clock that jumps does not kill the link', t => {
	const pair = new Pair().open();
	pair.run(1000);
	pair.network.isBlocked = () => true;
	say(pair.ann, 'before sleep');
	pair.flush();
	pair.network.isBlocked = () => false;
	pair.now += 3_600_000;
	pair.run(60_000);
	t.deepEqual([...pair.ann.ofType('lost'), ...pair.bob.ofType('lost')], []);
	t.is(pair.bob.received(1).toString(), 'before sleep');
});

test('a peer that comes back takes the place of its old link', t => {
	const pair = new Pair().open();
	const old = pair.bob.link;
	const reborn = new Side('ann', '10.0.0.9:7600', pair.random.fork(), {privateKey: new Uint8Array(32).fill(3)});
	const first = new Side('ann', '10.0.0.8:7600', pair.random.fork(), {privateKey: new Uint8Array(32).fill(3)});
	pair.sides.push(first, reborn);
	for (const side of [first, reborn]) {
		side.endpoint.connect({publicKey: pair.bob.publicKey, candidates: [pair.bob.address]}, pair.now);
		t.true(pair.runUntil(() => side.link > 0 && pair.bob.ofType('open').at(-1)?.address === side.address, 1000));
		side.isRunning = side === reborn;
	}

	t.deepEqual(pair.bob.ofType('lost').map(({link}) => link), [old + 1]);
	t.not(pair.bob.endpoint.statistics(old), undefined, 'another peer\'s link is untouched');
	reborn.endpoint.write(reborn.link, 1, Buffer.from('I am back'));
	t.true(canHear(pair, pair.bob, 'I am back'));
});

test('three talk at once over one endpoint', t => {
	const pair = new Pair().open();
	const cat = new Side('cat', '10.0.0.3:7600', pair.random.fork());
	pair.sides.push(cat);
	const link = pair.bob.endpoint.connect({publicKey: cat.publicKey, candidates: [cat.address]}, pair.now);
	t.true(pair.runUntil(() => cat.link > 0, 1000));
	pair.bob.endpoint.write(link, 1, Buffer.alloc(100_000, 'c'));
	pair.bob.endpoint.write(1, 1, Buffer.alloc(100_000, 'a'));
	t.true(pair.runUntil(() => cat.receivedSize(1) === 100_000 && pair.ann.receivedSize(1) === 100_000, 10_000));
	t.true(pair.ann.received(1).equals(Buffer.alloc(100_000, 'a')));
});

test('a peer that moves to another address is asked there, then answered there', t => {
	for (const mover of ['ann', 'bob'] as const) {
		const pair = new Pair({conditions: {delay: 10, loss: 0.1}}).open();
		const [side, other] = mover === 'ann' ? [pair.ann, pair.bob] : [pair.bob, pair.ann];
		pair.run(1000);
		side.address = '198.51.100.7:999';
		say(side, 'I moved');
		t.true(pair.runUntil(() => other.endpoint.statistics(other.link)?.address === side.address, 5000));
		say(other, 'so I see');
		t.true(canHear(pair, side, 'so I see'));
		pair.run(60_000);
		t.deepEqual([...pair.ann.ofType('lost'), ...pair.bob.ofType('lost')], []);
	}
});

test('another host is another path, about which nothing is known; another port is not', t => {
	for (const {address, isOtherPath} of [{address: '198.51.100.7:7600', isOtherPath: true}, {address: '10.0.0.1:999', isOtherPath: false}]) {
		const pair = new Pair({conditions: {delay: 5, rate: 12_500}}).open();
		say(pair.bob, 'x'.repeat(1_000_000), 4);
		t.true(pair.runUntil(() => pair.ann.receivedSize(4) === 1_000_000, 5000));
		pair.run(100);
		const before = pair.bob.endpoint.statistics(pair.bob.link)!;
		t.like(before, {datagramSize: 1452});
		t.true(before.rtt < 20 && before.congestionWindow > 50_000, `${before.rtt} ms, ${before.congestionWindow} bytes`);
		pair.network.conditions.delay = 100;
		pair.ann.address = address;
		say(pair.ann, 'I moved');
		const limit = pair.now + 1000;
		// The answer to the challenge, and nothing else yet.
		while (pair.bob.endpoint.statistics(pair.bob.link)?.address !== address && pair.now < limit) {
			pair.step();
		}

		const after = pair.bob.endpoint.statistics(pair.bob.link)!;
		t.is(after.address, address);
		t.is(after.minimumRtt, isOtherPath ? 0 : before.minimumRtt);
		t.is(after.datagramSize, isOtherPath ? 1200 : 1452);
		t.is(after.congestionWindow < 20_000, isOtherPath, `${after.congestionWindow} bytes`);
		say(pair.bob, 'y'.repeat(1_000_000), 4);
		t.true(pair.runUntil(() => pair.ann.receivedSize(4) === 2_000_000, 60_000));
		const then = pair.bob.endpoint.statistics(pair.bob.link)!;
		t.is(then.datagramSize, 1452);
		t.true(then.rtt > 150, `${then.rtt} ms`);
		t.is(then.minimumRtt > 150, isOtherPath, `${then.minimumRtt} ms`);
	}
});

test('a file that is under way when its sender or its reader moves arrives whole', t => {
	for (const [seed, mover] of (['ann', 'bob'] as const).entries()) {
		const pair = new Pair({seed, conditions: {delay: 20, rate: 2000, loss: 0.02}}).open();
		const content = Buffer.from(pair.random.bytes(900_000));
		t.is(pair.ann.endpoint.write(pair.ann.link, 4, content), content.length);
		for (let move = 1; move <= 3; move++) {
			pair.run(150);
			pair[mover].address = `198.51.100.${move}:7600`;
		}

		t.true(pair.runUntil(() => pair.bob.receivedSize(4) === content.length, 60_000), mover);
		t.true(pair.bob.received(4).equals(content));
	}
});

test('streams end, are reset and stopped', t => {
	const pair = new Pair().open();
	const {ann, bob} = pair;
	say(ann, 'all of it', 4);
	ann.endpoint.finish(ann.link, 4);
	pair.run(100);
	t.is(bob.received(4).toString(), 'all of it');
	t.true(bob.ofType('data').at(-1)?.fin);
	say(ann, 'some', 8);
	pair.run(10);
	ann.endpoint.reset(ann.link, 8, 5);
	pair.run(100);
	t.like(bob.ofType('reset')[0], {stream: 8, code: 5});
	say(ann, 'more', 12);
	pair.run(10);
	bob.endpoint.stop(bob.link, 12, 6);
	pair.run(100);
	t.like(ann.ofType('stopped')[0], {stream: 12, code: 6});
});

test('a chat line overtakes a file', t => {
	const pair = new Pair({conditions: {delay: 10, rate: 1000, queue: 1000}}).open();
	say(pair.ann, 'f'.repeat(1_000_000), 4);
	pair.run(200);
	const start = pair.now;
	say(pair.ann, 'first!');
	t.true(canHear(pair, pair.bob, 'first!'));
	t.true(pair.now - start < 500, `${pair.now - start} ms`);
	t.true(pair.runUntil(() => pair.bob.receivedSize(4) === 1_000_000, 60_000));
});

test('statistics say how the link is', t => {
	const pair = new Pair({conditions: {delay: 20}, ann: {suite: nodeChaCha}}).open();
	say(pair.ann, 'x'.repeat(50_000));
	t.is(pair.ann.endpoint.statistics(pair.ann.link)!.bytesWaiting, 50_000);
	pair.run(2000);
	const statistics = pair.ann.endpoint.statistics(pair.ann.link)!;
	t.like(statistics, {
		peer: 'bob', address: pair.bob.address, cipher: `${nodeChaCha.name}, aes-256-gcm (node) from 12288 bytes`, datagramSize: 1452, packetsLost: 0, bytesInFlight: 0, bytesWaiting: 0,
	});
	t.true(Math.abs(statistics.rtt - 40) < 5, `${statistics.rtt}`);
	t.true(statistics.bytesOut > 50_000 && statistics.packetsOut > 40 && statistics.packetsIn > 2 && statistics.congestionWindow >= 12_000);
});

test('datagrams are never larger than configured, INITs never smaller than 1200', t => {
	const sizes = new Map<number, number[]>();
	const pair = new Pair({config: {datagramSize: 1452}});
	pair.network.tap = ({data}: Datagram) => {
		sizes.set(data[0]!, [...sizes.get(data[0]!) ?? [], data.length]);
	};

	pair.open();
	say(pair.ann, 'x'.repeat(100_000));
	pair.run(2000);
	t.deepEqual([...new Set(sizes.get(0x20))], [1200]);
	t.true(Math.max(...sizes.get(0x21)!) <= 1200);
	t.is(Math.max(...sizes.get(0x40)!), 1452);
});
