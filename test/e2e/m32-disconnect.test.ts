// M32: going and coming back.
import test from 'ava';
import {freePort} from '../helpers/ports.js';
import {openSession, openWorld} from '../helpers/world.js';

test('d, then c and login work', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await ann.ok('d');
	await ann.event({type: 'connection', state: 'closed'});
	await bob.event({type: 'presence', user: 'ann', online: false});
	t.like(await ann.ok('l'), {connected: false, user: null});
	t.is(await ann.refused('lu'), 'not-connected');
	t.is(await ann.refused('d'), 'not-connected');
	t.like(((await server.ok('register ann')).register as unknown[]).at(-1), {event: 'logout', how: 'bye'});

	await ann.ok(`c ${server.address}`);
	await ann.ok('login ann ann-secret');
	await bob.event({type: 'presence', user: 'ann', online: true});
	t.like(await ann.ok('l'), {connected: true, user: 'ann'});
	await openSession(bob, ann);
});

test('a server that is away is tried again with visible waits; d ends it', async t => {
	const world = openWorld(t);
	const [ann, port] = await Promise.all([world.client('ann'), freePort()]);
	t.is(await ann.refused(`c 127.0.0.1:${port}`), 'unreachable');
	await ann.events({type: 'connection', state: 'retrying'}, 2);
	await ann.ok('d');
	await ann.event({type: 'connection', state: 'closed'});
	t.like(await ann.ok('l'), {connected: false});
});

test('who starts before the server they used last finds it as soon as it is there', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const before = await world.person('ann', server);
	await before.ok('x');
	await before.program.exit();
	await server.ok('x');
	await server.program.exit();

	const ann = await world.client('ann', {arguments: ['--user', 'ann']});
	await ann.event({type: 'notice', level: 'warn', text: `The server used last, ${server.address}, does not answer, and no other was named. Host one here with: host    Or connect with: c HOST[:PORT]`});
	t.like(await ann.ok('l'), {connected: false});
	await world.server({arguments: ['--port', String(server.port)]});
	await ann.event({type: 'connection', state: 'connected'});
	t.like(await ann.ok('l'), {connected: true, server: server.address, user: 'ann'});
});

test('a server that dies and returns is found again without a word; who was logged in is logged in', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	server.program.signal('SIGKILL');
	await ann.event({type: 'connection', state: 'lost'});
	await ann.event({type: 'connection', state: 'retrying'});
	await server.program.exit();
	ann.forget();
	const again = await world.server({arguments: ['--port', String(server.port)]});
	await ann.event({type: 'connection', state: 'connected'});
	await again.event({type: 'query', user: 'ann'});
	t.like(await ann.ok('l'), {connected: true, user: 'ann', conversation: {kind: 'session', name: 'bob'}});
});
