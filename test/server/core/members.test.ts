// Members in absence, private rooms, groups and invitations.
import test from 'ava';
import fc from 'fast-check';
import {groupName} from '../../../server/core/group-name.js';
import {nameProblem} from '../../../source/protocol/names.js';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

const generous = {
	requestRate: 1e6, requestBurst: 1e6, loginRate: 1e6, loginBurst: 1e6,
};
const weekMs = 7 * 24 * 3_600_000;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function village(...names: readonly string[]): [server: FakeServer, ...people: FakeClient[]] {
	const server = new FakeServer({limits: generous});
	const people = names.map((name, index) => server.register(name, {device: deviceKeys(letters[index % letters.length])}));
	server.settle();
	for (const person of people) {
		person.notices.length = 0;
	}

	return [server, ...people];
}

function resume(server: FakeServer, client: FakeClient): FakeClient {
	const again = server.connect(client.remote);
	again.ask('hello', {protocol: 1, program: 'test'});
	again.device = client.device;
	again.login = again.ask('resume', {token: client.login.token, device: client.device});
	server.settle();
	return again;
}

function openSession(caller: FakeClient, callee: FakeClient, name: string): string {
	const {session} = caller.ask('open', {user: name});
	callee.ask('answer', {session, answer: 'accept'});
	caller.notices.length = 0;
	callee.notices.length = 0;
	return session;
}

const listRooms = (client: FakeClient) => client.ask('lr').rooms;

test('who goes stays a member, away, until he is back', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	for (const person of [ann!, bob!]) {
		person.ask('enter', {room: 'den'});
	}

	bob!.drop();
	t.deepEqual(ann!.take('room').at(-1), {
		event: 'room', room: 'den', change: 'gone', user: 'bob', away: true,
	});
	t.like(cat!.ask('enter', {room: 'den'}), {members: [{user: 'ann'}], away: ['bob']});
	t.deepEqual(cat!.ask('lru', {room: 'den'}).users, ['ann', 'cat']);
	t.is(listRooms(cat!)[0]!.members, 2);
	const again = resume(server, bob!);
	t.deepEqual(again.ask('enter', {room: 'den'}).away, []);
	t.like(ann!.take('room').at(-1), {change: 'entered', user: 'bob'});
	again.ask('bye');
	t.deepEqual(ann!.take('room'), [{
		event: 'room', room: 'den', change: 'left', user: 'bob', away: true,
	}]);
});

test('who leaves is no member any more, present or away', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	for (const person of [ann!, bob!, cat!]) {
		person.ask('enter', {room: 'den'});
	}

	bob!.ask('leave', {room: 'den'});
	cat!.drop();
	ann!.notices.length = 0;
	const again = resume(server, cat!);
	t.true(again.ask('leave', {room: 'den'}).ok, 'from outside');
	t.deepEqual(ann!.take('room'), [{
		event: 'room', room: 'den', change: 'left', user: 'cat',
	}]);
	t.is(again.refusal('leave', {room: 'den'}), 'not-in-room');
	t.deepEqual(ann!.ask('enter', {room: 'den'}).away, []);
	server.restart();
	t.deepEqual(resume(server, ann!).ask('enter', {room: 'den'}).away, []);
});

test('a crash of the server leaves everybody away', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	for (const person of [ann!, bob!, cat!]) {
		person.ask('enter', {room: 'den'});
	}

	cat!.ask('leave', {room: 'den'});
	server.restart();
	server.now += 1000;
	t.deepEqual(resume(server, ann!).ask('enter', {room: 'den'}).away, ['bob']);
	server.restart();
	t.deepEqual(resume(server, bob!).ask('enter', {room: 'den'}).away, ['ann']);
});

test('entering is acknowledged when it is on disk, the first time', t => {
	const [server, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	server.isHolding = true;
	const id = bob!.send('enter', {room: 'den'});
	t.false(bob!.replies.has(id));
	server.release();
	t.like(bob!.replies.get(id), {ok: true, members: [{user: 'ann'}]});
	bob!.drop();
	const again = resume(server, bob!);
	server.isHolding = true;
	t.true(again.ask('enter', {room: 'den'}).ok);
	server.release();
});

test('leaving and coming back in one breath ends inside', t => {
	const [server, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	bob!.ask('enter', {room: 'den'});
	server.isHolding = true;
	const leaving = bob!.send('leave', {room: 'den'});
	const entering = bob!.send('enter', {room: 'den'});
	server.release();
	t.true(bob!.replies.get(leaving)!.ok);
	t.true(bob!.replies.get(entering)!.ok);
	t.deepEqual(ann!.ask('lru', {room: 'den'}).users, ['ann', 'bob']);
	server.restart();
	t.deepEqual(resume(server, ann!).ask('enter', {room: 'den'}).away, ['bob']);
});

test('a full disk keeps who leaves as a member who is away', t => {
	const [server, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	bob!.ask('enter', {room: 'den'});
	server.isDiskFull = true;
	t.is(bob!.refusal('leave', {room: 'den'}), 'storage-failed');
	t.deepEqual(ann!.ask('lru', {room: 'den'}).users, ['ann']);
	t.deepEqual(ann!.ask('enter', {room: 'den'}).away, ['bob']);
});

test('a week later nobody waits for who is away; the others are told', t => {
	const [server, ann, bob] = village('ann', 'bob');
	ann!.ask('enter', {room: 'den'});
	bob!.ask('enter', {room: 'den'});
	bob!.drop();
	ann!.notices.length = 0;
	server.now += weekMs - 1000;
	ann!.ask('ping');
	server.advance(0);
	t.deepEqual(ann!.take('room'), []);
	for (let hour = 0; hour < 60; hour++) {
		server.advance(120_000);
		ann!.ask('ping');
	}

	t.deepEqual(ann!.take('room'), [{
		event: 'room', room: 'den', change: 'left', user: 'bob',
	}]);
	t.deepEqual(ann!.ask('enter', {room: 'den'}).away, []);
	t.deepEqual(server.disk.rooms.get('den')!.members, [{user: 'ann', away: undefined}]);
});

test('32 are remembered as away, the first to go is forgotten first', t => {
	const names = Array.from({length: 34}, (_, index) => `user${index}`);
	const [server, ...people] = village(...names);
	const [first] = people;
	first!.ask('enter', {room: 'den'});
	for (const person of people.slice(1)) {
		person.ask('enter', {room: 'den'});
		server.advance(10);
		person.drop();
	}

	t.deepEqual(first!.take('room').at(-1), {
		event: 'room', room: 'den', change: 'left', user: 'user1',
	});
	t.deepEqual(first!.ask('enter', {room: 'den'}).away, names.slice(2));
	server.restart();
	t.is(resume(server, people[2]!).ask('enter', {room: 'den'}).away.length, 32, 'user0 was there at the end');
});

test('a session becomes a group with a third one', t => {
	const [server, ann, bob, cat, dan] = village('ann', 'bob', 'cat', 'dan');
	const session = openSession(ann!, bob!, 'bob');
	const reply = ann!.ask('group', {session, user: 'cat'});
	t.like(reply, {ok: true, room: 'ann-bob-cat', expiresInMs: 30_000});
	t.deepEqual(bob!.notices, [{
		event: 'group', session, room: 'ann-bob-cat', from: 'ann',
	}]);
	t.deepEqual(cat!.notices, [{
		event: 'invitation', invitation: reply.invitation, room: 'ann-bob-cat', from: 'ann', expiresInMs: 30_000,
	}]);
	t.deepEqual(server.core.handleCommand('ls', server.now), {command: 'ls', ok: true, fields: {sessions: []}});
	t.like(ann!.ask('enter', {room: 'ann-bob-cat'}), {
		created: false, creator: 'ann', private: true, members: [], away: ['bob'],
	});
	t.is(cat!.refusal('enter', {room: 'ann-bob-cat'}), 'not-invited', 'before it accepts');
	t.like(bob!.ask('enter', {room: 'ann-bob-cat'}), {members: [{user: 'ann'}], away: []});
	t.is(cat!.ask('answer-invitation', {invitation: reply.invitation, answer: 'accept'}).room, 'ann-bob-cat');
	t.deepEqual(ann!.take('invitation-ended'), [{
		event: 'invitation-ended', invitation: reply.invitation, room: 'ann-bob-cat', with: 'cat', outcome: 'accepted',
	}]);
	t.like(cat!.ask('enter', {room: 'ann-bob-cat'}).members, [{user: 'ann'}, {user: 'bob'}]);
	t.is(dan!.refusal('enter', {room: 'ann-bob-cat'}), 'not-invited');
	t.is(dan!.refusal('lru', {room: 'ann-bob-cat'}), 'not-invited');
	t.is(dan!.refusal('leave', {room: 'ann-bob-cat'}), 'not-invited');
	t.is(dan!.refusal('close-room', {room: 'ann-bob-cat'}), 'not-invited');
	t.is(dan!.refusal('invite', {room: 'ann-bob-cat', user: 'bob'}), 'not-invited');
	t.deepEqual(server.core.handleCommand('lr', server.now), {
		command: 'lr', ok: true, fields: {
			rooms: [{
				name: 'ann-bob-cat', creator: 'ann', members: 3, private: true,
			}],
		},
	});

	ann!.ask('leave', {room: 'ann-bob-cat'});
	t.deepEqual(bob!.ask('lru', {room: 'ann-bob-cat'}).users, ['bob', 'cat']);
	t.is(cat!.refusal('close-room', {room: 'ann-bob-cat'}), 'not-creator');
	t.true(ann!.ask('close-room', {room: 'ann-bob-cat'}).ok);
	t.is(server.disk.rooms.size, 0);
});

test('a private room shows itself to its people only, in lists, notices and at the login', t => {
	const [server, ann, bob, cat, dan] = village('ann', 'bob', 'cat', 'dan');
	dan!.ask('enter', {room: 'cellar'});
	dan!.ask('enter', {room: 'attic'});
	const session = openSession(ann!, bob!, 'bob');
	const {invitation} = ann!.ask('group', {session, user: 'cat'});
	server.settle();
	const row = {
		name: 'ann-bob-cat', creator: 'ann', members: 0, private: true,
	};
	t.deepEqual(listRooms(ann!).map(({name}) => name), ['ann-bob-cat', 'attic', 'cellar'], 'in the order of names');
	t.deepEqual(listRooms(cat!).map(({name}) => name), ['attic', 'cellar']);
	t.deepEqual(bob!.take('rooms').at(-1), {event: 'rooms', rooms: [row], gone: []});
	for (const outsider of [cat!, dan!]) {
		t.false(JSON.stringify(outsider.take('rooms')).includes('ann-bob'));
	}

	cat!.ask('answer-invitation', {invitation, answer: 'accept'});
	server.settle();
	t.deepEqual(cat!.take('rooms'), [{event: 'rooms', rooms: [row], gone: []}]);
	server.restart();
	const again = resume(server, cat!);
	t.deepEqual(again.take('rooms').flatMap(({rooms, snapshot}) => rooms.map(({name}) => [name, snapshot ?? false])), [['attic', true], ['cellar', true], ['ann-bob-cat', false]]);
	const outsider = resume(server, dan!);
	t.deepEqual(outsider.take('rooms').flatMap(({rooms}) => rooms.map(({name}) => name)), ['attic', 'cellar']);
	const creator = resume(server, ann!);
	t.true(creator.ask('close-room', {room: 'ann-bob-cat'}).ok);
	server.settle();
	t.deepEqual(again.take('rooms'), [{event: 'rooms', rooms: [], gone: ['ann-bob-cat']}]);
	t.deepEqual(outsider.take('rooms'), []);
	t.deepEqual(listRooms(again).map(({name}) => name), ['attic', 'cellar']);
});

test('a name that goes from private to public in one breath is told right to all', t => {
	const [server, ann, bob, cat, dan] = village('ann', 'bob', 'cat', 'dan');
	const session = openSession(ann!, bob!, 'bob');
	ann!.ask('group', {session, user: 'cat'});
	server.settle();
	bob!.notices.length = 0;
	server.now += 1000;
	ann!.ask('close-room', {room: 'ann-bob-cat'});
	dan!.ask('enter', {room: 'ann-bob-cat'});
	server.settle();
	for (const person of [ann!, bob!, cat!]) {
		t.like(person.take('rooms').at(-1), {rooms: [{name: 'ann-bob-cat', creator: 'dan', members: 1}], gone: []});
	}
});

test('a partner who vanishes before entering a group is a member of it, away', t => {
	const [server, ann, bob] = village('ann', 'bob', 'cat');
	const session = openSession(ann!, bob!, 'bob');
	ann!.ask('group', {session, user: 'cat'});
	bob!.drop();
	t.deepEqual(ann!.ask('enter', {room: 'ann-bob-cat'}).away, ['bob']);
	server.restart();
	t.true(resume(server, bob!).ask('enter', {room: 'ann-bob-cat'}).ok);
});

test('what can\'t become a group is refused and stays a session', t => {
	const [server, ann, bob, cat, dan] = village('ann', 'bob', 'cat', 'dan');
	const session = openSession(ann!, bob!, 'bob');
	dan!.ask('bye');
	for (const [fields, code] of [
		[{session, user: 'dan'}, 'user-offline'],
		[{session, user: 'nobody'}, 'no-such-user'],
		[{session, user: 'bob'}, 'already-member'],
		[{session, user: 'ann'}, 'self'],
		[{session: 'none', user: 'cat'}, 'no-such-session'],
	] as const) {
		t.is(ann!.refusal('group', fields), code);
	}

	t.is(cat!.refusal('group', {session, user: 'dan'}), 'no-such-session', 'somebody else\'s');
	server.isDiskFull = true;
	t.is(ann!.refusal('group', {session, user: 'cat'}), 'storage-failed');
	server.isDiskFull = false;
	t.deepEqual(server.core.handleCommand('ls', server.now), {command: 'ls', ok: true, fields: {sessions: [{id: session, users: ['ann', 'bob']}]}});
	server.isHolding = true;
	const first = ann!.send('group', {session, user: 'cat'});
	t.is(bob!.refusal('group', {session, user: 'cat'}), 'busy-try-again');
	server.release();
	t.true(ann!.replies.get(first)!.ok);
	t.is(bob!.refusal('group', {session, user: 'cat'}), 'no-such-session');
});

test('who is gone when the group is written is told nothing, and nobody waits for him', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	const session = openSession(ann!, bob!, 'bob');
	server.isHolding = true;
	const id = ann!.send('group', {session, user: 'cat'});
	cat!.drop();
	server.release();
	t.true(ann!.replies.get(id)!.ok);
	t.like(ann!.take('invitation-ended'), [{outcome: 'gone', with: 'cat'}]);

	const again = openSession(bob!, ann!, 'ann');
	server.isHolding = true;
	bob!.send('group', {session: again, user: 'cat'});
	bob!.drop();
	server.release();
	t.like(ann!.take('session'), [{state: 'gone'}]);
});

test('names of groups are made of those of their people', t => {
	const taken = new Set(['ann-bob-cat', 'ann-bob-cat-2']);
	const name = (...people: string[]) => groupName(people, candidate => taken.has(candidate));
	t.is(name('ann', 'bob', 'dan'), 'ann-bob-dan');
	t.is(name('ann', 'bob', 'cat'), 'ann-bob-cat-3');
	t.is(name('ann', 'боб', 'cat'), 'group');
	taken.add('group');
	t.is(name('ann', 'боб', 'cat'), 'group-2');
	t.is(name('a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)), 'aaaaaaaa-bbbbbbbb-cccccccc');
	fc.assert(fc.property(fc.array(fc.string({unit: 'grapheme'}).filter(candidate => nameProblem(candidate) === undefined), {minLength: 3, maxLength: 3}), fc.nat(50), (people, count) => {
		let asked = 0;
		return nameProblem(groupName(people, () => asked++ < count)) === undefined;
	}));
});

const answers = [['accept', 'accepted'], ['decline', 'declined'], ['busy', 'busy']] as const;
for (const [answer, outcome] of answers) {
	test(`an invitation answered with ${answer}`, t => {
		const [, ann, bob] = village('ann', 'bob');
		ann!.ask('enter', {room: 'den'});
		const {invitation} = ann!.ask('invite', {room: 'den', user: 'bob'});
		t.deepEqual(bob!.take('invitation'), [{
			event: 'invitation', invitation, room: 'den', from: 'ann', expiresInMs: 30_000,
		}]);
		t.is(ann!.refusal('answer-invitation', {invitation, answer}), 'no-such-invitation', 'it is bob\'s');
		t.is(bob!.ask('answer-invitation', {invitation, answer}).room, 'den');
		t.deepEqual(ann!.take('invitation-ended'), [{
			event: 'invitation-ended', invitation, room: 'den', with: 'bob', outcome,
		}]);
		t.deepEqual(bob!.take('invitation-ended'), []);
		t.is(bob!.refusal('answer-invitation', {invitation, answer}), 'no-such-invitation');
	});
}

const endings: ReadonlyArray<[string, (server: FakeServer, ann: FakeClient, bob: FakeClient) => void, string | undefined, string | undefined]> = [
	['waits 30 s', server => {
		server.advance(30_000);
	}, 'timeout', 'timeout'],
	['is left by its asker', (_server, ann) => {
		ann.ask('leave', {room: 'den'});
	}, 'withdrawn', 'withdrawn'],
	['loses its asker by good-bye', (_server, ann) => {
		ann.ask('bye');
	}, undefined, 'withdrawn'],
	['loses its asker', (_server, ann) => {
		ann.drop();
	}, undefined, 'gone'],
	['loses its room', (_server, ann) => {
		ann.ask('close-room', {room: 'den'});
	}, 'gone', 'gone'],
	['loses who was asked', (_server, _ann, bob) => {
		bob.drop();
	}, 'gone', undefined],
];
for (const [what, act, toHost, toGuest] of endings) {
	test(`an invitation that ${what}`, t => {
		const [server, ann, bob] = village('ann', 'bob', 'cat');
		ann!.ask('enter', {room: 'den'});
		const {invitation} = ann!.ask('invite', {room: 'den', user: 'bob'});
		act(server, ann!, bob!);
		t.deepEqual(ann!.take('invitation-ended').map(({outcome, with: user}) => [outcome, user]), toHost === undefined ? [] : [[toHost, 'bob']]);
		t.deepEqual(bob!.take('invitation-ended').map(({outcome, with: user}) => [outcome, user]), toGuest === undefined ? [] : [[toGuest, 'ann']]);
		const late = toGuest === undefined ? resume(server, bob!) : bob!;
		t.is(late.refusal('answer-invitation', {invitation, answer: 'accept'}), 'no-such-invitation');
	});
}

test('invitations that can\'t be', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	ann!.ask('enter', {room: 'den'});
	bob!.ask('enter', {room: 'den'});
	cat!.ask('bye');
	for (const [fields, code] of [
		[{room: 'den', user: 'bob'}, 'already-member'],
		[{room: 'den', user: 'ann'}, 'self'],
		[{room: 'den', user: 'cat'}, 'user-offline'],
		[{room: 'den', user: 'nobody'}, 'no-such-user'],
		[{room: 'attic', user: 'bob'}, 'no-such-room'],
	] as const) {
		t.is(ann!.refusal('invite', fields), code);
	}

	const again = resume(server, cat!);
	t.is(again.refusal('invite', {room: 'den', user: 'bob'}), 'not-in-room');
	const {invitation} = ann!.ask('invite', {room: 'den', user: 'cat'});
	server.advance(1000);
	t.like(ann!.ask('invite', {room: 'den', user: 'cat'}), {invitation, expiresInMs: 29_000});
	t.is(again.take('invitation').length, 1, 'the same again is the same invitation');
});

test('one user has 64 invitations waiting', t => {
	const [, ann, bob] = village('ann', 'bob');
	for (let index = 0; index < 32; index++) {
		ann!.ask('enter', {room: `room${index}`});
		t.true(ann!.ask('invite', {room: `room${index}`, user: 'bob'}).ok);
	}

	for (let index = 0; index < 32; index++) {
		ann!.ask('leave', {room: `room${index}`});
	}

	t.is(bob!.take('invitation-ended').length, 32);
	const small = new FakeServer({limits: {...generous, invitationsPerUser: 2}});
	const [host, ...guests] = ['ann', 'bob', 'cat', 'dan'].map((name, index) => small.register(name, {device: deviceKeys(letters[index])}));
	host!.ask('enter', {room: 'den'});
	t.true(host!.ask('invite', {room: 'den', user: 'bob'}).ok);
	t.true(host!.ask('invite', {room: 'den', user: 'cat'}).ok);
	t.is(host!.refusal('invite', {room: 'den', user: 'dan'}), 'too-many-invitations');
	t.is(guests.length, 3);
});

test('an invitation into a room that is just being closed is void', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	const session = openSession(ann!, bob!, 'bob');
	const {invitation, room} = ann!.ask('group', {session, user: 'cat'});
	server.isHolding = true;
	ann!.send('close-room', {room});
	t.is(cat!.refusal('answer-invitation', {invitation, answer: 'accept'}), 'no-such-room');
	server.release();
	t.deepEqual(ann!.take('invitation-ended').map(({outcome}) => outcome), ['gone']);
	t.is(server.disk.rooms.size, 0);
});

test('being let into a private room is on disk before the reply', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	const session = openSession(ann!, bob!, 'bob');
	const {invitation} = ann!.ask('group', {session, user: 'cat'});
	server.isHolding = true;
	const id = cat!.send('answer-invitation', {invitation, answer: 'accept'});
	t.false(cat!.replies.has(id));
	server.release();
	t.true(cat!.replies.get(id)!.ok);
	server.restart();
	t.true(resume(server, cat!).ask('enter', {room: 'ann-bob-cat'}).ok);
});
