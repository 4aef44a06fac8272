import test from 'ava';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function village(...names: readonly string[]): [server: FakeServer, ...people: FakeClient[]] {
	const server = new FakeServer();
	const people = names.map((name, index) => server.register(name, {device: deviceKeys(letters[index]), remote: `10.0.0.${index + 1}:1000`}));
	server.settle();
	for (const person of people) {
		person.notices.length = 0;
	}

	return [server, ...people];
}

const roomNames = (client: FakeClient) => client.ask('lr').rooms.map(({name}) => name);

test('entering creates a room, the next one meets who is inside', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	t.like(ann!.ask('enter', {room: 'den'}), {
		ok: true, room: 'den', creator: 'ann', created: true, made: Math.floor(server.now), members: [],
	});
	const reply = bob!.ask('enter', {room: 'Den'});
	t.like(reply, {
		ok: true, room: 'den', creator: 'ann', created: false,
	});
	t.like(reply.members, [{user: 'ann', card: ann!.login.card}]);
	const [entered] = ann!.take('room');
	t.like(entered, {room: 'den', change: 'entered', user: 'bob'});
	t.is(entered!.peer!.card, bob!.login.card);
	t.deepEqual(entered!.peer!.punch, reply.members[0]!.punch, 'both share one secret');
	t.is(cat!.take('room').length, 0);
	t.deepEqual(cat!.ask('lru', {room: 'den'}).users, ['ann', 'bob']);
	t.deepEqual(cat!.ask('lr').rooms, [{name: 'den', creator: 'ann', members: 2}]);
	server.settle();
	t.deepEqual(cat!.take('rooms').at(-1)!.rooms, [{name: 'den', creator: 'ann', members: 2}]);
});

test('entering again is the same room and no news', t => {
	const [, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	bob!.ask('enter', {room: 'den'});
	ann!.notices.length = 0;
	t.like(bob!.ask('enter', {room: 'den'}), {ok: true, created: false, members: [{user: 'ann'}]});
	t.is(ann!.take('room').length, 0);
	t.deepEqual(ann!.ask('lru', {room: 'den'}).users, ['ann', 'bob']);
});

for (const [what, act, change] of [
	['leaves', (client: FakeClient) => client.ask('leave', {room: 'den'}), 'left'],
	['says good-bye', (client: FakeClient) => client.ask('bye'), 'left'],
	['vanishes', (client: FakeClient) => {
		client.drop();
	}, 'gone'],
] as const) {
	test(`when a member ${what} the others are told ${change}`, t => {
		const [, ann, bob, cat] = village('ann', 'bob', 'cat');
		for (const person of [ann!, bob!, cat!]) {
			person.ask('enter', {room: 'den'});
		}

		ann!.notices.length = 0;
		act(bob!);
		t.deepEqual(ann!.take('room'), [{
			event: 'room', room: 'den', change, user: 'bob', ...(what !== 'leaves' && {away: true}),
		}]);
		t.deepEqual(ann!.ask('lru', {room: 'den'}).users, ['ann', 'cat']);
	});
}

test('refusals name what is wrong', t => {
	const [, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	t.is(bob!.refusal('leave', {room: 'den'}), 'not-in-room');
	t.is(bob!.refusal('leave', {room: 'attic'}), 'no-such-room');
	t.is(bob!.refusal('lru', {room: 'attic'}), 'no-such-room');
	t.is(bob!.refusal('close-room', {room: 'attic'}), 'no-such-room');
	t.is(bob!.refusal('close-room', {room: 'den'}), 'not-creator');
	t.is(bob!.refusal('enter', {room: 'a room'}), 'bad-request');
});

test('the creator closes a room from anywhere, for everyone', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	ann!.ask('enter', {room: 'den'});
	ann!.ask('leave', {room: 'den'});
	bob!.ask('enter', {room: 'den'});
	t.true(ann!.ask('close-room', {room: 'den'}).ok);
	t.deepEqual(bob!.take('room'), [{
		event: 'room', room: 'den', change: 'closed', user: 'ann',
	}]);
	t.deepEqual(roomNames(cat!), []);
	t.is(server.disk.rooms.size, 0);
	server.settle();
	t.deepEqual(cat!.take('rooms').at(-1)!.gone, ['den']);
	t.is(bob!.refusal('leave', {room: 'den'}), 'no-such-room');
	t.like(bob!.ask('enter', {room: 'den'}), {created: true, creator: 'bob'});
});

test('a room outlives its creator\'s connection and the server', t => {
	const [server, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	bob!.ask('enter', {room: 'den'});
	ann!.drop();
	t.deepEqual(bob!.ask('lru', {room: 'den'}).users, ['bob']);
	t.is(bob!.refusal('close-room', {room: 'den'}), 'not-creator');
	server.restart();
	const again = server.connect();
	again.ask('hello', {protocol: 1, program: 'test'});
	again.ask('resume', {token: ann!.login.token, device: deviceKeys('A')});
	t.deepEqual(again.ask('lr').rooms, [{name: 'den', creator: 'ann', members: 0}]);
	t.true(again.ask('close-room', {room: 'den'}).ok);
});

test('a room is on disk before anybody is inside', t => {
	const [server, ann, bob] = village('ann', 'bob');
	server.isHolding = true;
	const first = ann!.send('enter', {room: 'den'});
	const second = bob!.send('enter', {room: 'den'});
	t.false(ann!.replies.has(first));
	t.deepEqual(roomNames(bob!), []);
	t.is(bob!.refusal('lru', {room: 'den'}), 'no-such-room');
	server.release();
	t.like(ann!.replies.get(first), {created: true, creator: 'ann'});
	t.like(bob!.replies.get(second), {created: false, members: [{user: 'ann'}]});
});

test('a full disk makes no room and closes none', t => {
	const [server, ann, bob] = village('ann', 'bob');
	server.isDiskFull = true;
	server.isHolding = true;
	const first = ann!.send('enter', {room: 'den'});
	const second = bob!.send('enter', {room: 'den'});
	server.release();
	t.is(ann!.replies.get(first)!.error!.code, 'storage-failed');
	t.is(bob!.replies.get(second)!.error!.code, 'storage-failed');
	server.isDiskFull = false;
	t.true(ann!.ask('enter', {room: 'den'}).ok);
	server.isDiskFull = true;
	t.is(ann!.refusal('close-room', {room: 'den'}), 'storage-failed');
	t.is(bob!.refusal('enter', {room: 'den'}), 'storage-failed');
	t.deepEqual(bob!.ask('lru', {room: 'den'}).users, ['ann']);
	server.isDiskFull = false;
	t.true(bob!.ask('enter', {room: 'den'}).ok);
	t.deepEqual(bob!.ask('lru', {room: 'den'}).users, ['ann', 'bob']);
});

test('who enters while a room is being closed finds a new one', t => {
	const [server, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	server.isHolding = true;
	const closing = ann!.send('close-room', {room: 'den'});
	const entering = bob!.send('enter', {room: 'den'});
	t.is(ann!.refusal('close-room', {room: 'den'}), 'no-such-room');
	server.release();
	t.true(ann!.replies.get(closing)!.ok);
	t.like(bob!.replies.get(entering), {created: true, creator: 'bob'});
});

test('a creator who vanishes before the write still has made the room', t => {
	const [server, ann, bob] = village('ann', 'bob');
	server.isHolding = true;
	ann!.send('enter', {room: 'den'});
	const entering = bob!.send('enter', {room: 'den'});
	ann!.drop();
	server.release();
	t.like(bob!.replies.get(entering), {created: false, creator: 'ann', members: []});
});

test('a room holds 32, a user 32 rooms, a creator 64', t => {
	const [server, ...people] = village(...Array.from({length: 33}, (_, index) => `user${index}`));
	for (const person of people.slice(0, 32)) {
		t.true(person.ask('enter', {room: 'den'}).ok);
	}

	t.is(people[32]!.refusal('enter', {room: 'den'}), 'room-full');
	people[3]!.ask('leave', {room: 'den'});
	t.is(people[32]!.ask('enter', {room: 'den'}).members.length, 31);

	const ann = people[0]!;
	for (let index = 0; index < 31; index++) {
		t.true(ann.ask('enter', {room: `room${index}`}).ok);
	}

	t.is(ann.refusal('enter', {room: 'one-more'}), 'too-many-rooms');
	ann.ask('leave', {room: 'den'});
	for (let index = 31; index < 63; index++) {
		t.true(ann.ask('enter', {room: `room${index}`}).ok);
		ann.ask('leave', {room: `room${index}`});
		server.advance(1000);
	}

	t.is(ann.refusal('enter', {room: 'room63'}), 'too-many-rooms', 'user0 created den as well');
});

test('lists are in the order of names, whoever came first', t => {
	const [server, cat, ann, bob] = village('cat', 'ann', 'bob');
	for (const client of [cat, ann, bob]) {
		client!.ask('enter', {room: 'den'});
	}

	t.deepEqual(bob!.ask('lru', {room: 'den'}).users, ['ann', 'bob', 'cat']);
	const {session} = cat!.ask('open', {user: 'ann'});
	ann!.ask('answer', {session, answer: 'accept'});
	t.deepEqual(server.core.handleCommand('ls', server.now), {command: 'ls', ok: true, fields: {sessions: [{id: session, users: ['ann', 'cat']}]}});
});
