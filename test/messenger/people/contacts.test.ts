import test from 'ava';
import {People} from '../people.js';

const listOf = (reply: unknown) => (reply as {fields: {contacts: Array<{name: string; online: boolean}>}}).fields.contacts.map(({name, online}) => `${name} ${online ? 'online' : 'offline'}`);

test('contacts are added, listed with their presence, and removed', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	people.join('cat');
	t.like(ann.type('contact add Bob'), {ok: true, fields: {user: 'bob'}});
	t.like(ann.type('contact add cat'), {ok: true});
	t.like(ann.type('contact add bob'), {ok: true});
	t.deepEqual(listOf(ann.type('contacts')), ['bob online', 'cat online']);
	bob.type('d');
	people.run(300);
	t.deepEqual(listOf(ann.type('contacts')), ['bob offline', 'cat online']);
	t.like(ann.type('contact remove cat'), {ok: true, fields: {user: 'cat'}});
	t.deepEqual(ann.view.contacts, [{name: 'bob', online: false, verified: false}]);
});

test('nobody, oneself, strangers and other words are refused', t => {
	const people = new People();
	const ann = people.join('ann');
	t.like(ann.type('contact add nobody'), {ok: false, error: {code: 'no-such-user'}});
	t.like(ann.type('contact add ann'), {ok: false, error: {code: 'self'}});
	t.like(ann.type('contact remove bob'), {ok: false, error: {code: 'no-such-contact'}});
	t.like(ann.type('contact drop bob'), {ok: false, error: {code: 'bad-arguments'}});
	t.like(ann.type('contact add'), {ok: false, error: {code: 'bad-arguments'}});
});

test('contacts outlive a restart, belong to who made them, and can be read without a server', t => {
	const people = new People();
	const [ann] = [people.join('ann'), people.join('bob')];
	ann.type('contact add bob');
	ann.node.crash();
	people.run(100);
	ann.node.start();
	people.logIn(ann);
	t.deepEqual(listOf(ann.type('contacts')), ['bob online']);
	people.world.server.crash();
	people.run(2000);
	t.deepEqual(listOf(ann.type('contacts')), ['bob offline']);
	people.world.server.start();
	people.run(40_000);
	ann.type('d');
	ann.type('c 10.0.0.100');
	ann.type('register eve secret');
	t.deepEqual(listOf(ann.type('contacts')), []);
});

test('--accept contacts asks only for strangers', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann', {accept: 'contacts'}), people.join('bob'), people.join('cat')];
	ann.type('contact add bob');
	bob.type('o ann');
	people.run(300);
	t.is(bob.events('session').at(-1)?.state, 'open');
	t.deepEqual(ann.view.requests, []);
	bob.type('cs');
	people.run(300);
	cat.type('o ann');
	people.run(300);
	t.like(ann.view.requests, {0: {from: 'cat', kind: 'session'}, length: 1});
	cat.type('cs');
	people.run(300);
	bob.type('or den');
	bob.type('add ann');
	people.run(500);
	t.is(ann.view.active, 'room:den');
});
