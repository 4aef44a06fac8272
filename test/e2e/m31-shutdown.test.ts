// M31: the operator ends the server. Every client shows it; what is open goes on; the exit code is 0.
import test from 'ava';
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
