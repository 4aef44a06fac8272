// M30 on the plain and json faces: the operator's commands, and every query of a client live, with time and source.
import test from 'ava';
import {enterRoom, openSession, openWorld} from '../helpers/world.js';

test('json: lu lcu ls lr lru x work, and every query appears live', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await openSession(ann, bob);
	await cat.ok('or den');
	t.is(((await server.ok('lu')).users as unknown[]).length, 3);
	t.is(((await server.ok('lcu')).users as unknown[]).length, 3);
	const sessions = (await server.ok('ls')).sessions as Array<{id: string; users: string[]}>;
	t.is(sessions.length, 1);
	t.is(typeof sessions[0]!.id, 'string');
	t.deepEqual(sessions[0]!.users.toSorted(), ['ann', 'bob']);
	t.deepEqual((await server.ok('lr')).rooms, [{name: 'den', creator: 'cat', members: 1}]);
	t.deepEqual((await server.ok('lru den')).users, ['cat']);
	t.true((await server.ok('help')).ok);
	t.is(await server.refused('lru'), 'bad-arguments');
	t.is(await server.refused('dance'), 'unknown-command');

	server.forget();
	await ann.ok('lu');
	const query = await server.event({
		type: 'query', user: 'ann', command: 'lu', ok: true,
	});
	t.regex(String(query.at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/v);
	t.regex(String(query.from), /^127\.0\.0\.1:\d+$/v);
	await ann.refused('lru nowhere');
	await server.event({
		type: 'query', user: 'ann', command: 'lru', ok: false,
	});
	t.false(server.program.lines.some(line => line.includes('ann-secret')), 'no password in the log');

	server.forget();
	await ann.ok('cs');
	await bob.event({type: 'session', with: 'ann', state: 'closed'});
	await bob.ok('lr');
	await server.event({type: 'query', user: 'bob', command: 'lr'});
	await server.event({
		type: 'query', user: 'ann', command: 'cs', ok: true,
	});
	t.false(server.program.lines.some(line => line.includes('"user":"bob","command":"cs"')), 'bob closed nothing himself');
	t.is((await server.leave()).code, 0);
});

test('plain: the same commands in readable lines', async t => {
	const world = openWorld(t);
	const server = world.program('earshotd', 'server', {arguments: ['--plain', '--bind', '127.0.0.1', '--port', '0', '--udp-port', '0']});
	const started = await server.line(/\b(?<port>\d{4,5})\b/v);
	const port = /:(?<port>\d{4,5})\b/v.exec(started)?.groups?.port ?? /\b(?<port>\d{4,5})\b/v.exec(started)!.groups!.port!;
	const [ann, bob] = await world.people(['ann', 'bob'], {address: `127.0.0.1:${port}`});
	await server.line(/^\d\d:\d\d:\d\d .*127\.0\.0\.1:\d.*register/v);
	await enterRoom('den', ann, bob);
	await server.line(/^\d\d:\d\d:\d\d .*ann.* or den/v);
	for (const command of ['lu', 'lcu', 'lru den']) {
		server.type(command);
		await server.line(/ann/v);
		await server.line(/bob/v);
	}

	server.type('lr');
	await server.line(/den.*ann.*2/v);
	server.type('ls');
	await server.line(/no sessions/iv);
	server.type('dance');
	await server.line(/no command "dance"/v);
	server.type('x');
	t.deepEqual(await server.exit(), {code: 0, signal: null});
});
