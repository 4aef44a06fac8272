// M21: a peer is killed. The others are told within two seconds and go on.
import test from 'ava';
import {
	enterRoom,
	hears,
	openSession,
	promptly,
} from '../helpers/world.js';

/**
Two seconds are for a machine that has something else to do as well; five of these worlds at once would be five times as much.
*/
const within = 2000;

test.serial('killed in a session: the other is told within 2 s, sees it in lcu, and can open another session', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
		await openSession(ann, bob);
		await hears('before', bob, ann);
		bob.program.signal('SIGKILL');
		await Promise.all([
			ann.event({type: 'session', with: 'bob', state: 'lost'}, {within}),
			ann.event({type: 'presence', user: 'bob', online: false}, {within}),
		]);
		t.deepEqual((await ann.ok('lcu')).users, [{name: 'ann', online: true}, {name: 'cat', online: true}]);
		await openSession(ann, cat);
		await hears('life goes on', ann, cat);
	});
});

test.serial('killed in a room: everyone is told within 2 s, the rest talks on', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
		await enterRoom('den', ann, bob, cat);
		await hears('before', bob, ann, cat);
		bob.program.signal('SIGKILL');
		await Promise.all([ann, cat].map(async member => member.event({
			type: 'room', room: 'den', change: 'lost', user: 'bob',
		}, {within})));
		// The members may have found out before the server.
		await ann.event({type: 'presence', user: 'bob', online: false}, {within});
		t.deepEqual((await ann.ok('lcu')).users, [{name: 'ann', online: true}, {name: 'cat', online: true}]);
		t.deepEqual((await ann.ok('lru den')).users, ['ann', 'cat']);
		await hears('we are two', ann, cat);
		await hears('so we are', cat, ann);
	});
});

test.serial('killed in a session while the server stands still: the system says that the port is closed, and that is soon enough', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob] = await world.people(['ann', 'bob'], server);
		await openSession(ann, bob);
		await hears('before', bob, ann);
		server.program.signal('SIGSTOP');
		bob.program.signal('SIGKILL');
		await t.notThrowsAsync(ann.event({type: 'session', with: 'bob', state: 'lost'}, {within}));
	});
});

test.serial('killed in a room while the server stands still: everyone is told within 2 s, the rest talks on', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
		await enterRoom('den', ann, bob, cat);
		await hears('before', bob, ann, cat);
		server.program.signal('SIGSTOP');
		bob.program.signal('SIGKILL');
		await Promise.all([ann, cat].map(async member => member.event({
			type: 'room', room: 'den', change: 'lost', user: 'bob',
		}, {within})));
		await hears('we are two', ann, cat);
		await hears('so we are', cat, ann);
	});
});

test.serial('killed with a line on its way to him: it is kept, and reaches him when he is back', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob] = await world.people(['ann', 'bob'], server);
		await openSession(ann, bob);
		await hears('before', bob, ann);
		// Stopped first, so that the line is surely written to a link that nobody reads.
		bob.program.signal('SIGSTOP');
		const {id} = await ann.ok('s are you there?');
		await ann.event({
			type: 'delivery', id, to: 'bob', state: 'sent',
		});
		server.program.signal('SIGSTOP');
		bob.program.signal('SIGKILL');
		await ann.event({type: 'session', with: 'bob', state: 'lost'}, {within});
		server.program.signal('SIGCONT');
		await ann.event({type: 'presence', user: 'bob', online: false});
		const back = await world.client('bob');
		await back.ok(`c ${server.address}`);
		await back.ok('login bob bob-secret');
		await openSession(ann, back);
		await back.event({type: 'message', from: 'ann', text: 'are you there?'});
		await ann.event({
			type: 'delivery', id, to: 'bob', state: 'delivered',
		});
	});
});
