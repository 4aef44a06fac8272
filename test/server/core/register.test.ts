import test from 'ava';
import type {RegisterRow} from '../../../server/core/storage.js';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

const start = 1_700_000_000_000;

function rows(server: FakeServer, line = 'register'): Array<[second: number, user: string, what: string]> {
	const reply = server.core.handleCommand(line, server.now);
	if (!reply.ok) {
		throw new Error(reply.error.code);
	}

	return (reply.fields.register as Array<Omit<RegisterRow, 'at'> & {at: string}>).map(({at, user, event, how}) => [Math.floor((Date.parse(at) - start) / 1000), user, how ?? event]);
}

function login(server: FakeServer, user: string, letter: string): FakeClient {
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	client.login = client.ask('login', {user, password: `${user}-secret`, device: deviceKeys(letter)});
	return client;
}

test('who comes and goes is written down, with time, place and manner', t => {
	const server = new FakeServer();
	const ann = server.register('ann', {remote: '10.0.0.7:1234'});
	server.now = start + 10_000;
	const bob = server.register('bob', {device: deviceKeys('B')});
	server.now = start + 20_000;
	ann.ask('bye');
	server.now = start + 30_000;
	bob.drop();
	const expected = [[0, 'ann', 'login'], [10, 'bob', 'login'], [20, 'ann', 'bye'], [30, 'bob', 'lost']] as unknown;
	t.deepEqual(rows(server), expected);
	t.deepEqual(rows(server, 'register BOB'), [[10, 'bob', 'login'], [30, 'bob', 'lost']]);
	t.is(server.disk.register[0]!.address, '10.0.0.7:1234');
	server.restart();
	t.deepEqual(rows(server), expected, 'after a restart the same');
	for (const [line, code] of [['register nobody', 'no-such-user'], ['register ann bob', 'bad-arguments']] as const) {
		const reply = server.core.handleCommand(line, server.now);
		t.is(reply.ok ? undefined : reply.error.code, code);
	}
});

test('who only disconnects has logged out, and what stands between the peers stands', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const bob = server.register('bob', {device: deviceKeys('B')});
	const {session} = ann.ask('open', {user: 'bob'});
	bob.ask('answer', {session, answer: 'accept'});
	ann.ask('bye', {staying: true});
	t.true(ann.isCut);
	t.deepEqual(rows(server).at(-1), [0, 'ann', 'bye']);
	t.deepEqual(bob.take('session').map(({state}) => state), ['open', 'gone'], 'gone may come back, closed may not');
	const again = login(server, 'ann', 'A');
	t.true(again.ask('restore', {session, with: 'bob'}).restored);
});

test('a wrong password is no login', t => {
	const server = new FakeServer();
	server.register('ann').ask('bye');
	login(server, 'ann', 'A').ask('bye');
	const stranger = server.connect();
	stranger.ask('hello', {protocol: 1, program: 'test'});
	stranger.ask('login', {user: 'ann', password: 'no', device: deviceKeys()});
	stranger.drop();
	t.is(rows(server).length, 4);
});

test('after a crash those who were here have left when the server last lived', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const bob = server.register('bob', {device: deviceKeys('B')});
	for (let second = 0; second < 100; second++) {
		server.advance(1000);
	}

	bob.ask('bye');
	server.now += 3_600_000;
	server.restart();
	t.deepEqual(rows(server).slice(-2), [[90, 'ann', 'crash'], [100, 'bob', 'bye']]);
	server.restart();
	t.is(rows(server).length, 4, 'and only once');

	const again = login(server, 'ann', 'A');
	t.true(again.ask('departed', {at: start + 200_000}).ok);
	t.true(again.ask('departed', {at: start + 300_000}).ok);
	t.deepEqual(rows(server, 'register ann').slice(-3), [[90, 'ann', 'crash'], [200, 'ann', 'departed'], [Math.floor((server.now - start) / 1000), 'ann', 'login']], 'heard once a login');
	t.true(ann.login.ok);
});

test('nobody leaves in the future', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	ann.ask('departed', {at: start + 1_000_000_000});
	t.deepEqual(rows(server).map(([second]) => second), [0, 0]);
});

test('a server that is stopped has seen everybody out', t => {
	const server = new FakeServer();
	server.register('ann');
	server.now = start + 5000;
	server.core.handleCommand('x', server.now);
	server.perform();
	server.now = start + 9000;
	server.restart();
	t.deepEqual(rows(server), [[0, 'ann', 'login'], [5, 'ann', 'shutdown']]);
	t.is(server.disk.lastAlive, start + 5000);
});

test('the disk hears that the server lives while anybody is here', t => {
	const server = new FakeServer();
	server.advance(100_000);
	t.is(server.disk.lastAlive, undefined);
	const ann = server.register('ann');
	server.advance(40_000);
	const {lastAlive} = server.disk;
	t.true(server.now - lastAlive! <= 30_000);
	ann.ask('bye');
	server.advance(100_000);
	t.is(server.disk.lastAlive, lastAlive);
});

test('an operator is shown the newest 100', t => {
	const server = new FakeServer({limits: {loginRate: 1e6, loginBurst: 1e6}});
	server.register('ann').ask('bye');
	for (let index = 0; index < 60; index++) {
		server.advance(1000);
		login(server, 'ann', 'A').ask('bye');
	}

	t.is(rows(server).length, 100);
	t.is(rows(server).at(-1)![0], 60);
	t.is(server.disk.register.length, 122);
});
