// M2: registering. A name belongs to whoever takes it first; a name close to it is still free.
import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('registering logs in; a taken name is refused with the reason, a shorter one is free', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, other] = await Promise.all([world.client('ann'), world.client('other')]);
	await Promise.all([ann.ok(`c ${server.address}`), other.ok(`c ${server.address}`)]);
	await ann.ok('register ann pw');
	t.like(await ann.ok('l'), {connected: true, user: 'ann'});

	const refusal = await other.command('register ann x');
	t.like(refusal, {ok: false, error: {code: 'name-taken'}});
	t.regex(refusal.error!.message, /ann/v);
	t.like(await other.ok('l'), {user: null});

	await other.ok('register an x');
	t.like(await other.ok('l'), {user: 'an'});
	t.deepEqual((await ann.ok('lu')).users, [{name: 'an', online: true}, {name: 'ann', online: true}]);
});

test('a name that only looks different is the same name', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, other] = await Promise.all([world.person('ann', server), world.client('other')]);
	await other.ok(`c ${server.address}`);
	t.is(await other.refused('register Ann x'), 'name-taken');
	await ann.leave();
	t.is(await other.refused('register ANN x'), 'name-taken', 'also when its owner is away');
	await other.ok('login ANN ann-secret');
	t.like(await other.ok('l'), {user: 'ann'});
});
