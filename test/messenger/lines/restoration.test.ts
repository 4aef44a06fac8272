// Somebody's profile is damaged and goes on with an older state: what was acknowledged comes all the same, once.
import test from 'ava';
import {People, type Person} from '../people.js';

function block(people: People, one: Person, other: Person): void {
	people.world.block(one.node.host, other.node.host);
}

/**
From now on the backup stays as it is now.
*/
function backUp(person: Person): void {
	person.node.backUp();
	person.node.isBackedUp = false;
}

/**
Goes on with the backup, and logs in again.
*/
function goesBack(people: People, person: Person): void {
	person.node.crashAndDamage();
	people.run(3000);
	person.node.start();
	people.logIn(person);
	people.run(1000);
}

/**
Members of the den, which the first of them has made.
*/
function denOf(people: People, ...names: readonly string[]): Person[] {
	const members = names.map(name => people.join(name, {accept: 'everyone'}));
	for (const member of members) {
		member.type('or den');
	}

	people.run(3000);
	return members;
}

test('a line that is at the server when its author goes back is shown, although later ones came directly before it', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann', {accept: 'everyone'}), people.join('bob')];
	backUp(ann);
	bob.type('busy on');
	ann.type('o bob');
	ann.type('s one');
	ann.type('s two');
	people.run(1000);
	t.deepEqual(ann.events('delivery').map(({state}) => state), ['queued', 'queued', 'stored', 'stored']);
	goesBack(people, ann);
	t.deepEqual(ann.node.disk.outbox, []);
	people.world.wireMs = 1500;
	bob.type('o ann');
	people.world.runUntil(() => ann.view.conversations.some(({state}) => state === 'open'));
	ann.type('s three');
	people.world.runUntil(() => bob.read.length > 0);
	t.deepEqual(bob.read, ['ann: three']);
	people.run(20_000);
	t.deepEqual(bob.read, ['ann: three', 'ann: one', 'ann: two']);
	ann.type('s four');
	people.run(3000);
	t.is(bob.read.length, 4);
	t.deepEqual(ann.node.disk.outbox, []);
});

test('what was sent before is sent again by its author, and shown once', t => {
	const people = new People();
	const [ann, bob] = denOf(people, 'ann', 'bob') as [Person, Person];
	block(people, ann, bob);
	people.run(20_000);
	ann.type('s one');
	backUp(ann);
	people.world.heal();
	people.run(30_000);
	t.deepEqual(bob.read, ['ann: one']);
	t.deepEqual(ann.node.disk.outbox, []);
	goesBack(people, ann);
	ann.type('or den');
	ann.type('s two');
	people.run(20_000);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
	t.deepEqual(ann.node.disk.outbox, []);
});

test('what a member has missed of somebody who went back comes from another member', t => {
	const people = new People();
	const [ann, bob, cat] = denOf(people, 'ann', 'bob', 'cat') as [Person, Person, Person];
	backUp(ann);
	people.world.server.crash();
	block(people, ann, cat);
	block(people, bob, cat);
	people.run(20_000);
	ann.type('s one');
	ann.type('s two');
	people.run(1000);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
	ann.node.crash();
	people.world.server.start();
	people.run(20_000);
	goesBack(people, ann);
	ann.type('or den');
	people.world.heal();
	block(people, bob, cat);
	people.run(30_000);
	ann.type('s three');
	people.run(3000);
	t.deepEqual(cat.read, ['ann: three']);
	people.world.heal();
	people.run(90_000);
	t.deepEqual(cat.read, ['ann: three', 'ann: one', 'ann: two']);
	t.is(bob.read.length, 3);
	ann.type('s four');
	people.run(3000);
	t.is(cat.read.at(-1), 'ann: four');
	t.deepEqual(ann.node.disk.outbox, []);
});

test('a reader who went back is sent what was sealed for keys of the lost state, and an author who went back hears that it was shown before', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	bob.node.crash();
	people.run(3000);
	ann.type('o bob');
	ann.type('s one');
	backUp(ann);
	people.run(1000);
	bob.node.start();
	people.logIn(bob);
	people.run(3000);
	t.deepEqual(bob.read, ['ann: one']);
	backUp(bob);
	bob.node.crashAndDamage();
	people.run(3000);
	goesBack(people, ann);
	ann.type('o bob');
	ann.type('s two');
	people.run(1000);
	t.deepEqual(ann.node.disk.outbox.map(({state}) => state.step), ['stored', 'stored'], 'one again, both for keys that are gone');
	ann.type('cs');
	bob.node.start();
	people.logIn(bob);
	people.run(10_000);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
	t.true(ann.node.disk.outbox.every(({state}) => state.step !== 'stored'));
});
