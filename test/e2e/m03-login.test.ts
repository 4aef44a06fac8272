// M3: logging in. The password counts, and a name is logged in once at a time.
import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('a wrong password and a second login are refused, the right password is accepted', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, elsewhere] = await Promise.all([world.person('ann', server), world.client('elsewhere')]);
	await elsewhere.ok(`c ${server.address}`);

	t.is(await elsewhere.refused('login ann wrong'), 'bad-credentials');
	t.is(await elsewhere.refused('login nobody ann-secret'), 'bad-credentials', 'a missing account looks like a wrong password');
	t.is(await elsewhere.refused('login ann ann-secret'), 'already-online');
	t.like(await elsewhere.ok('l'), {user: null});
	t.like(await ann.ok('l'), {user: 'ann'});

	await ann.leave();
	await elsewhere.ok('login ann ann-secret');
	t.like(await elsewhere.ok('l'), {connected: true, user: 'ann'});
	t.deepEqual((await elsewhere.ok('lcu')).users, [{name: 'ann', online: true}]);
});
