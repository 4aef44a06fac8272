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

test('a client that was let in by its token takes the right password, refuses a wrong one, and another name', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server, {home: 'ann'});
	await ann.leave();
	const again = await world.client('again', {home: 'ann', arguments: ['--server', server.address, '--user', 'ann']});
	await again.event({type: 'connection', state: 'connected'});
	t.like(await again.ok('l'), {user: 'ann'});
	t.is(await again.refused('login ann wrong'), 'bad-credentials');
	t.is(await again.refused('login bob bob-secret'), 'already-logged-in');
	t.like(await again.ok('login ann ann-secret'), {user: 'ann'});
	t.is(await again.refused('login ann ann-secret'), 'already-logged-in', 'once is enough');
});
