import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {decodeDiscoveryAnswer, encodeDiscoveryAsk} from '../../../source/protocol/discovery.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {decodePunch, encodePunch, isPunchAuthentic} from '../../../source/protocol/punch.js';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

let counter = 0;

function ask(client: FakeClient, {secret = decodeBase64(client.login.punch.secret), kind = 'ask'}: {secret?: Uint8Array; kind?: 'ask' | 'answer'} = {}): Uint8Array {
	const id = Buffer.alloc(12);
	counter += 1;
	id.writeUInt32BE(counter);
	return encodePunch({sid: Buffer.from(client.login.punch.sid, 'hex'), txid: id, kind}, secret);
}

function show(server: FakeServer, client: FakeClient, from: string, bytes = ask(client)): void {
	server.core.handleDatagram(bytes, from, server.now);
	server.perform();
}

test('an authentic ask is answered and its source becomes the user\'s address', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const bytes = ask(ann);
	show(server, ann, '192.0.2.1:4000', bytes);
	const [answer] = server.datagrams;
	t.is(answer!.to, '192.0.2.1:4000');
	t.is(answer!.bytes.length, bytes.length);
	t.true(isPunchAuthentic(answer!.bytes, decodeBase64(ann.login.punch.secret)));
	t.like(decodePunch(answer!.bytes), {kind: 'answer', txid: decodePunch(bytes)!.txid});
	t.deepEqual(ann.take('address'), [{event: 'address', seen: '192.0.2.1:4000'}]);
	t.is(ann.ask('whois', {user: 'ann'}).address, '192.0.2.1:4000');
	show(server, ann, '192.0.2.1:4000');
	t.is(server.datagrams.length, 2);
	t.is(ann.take('address').length, 0, 'only news is told');
});

test('anything else is silence', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const good = ask(ann);
	const forged = [
		ask(ann, {secret: new Uint8Array(32)}),
		ask(ann, {kind: 'answer'}),
		good.subarray(1),
		good.subarray(0, -1),
		Buffer.concat([good, Buffer.alloc(1)]),
		new Uint8Array(0),
		Buffer.from('GET / HTTP/1.1\r\n\r\n'),
	];
	for (let index = 0; index < good.length; index++) {
		const flipped = Buffer.from(good);
		flipped[index] = flipped[index]! ^ 1;
		forged.push(flipped);
	}

	for (const bytes of forged) {
		show(server, ann, '192.0.2.66:666', bytes);
	}

	t.notThrows(() => {
		fc.assert(fc.property(fc.uint8Array({maxLength: 64}), bytes => {
			show(server, ann, '192.0.2.66:666', bytes);
		}));
	});
	t.is(server.datagrams.length, 0);
	t.is(ann.take('address').length, 0);
	ann.drop();
	show(server, ann, '192.0.2.1:4000', good);
	t.is(server.datagrams.length, 0, 'the secret dies with the login');
});

test('a recorded ask can\'t be played again from elsewhere', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const bytes = ask(ann);
	show(server, ann, '192.0.2.1:4000', bytes);
	show(server, ann, '192.0.2.1:4000', bytes);
	t.is(server.datagrams.length, 2, 'its sender may repeat it');
	show(server, ann, '192.0.2.66:666', bytes);
	t.is(server.datagrams.length, 2);
	t.is(ann.ask('whois', {user: 'ann'}).address, '192.0.2.1:4000');
	show(server, ann, '192.0.2.2:4000');
	show(server, ann, '192.0.2.1:4000', bytes);
	t.is(ann.ask('whois', {user: 'ann'}).address, '192.0.2.2:4000', 'nor from where the sender was before');
});

test('who looks for a server is told its port', t => {
	const server = new FakeServer();
	const nonce = new Uint8Array(8).fill(7);
	server.core.handleDatagram(encodeDiscoveryAsk(nonce), '192.0.2.9:5000', server.now);
	server.perform();
	const [answer] = server.datagrams;
	t.is(answer!.to, '192.0.2.9:5000');
	t.is(decodeDiscoveryAnswer(answer!.bytes, nonce), 7600);
});

test('partners hear of a new address, each once a batch, nobody else', t => {
	const server = new FakeServer();
	const [ann, bob, cat, dan] = ['ann', 'bob', 'cat', 'dan'].map((name, index) => server.register(name, {device: deviceKeys('ABCD'[index]), remote: `10.0.0.${index}:1000`}));
	const {session} = ann!.ask('open', {user: 'bob'});
	bob!.ask('answer', {session, answer: 'accept'});
	for (const person of [ann!, bob!, cat!]) {
		person.ask('enter', {room: 'den'});
	}

	server.settle();
	show(server, ann!, '192.0.2.1:4000');
	ann!.ask('announce', {addresses: ['10.1.1.1:4000', '[2001:db8::1]:4000']});
	server.settle();
	for (const person of [bob!, cat!]) {
		t.like(person.take('peer'), [{peer: {user: 'ann', addresses: ['192.0.2.1:4000', '10.1.1.1:4000', '[2001:db8::1]:4000']}}]);
	}

	t.is(dan!.take('peer').length, 0);
	t.is(ann!.take('peer').length, 0);
	ann!.ask('announce', {addresses: ['10.1.1.1:4000', '[2001:db8::1]:4000']});
	server.settle();
	t.is(bob!.take('peer').length, 0, 'the same again is no news');
});

test('loopback addresses go to peers on the server\'s machine only', t => {
	const server = new FakeServer();
	const ann = server.register('ann', {remote: '127.0.0.1:1000'});
	const bob = server.register('bob', {device: deviceKeys('B'), remote: '[::1]:1001'});
	const cat = server.register('cat', {device: deviceKeys('C'), remote: '198.51.100.1:1002'});
	const dan = server.register('dan', {device: deviceKeys('D'), remote: '198.51.100.2:1002'});
	show(server, ann, '127.0.0.1:4000');
	show(server, dan, '127.0.0.1:4001');
	ann.ask('announce', {addresses: ['10.1.1.1:4000', '127.0.0.1:4000', '[::1]:4000']});
	for (const person of [ann, bob, cat, dan]) {
		person.ask('enter', {room: 'den'});
	}

	const seenBy = (client: FakeClient) => client.ask('enter', {room: 'den'}).members.find(({user}) => user === 'ann')!.addresses;
	t.deepEqual(seenBy(bob), ['127.0.0.1:4000', '10.1.1.1:4000', '[::1]:4000']);
	t.deepEqual(seenBy(cat), ['10.1.1.1:4000']);
	t.deepEqual(seenBy(dan), seenBy(bob), 'its datagrams come from the machine itself');
});

test('addresses that are no single machine\'s are not passed on', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const bob = server.register('bob', {device: deviceKeys('B')});
	const bad = ['0.0.0.0:1', '224.0.0.1:4000', '255.255.255.255:4000', '239.1.1.1:4000', '[ff02::1]:4000', '[::]:4000', '[::ffff:127.0.0.1]:1', '[0:0:0:0:0:ffff:7f00:1]:1'];
	t.true(ann.ask('announce', {addresses: bad}).ok);
	for (const address of ['256.1.1.1:4000', '10.0.0.1:0', '10.0.0.1:65536', '10.0.0.1', 'localhost:4000', '[1::2::3]:4000']) {
		ann.ask('announce', {addresses: [address]});
	}

	t.is(ann.refusal('announce', {addresses: Array.from({length: 9}, () => '10.0.0.1:1')}), 'bad-request');
	ann.ask('enter', {room: 'den'});
	t.deepEqual(bob.ask('enter', {room: 'den'}).members[0]!.addresses, []);
});
