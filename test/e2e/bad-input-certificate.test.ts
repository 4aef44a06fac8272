// A server whose certificate has changed: refused loudly, nothing secret is sent, and only the user can decide to go on.
import {rmSync} from 'node:fs';
import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('a changed certificate is refused with a clear warning, until the user forgets the old one', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server);
	await ann.ok('d');
	await server.leave();
	rmSync(world.home('server'), {recursive: true});

	const impostor = await world.server({arguments: ['--port', String(server.port)]});
	const reply = await ann.command(`c ${impostor.address}`);
	t.like(reply, {ok: false, error: {code: 'certificate-changed'}});
	t.regex(reply.error!.message, /another key.*known:.*shown:.*forget/isv);
	t.like(await ann.ok('l'), {connected: false});
	t.is(await ann.refused('login ann ann-secret'), 'not-connected');
	t.deepEqual(impostor.seen({type: 'query'}), [], 'the impostor learned nothing');

	await ann.ok(`forget ${impostor.address}`);
	await ann.ok(`c ${impostor.address}`);
	await ann.ok('register ann ann-secret');
});

test('a client that waits for its server does not fall for another one on the same port', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server);
	await server.leave();
	rmSync(world.home('server'), {recursive: true});
	await ann.event({type: 'connection', state: 'lost'});
	const impostor = await world.server({arguments: ['--port', String(server.port)]});
	await ann.event({type: 'notice', text: /another key/v});
	t.like(await ann.ok('l'), {connected: false});
	t.deepEqual(impostor.seen({type: 'query'}), []);
});
