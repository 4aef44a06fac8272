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

	people.run(3000);
	return [ann, bob, cat];
}

function block(people: People, one: Person, other: Person): void {
	people.world.block(one.node.host, other.node.host);
}

test('a line whose author died before it could be mailed comes from another member, and once', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	people.world.server.crash();
	block(people, ann, cat);
	ann.type('s last words');
	ann.type('s really the last');
	people.run(300);
	t.deepEqual(bob.read, ['ann: last words', 'ann: really the last']);
	t.deepEqual(cat.read, []);
	ann.node.crash();
	people.run(20_000);
	t.deepEqual(cat.read, ['ann: last words', 'ann: really the last']);
	t.like(cat.events('message')[0], {room: 'den', from: 'ann', pending: false});

	people.world.heal();
	people.world.server.start();
	people.run(20_000);
	ann.node.start();
	people.logIn(ann);
	people.run(60_000);
	t.deepEqual(cat.read, ['ann: last words', 'ann: really the last']);
	t.true(ann.node.disk.outbox.every(({state}) => state.step === 'delivered'));
	ann.type('or den');
	people.run(20_000);
	t.deepEqual(ann.node.disk.outbox, []);
	t.deepEqual(cat.read, ['ann: last words', 'ann: really the last']);
});

test('two who can\'t reach each other talk through a third while the server is away, without waiting long', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	people.world.server.crash();
	block(people, ann, cat);
	people.run(30_000);
	for (let index = 0; index < 20; index++) {
		ann.type(`s a${index}`);
		people.run(500);
		cat.type(`s c${index}`);
		people.run(500);
	}

	people.run(1000);
	t.deepEqual(cat.read, Array.from({length: 20}, (_, index) => `ann: a${index}`));
	t.deepEqual(ann.read, Array.from({length: 20}, (_, index) => `cat: c${index}`));
	t.is(bob.read.length, 40);
	people.world.heal();
	people.world.server.start();
	people.run(60_000);
	t.is(cat.read.length, 20);
	t.deepEqual([...ann.node.disk.outbox, ...cat.node.disk.outbox], []);
});

test('what came after a line that is missing waits for it, and nothing is lost', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann'), people.join('bob'), people.join('cat')];
	ann.type('or den');
	cat.type('or den');
	people.run(3000);
	block(people, ann, cat);
	cat.node.wire?.goHalfOpen();
	ann.type('s one');
	people.run(6000);
	t.is(ann.events('delivery').at(-1)?.state, 'stored');
	bob.type('or den');
	people.run(3000);
	ann.type('s two');
	people.run(1000);
	people.world.server.crash();
	people.run(60_000);
	// Bob never had the first line, and without it the second one would make it an old one.
	t.deepEqual(bob.read, ['ann: two']);
	t.deepEqual(cat.read, []);
	people.world.heal();
	people.world.server.start();
	people.run(60_000);
	t.deepEqual(cat.read, ['ann: one', 'ann: two']);
	t.deepEqual(ann.node.disk.outbox, []);
});

test('what was missing may come by mail, and the rest from a member at once', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann'), people.join('bob'), people.join('cat')];
	ann.type('or den');
	cat.type('or den');
	people.run(3000);
	block(people, ann, cat);
	cat.node.wire?.goHalfOpen();
	ann.type('s one');
	people.run(6000);
	bob.type('or den');
	people.run(3000);
	block(people, cat, bob);
	people.world.server.crash();
	ann.type('s two');
	people.run(200);
	ann.node.crash();
	people.world.server.start();
	people.run(60_000);
	t.deepEqual(cat.read, ['ann: one']);
	people.world.heal();
	people.run(60_000);
	t.deepEqual(cat.read, ['ann: one', 'ann: two']);
	t.deepEqual(bob.read, ['ann: two']);
});

test('what came by mail is passed on as well', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	block(people, ann, bob);
	block(people, ann, cat);
	block(people, bob, cat);
	people.run(20_000);
	cat.node.wire?.goHalfOpen();
	ann.type('s one');
	ann.type('s two');
	people.run(5000);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
	t.true(bob.events('message')[0]!.pending);
	ann.node.crash();
	people.world.server.crash();
	people.run(1000);
	people.world.heal();
	people.run(60_000);
	t.deepEqual(cat.read, ['ann: one', 'ann: two']);
	t.false(cat.events('message')[0]!.pending);
	people.world.server.start();
	people.run(60_000);
	t.is(cat.read.length, 2, 'its own mail is only acknowledged');
});

test('a line that comes from a member, by mail and on its author\'s link is shown once, and leaves nothing behind', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	cat.node.wire?.goHalfOpen();
	block(people, ann, cat);
	ann.type('s once');
	t.true(people.world.runUntil(() => people.world.server.disk.mails.some(({user, slot}) => user === 'cat' && slot === undefined)));
	people.run(5000);
	t.like(cat.events('message'), [{text: 'once', pending: false}]);
	people.world.heal();
	people.run(200_000);
	t.deepEqual(cat.read, ['ann: once']);
	t.deepEqual(bob.read, ['ann: once']);
	t.deepEqual(ann.node.disk.outbox, []);
	t.deepEqual(people.world.server.disk.mails, []);
});

test('who keeps no history can catch up, and can pass nothing on', t => {
	const people = new People();
	const [ann, bob, cat, dan] = [people.join('ann'), people.join('bob', {history: false}), people.join('cat', {history: false}), people.join('dan')];
	for (const person of [ann, bob, cat, dan]) {
		person.type('or den');
	}

	people.run(3000);
	people.world.server.crash();
	block(people, ann, cat);
	block(people, dan, cat);
	ann.type('s hello');
	people.run(60_000);
	t.deepEqual(bob.read, ['ann: hello']);
	t.deepEqual(dan.read, ['ann: hello']);
	t.deepEqual(cat.read, []);
	people.world.heal();
	block(people, ann, cat);
	people.run(60_000);
	t.deepEqual(cat.read, ['ann: hello']);
});

test('lines of a room that was closed are not brought into one that was made anew', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people);
	block(people, ann, cat);
	block(people, bob, cat);
	people.world.server.crash();
	bob.type('s of old');
	people.run(1000);
	t.deepEqual(ann.read, ['bob: of old']);
	bob.node.crash();
	people.world.server.start();
	people.run(20_000);
	ann.type('cr den');
	ann.type('or den');
	people.run(500);
	people.world.heal();
	t.like(cat.type('or den'), {ok: true, fields: {created: false}});
	people.run(120_000);
	t.deepEqual(cat.read, []);
	t.deepEqual(ann.node.disk.history.map(({proof}) => proof === undefined), [false]);
});
