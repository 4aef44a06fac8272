import test from 'ava';
import {People, type Person} from '../people.js';

/**
Ann, who made the den, bob and cat, all in it.
*/
function denOf(people: People): [ann: Person, bob: Person, cat: Person] {
	const [ann, bob, cat] = [people.join('ann'), people.join('bob'), people.join('cat')];
	for (const person of [ann, bob, cat]) {
		person.type('or den');
	}

	people.run(500);
	return [ann, bob, cat];
}

function membersSeenBy(person: Person): string[] {
	return person.view.conversations[0]?.members.map(({name}) => name).toSorted((one, other) => one.localeCompare(other)) ?? [];
}

test('entering and leaving is told to the others only', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	t.deepEqual(ann.events('room').map(({change, user}) => `${change} ${user}`), ['created ann', 'entered bob', 'entered cat']);
	t.deepEqual(cat.events('room').map(({change, user}) => `${change} ${user}`), ['entered cat']);
	t.true(ann.view.conversations[0]?.members.every(({isLinked}) => isLinked));
	bob.type('cs');
	people.run(300);
	t.like(ann.events('room').at(-1), {change: 'left', user: 'bob'});
	t.deepEqual(membersSeenBy(ann), ['ann', 'cat']);
	t.deepEqual(membersSeenBy(cat), ['ann', 'cat']);
	t.deepEqual(bob.view.conversations, []);
});

test('the room goes on when its creator has gone, and only the creator closes it', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	ann.node.crash();
	people.run(2000);
	t.like(bob.events('room').at(-1), {change: 'lost', user: 'ann'});
	bob.type('s still here');
	people.run(300);
	t.deepEqual(cat.read, ['bob: still here']);
	t.like(bob.type('cr den'), {ok: false, error: {code: 'not-creator'}});
	ann.node.start();
	people.logIn(ann);
	t.like(ann.type('cr den'), {ok: true});
	people.run(300);
	t.like(cat.events('room').at(-1), {change: 'closed', user: 'ann'});
	t.like(ann.type('lr'), {ok: true, fields: {rooms: []}});
});

test('a member who crashes is told lost; the rest talks on', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	bob.node.crash();
	people.run(2000);
	t.is(ann.events('room').filter(({change, user}) => change === 'lost' && user === 'bob').length, 1);
	t.deepEqual(membersSeenBy(cat), ['ann', 'cat']);
	cat.type('s poor bob');
	people.run(300);
	t.deepEqual(ann.read, ['cat: poor bob']);
});

test('the server may go: talk goes on, and after its return everybody is still in', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	people.world.server.crash();
	people.run(500);
	ann.type('s without a server');
	people.run(500);
	t.deepEqual(bob.read, ['ann: without a server']);
	people.world.server.start();
	people.run(40_000);
	for (const person of [ann, bob, cat]) {
		t.is(person.view.connection.state, 'connected');
		t.deepEqual(membersSeenBy(person), ['ann', 'bob', 'cat']);
		t.is(person.events('room').filter(({change}) => change === 'lost' || change === 'left').length, 0);
	}

	t.like(people.world.server.command('lru den'), {fields: {users: {length: 3}}});
});

test('a connection that breaks and comes back changes nothing for the others', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	bob.node.wire?.cut();
	people.run(5000);
	for (const person of [ann, bob, cat]) {
		t.deepEqual(membersSeenBy(person), ['ann', 'bob', 'cat']);
		t.is(person.events('room').filter(({change}) => change === 'lost' || change === 'left').length, 0);
	}
});

test('who left while we were cut off from everybody is gone when we are back', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	people.world.part([ann.node.host]);
	ann.node.wire?.cut();
	people.run(1000);
	bob.type('cs');
	people.run(20_000);
	people.world.heal();
	people.run(40_000);
	t.deepEqual(membersSeenBy(ann), ['ann', 'cat']);
	t.deepEqual(membersSeenBy(cat), ['ann', 'cat']);
	t.true(ann.view.conversations[0]?.members.every(({isLinked}) => isLinked));
});

test('a room that was closed and made anew by the same creator while we were away is another one', t => {
	const people = new People();
	const [ann, , cat] = denOf(people);
	people.world.part([cat.node.host]);
	cat.node.wire?.cut();
	people.run(1000);
	ann.type('cr den');
	ann.type('or den');
	people.run(20_000);
	people.world.heal();
	people.run(40_000);
	t.like(cat.events('room').at(-1), {change: 'closed', user: 'ann'});
	t.deepEqual(cat.view.conversations, []);
	t.deepEqual(membersSeenBy(ann), ['ann']);
});

test('a room that was closed while we were away is not made anew by our return', t => {
	const people = new People();
	const [ann, bob] = denOf(people);
	people.world.part([bob.node.host]);
	bob.node.wire?.cut();
	people.run(20_000);
	bob.type('s into the void');
	ann.type('cr den');
	people.run(1000);
	people.world.heal();
	people.run(40_000);
	t.deepEqual(bob.view.conversations, []);
	t.like(bob.events('room').at(-1), {change: 'closed', user: 'ann'});
	t.like(ann.type('lr'), {fields: {rooms: []}});
	t.deepEqual(bob.events('delivery').filter(({state}) => state === 'failed').map(({to}) => to).toSorted((one, other) => one.localeCompare(other)), ['ann', 'cat']);
	t.deepEqual(bob.node.disk.outbox, []);
});

test('of three rooms asked for in one breath the last one stands, here and at the server', t => {
	const people = new People();
	const ann = people.join('ann');
	people.world.wireMs = 30;
	for (const line of ['or attic', 'or den', 'or attic']) {
		ann.node.type(line);
	}

	people.run(2000);
	t.deepEqual(ann.view.conversations.map(({key}) => key), ['room:attic']);
	t.like(people.world.server.command('lru attic'), {fields: {users: ['ann']}});
	t.like(people.world.server.command('lru den'), {fields: {users: []}});
});

test('a room left and entered again right after a login stands, here and at the server', t => {
	const people = new People();
	const ann = people.join('ann');
	ann.type('or den');
	people.world.wireMs = 30;
	ann.type('d');
	people.run(100);
	ann.type('c 10.0.0.100');
	ann.node.type('login ann secret');
	people.world.runUntil(() => ann.view.connection.user !== undefined);
	ann.node.type('cs');
	ann.node.type('or den');
	people.run(2000);
	t.deepEqual(ann.view.conversations.map(({key}) => key), ['room:den']);
	t.like(people.world.server.command('lru den'), {fields: {users: ['ann']}});
});

test('a room left while the server was away, and entered again before it has answered the login, stands here and there', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann', {mode: 'many'}), people.join('bob')];
	for (const line of ['or attic', 'or den']) {
		ann.type(line);
	}

	bob.type('or den');
	people.run(500);
	ann.type('d');
	ann.type('cs');
	ann.type('c 10.0.0.100');
	people.world.wireMs = 40;
	ann.node.type('login ann secret');
	people.run(100);
	t.is(ann.view.connection.user, undefined);
	const entered = ann.node.type('or den');
	people.run(20_000);
	t.like(ann.node.replies.get(entered), {ok: true});
	t.deepEqual(ann.view.conversations.map(({name}) => name), ['attic', 'den']);
	const seen = people.world.server.command('lru den');
	t.true(seen.ok && (seen.fields.users as string[]).includes('ann'));
	t.deepEqual(membersSeenBy(bob), ['ann', 'bob']);
});

test('a good-bye that comes after the server has announced the return puts nobody out', t => {
	const people = new People();
	const [ann, bob] = denOf(people);
	people.world.network.conditions = {...people.world.network.conditions, delay: 200};
	bob.node.type('cs');
	bob.node.type('or den');
	people.run(3000);
	t.deepEqual(membersSeenBy(ann), ['ann', 'bob', 'cat']);
	t.deepEqual(membersSeenBy(bob), ['ann', 'bob', 'cat']);
	ann.type('s welcome back');
	people.run(1000);
	t.deepEqual(bob.read, ['ann: welcome back']);
});

test('a whole visit that is told late on the link puts nobody out', t => {
	const people = new People();
	const [ann, bob] = denOf(people);
	bob.type('cs');
	people.run(100);
	people.world.network.conditions = {...people.world.network.conditions, delay: 200};
	for (const line of ['or den', 'cs', 'or den']) {
		bob.type(line);
	}

	people.run(3000);
	t.deepEqual(membersSeenBy(ann), ['ann', 'bob', 'cat']);
	bob.type('s here to stay');
	people.run(1000);
	t.deepEqual(ann.read, ['bob: here to stay']);
});

test('a return that the server announces late, after its good-bye, is no end of talk', t => {
	for (let seed = 1; seed <= 10; seed++) {
		const people = new People({}, seed);
		const [ann, bob] = denOf(people);
		people.world.wireMs = 100;
		bob.node.type('cs');
		bob.node.type('or den');
		people.run(2000);
		ann.type('s hello again');
		bob.type('s hello you');
		people.run(2000);
		t.deepEqual(bob.read, ['ann: hello again']);
		t.deepEqual(ann.read, ['bob: hello you']);
		t.deepEqual(membersSeenBy(ann), ['ann', 'bob', 'cat']);
	}
});

test('nothing is asked of the server while it does not know us again', t => {
	const people = new People();
	const ann = people.join('ann', {mode: 'many'});
	ann.type('or attic');
	ann.type('or den');
	people.world.wireMs = 40;
	ann.node.wire?.cut();
	people.world.runUntil(() => ann.view.connection.state === 'retrying');
	people.world.runUntil(() => ann.view.connection.retryAt === undefined);
	people.run(200);
	ann.node.type('cs');
	t.like(ann.type('or den'), {ok: false, error: {code: 'not-connected'}});
	people.run(5000);
	t.deepEqual(ann.view.conversations.map(({key}) => key), ['room:attic']);
	t.like(people.world.server.command('lru den'), {fields: {users: []}});
});

test('a line to an empty room is answered', t => {
	const people = new People();
	const ann = people.join('ann');
	ann.type('or den');
	t.like(ann.type('s first'), {ok: true});
	t.like(ann.type('s second'), {ok: true});
	t.deepEqual(ann.events('delivery'), []);
});

test('a name is one name, however it is spelled', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('or Den');
	t.like(bob.type('or den'), {ok: true, fields: {room: 'Den', created: false}});
	people.run(300);
	bob.type('s hi');
	people.run(300);
	t.like(ann.events('message')[0], {room: 'Den', text: 'hi'});
	t.like(bob.type('or DEN'), {ok: true, fields: {members: 2}});
});
