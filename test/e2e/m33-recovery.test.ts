// M33: the server dies and comes back. Everybody returns by themselves, everything is there, nobody is wrongly online.
// Beside it: going back to a backup while people are connected.
import {readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {Reply} from '../helpers/json-client.js';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
	type Server,
} from '../helpers/world.js';

/**
Asks until the answer fits: what clients bring back comes in its own time.
*/
async function answered(server: Server, command: string, fits: (reply: Reply) => boolean): Promise<Reply> {
	for (;;) {
		const reply = await server.ok(command);
		if (fits(reply)) {
			return reply;
		}
	}
}

test('after SIGKILL clients rejoin by themselves; accounts, rooms, sessions and pending messages are there; nobody is wrongly online', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat, dan, eve] = await world.people(['ann', 'bob', 'cat', 'dan', 'eve'], server);
	await openSession(ann, bob);
	await enterRoom('den', cat, dan);
	await eve.leave();
	await ann.event({type: 'presence', user: 'eve', online: false});
	// A line for somebody who is away, from the room's side of the house.
	await dan.ok('cs');
	await dan.ok('o eve');
	const {id} = await dan.ok('s for when you are back');
	await dan.event({
		type: 'delivery', id, to: 'eve', state: 'stored',
	});
	await dan.ok('or den');

	server.program.signal('SIGKILL');
	await server.program.exit();
	// Cat dies while the server is away: it must not be taken for somebody who is there.
	cat.program.signal('SIGKILL');
	await cat.program.exit();
	const again = await world.server({arguments: ['--port', String(server.port)]});
	for (const client of [ann, bob, dan]) {
		await client.event({type: 'connection', state: 'lost'});
		await client.event({type: 'connection', state: 'connected'});
	}

	await again.event({type: 'presence', user: 'ann', online: true});
	await again.event({type: 'presence', user: 'bob', online: true});
	await again.event({type: 'presence', user: 'dan', online: true});
	t.deepEqual((await again.ok('lcu')).users, ['ann', 'bob', 'dan'].map(name => ({name, online: true})));
	t.deepEqual((await again.ok('lu')).users, ['ann', 'bob', 'cat', 'dan', 'eve'].map(name => ({name, online: ['ann', 'bob', 'dan'].includes(name)})));
	const {sessions} = await answered(again, 'ls', reply => (reply.sessions as unknown[]).length > 0);
	// Who came back first stands first.
	t.deepEqual((sessions as Array<{users: string[]}>).map(({users}) => users.toSorted()), [['ann', 'bob']]);
	await answered(again, 'lru den', ({users}) => (users as unknown[]).length > 0);
	t.deepEqual((await again.ok('lru den')).users, ['dan']);
	await hears('still there?', ann, bob);
	await hears('certainly', bob, ann);

	const back = await world.client('eve');
	await back.ok(`c ${again.address}`);
	await back.ok('login eve eve-secret');
	await back.event({
		type: 'message', from: 'dan', text: 'for when you are back', pending: true,
	});
	await dan.event({
		type: 'delivery', id, to: 'eve', state: 'delivered',
	});
	t.is(back.seen({type: 'message'}).length, 1);
});

test('earshotd backup and restore while people are connected: told, back by themselves, in the state of then', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	const file = path.join(world.folder, 'a backup.earshotd');
	const errand = async (word: string, home = 'server') => {
		const program = world.program('earshotd', `${word}-${Math.random()}`, {home, arguments: ['--json', word, file]});
		const {code} = await program.exit();
		return {code, reply: program.lines[0] === undefined ? undefined : JSON.parse(program.lines[0]) as unknown, errors: program.errors};
	};

	t.like(await errand('backup'), {
		code: 0, reply: {
			type: 'reply', command: 'backup', ok: true, file, accounts: 2,
		},
	});
	t.is(statSync(file).mode & 0o777, 0o600);
	t.like(await errand('backup'), {code: 2, reply: {ok: false, error: {code: 'file-exists'}}});
	const cat = await world.person('cat', server);
	await cat.leave();
	t.is(((await server.ok('lu')).users as unknown[]).length, 3);

	ann.forget();
	bob.forget();
	server.forget();
	t.like(await errand('restore'), {code: 0, reply: {command: 'restore', ok: true, accounts: 2}});
	for (const client of [ann, bob]) {
		const lost = await client.event({type: 'connection', state: 'lost'});
		t.regex(String(lost.reason), /goes back to a backup/v);
		await client.event({type: 'connection', state: 'connected'});
		await server.event({type: 'presence', user: client.name, online: true});
	}

	t.deepEqual((await server.ok('lcu')).users, ['ann', 'bob'].map(name => ({name, online: true})));
	t.deepEqual((await server.ok('lu')).users, ['ann', 'bob'].map(name => ({name, online: true})));
	await hears('here we are again', ann, bob);
	t.is(readdirSync(path.join(world.home('server'), 'server')).filter(name => name.startsWith('before-restore-')).length, 1);
	t.is((await server.leave()).code, 0);

	// Without a server, and on another machine's folder: the same realm, so nobody has to trust anew.
	t.like(await errand('restore', 'elsewhere'), {code: 0, reply: {command: 'restore', ok: true, accounts: 2}});
	ann.forget();
	const moved = await world.server({home: 'elsewhere', arguments: ['--port', String(server.port)]});
	await ann.event({type: 'connection', state: 'connected'});
	await moved.event({type: 'presence', user: 'ann', online: true});
});
