// M31: the operator ends the server. Every client shows it; what is open goes on; the exit code is 0.
import test from 'ava';
import {registerOnScreen} from '../helpers/screens.js';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
} from '../helpers/world.js';

test('x on the server: every client shows it, sessions and rooms talk on', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat, dan] = await world.people(['ann', 'bob', 'cat', 'dan'], server);
	await openSession(ann, bob);
	await enterRoom('den', cat, dan);
	await hears('before', ann, bob);
	await hears('before', cat, dan);
	t.deepEqual(await server.leave(), {code: 0, signal: null});
	for (const client of [ann, bob, cat, dan]) {
		const lost = await client.event({type: 'connection', state: 'lost'});
		t.regex(String(lost.reason), /stopped by its operator/v);
	}

	await hears('after', ann, bob);
	await hears('likewise', bob, ann);
	await hears('after', cat, dan);
	await hears('likewise', dan, cat);
	t.like(await ann.ok('l'), {connected: false, conversation: {kind: 'session', name: 'bob'}});
	t.is(await ann.refused('lu'), 'not-connected');
});

test('the screen shows it, and the conversation on it goes on', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await Promise.all([registerOnScreen(world, 'ann', server), world.person('bob', server, {arguments: ['--accept', 'everyone']})]);
	await ann.shows('● bob');
	ann.enter('/o bob');
	await bob.event({type: 'session', with: 'ann', state: 'open'});
	await ann.shows('Write to bob');
	await server.leave();
	await ann.shows(/stopped[\s│]+by[\s│]+its[\s│]+operator/v);
	ann.enter('are you still there?');
	await bob.event({type: 'message', text: 'are you still there?'});
	await bob.ok('s I am');
	await t.notThrowsAsync(ann.shows('bob: I am'));
});
