// The life of a link between two endpoints: opening, talking both ways, closing, dying.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {Pair} from '../helpers/pair.js';

test('a link opens in one round trip and carries stream 1 both ways', t => {
	const pair = new Pair();
	const start = pair.now;
	const link = pair.connect();
	pair.runUntil(() => pair.ann.link > 0, 1000);
	t.is(pair.now - start, 2);
	pair.ann.endpoint.write(link, 1, Buffer.from('hello'));
	pair.runUntil(() => pair.bob.received(1).length > 0, 1000);
	t.is(pair.now - start, 3);
	t.is(pair.bob.received(1).toString(), 'hello');
	t.like(pair.bob.ofType('open')[0], {
		peer: 'ann', initiator: false, address: pair.ann.address, publicKey: pair.ann.publicKey,
	});
	t.like(pair.ann.ofType('open')[0], {
		peer: 'bob', initiator: true, address: pair.bob.address, publicKey: pair.bob.publicKey,
	});
	pair.bob.endpoint.write(pair.bob.link, 1, Buffer.from('hi'));
	pair.runUntil(() => pair.ann.received(1).length > 0, 1000);
	t.is(pair.ann.received(1).toString(), 'hi');
	t.deepEqual(pair.ann.ofType('lost'), []);
});

test('what is written before the link is open is sent when it is', t => {
	const pair = new Pair();
	const link = pair.connect();
	t.is(pair.ann.endpoint.write(link, 1, Buffer.from('early')), 5);
	t.true(pair.runUntil(() => pair.bob.received(1).toString() === 'early', 1000));
});

test('a close reaches the other side with its code and reason, and both forget the link', t => {
	const pair = new Pair().open();
	pair.ann.endpoint.close(pair.ann.link, 0x1_05, 'bye', pair.now);
	pair.run(20_000);
	t.like(pair.ann.ofType('closed')[0], {by: 'us', code: 0x1_05, reason: 'bye'});
	t.like(pair.bob.ofType('closed')[0], {by: 'peer', code: 0x1_05, reason: 'bye'});
	t.is(pair.ann.endpoint.pollTimeout(), undefined);
	t.is(pair.bob.endpoint.pollTimeout(), undefined);
	t.is(pair.ann.endpoint.statistics(pair.ann.link), undefined);
});
