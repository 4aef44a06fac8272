// M5: who is there. Four lists, the same in client and server; presence comes by itself within a second.
import test from 'ava';
import {registerOnScreen} from '../helpers/screens.js';
import {enterRoom, openWorld, promptly} from '../helpers/world.js';

test('lu, lcu, lr and lru show exactly who and what is there, in the client and in the server', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await enterRoom('den', ann, bob);
	await cat.leave();
	await ann.event({type: 'presence', user: 'cat', online: false});

	const everyone = [{name: 'ann', online: true}, {name: 'bob', online: true}, {name: 'cat', online: false}];
	for (const asker of [ann, bob, server]) {
		t.deepEqual((await asker.ok('lu')).users, everyone, asker.name);
		t.deepEqual((await asker.ok('lcu')).users, everyone.slice(0, 2), asker.name);
		t.deepEqual((await asker.ok('lr')).rooms, [{name: 'den', creator: 'ann', members: 2}], asker.name);
		t.deepEqual((await asker.ok('lru den')).users, ['ann', 'bob'], asker.name);
		t.is(await asker.refused('lru nowhere'), 'no-such-room', asker.name);
	}
});

test('a login and a logout are seen by others within a second, unasked', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob] = await Promise.all([world.person('ann', server), world.client('bob')]);
		await bob.ok(`c ${server.address}`);
		await bob.ok('register bob pw');
		await ann.event({type: 'presence', user: 'bob', online: true}, {within: 1000});
		await bob.leave();
		await ann.event({type: 'presence', user: 'bob', online: false}, {within: 1000});
	});
});

test('the panes follow a login, a room and a logout within a second, without a command', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob] = await Promise.all([registerOnScreen(world, 'ann', server), world.client('bob')]);
		await bob.ok(`c ${server.address}`);
		t.false(ann.screen().includes('bob'));
		await bob.ok('register bob pw');
		await ann.shows('● bob', {within: 1000});
		await bob.ok('or den');
		await ann.shows(/# den +1/v, {within: 1000});
		await bob.leave();
		await ann.shows('○ bob', {within: 1000});
	});
});
