import test from 'ava';
import {realmId, verifyCard} from '../../../source/protocol/cards.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {deviceKeys, FakeServer} from '../helpers/fake-server.js';

const credentials = (user: string, device = deviceKeys()) => ({user, password: `${user}-secret`, device});

test('hello says who the server is, and comes first', t => {
	const server = new FakeServer();
	const client = server.connect();
	for (const [op, fields] of [['login', credentials('ann')], ['register', credentials('ann')], ['resume', {token: 'x', device: deviceKeys()}]] as const) {
		t.is(client.refusal(op, fields), 'hello-first');
	}

	t.is(client.refusal('hello', {protocol: 2, program: 'test'}), 'protocol-version');
	const reply = client.ask('hello', {protocol: 1, program: 'test'});
	t.like(reply, {
		ok: true, protocol: 1, udpPort: 7600, term: 1,
	});
	t.is(decodeBase64(reply.rootKey).length, 32);
});

test('every operation but the first ones needs a login', t => {
	const client = new FakeServer().connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	for (const [op, fields] of [
		['lu'],
		['lcu'],
		['lr'],
		['lru', {room: 'den'}],
		['whois', {user: 'bob'}],
		['announce', {addresses: []}],
		['open', {user: 'bob'}],
		['answer', {session: 'x', answer: 'accept'}],
		['close', {session: 'x'}],
		['enter', {room: 'den'}],
		['leave', {room: 'den'}],
		['close-room', {room: 'den'}],
		['restore', {session: 'x', with: 'bob'}],
		['group', {session: 'x', user: 'bob'}],
		['invite', {room: 'den', user: 'bob'}],
		['answer-invitation', {invitation: 'x', answer: 'accept'}],
		['publish', {oneTime: []}],
		['bundle', {user: 'bob', count: 1}],
		['mail', {
			to: 'bob', device: '0123456789abcdef', mail: 'x', sealed: '',
		}],
		['fetch'],
		['ack', {mails: []}],
		['departed', {at: 0}],
	] as const) {
		t.is(client.refusal(op, fields), 'not-logged-in', `${op} is refused`);
	}

	t.true(client.ask('ping').ok);
});

test('registering logs in with a card that the realm signed', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	t.like(ann.login, {ok: true, user: 'ann'});
	const {rootKey} = server.connect().ask('hello', {protocol: 1, program: 'test'});
	const card = verifyCard(ann.login.card, decodeBase64(rootKey), server.now)!;
	t.like(card, {user: 'ann', realm: realmId(decodeBase64(rootKey)), ...deviceKeys()});
	t.is(card.expires - card.issued, 90 * 24 * 60 * 60 * 1000);
	t.is(server.disk.passwords.get('ann'), 'ann-secret');
});

test('a name is taken once, also by its look-alikes and while it is being registered', t => {
	const server = new FakeServer();
	server.register('ann');
	const other = server.connect();
	other.ask('hello', {protocol: 1, program: 'test'});
	t.is(other.refusal('register', credentials('ann')), 'name-taken');
	t.is(other.refusal('register', credentials('Ann')), 'name-taken');
	// `ап` of Cyrillic letters looks like nothing Latin, `асе` like "ace".
	t.true(other.ask('register', credentials('ace')).ok);
	const third = server.connect();
	third.ask('hello', {protocol: 1, program: 'test'});
	t.is(third.refusal('register', credentials('асе')), 'name-taken');

	server.isHolding = true;
	const id = third.send('register', credentials('dan'));
	const fourth = server.connect();
	fourth.ask('hello', {protocol: 1, program: 'test'});
	t.is(fourth.refusal('register', credentials('dan')), 'name-taken');
	server.release();
	t.true(third.replies.get(id)!.ok);
});

test('nothing is acknowledged before it is on disk', t => {
	const server = new FakeServer();
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	server.isHolding = true;
	const id = client.send('register', credentials('ann'));
	server.held.shift()!();
	server.perform();
	t.is(server.held.length, 1, 'the hash is there, the write is not');
	t.false(client.replies.has(id));
	server.release();
	t.true(client.replies.get(id)!.ok);
});

test('a full disk refuses and leaves the name free', t => {
	const server = new FakeServer();
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	server.isDiskFull = true;
	t.is(client.refusal('register', credentials('ann')), 'storage-failed');
	server.isDiskFull = false;
	t.true(client.ask('register', credentials('ann')).ok);
});

test('who leaves while being registered leaves the name free', t => {
	const server = new FakeServer();
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	server.isHolding = true;
	client.send('register', credentials('ann'));
	client.drop();
	server.release();
	t.is(server.disk.accounts.size, 0);
	t.true(server.register('ann').login.ok);
});

test('a wrong password and an unknown user look alike', t => {
	const server = new FakeServer();
	server.register('ann').ask('bye');
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	const wrong = client.ask('login', {...credentials('ann'), password: 'no'});
	const unknown = client.ask('login', credentials('bob'));
	t.is(wrong.error!.code, 'bad-credentials');
	t.deepEqual(unknown.error, wrong.error);
	t.true(client.ask('login', credentials('ann')).ok);
});

test('one login a name, also for two that race', t => {
	const server = new FakeServer();
	const first = server.register('ann');
	const second = server.connect();
	second.ask('hello', {protocol: 1, program: 'test'});
	t.is(second.refusal('login', {...credentials('ann'), password: 'no'}), 'bad-credentials', 'presence is not told to strangers');
	t.is(second.refusal('login', credentials('ann', deviceKeys('B'))), 'already-online');
	first.ask('bye');

	const third = server.connect();
	third.ask('hello', {protocol: 1, program: 'test'});
	server.isHolding = true;
	const ids = [second.send('login', credentials('ann', deviceKeys('B'))), third.send('login', credentials('ann', deviceKeys('C')))];
	server.release();
	t.true(second.replies.get(ids[0]!)!.ok);
	t.is(third.replies.get(ids[1]!)!.error!.code, 'already-online');
});

test('a device whose older connection is still believed in takes its place', t => {
	const server = new FakeServer();
	const older = server.register('ann');
	const newer = server.connect();
	newer.ask('hello', {protocol: 1, program: 'test'});
	t.is(newer.refusal('login', {...credentials('ann'), password: 'no'}), 'bad-credentials');
	t.true(older.ask('lu').ok, 'a wrong password cuts nobody');
	t.true(newer.ask('login', credentials('ann')).ok);
	t.is(older.closing?.code, 'replaced');
	t.deepEqual(newer.ask('lcu').users, [{name: 'ann', online: true}]);
});

test('who is logged in may show the password once more, and nothing changes', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	t.like(ann.ask('login', credentials('ann')), {ok: true, user: 'ann'});
	t.is(ann.refusal('login', {...credentials('ann'), password: 'no'}), 'bad-credentials');
	t.deepEqual(ann.ask('lcu').users, [{name: 'ann', online: true}]);
	t.is(ann.refusal('login', credentials('ann', deviceKeys('B'))), 'already-logged-in');
});

test('one login a connection, one at a time', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	server.register('bob').ask('bye');
	t.is(ann.refusal('login', credentials('bob')), 'already-logged-in');
	t.is(ann.refusal('register', credentials('cat')), 'already-logged-in');
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	server.isHolding = true;
	const id = client.send('register', credentials('dan'));
	t.is(client.refusal('login', credentials('ann')), 'busy-try-again');
	server.release();
	t.true(client.replies.get(id)!.ok);
});

test('too many passwords at once are sent away in words', t => {
	const server = new FakeServer();
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	server.isHashingBusy = true;
	t.is(client.refusal('register', credentials('ann')), 'busy-try-again');
	t.is(client.refusal('login', credentials('ann')), 'busy-try-again');
	server.isHashingBusy = false;
	t.true(client.ask('register', credentials('ann')).ok);
});

test('a full server refuses the next one and nobody else', t => {
	const server = new FakeServer({limits: {users: 2}});
	const ann = server.register('ann');
	server.register('bob');
	const cat = server.register('cat');
	t.is(cat.login.error!.code, 'server-full');
	t.true(ann.ask('lu').ok);
	ann.ask('bye');
	t.true(cat.ask('register', credentials('cat')).ok);
});

test('a token resumes without a password, after a restart too', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	ann.drop();
	server.restart();
	const again = server.connect();
	again.ask('hello', {protocol: 1, program: 'test'});
	const {token} = ann.login;
	t.is(again.refusal('resume', {token: `${token}x`, device: deviceKeys()}), 'bad-token');
	t.is(again.refusal('resume', {token: '', device: deviceKeys()}), 'bad-token');
	t.is(again.refusal('resume', {token: `x.${token.split('.', 2)[1]!}`, device: deviceKeys()}), 'bad-token');
	t.is(again.refusal('resume', {token, device: deviceKeys('B')}), 'bad-token');
	t.is(again.refusal('resume', {token, device: {...deviceKeys(), agree: deviceKeys('B').agree}}), 'bad-token');
	t.like(again.ask('resume', {token, device: deviceKeys()}), {ok: true, user: 'ann'});
});

test('a token dies of age and of a login from another device', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	ann.ask('bye');
	const other = server.connect();
	other.ask('hello', {protocol: 1, program: 'test'});
	const second = other.ask('login', credentials('ann', deviceKeys('B')));
	t.true(second.ok);
	other.ask('bye');
	server.restart();
	const third = server.connect();
	third.ask('hello', {protocol: 1, program: 'test'});
	t.is(third.refusal('resume', {token: ann.login.token, device: deviceKeys()}), 'bad-token');
	server.now += 31 * 24 * 60 * 60 * 1000;
	t.is(third.refusal('resume', {token: second.token, device: deviceKeys('B')}), 'bad-token');
	t.true(third.ask('login', credentials('ann', deviceKeys('B'))).ok);
});

test('resuming replaces the stale connection of the same device', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const again = server.connect();
	again.ask('hello', {protocol: 1, program: 'test'});
	t.true(again.ask('resume', {token: ann.login.token, device: deviceKeys()}).ok);
	t.true(ann.isCut);
	t.is(ann.closing!.code, 'replaced');
	t.deepEqual(again.ask('lcu').users, [{name: 'ann', online: true}]);
	ann.drop();
	t.deepEqual(again.ask('lcu').users, [{name: 'ann', online: true}], 'the old socket\'s end changes nothing');
});

test('a name keeps its place when its owner comes back on a full server', t => {
	const server = new FakeServer({limits: {users: 1}});
	const ann = server.register('ann');
	const again = server.connect();
	again.ask('hello', {protocol: 1, program: 'test'});
	t.true(again.ask('resume', {token: ann.login.token, device: deviceKeys()}).ok);
});
