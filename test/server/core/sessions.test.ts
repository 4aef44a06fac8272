import test from 'ava';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

function pair(): {server: FakeServer; ann: FakeClient; bob: FakeClient} {
	const server = new FakeServer();
	const ann = server.register('ann');
	const bob = server.register('bob', {device: deviceKeys('B'), remote: '10.0.0.2:1000'});
	ann.notices.length = 0;
	bob.notices.length = 0;
	return {server, ann, bob};
}

function talking(): {server: FakeServer; ann: FakeClient; bob: FakeClient; session: string} {
	const village = pair();
	const {session} = village.ann.ask('open', {user: 'bob'});
	village.bob.ask('answer', {session, answer: 'accept'});
	village.ann.notices.length = 0;
	village.bob.notices.length = 0;
	return {...village, session};
}

function resume(server: FakeServer, client: FakeClient, device = deviceKeys()): FakeClient {
	const again = server.connect(client.remote);
	again.ask('hello', {protocol: 1, program: 'test'});
	again.login = again.ask('resume', {token: client.login.token, device});
	server.settle();
	again.notices.length = 0;
	return again;
}

test('a request that is accepted introduces both', t => {
	const {ann, bob, server} = pair();
	const {session, expiresInMs} = ann.ask('open', {user: 'BOB'});
	t.is(expiresInMs, 30_000);
	t.deepEqual(bob.notices, [{
		event: 'request', session, from: 'ann', expiresInMs: 30_000,
	}]);
	t.true(bob.ask('answer', {session, answer: 'accept'}).ok);
	const [toAnn] = ann.take('session');
	const [toBob] = bob.take('session');
	t.like(toAnn, {session, with: 'bob', state: 'open'});
	t.like(toBob, {session, with: 'ann', state: 'open'});
	t.is(toAnn!.peer!.card, bob.login.card);
	t.is(toBob!.peer!.card, ann.login.card);
	t.deepEqual(toAnn!.peer!.punch, toBob!.peer!.punch, 'both share one secret');
	t.deepEqual(server.core.handleCommand('ls', server.now), {command: 'ls', ok: true, fields: {sessions: [{id: session, users: ['ann', 'bob']}]}});
});

const answers = [
	['decline', {state: 'declined', reason: 'declined'}],
	['busy', {state: 'unavailable', reason: 'busy'}],
] as const;
for (const [answer, outcome] of answers) {
	test(`an answer of ${answer} frees both`, t => {
		const {ann, bob} = pair();
		const {session} = ann.ask('open', {user: 'bob'});
		t.true(bob.ask('answer', {session, answer}).ok);
		t.deepEqual(ann.take('session'), [{
			event: 'session', session, with: 'bob', ...outcome,
		}]);
		t.is(bob.refusal('answer', {session, answer: 'accept'}), 'no-such-request');
		t.is(ann.refusal('close', {session}), 'no-such-session');
	});
}

test('silence for 30 s ends a request', t => {
	const {ann, bob, server} = pair();
	const {session} = ann.ask('open', {user: 'bob'});
	server.advance(29_999);
	t.deepEqual(ann.take('session'), []);
	server.advance(1);
	t.deepEqual(ann.take('session'), [{
		event: 'session', session, with: 'bob', state: 'declined', reason: 'timeout',
	}]);
	t.like(bob.take('withdrawn'), [{session, from: 'ann', reason: 'timeout'}]);
	t.is(bob.refusal('answer', {session, answer: 'accept'}), 'no-such-request');
});

const withdrawals = [
	['closes it', (ann: FakeClient, session: string) => ann.ask('close', {session}), 'withdrawn'],
	['says good-bye', (ann: FakeClient) => ann.ask('bye'), 'withdrawn'],
	['vanishes', (ann: FakeClient) => {
		ann.drop();
	}, 'gone'],
] as const;
for (const [what, act, reason] of withdrawals) {
	test(`an asker who ${what} withdraws`, t => {
		const {ann, bob} = pair();
		const {session} = ann.ask('open', {user: 'bob'});
		act(ann, session);
		t.deepEqual(bob.take('withdrawn'), [{
			event: 'withdrawn', session, from: 'ann', reason,
		}]);
		t.is(bob.refusal('answer', {session, answer: 'accept'}), 'no-such-request');
	});
}

test('who is asked and vanishes is offline, who closes instead of answering declines', t => {
	const {ann, bob, server} = pair();
	ann.ask('open', {user: 'bob'});
	bob.drop();
	t.like(ann.take('session'), [{state: 'unavailable', reason: 'offline'}]);
	const cat = server.register('cat', {device: deviceKeys('C')});
	const {session} = ann.ask('open', {user: 'cat'});
	cat.ask('close', {session});
	t.like(ann.take('session'), [{state: 'declined', reason: 'declined'}]);
});

test('refusals: oneself, nobody, and a name that can\'t be', t => {
	const {ann} = pair();
	t.is(ann.refusal('open', {user: 'ann'}), 'self');
	t.is(ann.refusal('open', {user: 'Ann'}), 'self');
	t.is(ann.refusal('open', {user: 'nobody'}), 'no-such-user');
	t.is(ann.refusal('open', {user: 'no body'}), 'bad-request');
	t.is(ann.refusal('restore', {session: 'x', with: 'ann'}), 'self');
	t.is(ann.refusal('restore', {session: 'x', with: 'nobody'}), 'no-such-user');
	t.is(ann.refusal('close', {session: 'x'}), 'no-such-session');
	t.is(ann.refusal('answer', {session: 'x', answer: 'accept'}), 'no-such-request');
});

test('only the one asked may answer, only a party may close', t => {
	const {ann, bob, server} = pair();
	const cat = server.register('cat', {device: deviceKeys('C')});
	const {session} = ann.ask('open', {user: 'bob'});
	t.is(ann.refusal('answer', {session, answer: 'accept'}), 'no-such-request');
	t.is(cat.refusal('answer', {session, answer: 'accept'}), 'no-such-request');
	t.is(cat.refusal('close', {session}), 'no-such-session');
	bob.ask('answer', {session, answer: 'accept'});
	t.is(cat.refusal('close', {session}), 'no-such-session');
	t.is(bob.refusal('answer', {session, answer: 'decline'}), 'no-such-request');
});

test('somebody offline is asked without error and reported unavailable', t => {
	const {ann, bob} = pair();
	bob.ask('bye');
	const {ok, session, expiresInMs} = ann.ask('open', {user: 'bob'});
	t.true(ok);
	t.is(expiresInMs, 0);
	t.deepEqual(ann.take('session'), [{
		event: 'session', session, with: 'bob', state: 'unavailable', reason: 'offline',
	}]);
});

test('asking each other at once is an answer', t => {
	const {ann, bob, server} = pair();
	const {session} = ann.ask('open', {user: 'bob'});
	t.is(bob.ask('open', {user: 'ann'}).session, session);
	t.like(ann.take('session'), [{session, state: 'open'}]);
	t.like(bob.take('session'), [{session, state: 'open'}]);
	server.advance(60_000);
	t.deepEqual([...ann.take('session'), ...bob.take('session')], [], 'the request\'s clock has stopped');
});

test('asking twice is one request; asking in a session shows it again', t => {
	const {ann, bob, server} = pair();
	const first = ann.ask('open', {user: 'bob'});
	server.advance(10_000);
	const second = ann.ask('open', {user: 'bob'});
	t.is(second.session, first.session);
	t.is(second.expiresInMs, 20_000);
	t.is(bob.take('request').length, 1);
	bob.ask('answer', {session: first.session, answer: 'accept'});
	ann.notices.length = 0;
	bob.notices.length = 0;
	t.is(ann.ask('open', {user: 'bob'}).session, first.session);
	t.like(ann.take('session'), [{session: first.session, state: 'open', peer: {user: 'bob'}}]);
	t.deepEqual(bob.notices, []);
});

for (const [what, act, state] of [
	['closes', (client: FakeClient, session: string) => client.ask('close', {session}), 'closed'],
	['says good-bye', (client: FakeClient) => client.ask('bye'), 'closed'],
	['vanishes', (client: FakeClient) => {
		client.drop();
	}, 'gone'],
] as const) {
	test(`when one end ${what} the other is told ${state}`, t => {
		const {ann, bob, session, server} = talking();
		act(bob, session);
		t.like(ann.take('session'), [{session, with: 'bob', state}]);
		t.deepEqual(server.core.handleCommand('ls', server.now), {command: 'ls', ok: true, fields: {sessions: []}});
	});
}

test('an end that comes back in time restores its session', t => {
	const {ann, bob, session, server} = talking();
	bob.drop();
	server.advance(20_000);
	ann.notices.length = 0;
	const again = resume(server, bob, deviceKeys('B'));
	t.true(again.ask('restore', {session, with: 'ann'}).restored);
	t.like(ann.take('peer'), [{peer: {user: 'bob'}}]);
	t.like(again.take('peer'), [{peer: {user: 'ann'}}]);
	server.advance(60_000);
	t.true(ann.ask('close', {session}).ok);
	t.like(again.take('session'), [{session, state: 'closed'}]);
});

test('an end that heard of the close from its peer is no query of its user', t => {
	const {ann, bob, session, server} = talking();
	server.queries.length = 0;
	ann.ask('close', {session});
	t.is(bob.refusal('close', {session, heard: true}), 'no-such-session');
	t.deepEqual(server.queries.map(({user, command, ok}) => [user, command, ok]), [['ann', 'cs', true]]);
});

test('an end that does not come back in 30 s has left no session', t => {
	const {ann, bob, session, server} = talking();
	bob.drop();
	ann.notices.length = 0;
	server.advance(30_000);
	t.deepEqual(ann.take('session'), [], 'it was told already');
	t.is(ann.refusal('close', {session}), 'no-such-session');
});

test('both ends claim their session after a restart of the server', t => {
	const {ann, bob, session, server} = talking();
	server.restart();
	const ann2 = resume(server, ann);
	t.false(ann2.ask('restore', {session, with: 'bob'}).restored, 'the other end has not come yet');
	const bob2 = resume(server, bob, deviceKeys('B'));
	t.true(bob2.ask('restore', {session, with: 'ann'}).restored);
	t.like(ann2.take('peer'), [{peer: {user: 'bob'}}]);
	t.like(bob2.take('peer'), [{peer: {user: 'ann'}}]);
	t.true(ann2.ask('restore', {session, with: 'bob'}).restored, 'asking again changes nothing');
	bob2.ask('close', {session});
	t.like(ann2.take('session'), [{session, state: 'closed'}]);
});

test('a claim that nobody shares ends after 30 s', t => {
	const {ann, session, server} = talking();
	server.restart();
	const ann2 = resume(server, ann);
	ann2.ask('restore', {session, with: 'bob'});
	server.advance(30_000);
	t.like(ann2.take('session'), [{session, with: 'bob', state: 'gone'}]);
	t.is(ann2.refusal('close', {session}), 'no-such-session');
});

test('nobody can claim a session into somebody else\'s', t => {
	const {ann, bob, session, server} = talking();
	const cat = server.register('cat', {device: deviceKeys('C')});
	t.false(cat.ask('restore', {session, with: 'ann'}).restored);
	t.false(ann.ask('restore', {session, with: 'cat'}).restored);
	t.true(ann.ask('close', {session}).ok);
	t.like(bob.take('session'), [{state: 'closed'}]);
});

test('after different claims the newer one counts', t => {
	const {ann, bob, server} = talking();
	server.restart();
	const ann2 = resume(server, ann);
	const bob2 = resume(server, bob, deviceKeys('B'));
	t.false(ann2.ask('restore', {session: 'one', with: 'bob'}).restored);
	t.false(bob2.ask('restore', {session: 'two', with: 'ann'}).restored);
	t.true(ann2.ask('restore', {session: 'two', with: 'bob'}).restored);
});

test('an open to somebody gone in a half session starts anew', t => {
	const {ann, bob, session, server} = talking();
	bob.drop();
	const again = resume(server, bob, deviceKeys('B'));
	const reply = ann.ask('open', {user: 'bob'});
	t.not(reply.session, session);
	t.like(again.take('request'), [{from: 'ann', session: reply.session}]);
});

test('sessions of one user are bounded', t => {
	const server = new FakeServer({limits: {sessionsPerUser: 2}});
	const ann = server.register('ann');
	for (const [name, letter] of [['bob', 'B'], ['cat', 'C'], ['dan', 'D']] as const) {
		server.register(name, {device: deviceKeys(letter)});
	}

	t.true(ann.ask('open', {user: 'bob'}).ok);
	t.true(ann.ask('open', {user: 'cat'}).ok);
	t.is(ann.refusal('open', {user: 'dan'}), 'too-many-sessions');
});
