// M38: the time at every line, the register of logins and logouts, the session log.
import {readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {freePort} from '../helpers/ports.js';
import {hears, openSession, openWorld} from '../helpers/world.js';

type Row = {readonly at: string; readonly user: string; readonly event: string; readonly address: string; readonly how?: string};

const rowsOf = (reply: Readonly<Record<string, unknown>>) => reply.register as readonly Row[];

test('every line of the plain faces begins with the time', async t => {
	const world = openWorld(t);
	const server = world.program('earshotd', 'server', {arguments: ['--plain', '--bind', '127.0.0.1', '--port', '0', '--udp-port', '0']});
	const port = /TCP port (?<port>\d+)/v.exec(await server.line('TCP port'))!.groups!.port!;
	const ann = world.program('earshot', 'ann', {arguments: ['--plain', '--server', `127.0.0.1:${port}`, '--udp-port', '0']});
	ann.write('register ann secret\nor den\ns hello\nlu\nhistory\nhelp\nregister\nx\n');
	await ann.exit();
	server.write('lu\nregister\nx\n');
	await server.exit();
	for (const program of [ann, server]) {
		t.true(program.lines.length > 5);
		t.deepEqual(program.lines.filter(line => !/^\d\d:\d\d:\d\d /v.test(line)), []);
	}
});

test('the register knows who came and went, also while the server was down', async t => {
	const world = openWorld(t);
	const port = await freePort();
	const server = await world.server({arguments: ['--port', String(port)]});
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await bob.ok('d');
	await ann.event({type: 'presence', user: 'bob', online: false});
	const before = rowsOf(await server.ok('register'));
	t.deepEqual(before.map(({user, event}) => `${user} ${event}`).toSorted(), ['ann login', 'bob login', 'bob logout']);
	for (const {at, address} of before) {
		t.true(Math.abs(Date.parse(at) - Date.now()) < 600_000);
		t.regex(address, /^127\.0\.0\.1:\d+$/v);
	}

	server.program.signal('SIGKILL');
	await ann.event({type: 'connection', state: 'lost'});
	const leftAt = Date.now();
	await ann.leave();
	const goneAt = Date.now();
	const again = await world.server({arguments: ['--port', String(port)]});
	const crashed = rowsOf(await again.ok('register ann'));
	t.deepEqual(crashed.map(({event}) => event), ['login', 'logout'], 'nobody is left logged in by a crash');

	const back = await world.client('ann again', {home: 'ann'});
	await back.ok(`c ${again.address}`);
	await back.ok('login ann ann-secret');
	// The client's word comes after the login.
	await back.ok('lu');
	const told = rowsOf(await again.ok('register ann'));
	const departed = told.find(({how}) => how === 'departed');
	t.like(departed, {user: 'ann', event: 'logout'});
	const departedAt = Date.parse(departed!.at);
	t.true(departedAt > leftAt - 1000 && departedAt < goneAt + 1000);
	t.is(await again.refused('register nobody'), 'no-such-user');
});

test('--log keeps what was said and what happened, with date and time, for the user alone', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const file = path.join(world.home('ann'), 'talk.log');
	const [ann, bob] = await Promise.all([world.person('ann', server, {arguments: ['--log', file]}), world.person('bob', server)]);
	await bob.event({type: 'presence', user: 'ann', online: true});
	await openSession(ann, bob);
	await hears('from ann', ann, bob);
	await hears('from bob', bob, ann);
	await ann.leave();
	const lines = readFileSync(file, 'utf8').split('\n').filter(line => line !== '');
	t.deepEqual(lines.filter(line => !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /v.test(line)), []);
	t.true(lines.some(line => line.endsWith('to bob: from ann')));
	t.true(lines.some(line => line.endsWith('bob: from bob')));
	t.is(statSync(file).mode % 0o1000, 0o600);
});
