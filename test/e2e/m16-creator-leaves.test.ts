// M16: a room outlives its creator's visit, and stays the creator's.
import test from 'ava';
import {enterRoom, hears, openWorld} from '../helpers/world.js';

for (const [how, part] of [
	['leaves', 'left'],
	['dies', 'lost'],
] as const) {
	test(`when the creator ${how} the room stays; only the creator, back again, may close it`, async t => {
		const world = openWorld(t);
		const server = await world.server();
		const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
		await enterRoom('den', ann, bob, cat);
		if (how === 'leaves') {
			await ann.leave();
		} else {
			ann.program.signal('SIGKILL');
		}

		for (const member of [bob, cat]) {
			await member.event({
				type: 'room', room: 'den', change: part, user: 'ann',
			});
		}

		// The members may have found out before the server.
		await bob.event({type: 'presence', user: 'ann', online: false});
		t.deepEqual((await bob.ok('lr')).rooms, [{name: 'den', creator: 'ann', members: 2}]);
		await hears('without her', bob, cat);
		t.is(await bob.refused('cr den'), 'not-creator');

		const again = await world.client('ann', {home: 'ann-again'});
		await again.ok(`c ${server.address}`);
		await again.ok('login ann ann-secret');
		await again.ok('cr den');
		for (const member of [bob, cat]) {
			await member.event({
				type: 'room', room: 'den', change: 'closed', user: 'ann',
			});
		}

		t.deepEqual((await again.ok('lr')).rooms, []);
	});
}
