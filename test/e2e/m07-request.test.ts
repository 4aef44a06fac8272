// M7: accept or decline. A request has a countdown; whatever becomes of it, both sides are told and free again.
import test from 'ava';
import {openSession, openWorld} from '../helpers/world.js';

test('a declined request tells the caller, and both are free again', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await ann.ok('o bob');
	await ann.event({type: 'session', with: 'bob', state: 'asking'});
	const request = await bob.event({type: 'request', kind: 'session', from: 'ann'});
	const remainingMs = Date.parse(String(request.expiresAt)) - Date.now();
	t.true(remainingMs > 15_000 && remainingMs <= 30_500, `the countdown starts at 30 s: ${remainingMs}`);
	await bob.ok('decline ann');
	await ann.event({type: 'session', with: 'bob', state: 'declined'});
	t.like(await ann.ok('l'), {conversation: null});
	t.like(await bob.ok('l'), {conversation: null});
	t.is(await bob.refused('accept'), 'no-request');

	await openSession(bob, ann);
	t.like(await ann.ok('l'), {conversation: {kind: 'session', name: 'bob'}});
});

test('silence for 30 s is an answer: both are told and free again', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	const askedAt = performance.now();
	await ann.ok('o bob');
	await bob.event({type: 'request', kind: 'session', from: 'ann'});
	const [declined] = await Promise.all([
		ann.event({type: 'session', with: 'bob', state: 'declined'}, {within: 45_000}),
		bob.event({type: 'request-ended', from: 'ann'}, {within: 45_000}),
	]);
	t.is(declined.reason, 'timeout');
	t.true(performance.now() - askedAt > 29_000);
	t.like(await ann.ok('l'), {conversation: null});
	t.is(await bob.refused('accept ann'), 'no-request');
	await openSession(ann, bob);
});

test('a withdrawn request disappears at the other side', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await ann.ok('o bob');
	await bob.event({type: 'request', from: 'ann'});
	await ann.ok('cs');
	await bob.event({type: 'request-ended', from: 'ann'});
	t.is(await bob.refused('accept ann'), 'no-request');
});

test('--accept everyone opens at once', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await Promise.all([world.person('ann', server), world.person('bob', server, {arguments: ['--accept', 'everyone']})]);
	await ann.ok('o bob');
	await ann.event({type: 'session', with: 'bob', state: 'open'});
	await bob.event({type: 'session', with: 'ann', state: 'open'});
	t.deepEqual(bob.seen({type: 'request'}), []);
});
