import test from 'ava';
import {People, type Person} from '../people.js';

function register(people: People, person: Person): string[] {
	const reply = people.world.server.command(`register ${person.node.name}`);
	return reply.ok ? (reply.fields.register as Array<{event: string; how?: string}>).map(({event, how}) => `${event}${how === undefined ? '' : ` ${how}`}`) : [];
}

test('who left while the server was away says so at the next login, once', t => {
	const people = new People();
	const ann = people.join('ann');
	people.world.server.crash();
	people.run(1000);
	t.true(ann.type('x').ok);
	people.run(1000);
	people.world.server.start();
	for (let round = 0; round < 2; round++) {
		ann.node.start();
		people.logIn(ann);
		t.deepEqual(register(people, ann).filter(row => row === 'logout departed'), ['logout departed']);
		ann.type('x');
		people.run(1000);
	}
});

test('who leaves a server that is there, or has left it before, has nothing to tell', t => {
	const people = new People();
	const ann = people.join('ann');
	ann.type('d');
	people.run(100);
	ann.type('x');
	people.run(1000);
	ann.node.start();
	people.logIn(ann);
	ann.type('x');
	people.run(1000);
	ann.node.start();
	people.logIn(ann);
	t.deepEqual(register(people, ann), ['login', 'logout bye', 'login', 'logout bye', 'login']);
});
