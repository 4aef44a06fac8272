// Stateless resets: a peer that restarted is noticed at once, nobody else can end a link, and resets answer nothing but data.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {type Datagram} from '../../helpers/network.js';
import {Pair, Side} from '../../helpers/pair.js';
import {SeededRandom} from '../../helpers/random.js';

const bobKey = new Uint8Array(32).fill(0xB0);

function record(pair: Pair): Datagram[] {
	const datagrams: Datagram[] = [];
	pair.network.tap = datagram => {
		datagrams.push(datagram);
	};

	return datagrams;
}

/**
Bob's program died and is there again, with his key and nothing else.
*/
function restart(pair: Pair): Side {
	const again = new Side('bob', pair.bob.address, new SeededRandom(77), {privateKey: bobKey});
	pair.sides[pair.sides.indexOf(pair.bob)] = again;
	return again;
}

test('a peer that restarted is noticed with the first packet it gets, and a new link opens', t => {
	const pair = new Pair({bob: {privateKey: bobKey}}).open();
	pair.run(100);
	const again = restart(pair);
	const start = pair.now;
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('still there?'));
	t.true(pair.runUntil(() => pair.ann.ofType('lost').length === 1, 1000));
	t.is(pair.now - start, 2);
	pair.connect();
	t.true(pair.runUntil(() => again.link > 0 && pair.ann.ofType('open').length === 2, 1000));
});

test('a forged RESET, or that of another link, ends nothing', t => {
	const pair = new Pair({bob: {privateKey: bobKey}}).open();
	pair.run(100);
	const random = new SeededRandom(3);
	const datagrams = record(pair);
	for (let round = 0; round < 1000; round++) {
		pair.ann.endpoint.handleDatagram(Uint8Array.of(0x23, ...random.bytes(16)), pair.bob.address, pair.now);
	}

	t.is(pair.ann.endpoint.counters.unknown, 1000);
	// What bob says of a connection that he does not have is no use against the one he has.
	const stray = new Uint8Array(40);
	stray[0] = 0x40;
	pair.bob.endpoint.handleDatagram(stray, 'stranger:1', pair.now);
	pair.flush();
	const reset = datagrams.find(({to}) => to === 'stranger:1')!.data;
	t.is(reset[0], 0x23);
	pair.ann.endpoint.handleDatagram(reset, pair.bob.address, pair.now);
	t.deepEqual(pair.ann.ofType('lost'), []);
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('fine'));
	t.true(pair.runUntil(() => pair.bob.received(1).toString() === 'fine', 1000));
});

test('a link that lives cannot be made to give its token away', t => {
	const pair = new Pair().open();
	pair.run(100);
	const datagrams = record(pair);
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('x'));
	pair.flush();
	const {data} = datagrams.find(({from}) => from === pair.ann.address)!;
	for (let round = 0; round < 100; round++) {
		const forged = new Uint8Array(data);
		forged[20 + (round % 10)]! ^= 1 + round;
		pair.bob.endpoint.handleDatagram(forged, 'stranger:1', pair.now);
	}

	pair.run(100);
	t.deepEqual(datagrams.filter(({to}) => to === 'stranger:1'), []);
});

test('no RESET answers a RESET, none is larger than what it answers, and they are few', t => {
	const pair = new Pair({bob: {privateKey: bobKey}}).open();
	pair.run(100);
	const datagrams = record(pair);
	const token = Uint8Array.of(0x23, ...new Uint8Array(16));
	for (let round = 0; round < 500; round++) {
		pair.bob.endpoint.handleDatagram(token, 'stranger:1', pair.now);
	}

	pair.run(10);
	t.deepEqual(datagrams.filter(({to}) => to === 'stranger:1'), []);
	for (let round = 0; round < 500; round++) {
		const stray = new Uint8Array(28);
		stray.set([0x40, 0, round >> 8, round, 1, 1]);
		pair.bob.endpoint.handleDatagram(stray, 'stranger:1', pair.now);
		pair.run(2);
	}

	const resets = datagrams.filter(({to}) => to === 'stranger:1');
	t.true(resets.length >= 10 && resets.length <= 21, `${resets.length} in a second`);
	t.true(resets.every(({data}) => data.length === 17));
});

test('a lost link that the other side still holds is ended there, too', t => {
	const pair = new Pair().open();
	pair.run(100);
	pair.network.isBlocked = ({to}) => to === pair.ann.address;
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('?'));
	t.true(pair.runUntil(() => pair.ann.ofType('lost').length === 1, 60_000));
	pair.network.isBlocked = () => false;
	pair.bob.endpoint.write(pair.bob.link, 1, Buffer.from('anybody?'));
	t.true(pair.runUntil(() => pair.bob.ofType('lost').length === 1, 5000));
});
