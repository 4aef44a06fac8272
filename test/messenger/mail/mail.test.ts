// Mail as scenes: lines to people who are away or busy, through crashes of everybody, in real clients and a real server.
import test from 'ava';
import {People, type Person} from '../people.js';

/**
How far each of somebody's lines has come with one recipient, newest last.
*/
function states(person: Person, to: string): string[] {
	const lines = new Map<string, string>();
	for (const event of person.events('delivery')) {
		if (event.to === to) {
			lines.set(event.id, event.state);
		}
	}

	return lines.values().toArray();
}

function announced(person: Person): string[] {
	return person.events('notice').filter(({pending}) => pending).map(({text}) => text);
}

/**
Somebody who was here comes back, as a new process.
*/
function returns(people: People, person: Person): void {
	if (person.node.client) {
		person.node.crash();
		people.run(3000);
	}

	person.node.start();
	people.logIn(person);
	people.run(1500);
}

function leaves(people: People, person: Person): void {
	person.node.type('x');
	people.world.runUntil(() => person.node.client === undefined, 5000);
}

/**
Ann has written two lines to bob, who is away; both are stored.
*/
function written(people = new People()): {people: People; ann: Person; bob: Person} {
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	leaves(people, bob);
	ann.type('o bob');
	ann.type('s one');
	ann.type('s two');
	people.run(1000);
	return {people, ann, bob};
}

test('lines to somebody who is away are stored, announced at their login, shown once, and told read', t => {
	const {people, ann, bob} = written();
	t.deepEqual(states(ann, 'bob'), ['stored', 'stored']);
	people.world.server.crash();
	people.run(100);
	people.world.server.start();
	people.run(2000);
	returns(people, bob);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
	t.true(bob.events('message').every(({pending, session}) => pending && session === 'ann'));
	t.is(announced(bob).length, 1);
	t.regex(announced(bob)[0]!, /^2 from ann since \d\d:\d\d:\d\d$/v);
	const order = bob.node.events.filter(({type}) => type === 'message' || type === 'notice').map(event => event.type === 'notice' ? event.pending?.count : event.type);
	t.deepEqual(order.slice(-3), [2, 'message', 'message']);
	people.run(3000);
	t.deepEqual(states(ann, 'bob'), ['read', 'read']);
	t.deepEqual(ann.node.disk.outbox, []);
	t.deepEqual(ann.node.disk.history.map(({text, state}) => `${text} ${state}`), ['one read', 'two read']);
	t.deepEqual(bob.node.disk.history.map(({text, from, state, isUnread}) => ({
		text, from, state, isUnread,
	})), ['one', 'two'].map(text => ({
		text, from: 'ann', state: undefined, isUnread: false,
	})));
	returns(people, bob);
	t.is(bob.read.length, 2);
	t.is(announced(bob).length, 1);
});

test('the author hears of the reading at a later login, too', t => {
	const {people, ann, bob} = written();
	leaves(people, ann);
	returns(people, bob);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
	people.run(3000);
	leaves(people, bob);
	t.deepEqual(states(ann, 'bob'), ['stored', 'stored']);
	returns(people, ann);
	t.deepEqual(states(ann, 'bob'), ['read', 'read']);
	t.deepEqual(ann.node.disk.history.map(({state}) => state), ['read', 'read']);
});

test('who logs in twice at once hears of the reading all the same', t => {
	for (const gapMs of [0, 20, 50, 80, 95, 110, 140, 170]) {
		const {people, ann, bob} = written();
		leaves(people, ann);
		returns(people, bob);
		ann.node.start();
		ann.type('c 10.0.0.100');
		people.world.wireMs = 40;
		ann.node.type('login ann secret');
		people.run(gapMs);
		ann.node.type('login ann secret');
		people.run(2000);
		t.deepEqual(states(ann, 'bob').filter(state => state !== 'read'), [], `${gapMs} ms apart`);
		t.is(ann.events('delivery').filter(({state}) => state === 'read').length, 2, `${gapMs} ms apart`);
	}
});

test('on a screen lines are delivered when they come, and read when their conversation is looked at, also after a restart', t => {
	const people = new People();
	const ann = people.join('ann', {accept: 'everyone'});
	const bob = people.join('bob', {reading: 'active'});
	leaves(people, bob);
	ann.type('o bob');
	ann.type('s one');
	ann.type('s two');
	people.run(1000);
	returns(people, bob);
	people.run(3000);
	t.deepEqual(states(ann, 'bob'), ['delivered', 'delivered']);
	t.like(bob.view.pending, [{user: 'ann', count: 2}]);
	t.true(bob.node.disk.history.every(({isUnread}) => isUnread));
	returns(people, bob);
	t.like(bob.view.pending, [{user: 'ann', count: 2}]);
	t.like(bob.type('pending'), {ok: true, fields: {from: [{user: 'ann', count: 2}]}});
	bob.type('o ann');
	people.run(3000);
	t.deepEqual(bob.view.pending, []);
	t.deepEqual(states(ann, 'bob'), ['read', 'read']);
	t.true(bob.node.disk.history.every(({isUnread}) => !isUnread));
});

test('on a screen what is said in the conversation in front is read at once, elsewhere when it is opened', t => {
	const people = new People();
	const [ann, cat] = [people.join('ann', {accept: 'everyone'}), people.join('cat', {accept: 'everyone'})];
	const bob = people.join('bob', {reading: 'active', mode: 'many'});
	bob.type('o cat');
	bob.type('o ann');
	people.run(500);
	ann.type('s look');
	cat.type('s here');
	people.run(500);
	t.deepEqual([states(ann, 'bob'), states(cat, 'bob')], [['read'], ['delivered']]);
	bob.type('o cat');
	people.run(500);
	t.deepEqual(states(cat, 'bob'), ['read']);
	t.deepEqual(cat.node.disk.outbox, []);
});

test('whoever talks to somebody else is busy: the line waits until they are free', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'}), people.join('cat', {accept: 'everyone'})];
	bob.type('o cat');
	people.run(300);
	ann.type('o bob');
	people.run(300);
	t.like(ann.events('session').at(-1), {with: 'bob', state: 'unavailable'});
	ann.type('s when you have time');
	people.run(2000);
	t.deepEqual(states(ann, 'bob'), ['stored']);
	t.deepEqual(bob.read, []);
	t.like(bob.type('pending'), {ok: true, fields: {from: [{user: 'ann', count: 1}]}});
	bob.type('cs');
	people.run(1000);
	t.deepEqual(bob.read, ['ann: when you have time']);
	t.regex(announced(bob)[0]!, /^1 from ann since/v);
	t.like(bob.view.pending, [{user: 'ann', count: 1}], 'until its conversation is opened');
	t.deepEqual(states(ann, 'bob'), ['read']);
});

test('busy on turns requests away and keeps lines waiting until busy off', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone', mode: 'many'})];
	t.like(bob.type('busy'), {ok: true, fields: {busy: false}});
	t.like(bob.type('busy on'), {ok: true, fields: {busy: true}});
	t.like(bob.type('busy perhaps'), {ok: false, error: {code: 'bad-arguments'}});
	t.true(bob.view.isBusy);
	t.like(bob.type('l'), {ok: true, fields: {busy: true}});
	ann.type('o bob');
	people.run(300);
	t.like(ann.events('session').at(-1), {with: 'bob', state: 'unavailable', reason: 'busy'});
	ann.type('s later then');
	people.run(2000);
	t.deepEqual(bob.read, []);
	t.like(bob.view.pending, [{user: 'ann', room: undefined, count: 1}]);
	bob.type('busy off');
	people.run(1000);
	t.deepEqual(bob.read, ['ann: later then']);
});

test('what a crashed peer did not receive goes to mail', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(300);
	ann.type('s received');
	people.run(200);
	people.world.network.isBlocked = () => true;
	ann.type('s not received');
	people.run(50);
	bob.node.crash();
	people.world.network.isBlocked = () => false;
	people.run(4000);
	t.deepEqual(states(ann, 'bob'), ['read', 'stored']);
	returns(people, bob);
	t.deepEqual(bob.read, ['ann: received', 'ann: not received']);
});

test('a line that comes by mail while the reader still believes in a dead link is told delivered all the same', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.run(30_000);
	people.world.network.isBlocked = () => true;
	ann.type('s are you there?');
	const wasBelieved = people.world.runUntil(() => bob.read.length > 0, 20_000) && bob.view.conversations[0]?.state === 'open';
	t.true(wasBelieved, 'the mail came first');
	ann.type('cs');
	people.run(60_000);
	t.deepEqual(states(ann, 'bob'), ['read']);
});

test('the direct path takes over: what is stored comes once, in order', t => {
	const {people, ann, bob} = written();
	bob.node.start();
	people.logIn(bob);
	// The session opens by itself, and the lines come on both ways at once.
	for (let index = 0; index < 20; index++) {
		ann.node.type(`s more ${index}`);
		people.run(20);
	}

	people.run(5000);
	t.is(ann.view.conversations[0]?.state, 'open');
	t.deepEqual(bob.read, ['one', 'two', ...Array.from({length: 20}, (_, index) => `more ${index}`)].map(text => `ann: ${text}`));
	t.deepEqual(ann.node.disk.outbox, []);
	t.deepEqual(bob.view.pending, []);
});

test('a member of a room who is away gets what was said meanwhile, and is not shown as present', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann'), people.join('bob'), people.join('cat')];
	for (const person of [ann, bob, cat]) {
		person.type('or den');
	}

	people.run(500);
	leaves(people, bob);
	people.run(500);
	t.deepEqual(ann.view.conversations[0]?.members.map(({name}) => name), ['ann', 'cat']);
	ann.type('s bob is out');
	cat.type('s so he is');
	people.run(2000);
	t.deepEqual(states(ann, 'bob'), ['stored']);
	t.deepEqual(states(ann, 'cat'), ['read']);
	t.deepEqual(ann.node.disk.history.map(({state}) => state).filter(Boolean), ['stored']);
	returns(people, bob);
	t.deepEqual(bob.read, ['ann: bob is out', 'cat: so he is']);
	t.true(bob.events('message').every(({room, pending}) => room === 'den' && pending));
	t.deepEqual(announced(bob).map(text => text.slice(0, -9)), ['1 from ann in den since', '1 from cat in den since']);
	people.run(2000);
	t.deepEqual(states(ann, 'bob'), ['read']);
	bob.type('or den');
	people.run(1000);
	ann.type('s welcome back');
	people.run(1000);
	t.deepEqual(bob.read.slice(2), ['ann: welcome back']);
	t.deepEqual(ann.node.disk.outbox, []);
});

test('who has left a room for good is not written to', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('or den');
	bob.type('or den');
	people.run(500);
	bob.type('cs');
	people.run(200);
	ann.type('s alone');
	people.run(1000);
	t.deepEqual(states(ann, 'bob'), []);
	t.deepEqual(bob.read, []);
});

test('a busy member gets the mail of the room they are in, and no other', t => {
	const people = new People();
	const [ann, bob, cat] = [people.join('ann'), people.join('bob'), people.join('cat')];
	for (const person of [ann, bob, cat]) {
		person.type('or den');
	}

	people.run(500);
	// Nothing passes between ann and bob, though both are there.
	people.world.block(ann.node.host, bob.node.host);
	people.run(25_000);
	ann.type('s through the server');
	people.run(8000);
	t.deepEqual(bob.read, ['ann: through the server']);
	t.deepEqual(states(ann, 'bob'), ['read']);
	cat.type('o bob');
	cat.type('s for you alone');
	people.run(3000);
	t.deepEqual(bob.read, ['ann: through the server']);
	t.like(bob.view.pending, [{user: 'cat', count: 1}]);
});

test('two lines said and x at once: they are stored before the program leaves', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	leaves(people, bob);
	ann.node.type('o bob');
	people.run(100);
	ann.node.type('s one');
	ann.node.type('s two');
	ann.node.type('x');
	t.true(people.world.runUntil(() => ann.node.client === undefined, 5000));
	t.deepEqual(states(ann, 'bob'), ['stored', 'stored']);
});

test('a line said while a request still waits for its answer is stored before the program leaves', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('o bob');
	people.run(200);
	ann.type('s early');
	people.run(200);
	leaves(people, ann);
	people.run(1500);
	t.is(announced(bob).length, 1);
	t.deepEqual(bob.events('message').map(({text}) => text), ['early']);
	returns(people, ann);
	t.deepEqual(states(ann, 'bob'), ['read']);
});

test('a line said before the link of a new session stands is not left behind by x', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	ann.type('o bob');
	people.world.runUntil(() => ann.view.conversations[0]?.state === 'open', 1000);
	ann.type('s quick');
	leaves(people, ann);
	people.run(1500);
	t.deepEqual(bob.events('message').map(({text}) => text), ['quick']);
});

test('many lines are fetched in pages, announced once, and come in order', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	leaves(people, bob);
	ann.type('o bob');
	const texts = Array.from({length: 60}, (_, index) => `${index} ${'x'.repeat(2000)}`);
	for (const text of texts) {
		ann.node.type(`s ${text}`);
	}

	people.run(20_000);
	t.true(states(ann, 'bob').every(state => state === 'stored'));
	returns(people, bob);
	people.run(3000);
	t.deepEqual(bob.read, texts.map(text => `ann: ${text}`));
	t.regex(announced(bob)[0]!, /^60 from ann since/v);
	t.is(announced(bob).length, 1);
});

for (const [who, mode] of [['the reader', 'one'], ['the reader', 'many'], ['the author', 'one'], ['the author', 'many'], ['the server', 'one']] as const) {
	test(`${who} may crash at any step of the way (--sessions ${mode}): nothing is lost, shown twice, or out of order`, t => {
		for (let ms = 0; ms < 60; ms += 2) {
			const people = new People({}, ms + 1);
			people.world.diskMs = 6;
			const [ann, bob] = [people.join('ann', {mode, accept: 'everyone'}), people.join('bob', {mode, accept: 'everyone'})];
			leaves(people, bob);
			ann.type('o bob');
			const crash = () => {
				people.run(ms);
				if (who === 'the server') {
					people.world.server.crash();
					people.run(500);
					people.world.server.start();
					people.run(3000);
					return;
				}

				const victim = who === 'the author' ? ann : bob;
				if (!victim.node.client) {
					return;
				}

				victim.node.crash();
				people.run(3000);
				victim.node.start();
				people.logIn(victim);
			};

			for (const text of ['a', 'b', 'c']) {
				ann.node.type(`s ${text}`);
			}

			crash();
			people.run(1000);
			bob.node.start();
			bob.node.type('c 10.0.0.100');
			people.run(10);
			bob.node.type('login bob secret');
			crash();
			if (bob.view.connection.user === undefined) {
				people.logIn(bob);
			}

			people.run(20_000);
			people.world.ledger.checkAll(people.world.clients, people.world.now);
			const said = people.world.ledger.lines.values().map(({text}) => `ann: ${text}`).toArray();
			const lost = people.world.ledger.excusedCount;
			t.true(bob.read.length >= said.length - lost, `after ${ms} ms: ${bob.read.join(', ')} of ${said.join(', ')}, ${lost} excused`);
			t.deepEqual(bob.read, said.filter(line => bob.read.includes(line)), `after ${ms} ms`);
			t.deepEqual(ann.node.disk.outbox, [], `after ${ms} ms`);
			t.deepEqual([...ann.node.disk.load().takenMail, ...bob.node.disk.load().takenMail], []);
			t.deepEqual([...bob.node.disk.load().debts], []);
		}
	});
}

test('what was given up with its room is not called stored when the server\'s word comes late', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	ann.type('or den');
	bob.type('or den');
	people.run(500);
	bob.node.crash();
	people.run(3000);
	people.world.wireMs = 200;
	ann.type('s poor bob');
	people.run(100);
	ann.node.type('cr den');
	people.run(3000);
	t.is(ann.events('delivery').at(-1)?.state, 'failed');
});

test('a line whose mark is on its way to disk while somebody else logs in is shown to its reader alone, when they are back', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob', {accept: 'everyone'})];
	const logIn = (name: string) => {
		for (const line of ['d', 'c 10.0.0.100', `login ${name} secret`]) {
			bob.node.type(line);
			people.run(200);
		}
	};

	bob.type('d');
	bob.type('c 10.0.0.100');
	bob.type('register cat secret');
	ann.type('o bob');
	ann.type('s for bob');
	people.run(1000);
	people.world.diskMs = 20_000;
	logIn('bob');
	logIn('cat');
	people.world.diskMs = 2;
	people.run(60_000);
	t.deepEqual(bob.read, []);
	t.deepEqual(announced(bob), []);
	t.is(people.world.server.disk.mails.filter(({user}) => user === 'bob').length, 1);

	logIn('bob');
	people.run(3000);
	t.deepEqual(bob.read, ['ann: for bob']);
	t.deepEqual(people.world.server.disk.mails.filter(({user}) => user === 'bob'), []);
	t.is(states(ann, 'bob').at(-1), 'read');
});

test('mail stays at the server until it is safe here, also when the reader logs in again before that', t => {
	const {people, bob} = written();
	people.world.diskMs = 20_000;
	bob.node.start();
	people.logIn(bob);
	people.run(500);
	bob.node.type('d');
	people.run(200);
	bob.node.type('c 10.0.0.100');
	people.run(200);
	bob.node.type('login bob secret');
	people.run(500);
	bob.node.crash();
	people.world.diskMs = 2;
	people.run(60_000);
	bob.node.start();
	people.logIn(bob);
	people.run(3000);
	t.deepEqual(bob.read, ['ann: one', 'ann: two']);
});
