import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('contacts are added, listed with their presence, removed, and outlive a restart', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await ann.ok('contact add bob');
	t.deepEqual((await ann.ok('contacts')).contacts, [{name: 'bob', online: true, verified: false}]);
	await bob.ok('d');
	await ann.event({type: 'presence', user: 'bob', online: false});
	t.deepEqual((await ann.ok('contacts')).contacts, [{name: 'bob', online: false, verified: false}]);
	await ann.leave();
	const again = await world.client('again', {home: 'ann'});
	await again.ok(`c ${server.address}`);
	await again.ok('login ann ann-secret');
	t.deepEqual((await again.ok('contacts')).contacts, [{name: 'bob', online: false, verified: false}]);
	await again.ok('contact remove bob');
	t.deepEqual((await again.ok('contacts')).contacts, []);
});

test('--accept contacts asks only for strangers', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server, {arguments: ['--accept', 'contacts']});
	const [bob, cat] = await world.people(['bob', 'cat'], server);
	await ann.ok('contact add bob');
	await bob.ok('o ann');
	await bob.event({type: 'session', with: 'ann', state: 'open'});
	t.notRegex(ann.program.transcript, /"type":"request"/v);
	await bob.ok('cs');
	await ann.event({type: 'session', with: 'bob', state: 'closed'});
	await cat.ok('o ann');
	await ann.event({type: 'request', kind: 'session', from: 'cat'});
});
