import test from 'ava';
import {People} from '../people.js';

test('nobody, oneself and names that can be none are refused', t => {
	const people = new People();
	const ann = people.join('ann');
	t.like(ann.type('o nobody'), {ok: false, error: {code: 'no-such-user'}});
	t.like(ann.type('o ann'), {ok: false, error: {code: 'self'}});
	t.like(ann.type('o Ann'), {ok: false, error: {code: 'self'}});
	t.like(ann.type('o a/b'), {ok: false, error: {code: 'bad-name'}});
	t.is(ann.view.active, undefined);
});

test('declined: both are free again', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('o bob');
	people.run(100);
	t.is(bob.view.requests.length, 1);
	t.like(bob.type('decline ann'), {ok: true, fields: {user: 'ann'}});
	people.run(100);
	t.like(ann.events('session').at(-1), {with: 'bob', state: 'declined'});
	t.deepEqual(ann.view.conversations, []);
	t.deepEqual(bob.view.requests, []);
});

test('silence for thirty seconds is a refusal', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('o bob');
	people.run(31_000);
	t.like(ann.events('session').at(-1), {state: 'declined', reason: 'timeout'});
	t.like(bob.events('request-ended').at(-1), {from: 'ann', reason: 'timeout'});
	t.like(bob.type('accept'), {ok: false, error: {code: 'no-request'}});
});

test('once accept is answered, the session is open', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	people.world.wireMs = 20;
	ann.type('o bob');
	people.run(100);
	t.like(bob.type('accept'), {ok: true, fields: {user: 'ann'}});
	t.like(bob.type('s hi'), {ok: true});
	people.run(1000);
	t.deepEqual(ann.read, ['bob: hi']);
});

test('accepting a request that was withdrawn meanwhile is an error', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	people.world.wireMs = 50;
	ann.type('o bob');
	people.run(500);
	ann.node.type('cs');
	people.run(60);
	t.like(bob.type('accept'), {ok: false, error: {code: 'no-such-request'}});
	people.run(500);
	t.deepEqual(bob.view.conversations, []);
	t.deepEqual(ann.view.conversations, []);
});

test('a request that is withdrawn is gone', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('o bob');
	people.run(100);
	ann.type('cs');
	people.run(100);
	t.like(bob.events('request-ended').at(-1), {from: 'ann', reason: 'withdrawn'});
});

test('two who ask each other have one session', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.node.type('o bob');
	bob.node.type('o ann');
	people.run(1000);
	for (const [person, other] of [[ann, bob], [bob, ann]] as const) {
		t.like(person.view.conversations, {0: {kind: 'session', name: other.node.name, state: 'open'}, length: 1});
		person.type(`s from ${person.node.name}`);
	}

	people.run(500);
	t.deepEqual(ann.read, ['bob: from bob']);
	t.deepEqual(bob.read, ['ann: from ann']);
	t.like(people.world.server.command('ls'), {ok: true, fields: {sessions: {length: 1}}});
});

test('asking back the one who asks is an answer, and the dialog goes', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('o bob');
	people.run(100);
	t.is(bob.view.requests.length, 1);
	bob.type('o ann');
	people.run(100);
	t.deepEqual(bob.view.requests, []);
	t.like(bob.events('request-ended').at(-1), {from: 'ann', reason: 'accepted'});
	t.is(bob.view.conversations[0]?.state, 'open');
	t.is(ann.view.conversations[0]?.state, 'open');
});

test('whoever talks is busy; the line waits and flows when they are free', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann'), people.join('bob', {accept: 'everyone'}), people.join('cat')];
	cat.type('o bob');
	people.run(200);
	t.like(ann.type('o bob'), {ok: true});
	people.run(200);
	t.like(ann.events('session').at(-1), {state: 'unavailable', reason: 'busy'});
	t.like(ann.type('s when you have time'), {ok: true});
	people.run(60_000);
	t.deepEqual(bob.read, []);
	t.is(bob.events('notice').filter(({text}) => text.includes('busy')).length, 1);
	cat.type('cs');
	people.run(61_000);
	t.deepEqual(bob.read, ['ann: when you have time']);
	t.like(ann.events('session').at(-1), {state: 'open'});
});

test('a line to somebody who is away waits and is shown when they come', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	bob.type('d');
	people.run(100);
	t.like(ann.type('o bob'), {ok: true});
	people.run(50);
	t.like(ann.events('session').at(-1), {state: 'unavailable', reason: 'offline'});
	t.is(ann.view.conversations[0]?.state, 'waiting');
	ann.type('s one');
	ann.type('s two');
	t.deepEqual(ann.events('delivery').map(({state}) => state), ['queued', 'queued']);
	people.logIn(bob);
	people.run(1000);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
	t.deepEqual(ann.node.disk.outbox, []);
});

test('with --sessions one, the next conversation ends the one before', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(200);
	ann.type('or den');
	people.run(200);
	t.like(bob.events('session').at(-1), {state: 'closed'});
	t.deepEqual(ann.view.conversations.map(({key}) => key), ['room:den']);
	ann.type('o bob');
	people.run(200);
	t.deepEqual(ann.view.conversations.map(({key}) => key), ['session:bob']);
	t.like(ann.type('lru den'), {ok: true, fields: {users: []}});
});

test('what is typed while another conversation opens does not go to the old one', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(200);
	ann.node.type('or den');
	t.like(ann.type('s for the den'), {ok: false, error: {code: 'no-conversation'}});
	people.run(500);
	t.deepEqual(bob.read, []);
});

test('a failed opening leaves the old conversation as it was', t => {
	const people = new People();
	const [ann] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(200);
	t.like(ann.type('o nobody'), {ok: false});
	t.is(ann.view.active, 'session:bob');
});

test('with --sessions many, conversations stand beside each other, with unread counts', t => {
	const people = new People();
	const ann = people.join('ann', {mode: 'many'});
	const bob = people.join('bob', {accept: 'everyone'});
	const cat = people.join('cat', {accept: 'everyone'});
	ann.type('o bob');
	ann.type('o cat');
	people.run(500);
	t.is(ann.view.active, 'session:cat');
	bob.type('s psst');
	bob.type('s psst!');
	cat.type('s hello');
	people.run(500);
	t.deepEqual(ann.view.conversations.map(({key, unread}) => [key, unread]), [['session:bob', 2], ['session:cat', 0]]);
	t.like(ann.type('o bob'), {ok: true});
	t.is(ann.view.active, 'session:bob');
	t.is(ann.view.conversations[0]?.unread, 0);
	ann.type('s to bob');
	people.run(200);
	t.deepEqual([bob.read, cat.read], [['ann: to bob'], []]);
});

test('cs ends a session on both sides, and also while the server is away', t => {
	for (const isServerThere of [true, false]) {
		const people = new People();
		const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
		ann.type('o bob');
		people.run(300);
		if (!isServerThere) {
			people.world.server.crash();
			people.run(100);
		}

		t.like(ann.type('cs'), {ok: true, fields: {kind: 'session', name: 'bob'}});
		people.run(500);
		t.like(bob.events('session').at(-1), {with: 'ann', state: 'closed'});
		t.deepEqual(bob.view.conversations, []);
	}
});

test('a crash of the other one is told within two seconds, and another session can be opened', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann'), people.join('bob', {accept: 'everyone'}), people.join('cat', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(300);
	bob.node.crash();
	people.run(2000);
	t.like(ann.events('session').at(-1), {with: 'bob', state: 'lost'});
	t.like(ann.type('lcu'), {ok: true, fields: {users: [{name: 'ann'}, {name: 'cat'}]}});
	t.like(ann.type('s are you there'), {ok: true});
	ann.type('o cat');
	ann.type('s hi');
	people.run(500);
	t.deepEqual(cat.read, ['ann: hi']);
	t.is(ann.node.disk.outbox.length, 1);
});

test('after a crash what waited arrives by mail, and the session is asked for again by the user', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(300);
	bob.node.crash();
	people.run(2000);
	ann.type('s are you there');
	bob.node.start();
	people.logIn(bob);
	people.run(3000);
	t.is(ann.view.conversations[0]?.state, 'lost');
	t.deepEqual(bob.read, ['ann: are you there'], 'by mail');
	ann.type('s it is me');
	ann.type('o bob');
	people.run(1000);
	t.is(ann.view.conversations[0]?.state, 'open');
	t.deepEqual(bob.read, ['ann: are you there', 'ann: it is me']);
});

test('a session opened, left and opened again in one breath stands in the end', t => {
	const people = new People({delay: 20});
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'}), people.join('cat', {accept: 'everyone'})];
	people.world.wireMs = 20;
	for (const line of ['o bob', 'o cat', 'o bob']) {
		ann.node.type(line);
	}

	people.run(3000);
	t.deepEqual(ann.view.conversations.map(({key, state}) => [key, state]), [['session:bob', 'open']]);
	t.deepEqual(bob.view.conversations.map(({key, state}) => [key, state]), [['session:ann', 'open']]);
});

test('l tells how things stand', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	t.like(ann.type('l'), {
		fields: {
			connected: true, server: '10.0.0.100:7600', user: 'ann', conversation: null,
		},
	});
	ann.type('o bob');
	people.run(200);
	t.like(ann.type('l'), {fields: {conversation: {kind: 'session', name: 'bob'}}});
	bob.type('cs');
	ann.type('or den');
	t.like(ann.type('l'), {fields: {conversation: {kind: 'room', name: 'den', members: 1}}});
	ann.type('d');
	t.like(ann.type('l'), {fields: {connected: false, server: null, user: null}});
});

test('whois shows the address of a standing link', t => {
	const people = new People();
	const [ann] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(300);
	t.like(ann.type('whois bob'), {ok: true, fields: {user: 'bob', online: true, address: '10.0.0.2:5000'}});
});

test('a session that the server has forgotten is known to it again, whoever comes back first and however long the other is gone unnoticed', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(300);
	bob.type('d');
	people.run(40_000);
	ann.node.wire!.goHalfOpen();
	people.logIn(bob);
	people.run(200_000);
	const reply = people.world.server.command('ls');
	t.like(reply, {ok: true, fields: {sessions: {0: {users: ['ann', 'bob']}, length: 1}}});
});
