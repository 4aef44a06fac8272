// M19: a line to somebody who is busy is kept, and delivered when they are free.
import test from 'ava';
import {openSession, openWorld} from '../helpers/world.js';

test('bob talks to cat: ann\'s line is kept until he has left', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await openSession(bob, cat);
	await ann.ok('o bob');
	await ann.event({
		type: 'session', with: 'bob', state: 'unavailable', reason: 'busy',
	});
	const {id} = await ann.ok('s when you have time');
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'stored',
	});
	const waits = async () => {
		const {from} = await bob.ok('pending');
		return from as Array<{user: string; count: number; since: string}>;
	};

	while ((await waits()).length === 0) {
		// The server tells within its next batch of notices.
	}

	t.like(await waits(), [{user: 'ann', count: 1}]);
	t.regex((await waits())[0]!.since, /^\d{4}-\d\d-\d\dT[\d.:]+Z$/v);
	t.deepEqual(bob.seen({type: 'message'}), []);
	await bob.ok('cs');
	await bob.event({type: 'notice', text: /^1 from ann since/v});
	await bob.event({
		type: 'message', from: 'ann', text: 'when you have time', pending: true,
	});
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'read',
	});
});

test('busy on keeps lines waiting, through a SIGKILL of the server, until busy off', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	t.like(await bob.ok('busy on'), {busy: true});
	t.like(await bob.ok('l'), {busy: true});
	await ann.ok('o bob');
	await ann.event({
		type: 'session', with: 'bob', state: 'unavailable', reason: 'busy',
	});
	const {id} = await ann.ok('s later then');
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'stored',
	});
	server.program.signal('SIGKILL');
	await server.program.exit();
	bob.forget();
	await world.server({arguments: ['--port', String(server.port)], home: 'server'});
	await bob.event({type: 'connection', state: 'connected'});
	await bob.event({type: 'presence', user: 'ann', online: true});
	t.deepEqual(bob.seen({type: 'message'}), []);
	await bob.ok('busy off');
	await bob.event({
		type: 'message', from: 'ann', text: 'later then', pending: true,
	});
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'read',
	});
	t.is(bob.seen({type: 'message'}).length, 1);
});
