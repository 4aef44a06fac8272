import test from 'ava';
import {People, type Person} from '../people.js';

/**
Ann and bob in an open session, and cat who is logged in.
*/
function sessionOf(people: People, modes: 'one' | 'many' = 'one'): [ann: Person, bob: Person, cat: Person] {
	const [ann, bob, cat] = [people.join('ann', {mode: modes}), people.join('bob', {mode: modes, accept: 'everyone'}), people.join('cat', {mode: modes})];
	ann.type('o bob');
	people.run(500);
	return [ann, bob, cat];
}

function groupOf(people: People): [ann: Person, bob: Person, cat: Person] {
	const [ann, bob, cat] = sessionOf(people);
	ann.type('add cat');
	people.run(200);
	cat.type('accept');
	people.run(500);
	return [ann, bob, cat];
}

function namesIn(person: Person): string[] {
	return person.view.conversations.flatMap(({members}) => members.map(({name}) => name)).toSorted((one, other) => one.localeCompare(other));
}

test('a session becomes a group: both ends enter by themselves, the third is asked', t => {
	const people = new People();
	const [ann, bob, cat] = sessionOf(people);
	t.like(ann.type('add cat'), {ok: true, fields: {room: 'ann-bob-cat', user: 'cat', private: true}});
	people.run(500);
	for (const person of [ann, bob]) {
		t.like(person.view.conversations, {0: {key: 'room:ann-bob-cat', isPrivate: true}, length: 1});
		t.is(person.view.active, 'room:ann-bob-cat');
		t.like(person.events('session').at(-1), {state: 'closed', room: 'ann-bob-cat'});
		t.is(person.events('room').filter(({change}) => change === 'lost' || change === 'left').length, 0);
		t.deepEqual(person.view.rooms.map(room => [room.name, room.private]), [['ann-bob-cat', true]]);
		t.like(person.type('l'), {
			ok: true, fields: {
				conversation: {
					kind: 'room', name: 'ann-bob-cat', members: 2, private: true,
				},
			},
		});
	}

	t.deepEqual(cat.view.rooms, []);
	t.like(cat.events('request').at(-1), {kind: 'group', from: 'ann', room: 'ann-bob-cat'});
	t.like(cat.type('accept ann'), {ok: true, fields: {room: 'ann-bob-cat', private: true}});
	people.run(1000);
	t.deepEqual(ann.events('invitation').map(({user, state}) => `${user} ${state}`), ['cat asked', 'cat accepted']);
	for (const person of [ann, bob, cat]) {
		t.deepEqual(namesIn(person), ['ann', 'bob', 'cat']);
		t.true(person.view.conversations[0]!.members.every(({isLinked}) => isLinked));
	}

	ann.type('s hello both');
	people.run(300);
	t.deepEqual([bob.read, cat.read], [['ann: hello both'], ['ann: hello both']]);
});

test('who leaves a group leaves the others connected, for good', t => {
	const people = new People();
	const [ann, bob, cat] = groupOf(people);
	ann.type('cs');
	people.run(500);
	t.deepEqual(namesIn(bob), ['bob', 'cat']);
	bob.type('s still here');
	people.run(5000);
	t.deepEqual(cat.read, ['bob: still here']);
	t.deepEqual(ann.read, []);
	t.true(bob.view.conversations[0]!.members.every(({isLinked}) => isLinked));
});

test('lines said while the session turns into a group arrive, once', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.wireMs = 80;
	ann.node.type('add cat');
	for (const round of [1, 2, 3, 4, 5, 6]) {
		bob.node.type(`s ${round}`);
		people.run(70);
	}

	people.run(5000);
	const said = bob.node.replies.values().filter(({command, ok}) => command === 's' && ok).toArray().length;
	t.is(said, 6);
	t.deepEqual(ann.read, ['bob: 1', 'bob: 2', 'bob: 3', 'bob: 4', 'bob: 5', 'bob: 6']);
	t.deepEqual(bob.node.disk.outbox.filter(({state}) => state.step === 'queued'), []);
});

test('declined, timed out, busy, offline, unknown, already in: each is told', t => {
	const people = new People();
	const [ann, bob, cat] = sessionOf(people);
	t.like(ann.type('add bob'), {ok: false, error: {code: 'already-member'}});
	t.like(ann.type('add ann'), {ok: false, error: {code: 'self'}});
	t.like(ann.type('add nobody'), {ok: false, error: {code: 'no-such-user'}});
	t.is(ann.view.conversations[0]?.key, 'session:bob');
	ann.type('add cat');
	people.run(200);
	t.like(cat.type('decline'), {ok: true, fields: {user: 'ann', room: 'ann-bob-cat'}});
	people.run(200);
	t.is(ann.events('invitation').at(-1)?.state, 'declined');
	bob.type('add cat');
	people.run(31_000);
	t.is(bob.events('invitation').at(-1)?.state, 'timeout');
	t.like(cat.events('request-ended').at(-1), {
		kind: 'group', from: 'bob', room: 'ann-bob-cat', reason: 'timeout',
	});
	const dan = people.join('dan', {accept: 'everyone'});
	cat.type('o dan');
	people.run(300);
	ann.type('add cat');
	people.run(300);
	t.is(ann.events('invitation').at(-1)?.state, 'busy');
	dan.type('d');
	people.run(300);
	t.like(ann.type('add dan'), {ok: false, error: {code: 'user-offline'}});
	t.like(ann.type('add bob'), {ok: false, error: {code: 'already-member'}});
	t.like(people.join('eve').type('add ann'), {ok: false, error: {code: 'no-conversation'}});
});

test('into an open room one is asked as well, and with --accept everyone goes there unasked', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('or den');
	t.like(ann.type('add bob'), {ok: true, fields: {room: 'den', user: 'bob'}});
	people.run(1000);
	t.deepEqual(namesIn(bob), ['ann', 'bob']);
	t.deepEqual(bob.events('request'), []);
	t.is(bob.view.active, 'room:den');
});

test('accepting an invitation makes way with --sessions one, and not with many', t => {
	for (const mode of ['one', 'many'] as const) {
		const people = new People();
		const [ann, , cat] = sessionOf(people, mode);
		ann.type('add cat');
		people.run(100);
		cat.type('or attic');
		cat.type('accept');
		people.run(500);
		t.deepEqual(cat.view.conversations.map(({key}) => key), mode === 'one' ? ['room:ann-bob-cat'] : ['room:attic', 'room:ann-bob-cat']);
	}
});

test('who leaves the session while it turns into a group is not drawn into it', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.wireMs = 100;
	ann.node.type('add cat');
	people.run(250);
	bob.node.type('cs');
	people.run(3000);
	t.deepEqual(bob.view.conversations, []);
	t.deepEqual(namesIn(ann).filter(name => name === 'bob'), []);
});

test('whenever the server dies while a session turns into a group, nobody stays in a session that the other has left', t => {
	const outcomes = new Set<string>();
	for (let crashAt = 50; crashAt <= 650; crashAt += 50) {
		const people = new People();
		const [ann, bob] = sessionOf(people);
		people.world.wireMs = 100;
		ann.node.type('add cat');
		people.run(crashAt);
		people.world.server.crash();
		people.run(1000);
		people.world.server.start();
		people.run(60_000);
		const places = [ann, bob].map(({view}) => view.conversations.filter(({state}) => state === 'open').map(({kind}) => kind).join(','));
		t.is(places[0] === 'session', places[1] === 'session', `${places.join(' and ')}, after ${crashAt} ms`);
		outcomes.add(places.join(' and '));
	}

	t.true(outcomes.size > 1, 'the moments made a difference');
});

test('an invitation that no longer stands, and a group that was closed', t => {
	const people = new People();
	const [ann, , cat] = sessionOf(people);
	ann.type('add cat');
	people.run(100);
	ann.type('cr ann-bob-cat');
	people.run(100);
	t.like(cat.events('request-ended').at(-1), {reason: 'gone'});
	t.like(cat.type('accept'), {ok: false, error: {code: 'no-request'}});
});

test('the group goes on without a server, and stands after its return', t => {
	const people = new People();
	const [ann, bob, cat] = groupOf(people);
	people.world.server.crash();
	people.run(1000);
	ann.type('s without a server');
	people.run(500);
	t.deepEqual(bob.read, ['ann: without a server']);
	t.deepEqual(cat.read, ['ann: without a server']);
	people.world.server.start();
	people.run(40_000);
	for (const person of [ann, bob, cat]) {
		t.deepEqual(namesIn(person), ['ann', 'bob', 'cat']);
		t.true(person.view.conversations[0]!.isPrivate);
	}
});
