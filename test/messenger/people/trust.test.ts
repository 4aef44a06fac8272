import test from 'ava';
import {People, type Person} from '../people.js';

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(person: Person, line: string): Fields {
	const reply = person.type(line);
	if (!reply.ok) {
		throw new Error(`${line}: ${reply.error.message}`);
	}

	return reply.fields;
}

/**
The same account, from now on on anbob device.
*/
function moveToNewDevice(people: People, person: Person): void {
	person.type('x');
	people.run(500);
	person.node.crash();
	person.node.startOnNewDevice();
	people.logIn(person);
}

function queuedBy(person: Person): string[] {
	return person.node.disk.outbox.filter(({state}) => state.step === 'queued').map(({text}) => text);
}

test('both ends see the same sixty digits, with a link and without', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	const before = fieldsOf(ann, 'verify bob');
	t.regex(before.safetyNumber as string, /^\d{5}(?: \d{5}){11}$/v);
	t.like(before, {user: 'bob', trust: 'trusted', verified: false});
	ann.type('o bob');
	people.run(300);
	t.is(fieldsOf(bob, 'verify ann').safetyNumber, before.safetyNumber);
	people.world.server.crash();
	people.run(1000);
	t.is(fieldsOf(ann, 'verify Bob').safetyNumber, before.safetyNumber);
});

test('only what was shown can be called the same; it is remembered', t => {
	const people = new People();
	const ann = people.join('ann');
	people.join('bob');
	t.like(ann.type('verify ann'), {ok: false, error: {code: 'self'}});
	t.like(ann.type('verify nobody'), {ok: false, error: {code: 'no-such-user'}});
	t.like(ann.type('verify bob yes'), {ok: false, error: {code: 'not-compared'}});
	ann.type('verify bob');
	t.like(ann.type('verify bob no'), {ok: false, error: {code: 'bad-arguments'}});
	t.like(ann.type('verify bob yes'), {ok: true, fields: {user: 'bob', verified: true}});
	ann.type('contact add bob');
	t.deepEqual(ann.view.contacts, [{name: 'bob', online: true, verified: true}]);
	ann.node.crash();
	ann.node.start();
	people.logIn(ann);
	t.like(ann.type('verify bob'), {ok: true, fields: {verified: true}});
});

test('a changed key stops what is said directly until it is trusted', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(300);
	ann.type('s to the old one');
	people.run(300);
	ann.type('cs');
	moveToNewDevice(people, bob);
	ann.type('o bob');
	people.run(500);
	t.like(ann.events('notice').at(-1), {level: 'warn'});
	t.regex(ann.events('notice').at(-1)!.text, /bob shows another key/v);
	t.like(ann.view.requests, {0: {kind: 'key', from: 'bob', expiresAt: undefined}, length: 1});
	t.like(ann.type('s for whom?'), {ok: true});
	people.run(20_000);
	t.deepEqual(bob.read, ['ann: to the old one']);
	t.deepEqual(queuedBy(ann), ['for whom?']);
	bob.type('s it is me');
	people.run(300);
	t.deepEqual(ann.read, ['bob: it is me']);
	t.like(ann.type('accept bob'), {ok: true, fields: {user: 'bob', trust: 'trusted'}});
	people.run(1000);
	t.deepEqual(bob.read, ['ann: to the old one', 'ann: for whom?']);
	t.deepEqual(ann.view.requests, []);
});

test('a declined key stays stopped, also through a restart, until it is verified', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('verify bob');
	t.true(ann.type('verify bob yes').ok);
	moveToNewDevice(people, bob);
	ann.type('o bob');
	people.run(500);
	t.like(ann.events('notice').at(-1), {level: 'error'});
	t.like(ann.events('request').at(-1), {kind: 'key', wasVerified: true});
	t.like(ann.type('verify bob yes'), {ok: false, error: {code: 'key-changed'}});
	ann.type('s secret');
	t.like(ann.type('decline bob'), {ok: true, fields: {trust: 'refused'}});
	people.run(20_000);
	ann.node.crash();
	people.run(500);
	ann.node.start();
	people.logIn(ann);
	ann.type('o bob');
	people.run(20_000);
	t.deepEqual(bob.read, []);
	t.deepEqual(queuedBy(ann), ['secret']);
	const shown = fieldsOf(ann, 'verify bob');
	t.like(shown, {trust: 'refused', verified: false});
	t.is(fieldsOf(bob, 'verify ann').safetyNumber, shown.safetyNumber);
	t.true(ann.type('verify bob yes').ok);
	people.run(2000);
	t.deepEqual(bob.read, ['ann: secret']);
});

test('a question about a key is asked again after a restart', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('verify bob');
	moveToNewDevice(people, bob);
	ann.type('verify bob');
	t.is(ann.view.requests.length, 1);
	people.run(100);
	ann.node.crash();
	ann.node.start();
	people.logIn(ann);
	t.like(ann.view.requests, {0: {kind: 'key', from: 'bob'}, length: 1});
	people.world.server.crash();
	people.run(60_000);
	t.is(ann.view.requests.length, 1);
});

test('no mail is sealed for a changed key before it is trusted', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(300);
	ann.type('cs');
	moveToNewDevice(people, bob);
	people.run(3000);
	bob.type('x');
	people.run(500);
	ann.type('o bob');
	ann.type('s while you are away');
	people.run(20_000);
	t.deepEqual(queuedBy(ann), ['while you are away']);
	t.is(ann.view.requests[0]?.kind, 'key');
	ann.type('accept bob');
	people.run(5000);
	t.deepEqual(queuedBy(ann), []);
	t.is(ann.events('delivery').at(-1)?.state, 'stored');
});

test('a contact whose key has changed is asked about like a stranger', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann', {accept: 'contacts'}), people.join('bob')];
	ann.type('contact add bob');
	ann.type('verify bob');
	moveToNewDevice(people, bob);
	ann.type('verify bob');
	bob.node.type('o ann');
	people.run(500);
	t.deepEqual(ann.view.requests.map(({kind}) => kind), ['key', 'session']);
});
