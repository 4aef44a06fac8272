// M18: lines to somebody who is away are stored, announced at their login, and read once, whatever happens to the server in between.
import test from 'ava';
import type {JsonClient} from '../helpers/json-client.js';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
} from '../helpers/world.js';

/**
Writes lines to somebody who is away; each is stored.
*/
async function store(author: JsonClient, to: string, ...texts: readonly string[]): Promise<void> {
	for (const text of texts) {
		const {id} = await author.ok(`s ${text}`);
		await author.event({
			type: 'delivery', id, to, state: 'stored',
		});
	}
}

test('bob is away: two lines are stored through a SIGKILL of the server, announced at his login and read once', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await bob.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});
	await ann.ok('o bob');
	await ann.event({type: 'session', with: 'bob', state: 'unavailable'});
	const before = Date.now();
	await store(ann, 'bob', 'first', 'second');
	server.program.signal('SIGKILL');
	await server.program.exit();
	const again = await world.server({arguments: ['--port', String(server.port)], home: 'server'});

	const back = await world.client('bob');
	await back.ok(`c ${again.address}`);
	await back.ok('login bob bob-secret');
	const notice = await back.event({type: 'notice', text: /^2 from ann since \d\d:\d\d:\d\d$/v});
	t.like(notice, {pending: {from: 'ann', count: 2}});
	const {since} = notice.pending as {since: string};
	t.true(Math.abs(Date.parse(since) - before) < 600_000);
	await back.event({
		type: 'message', from: 'ann', text: 'second', pending: true,
	});
	t.deepEqual(back.seen({type: 'message'}).map(({text}) => text), ['first', 'second']);
	t.true(back.said.indexOf(notice) < back.said.findIndex(({type}) => type === 'message'));
	t.like((await back.ok('pending')).from, [{user: 'ann', count: 2}]);
	await back.ok('o ann');
	t.deepEqual((await back.ok('pending')).from, [], 'nothing waits once the conversation was opened');
	t.is(back.seen({type: 'message'}).length, 2);
	await back.leave();

	const third = await world.client('bob');
	await third.ok(`c ${again.address}`);
	await third.ok('login bob bob-secret');
	await ann.event({type: 'delivery', to: 'bob', state: 'read'});
	await third.ok('lu');
	t.deepEqual(third.seen({type: 'message'}), []);
});

test('a line on its way to somebody who is killed goes by mail', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	await hears('before', bob, ann);
	bob.program.signal('SIGSTOP');
	const {id} = await ann.ok('s are you there?');
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'sent',
	});
	bob.program.signal('SIGKILL');
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'stored',
	});
	const back = await world.client('bob');
	await back.ok(`c ${server.address}`);
	await back.ok('login bob bob-secret');
	await back.event({
		type: 'message', from: 'ann', text: 'are you there?', pending: true,
	});
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'read',
	});
	t.is(back.seen({type: 'message'}).length, 1);
});

test('a member of a room who is away gets what was said there', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await enterRoom('den', ann, bob, cat);
	await bob.leave();
	await ann.event({
		type: 'room', room: 'den', change: 'left', user: 'bob',
	});
	await ann.event({type: 'presence', user: 'bob', online: false});
	t.deepEqual((await ann.ok('lru den')).users, ['ann', 'cat']);
	await store(ann, 'bob', 'bob is out');
	await cat.event({
		type: 'message', room: 'den', text: 'bob is out', pending: false,
	});
	const back = await world.client('bob');
	await back.ok(`c ${server.address}`);
	await back.ok('login bob bob-secret');
	await back.event({
		type: 'message', room: 'den', from: 'ann', text: 'bob is out', pending: true,
	});
	await ann.event({type: 'delivery', to: 'bob', state: 'read'});
	t.is(back.seen({type: 'message'}).length, 1);
});

test('the plain face and the screen show what waited', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await Promise.all([bob.leave(), cat.leave()]);
	await ann.event({type: 'presence', user: 'bob', online: false});
	await ann.event({type: 'presence', user: 'cat', online: false});
	await ann.ok('o bob');
	await store(ann, 'bob', 'to the plain one');
	await ann.ok('o cat');
	await store(ann, 'cat', 'to the screen');
	// Else she would ask for sessions as they come.
	await ann.ok('cs');

	const plain = world.program('earshot', 'plain', {arguments: ['--plain', '--udp-port', '0', '--server', server.address, '--user', 'bob'], home: 'bob'});
	await plain.expectations.until('the line in the plain face', () => plain.lines.some(line => line.includes('to the plain one')) || undefined);
	t.true(plain.lines.some(line => /1 from ann since \d\d:\d\d:\d\d/v.test(line)));

	const screen = world.terminal('earshot', 'screen', {arguments: ['--udp-port', '0', '--server', server.address, '--user', 'cat'], home: 'cat'});
	await screen.shows('1 from ann since');
	await ann.event({type: 'delivery', to: 'cat', state: 'delivered'});
	screen.enter('/o ann');
	await screen.shows('to the screen');
	await t.notThrowsAsync(ann.event({type: 'delivery', to: 'cat', state: 'read'}));
});
