// M36 on the plain and json faces: every way of leaving leaves nothing behind, and the server lists the user as gone.
import test from 'ava';
import {hears, openSession, openWorld} from '../helpers/world.js';

const ways = {
	x: 'command', quit: 'command', 'end of input': 'end', SIGINT: 'signal', SIGTERM: 'signal', SIGHUP: 'signal',
} as const;

for (const [way, kind] of Object.entries(ways)) {
	test(`${way}: exit code 0, nothing left running, the others are told at once`, async t => {
		const world = openWorld(t);
		const server = await world.server();
		const [ann, bob] = await world.people(['ann', 'bob'], server);
		await openSession(ann, bob);
		await hears('before', ann, bob);
		if (kind === 'command') {
			ann.program.type(way);
		} else if (kind === 'end') {
			ann.program.end();
		} else {
			ann.program.signal(way as NodeJS.Signals);
		}

		t.deepEqual(await ann.program.exit(), {code: 0, signal: null});
		await bob.event({type: 'session', with: 'ann', state: 'closed'});
		await bob.event({type: 'presence', user: 'ann', online: false});
		t.deepEqual((await server.ok('lcu')).users, [{name: 'bob', online: true}]);
		t.deepEqual((await server.ok('ls')).sessions, []);
		t.deepEqual(world.processes().filter(pid => pid !== server.program.pid && pid !== bob.program.pid), []);
	});
}

test('what was said right before the end of input still arrives', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	ann.program.type('s the last word');
	ann.program.end();
	await bob.event({type: 'message', from: 'ann', text: 'the last word'});
	t.deepEqual(await ann.program.exit(), {code: 0, signal: null});
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	test(`${signal} ends a server with code 0, like x`, async t => {
		const world = openWorld(t);
		const server = await world.server();
		const ann = await world.person('ann', server);
		server.program.signal(signal);
		t.deepEqual(await server.program.exit(), {code: 0, signal: null});
		await ann.event({type: 'connection', state: 'lost'});
		const again = await world.server();
		t.deepEqual((await again.ok('lu')).users, [{name: 'ann', online: false}]);
	});
}
