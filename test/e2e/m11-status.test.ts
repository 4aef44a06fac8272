// M11: `l` in each state.
import test from 'ava';
import {enterRoom, openSession, openWorld} from '../helpers/world.js';

test('l tells the state: not connected, connected, logged in, in a session, in a room', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [bob, cat] = await world.people(['bob', 'cat'], server);
	const ann = await world.client('ann');
	const status = async () => {
		const {connected, server: address, user, conversation} = await ann.ok('l');
		return {
			connected, server: address, user, conversation,
		};
	};

	const base = {
		connected: true, server: server.address, user: 'ann', conversation: null,
	};
	t.like(await status(), {connected: false, user: null, conversation: null});
	await ann.ok(`c ${server.address}`);
	t.deepEqual(await status(), {...base, user: null});
	const {fingerprint, ...facts} = await ann.ok('server');
	t.like(facts, {
		address: server.address, role: 'root', term: 1, voters: [],
	});
	t.regex(String(fingerprint), /^[\da-f]{64}$/v);
	await ann.ok('register ann pw');
	t.deepEqual(await status(), base);
	await openSession(ann, bob);
	t.deepEqual(await status(), {...base, conversation: {kind: 'session', name: 'bob', state: 'open'}});
	await ann.ok('cs');
	t.deepEqual(await status(), base);
	await enterRoom('den', bob, cat, ann);
	t.deepEqual(await status(), {
		...base, conversation: {
			kind: 'room', name: 'den', members: 3, state: 'open',
		},
	});
	await ann.ok('cs');
	await ann.ok('d');
	t.like(await status(), {connected: false, user: null, conversation: null});
});
