import test from 'ava';
import {deviceId, realmId, verifyCard} from '../../../source/protocol/cards.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

const signed = (id: number) => ({id, key: 'S'.repeat(43), signature: 'Z'.repeat(86)});
const oneTime = (first: number, count: number) => Array.from({length: count}, (_, index) => ({id: first + index, key: String(first + index).padStart(43, 'K')}));
const ids = (keys: ReadonlyArray<{id: number}>) => keys.map(({id}) => id);

function pair(): {server: FakeServer; ann: FakeClient; bob: FakeClient} {
	const server = new FakeServer({limits: {requestRate: 1e6, requestBurst: 1e6}});
	const ann = server.register('ann');
	const bob = server.register('bob', {device: deviceKeys('B')});
	return {server, ann, bob};
}

function resume(server: FakeServer, client: FakeClient): FakeClient {
	const again = server.connect(client.remote);
	again.ask('hello', {protocol: 1, program: 'test'});
	again.login = again.ask('resume', {token: client.login.token, device: client.device});
	server.settle();
	return again;
}

test('what a device publishes is handed out with its card, each one-time key once, here or away', t => {
	const {server, ann, bob} = pair();
	t.deepEqual(bob.login.prekeys, {oneTime: 0});
	t.is(ann.refusal('bundle', {user: 'bob', count: 1}), 'no-prekeys');
	t.is(bob.ask('publish', {signed: signed(7), oneTime: oneTime(1, 30)}).oneTime, 30);
	const first = ann.ask('bundle', {user: 'BOB', count: 3});
	t.like(first, {ok: true, user: 'bob', signed: signed(7)});
	t.deepEqual(first.oneTime, oneTime(1, 3));
	const {rootKey} = ann.ask('hello', {protocol: 1, program: 'test'});
	const card = verifyCard(first.card, decodeBase64(rootKey), server.now)!;
	t.like(card, {user: 'bob', realm: realmId(decodeBase64(rootKey)), ...deviceKeys('B')});
	bob.ask('bye');
	server.restart();
	const again = resume(server, ann);
	const second = again.ask('bundle', {user: 'bob', device: deviceId(decodeBase64(deviceKeys('B').sign)), count: 20});
	t.deepEqual(ids(second.oneTime), ids(oneTime(4, 20)));
	t.deepEqual(again.ask('bundle', {user: 'bob', count: 0}).oneTime, []);
	t.deepEqual(resume(server, bob).login.prekeys, {signed: 7, oneTime: 7});
	t.deepEqual(ids(again.ask('bundle', {user: 'bob', count: 20}).oneTime), ids(oneTime(24, 7)));
	t.like(again.ask('bundle', {user: 'bob', count: 20}), {ok: true, oneTime: []});
});

test('a newer signed key takes the place of the older', t => {
	const {ann, bob} = pair();
	bob.ask('publish', {signed: signed(1), oneTime: []});
	bob.ask('publish', {signed: signed(2), oneTime: []});
	bob.ask('publish', {oneTime: oneTime(1, 1)});
	t.like(ann.ask('bundle', {user: 'bob', count: 1}), {signed: signed(2), oneTime: oneTime(1, 1)});
});

test('publishing again brings no key twice, nor back, and never more than 100', t => {
	const {ann, bob} = pair();
	bob.ask('publish', {signed: signed(1), oneTime: oneTime(1, 50)});
	t.deepEqual(ids(ann.ask('bundle', {user: 'bob', count: 2}).oneTime), [1, 2]);
	t.is(bob.ask('publish', {oneTime: oneTime(1, 50)}).oneTime, 48, 'as when the first reply was lost');
	t.deepEqual(ids(ann.ask('bundle', {user: 'bob', count: 2}).oneTime), [3, 4]);
	t.is(bob.ask('publish', {oneTime: oneTime(51, 100)}).oneTime, 100);
});

test('a device with few keys left is told, and only that', t => {
	const {server, ann, bob} = pair();
	bob.ask('publish', {signed: signed(1), oneTime: oneTime(1, 21)});
	server.settle();
	ann.ask('bundle', {user: 'bob', count: 1});
	t.deepEqual(bob.take('prekeys'), []);
	ann.ask('bundle', {user: 'bob', count: 1});
	t.deepEqual(bob.take('prekeys'), [{event: 'prekeys', oneTime: 19}]);
	t.deepEqual(ann.take('prekeys'), []);
	bob.drop();
	t.true(ann.ask('bundle', {user: 'bob', count: 1}).ok);
	t.deepEqual(resume(server, bob).login.prekeys, {signed: 1, oneTime: 18});
});

test('keys belong to a device; the newest one counts', t => {
	const {server, ann, bob} = pair();
	bob.ask('publish', {signed: signed(1), oneTime: oneTime(1, 5)});
	bob.ask('bye');
	const login = (letter: string) => {
		const client = server.connect();
		client.ask('hello', {protocol: 1, program: 'test'});
		client.device = deviceKeys(letter);
		client.login = client.ask('login', {user: 'bob', password: 'bob-secret', device: client.device});
		return client;
	};

	const other = login('Y');
	t.deepEqual(other.login.prekeys, {oneTime: 0});
	t.is(ann.refusal('bundle', {user: 'bob', count: 1}), 'no-prekeys');
	t.true(ann.ask('bundle', {user: 'bob', device: deviceId(decodeBase64(deviceKeys('B').sign)), count: 1}).ok);
	other.ask('publish', {signed: signed(9), oneTime: oneTime(100, 1)});
	t.like(ann.ask('bundle', {user: 'bob', count: 1}), {signed: signed(9), oneTime: oneTime(100, 1)});
	other.ask('bye');
	t.deepEqual(login('B').login.prekeys, {signed: 1, oneTime: 4});
});

test('keys are handed out when that is durable', t => {
	const {server, ann, bob} = pair();
	bob.ask('publish', {signed: signed(1), oneTime: oneTime(1, 5)});
	server.isHolding = true;
	const id = ann.send('bundle', {user: 'bob', count: 1});
	t.false(ann.replies.has(id));
	server.release();
	t.true(ann.replies.get(id)!.ok);
	t.is(ann.refusal('bundle', {user: 'nobody', count: 1}), 'no-such-user');
});

test('whois shows a card, also of somebody away', t => {
	const {server, ann, bob} = pair();
	t.is(ann.ask('whois', {user: 'bob'}).card, bob.login.card);
	const {fingerprint} = ann.ask('whois', {user: 'bob'});
	bob.ask('bye');
	const {rootKey} = ann.ask('hello', {protocol: 1, program: 'test'});
	const reply = ann.ask('whois', {user: 'bob'});
	t.like(reply, {user: 'bob', online: false, fingerprint});
	t.like(verifyCard(reply.card!, decodeBase64(rootKey), server.now), {user: 'bob', ...deviceKeys('B')});
});
