// M10: one conversation at a time, unless `--sessions many` lifts it.
import test from 'ava';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
} from '../helpers/world.js';

test('entering a room closes the session at both ends; a session leaves the room', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await cat.ok('or den');
	await openSession(ann, bob);
	await ann.ok('or den');
	await bob.event({type: 'session', with: 'ann', state: 'closed'});
	await ann.event({type: 'session', with: 'bob', state: 'closed'});
	t.like(await ann.ok('l'), {conversation: {kind: 'room', name: 'den', members: 2}});
	t.like(await bob.ok('l'), {conversation: null});
	t.is(await bob.refused('s anybody?'), 'no-conversation');

	await openSession(ann, bob);
	await cat.event({
		type: 'room', room: 'den', change: 'left', user: 'ann',
	});
	t.like(await ann.ok('l'), {conversation: {kind: 'session', name: 'bob'}});
	t.deepEqual((await cat.ok('lru den')).users, ['cat']);
});

test('who is in another conversation is busy', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await openSession(ann, bob);
	await cat.ok('o bob');
	const unavailable = await cat.event({type: 'session', with: 'bob', state: 'unavailable'});
	t.is(unavailable.reason, 'busy');
	t.deepEqual(bob.seen({type: 'request', from: 'cat'}), []);
	await hears('undisturbed', ann, bob);
});

test('--sessions many keeps several conversations, with unread counts', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const many = {arguments: ['--sessions', 'many']};
	const [ann, bob, cat] = await Promise.all([world.person('ann', server, many), world.person('bob', server), world.person('cat', server, many)]);
	await openSession(ann, bob);
	await openSession(ann, cat);
	await enterRoom('den', cat, ann);
	t.deepEqual(bob.seen({type: 'session', state: 'closed'}), []);

	for (const text of ['one', 'two', 'three']) {
		await bob.ok(`s ${text}`);
		await ann.event({type: 'message', session: 'bob', text});
	}

	await hears('in the room', cat, ann);
	const status = await ann.ok('l');
	t.like(status, {conversation: {kind: 'room', name: 'den'}});
	t.like((status.conversations as Array<{name: string}>).find(({name}) => name === 'bob'), {kind: 'session', name: 'bob', unread: 3});
	await ann.ok('o bob');
	const after = await ann.ok('l');
	t.like(after, {conversation: {kind: 'session', name: 'bob'}});
	t.like((after.conversations as Array<{name: string}>).find(({name}) => name === 'bob'), {unread: 0});
	await hears('and back', ann, bob);
});
