// Cookies under a flood of INITs: who can read what is sent to them gets through, who forges an address gets 37 bytes.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {completeConfig} from '../../../source/peer/config.js';
import {Cookies} from '../../../source/peer/handshake/cookies.js';
import {chaCha} from '../../../source/peer/crypto/cipher.js';
import {Initiation} from '../../../source/peer/handshake/initiation.js';
import {
	decodeInit,
	deriveMacKey,
	encodeInit,
	encodeRetry,
} from '../../../source/peer/packets/packet.js';
import {AgreementKey} from '../../../source/peer/crypto/x25519.js';
import {type Datagram} from '../../helpers/network.js';
import {Pair} from '../../helpers/pair.js';
import {SeededRandom} from '../../helpers/random.js';

const random = new SeededRandom(9);

function begin(pair: Pair): Initiation {
	return new Initiation({
		config: completeConfig(),
		suite: chaCha,
		staticKey: new AgreementKey(random.bytes(32)),
		ephemeralKey: new AgreementKey(random.bytes(32)),
		remoteStatic: pair.bob.publicKey,
		candidates: [pair.bob.address],
		localCid: random.integer(1, 0xFF_FF_FF_FF),
		resetToken: new Uint8Array(16),
		parameters: {
			maxData: 1e6, maxStreamData: 1e6, maxAckDelay: 25, aesFrom: 0, maxInFlight: 0,
		},
		credential: Buffer.from('flood'),
		authenticate: () => 'bob',
	}, pair.now);
}

const inits = new Map<number, Uint8Array[]>();

/**
Bob under so many INITs from addresses that nobody reads at.
*/
function flood(pair: Pair, count: number): void {
	const seed = pair.bob.publicKey[0]!;
	const known = inits.get(seed) ?? Array.from({length: count}, () => begin(pair).pollTransmit()!.data);
	inits.set(seed, known);
	for (const [index, init] of known.entries()) {
		pair.bob.endpoint.handleDatagram(init, `198.51.${index % 250}.${Math.floor(index / 250)}:99`, pair.now);
	}
}

function record(pair: Pair): Datagram[] {
	const datagrams: Datagram[] = [];
	pair.network.tap = datagram => {
		datagrams.push(datagram);
	};

	return datagrams;
}

test('under a flood a real peer gets through in two round trips, a link that is open notices nothing', t => {
	const pair = new Pair();
	const {bob} = pair;
	pair.open();
	pair.run(100);
	const {link} = bob;
	const talker = begin(pair);
	for (let round = 0; round < 20; round++) {
		flood(pair, 200);
		pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('.'));
		pair.run(5);
	}

	t.is(bob.received(1, link).length, 20);
	t.true(bob.endpoint.halfOpen <= 64);
	t.true(bob.endpoint.counters.retried > 3000);
	t.deepEqual(bob.ofType('lost'), []);
	flood(pair, 200);
	const datagrams = record(pair);
	bob.endpoint.handleDatagram(talker.pollTransmit()!.data, '192.0.2.1:5', pair.now);
	pair.flush();
	const retry = datagrams.find(({to, data}) => to === '192.0.2.1:5' && data[0] === 0x22)!;
	t.true(talker.handleRetry(retry.data, bob.address));
	const again = talker.pollTransmit()!;
	t.is(again.to, bob.address);
	bob.endpoint.handleDatagram(again.data, '192.0.2.1:5', pair.now);
	pair.flush();
	t.true(datagrams.some(({to, data}) => to === '192.0.2.1:5' && data[0] === 0x21));
});

test('a cookie is good for the address it was sent to, and for a few minutes', t => {
	const pair = new Pair();
	pair.open();
	flood(pair, 200);
	const datagrams = record(pair);
	const talker = begin(pair);
	pair.bob.endpoint.handleDatagram(talker.pollTransmit()!.data, '192.0.2.1:5', pair.now);
	pair.flush();
	talker.handleRetry(datagrams.find(({to}) => to === '192.0.2.1:5')!.data, pair.bob.address);
	const {data} = talker.pollTransmit()!;
	const {halfOpen} = pair.bob.endpoint;
	for (const elsewhere of ['192.0.2.1:6', '192.0.2.2:5']) {
		pair.bob.endpoint.handleDatagram(data, elsewhere, pair.now);
	}

	t.is(pair.bob.endpoint.halfOpen, halfOpen);
	const cookies = new Cookies(size => random.bytes(size));
	const cookie = cookies.create('a:1', 0);
	t.true(cookies.isRight(cookie, 'a:1', 119_000));
	t.false(cookies.isRight(cookie, 'a:2', 119_000));
	t.true(cookies.isRight(cookie, 'a:1', 239_000));
	t.false(cookies.isRight(cookie, 'a:1', 241_000));
	t.false(cookies.isRight(cookies.create('a:1', 0), 'a:1', 1e9));
});

test('one host with cookies cannot take all places', t => {
	const pair = new Pair();
	pair.open();
	const datagrams = record(pair);
	for (let round = 0; round < 100; round++) {
		const greedy = begin(pair);
		pair.bob.endpoint.handleDatagram(greedy.pollTransmit()!.data, `192.0.2.1:${round}`, pair.now);
		pair.flush();
		const retry = datagrams.findLast(({to, data}) => to === `192.0.2.1:${round}` && data[0] === 0x22);
		if (retry && greedy.handleRetry(retry.data, pair.bob.address)) {
			pair.bob.endpoint.handleDatagram(greedy.pollTransmit()!.data, `192.0.2.1:${round}`, pair.now);
		}
	}

	t.true(pair.bob.endpoint.halfOpen <= 32);
	t.true(pair.bob.endpoint.counters.overload > 50);
	pair.ann.endpoint.close(pair.ann.link, 0, '', pair.now);
	pair.run(2000);
	pair.connect();
	t.true(pair.runUntil(() => pair.bob.ofType('open').length === 2, 1000), 'another host gets in');
});

test('a forged RETRY makes nobody send anything, a true one only three times', t => {
	const pair = new Pair();
	const talker = begin(pair);
	const init = decodeInit(talker.pollTransmit()!.data, deriveMacKey(pair.bob.publicKey))!;
	const cookie = new Uint8Array(16);
	const macKey = deriveMacKey(pair.bob.publicKey);
	const forge = (changes: {mac1?: Uint8Array; key?: Uint8Array}, from = pair.bob.address) =>
		talker.handleRetry(encodeRetry({dcid: init.scid, cookie, mac1: changes.mac1 ?? init.mac1}, changes.key ?? macKey), from);
	t.false(forge({mac1: random.bytes(16)}));
	t.false(forge({key: deriveMacKey(new Uint8Array(32))}));
	t.false(forge({}, '203.0.113.1:1'));
	t.is(talker.pollTransmit(), undefined);
	t.deepEqual([1, 2, 3, 4, 5].map(() => forge({})), [true, true, true, false, false]);
});

test('an INIT whose cookie was changed, or that was given one, is asked for another', t => {
	const pair = new Pair();
	flood(pair, 200);
	const {halfOpen} = pair.bob.endpoint;
	const macKey = deriveMacKey(pair.bob.publicKey);
	const init = decodeInit(begin(pair).pollTransmit()!.data, macKey)!;
	const {retried} = pair.bob.endpoint.counters;
	pair.bob.endpoint.handleDatagram(encodeInit({...init, cookie: random.bytes(16)}, macKey), '192.0.2.1:5', pair.now);
	t.is(pair.bob.endpoint.halfOpen, halfOpen);
	t.is(pair.bob.endpoint.counters.retried, retried + 1);
});
