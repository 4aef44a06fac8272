import test from 'ava';
import {commands} from '../../source/messenger/commands.js';
import {People} from './people.js';

test('two people register, open a session and talk both ways', t => {
	const people = new People();
	const ann = people.join('ann');
	const bob = people.join('bob');
	t.like(ann.type('o bob'), {ok: true});
	people.world.run(100);
	t.is(bob.events('request').at(-1)?.from, 'ann');
	t.like(bob.type('accept'), {ok: true});
	people.world.run(100);
	t.deepEqual(ann.events('session').map(({state}) => state), ['asking', 'open']);
	t.deepEqual(bob.events('session').map(({state}) => state), ['open']);
	t.like(ann.type('s hello'), {ok: true});
	t.like(bob.type('s hello yourself'), {ok: true});
	people.world.run(1000);
	t.deepEqual(bob.read, ['ann: hello']);
	t.deepEqual(ann.read, ['bob: hello yourself']);
	t.deepEqual(ann.events('delivery').map(({state}) => state), ['queued', 'sent', 'delivered', 'read']);
	t.deepEqual(ann.node.disk.outbox, []);
});

test('three people in a room hear each other', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann'), people.join('bob'), people.join('cat')];
	t.like(ann.type('or den'), {ok: true, fields: {created: true, members: 1}});
	t.like(bob.type('or den'), {ok: true, fields: {created: false, members: 2}});
	t.like(cat.type('or den'), {ok: true, fields: {created: false, members: 3}});
	people.world.run(500);
	t.like(cat.type('s hi all'), {ok: true});
	people.world.run(500);
	t.deepEqual(ann.read, ['cat: hi all']);
	t.deepEqual(bob.read, ['cat: hi all']);
	t.deepEqual(cat.type('lru den'), {command: 'lru', ok: true, fields: {room: 'den', users: ['ann', 'bob', 'cat']}});
	t.like(bob.type('cr den'), {ok: false, error: {code: 'not-creator'}});
	t.like(ann.type('cr den'), {ok: true});
	people.world.run(500);
	for (const person of [ann, bob, cat]) {
		t.like(person.events('room').at(-1), {change: 'closed', user: 'ann'});
		t.is(person.view.active, undefined);
	}
});

test('who leaves is disconnected, not lost, though the server hangs up first', t => {
	const people = new People();
	const ann = people.join('ann');
	const bob = people.join('bob', {accept: 'everyone'});
	t.true(ann.type('o bob').ok);
	people.world.run(1000);
	// The good-bye to bob is never answered, so the server's answer comes first.
	bob.node.crash();
	t.true(ann.type('x').ok);
	people.world.run(2000);
	t.deepEqual(ann.events('connection').map(({state}) => state), ['connected', 'closed']);
});

test('what happens after a silence is noted at its own time', t => {
	const people = new People();
	const ann = people.join('ann');
	const bob = people.join('bob');
	people.run(50_000);
	t.true(ann.type('o bob').ok);
	people.run(500);
	const askedAt = Date.parse(bob.events('request').at(-1)!.expiresAt!) - 30_000;
	const noted = bob.view.log.at(-1)!;
	t.regex(noted.text, /ann asks/v);
	t.true(Math.abs(noted.at - askedAt) < 1000, `${noted.at - askedAt} ms apart`);
});

test('the last words of a conversation that the other side ended can be read until another one opens', t => {
	const people = new People();
	const ann = people.join('ann');
	const bob = people.join('bob', {accept: 'everyone'});
	ann.type('o bob');
	people.run(1000);
	bob.type('s the code is 4711, bye');
	bob.type('cs');
	people.run(1000);
	t.is(ann.view.active, undefined);
	t.is(ann.view.ended?.state, 'closed');
	t.deepEqual(ann.view.ended!.messages.filter(row => row.kind === 'line').map(({text}) => text), ['the code is 4711, bye']);
	t.is(bob.view.ended, undefined, 'who leaves has read enough');
	t.false(ann.type('s thanks').ok);
	ann.type('or den');
	t.is(ann.view.ended, undefined);
	ann.type('cs');
	t.is(ann.view.ended, undefined);
});

test('a part of the view is the same object until it changed', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(500);
	const before = ann.view;
	people.run(1000);
	t.is(ann.view, before);
	bob.type('s hi');
	people.run(500);
	t.not(ann.view, before);
	t.not(ann.view.conversations, before.conversations);
	for (const part of ['connection', 'users', 'rooms', 'requests', 'log'] as const) {
		t.is(ann.view[part], before[part], `${part} did not change`);
	}
});

test('the people list has who is there first, then by name, and not oneself', t => {
	const people = new People();
	const ann = people.join('ann');
	const others = ['dan', 'cat', 'bob'].map(name => people.join(name));
	others[2]!.type('d');
	people.run(200);
	t.deepEqual(ann.view.users, [{name: 'cat', online: true}, {name: 'dan', online: true}, {name: 'bob', online: false}]);
	t.deepEqual(ann.events('presence').map(({user, online}) => `${user} ${online}`), ['dan true', 'cat true', 'bob true', 'bob false']);
});

test('every command of the table is performed or refused, never left without an answer', t => {
	const people = new People();
	const ann = people.join('ann');
	const harmless = commands.filter(({name}) => name !== 'x' && name !== 'host');
	for (const {name, arguments: shapes} of harmless) {
		t.is(ann.type(`${name} ${shapes.map(() => 'den').join(' ')}`).command, name);
	}

	t.like(ann.type('frobnicate'), {ok: false, error: {code: 'unknown-command'}});
	t.like(ann.type('or'), {ok: false, error: {code: 'bad-arguments'}});
	t.like(ann.type('lu all'), {ok: false, error: {code: 'bad-arguments'}});
	// Something is still on its way to the disk, so leaving takes a moment.
	ann.node.type('forget 10.0.0.9');
	t.like(ann.type('x'), {ok: true});
	t.like(ann.type('l'), {ok: false, error: {code: 'leaving'}});
});

test('who logs in once more while logged in still sees who is there', t => {
	const people = new People();
	const ann = people.join('ann');
	people.join('bob');
	ann.type('d');
	ann.type('c 10.0.0.100');
	people.run(200);
	people.world.wireMs = 40;
	// Typed before the first answer has come, and read after it has gone.
	const first = ann.node.type('login ann secret');
	people.run(95);
	t.false(ann.node.replies.has(first));
	t.like(ann.type('login ann secret'), {ok: true});
	people.run(1000);
	t.deepEqual(ann.view.users.filter(({online}) => online).map(({name}) => name), ['bob']);
});
