import test from 'ava';
import {People, type Person} from '../people.js';

function sessionOf(people: People): [ann: Person, bob: Person] {
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(500);
	return [ann, bob];
}

const terrible = {
	delay: 20, jitter: 20, loss: 0.2, duplicate: 0.1, reorder: 0.1,
};

test('fifty lines each way at the same time arrive in order and once, through terrible weather', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.network.conditions = {...people.world.network.conditions, ...terrible};
	for (let index = 0; index < 50; index++) {
		ann.node.type(`s a${index}`);
		bob.node.type(`s b${index}`);
		people.run(5);
	}

	people.run(30_000);
	t.deepEqual(bob.read, Array.from({length: 50}, (_, index) => `ann: a${index}`));
	t.deepEqual(ann.read, Array.from({length: 50}, (_, index) => `bob: b${index}`));
	t.deepEqual(ann.node.disk.outbox, []);
});

test('a line is safe once it is acknowledged: its author may crash at once', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.network.isBlocked = () => true;
	t.like(ann.type('s before the crash'), {ok: true});
	ann.node.crash();
	people.world.network.isBlocked = () => false;
	people.run(3000);
	ann.node.start();
	people.logIn(ann);
	ann.type('o bob');
	people.run(1000);
	t.deepEqual(bob.read, ['ann: before the crash']);
});

test('a reader that crashes before its mark is on disk is shown the line after its return, and only then is it called delivered', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.diskMs = 100;
	ann.type('s hello');
	people.run(50);
	bob.node.crash();
	people.world.diskMs = 2;
	t.false(ann.events('delivery').some(({state}) => state === 'delivered'));
	people.run(3000);
	bob.node.start();
	people.logIn(bob);
	ann.type('o bob');
	people.run(1000);
	t.deepEqual(bob.read, ['ann: hello']);
	t.is(ann.events('delivery').at(-1)?.state, 'read');
});

test('a reader that crashes after its mark is not shown the line twice', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.network.isBlocked = ({from}) => from === bob.node.address;
	ann.type('s hello');
	people.run(50);
	t.deepEqual(bob.read, ['ann: hello']);
	bob.node.crash();
	people.world.network.isBlocked = () => false;
	people.run(15_000);
	bob.node.start();
	people.logIn(bob);
	ann.type('o bob');
	people.run(1000);
	t.deepEqual(bob.read, ['ann: hello']);
	t.is(ann.events('delivery').at(-1)?.state, 'read');
});

test('a line whose mark is still on its way to disk, and that comes again, is shown once and receipted', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.diskMs = 2000;
	ann.node.type('s slow');
	people.world.runUntil(() => ann.node.disk.outbox.length === 1);
	people.run(1100);
	// The session is opened anew while bob's disk works: the line is sent again under another name of the session.
	bob.node.type('cs');
	bob.node.type('o ann');
	people.run(100);
	ann.type('accept');
	people.run(20_000);
	t.deepEqual(bob.read, ['ann: slow']);
	t.deepEqual(ann.node.disk.outbox, []);
});

test('a line that waits for its session is not outrun by a later one in a room', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.network.isBlocked = () => true;
	ann.type('s for you alone');
	// In a room bob is busy: mail to him alone waits.
	bob.type('or den');
	people.run(500);
	people.world.network.isBlocked = () => false;
	ann.type('or den');
	people.run(15_000);
	ann.type('s for the room');
	people.run(2000);
	t.deepEqual(bob.read, ['ann: for the room']);
	ann.type('o bob');
	people.run(80_000);
	t.deepEqual(bob.read, ['ann: for the room']);
	bob.type('cs');
	people.run(80_000);
	t.deepEqual(bob.read, ['ann: for the room', 'ann: for you alone']);
});

test('lines said on an earlier visit are not taken on the next one without those before them', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('or den');
	bob.type('or den');
	people.run(1000);
	people.world.network.conditions = {...people.world.network.conditions, delay: 150};
	people.world.wireMs = 0.1;
	for (let index = 0; index < 60; index++) {
		ann.node.type(`s ${index}`);
		people.run(5);
		if (index !== 40) {
			continue;
		}

		bob.node.type('cs');
		people.run(3);
		bob.node.type('or den');
	}

	people.run(5000);
	// What ann said while bob was out is not for him; everything else is, in order.
	const numbers = bob.read.map(line => Number(line.slice('ann: '.length)));
	t.deepEqual(numbers, numbers.toSorted((one, other) => one - other));
	t.deepEqual(ann.node.disk.outbox, []);
	t.is(numbers.length, ann.events('delivery').filter(({state, to}) => state === 'delivered' && to === 'bob').length);
});

test('sequence numbers are never used twice, through crashes', t => {
	const people = new People();
	const [ann] = sessionOf(people);
	const ids = new Set<unknown>();
	for (let round = 0; round < 5; round++) {
		for (let index = 0; index < 3; index++) {
			const reply = ann.type('s x');
			ids.add(reply.ok && reply.fields.id);
		}

		ann.node.crash();
		people.run(2500);
		ann.node.start();
		people.logIn(ann);
		ann.type('o bob');
		people.run(500);
	}

	t.is(ids.size, 15);
});

test('a line is at most 64 KiB', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	t.like(ann.type(`s ${'é'.repeat((32 * 1024) + 1)}`), {ok: false, error: {code: 'text-too-long'}});
	t.like(ann.type(`s ${'é'.repeat(32 * 1024)}`), {ok: true});
	people.run(2000);
	t.is(bob.read.length, 1);
});

test('x says good-bye: lines in flight arrive, the other side is told, the program quits', t => {
	for (const isServerThere of [true, false]) {
		const people = new People({delay: 20});
		const [ann, bob] = sessionOf(people);
		if (!isServerThere) {
			people.world.server.crash();
			people.run(100);
		}

		ann.node.type('s last words');
		const leftAt = people.world.now;
		ann.node.type('x');
		t.true(people.world.runUntil(() => ann.node.client === undefined, 3000));
		t.true(people.world.now - leftAt < 700);
		people.run(500);
		t.deepEqual(bob.read, ['ann: last words']);
		t.like(bob.events('session').at(-1), {with: 'ann', state: 'closed'});
		t.is(bob.events('presence').some(({online}) => !online), isServerThere);
	}
});

test('x waits for its disk, so that what came last is shown', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	people.world.diskMs = 900;
	ann.node.type('s to somebody who leaves');
	people.world.runUntil(() => ann.events('delivery').some(({state}) => state === 'sent'));
	people.run(5);
	bob.node.type('x');
	t.true(people.world.runUntil(() => bob.node.client === undefined, 5000));
	t.deepEqual(bob.read, ['ann: to somebody who leaves']);
});

test('x does not wait for ever for somebody who does not answer', t => {
	const people = new People();
	const [ann] = sessionOf(people);
	people.world.network.isBlocked = () => true;
	ann.node.type('s hello?');
	ann.node.type('x');
	t.true(people.world.runUntil(() => ann.node.client === undefined, 3000));
	t.is(ann.node.disk.outbox.length, 1);
});

test('somebody who moves to another address stays in the conversation', t => {
	const people = new People();
	const [ann, bob] = sessionOf(people);
	bob.node.move();
	bob.type('s from elsewhere');
	people.run(3000);
	ann.type('s got you');
	people.run(3000);
	t.deepEqual(ann.read, ['bob: from elsewhere']);
	t.deepEqual(bob.read, ['ann: got you']);
});
