// M13: a room begins when somebody enters it.
import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('or creates a missing room, enters a standing one; lru shows who is in it', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	t.deepEqual((await ann.ok('lr')).rooms, []);
	await ann.ok('or den');
	await ann.event({
		type: 'room', room: 'den', change: 'created', user: 'ann',
	});
	t.deepEqual((await bob.ok('lr')).rooms, [{name: 'den', creator: 'ann', members: 1}]);

	await bob.ok('or den');
	await bob.event({
		type: 'room', room: 'den', change: 'entered', user: 'bob',
	});
	await ann.event({
		type: 'room', room: 'den', change: 'entered', user: 'bob',
	});
	t.like(await bob.ok('lru den'), {room: 'den', users: ['ann', 'bob']});
	t.deepEqual((await ann.ok('lr')).rooms, [{name: 'den', creator: 'ann', members: 2}]);
	t.is(bob.seen({type: 'room', change: 'created'}).length, 0);
});

test('--room enters a room as soon as one is logged in, by password or by an earlier login', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const bob = await world.person('bob', server);
	await bob.ok('or den');
	const there = {
		type: 'room', room: 'den', change: 'entered', user: 'ann',
	};
	const flags = ['--server', server.address, '--user', 'ann', '--room', 'den'];
	const first = await world.client('ann', {arguments: flags});
	await first.event({type: 'connection', state: 'connected'});
	await first.ok('register ann ann-secret');
	await bob.event(there);
	await first.leave();
	await bob.event({type: 'room', change: 'left', user: 'ann'});

	await world.client('ann', {arguments: flags});
	await t.notThrowsAsync(bob.event(there));
});
