// M15: a room ends when its creator closes it, from anywhere, and for everyone.
import test from 'ava';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
} from '../helpers/world.js';

test('only the creator closes a room, from wherever they are; everyone sees it', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat, dan] = await world.people(['ann', 'bob', 'cat', 'dan'], server);
	await enterRoom('den', ann, bob, cat);
	t.is(await bob.refused('cr den'), 'not-creator');
	t.is(await bob.refused('cr nowhere'), 'no-such-room');
	await hears('still standing', bob, ann, cat);

	await openSession(ann, dan);
	await ann.ok('cr den');
	for (const member of [bob, cat]) {
		await member.event({
			type: 'room', room: 'den', change: 'closed', user: 'ann',
		});
		t.like(await member.ok('l'), {conversation: null});
	}

	t.deepEqual((await ann.ok('lr')).rooms, []);
	t.deepEqual((await server.ok('lr')).rooms, []);
	t.like(await ann.ok('l'), {conversation: {kind: 'session', name: 'dan'}}, 'the session is not touched');
});

test('a creator in the room closes it for themselves as well', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await enterRoom('den', ann, bob);
	await ann.ok('cr den');
	for (const member of [ann, bob]) {
		await member.event({
			type: 'room', room: 'den', change: 'closed', user: 'ann',
		});
		t.like(await member.ok('l'), {conversation: null});
	}

	t.deepEqual((await bob.ok('lr')).rooms, []);
});
