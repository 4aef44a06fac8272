import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('who logs in where somebody else was before goes on with their own profile: the same device, the same contacts', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server, {home: 'shared'});
	const bob = await world.person('bob', server, {home: 'shared'});
	const cat = await world.person('cat', server);
	await bob.ok('contact add cat');
	const before = await cat.ok('verify bob');
	await ann.leave();
	await bob.leave();
	const again = await world.client('again', {home: 'shared'});
	await again.ok(`c ${server.address}`);
	await again.ok('login bob bob-secret');
	t.is((await cat.ok('verify bob')).safetyNumber, before.safetyNumber);
	t.like(await again.ok('contacts'), {contacts: [{name: 'cat'}]});
	const first = await world.client('first', {home: 'shared'});
	await first.ok(`c ${server.address}`);
	await first.ok('login ann ann-secret');
	t.like(await cat.ok('verify ann'), {trust: 'trusted'});
});

test('a new name does not take over the profile of another one', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server, {home: 'shared'});
	const cat = await world.person('cat', server);
	const before = await cat.ok('verify ann');
	await ann.leave();
	const dan = await world.person('dan', server, {home: 'shared'});
	const again = await world.client('again', {home: 'shared'});
	await again.ok(`c ${server.address}`);
	await again.ok('login ann ann-secret');
	t.is((await cat.ok('verify ann')).safetyNumber, before.safetyNumber);
	t.not((await cat.ok('verify dan')).safetyNumber, before.safetyNumber);
	await dan.leave();
});

test('a profile that a running client holds can\'t be had twice, and that is said', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const bob = await world.person('bob', server, {home: 'shared'});
	await bob.ok('d');
	const other = await world.client('other', {home: 'shared'});
	await other.ok(`c ${server.address}`);
	const answer = other.ok('login bob bob-secret');
	t.regex(String((await other.event({type: 'notice', level: 'warn'})).text), /holds the profile of bob/v);
	await answer;
});
