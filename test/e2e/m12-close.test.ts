// M12: `cs` ends a session for both, but leaves a room for one.
import test from 'ava';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
} from '../helpers/world.js';

test('cs ends a session at both sides', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	await ann.ok('cs');
	await Promise.all([ann.event({type: 'session', with: 'bob', state: 'closed'}), bob.event({type: 'session', with: 'ann', state: 'closed'})]);
	for (const one of [ann, bob]) {
		t.like(await one.ok('l'), {conversation: null});
		t.is(await one.refused('s hello?'), 'no-conversation');
		t.is(await one.refused('cs'), 'no-conversation');
	}

	await server.event({type: 'query', user: 'ann', command: 'cs'});
	t.deepEqual((await server.ok('ls')).sessions, []);
});

test('cs in a room takes out one; the others are told and talk on', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await enterRoom('den', bob, cat, ann);
	await ann.ok('cs');
	for (const other of [bob, cat]) {
		await other.event({
			type: 'room', room: 'den', change: 'left', user: 'ann',
		});
	}

	t.like(await ann.ok('l'), {conversation: null});
	t.deepEqual((await ann.ok('lru den')).users, ['bob', 'cat']);
	await hears('still here', bob, cat);
	await ann.ok('l');
	t.deepEqual(ann.seen({type: 'message'}), []);
});
