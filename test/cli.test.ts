import {Buffer} from 'node:buffer';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createServer, type AddressInfo} from 'node:net';
import process from 'node:process';
import {createSocket} from 'node:dgram';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {cleanEnvironment, programPath} from './helpers/programs.js';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
} from './helpers/world.js';

test('two programs on one data folder are two people, with no further step', async t => {
	const world = openWorld(t);
	const ann = await world.client('ann', {home: 'shared', arguments: ['--host', '--port', '0']});
	await ann.event({type: 'connection', state: 'connected'});
	const bob = await world.client('bob', {home: 'shared'});
	await bob.event({type: 'connection', state: 'connected'});
	await ann.ok('register ann pw');
	await bob.ok('register bob pw');
	await openSession(ann, bob);
	await hears('hello', ann, bob);
	await t.notThrowsAsync(bob.leave());
	await t.notThrowsAsync(ann.leave());
});

test('a person who comes back needs no password, and gets the same device', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const first = await world.person('ann', server);
	const {fingerprint} = await first.ok('whois ann');
	await first.leave();
	const again = await world.client('ann', {arguments: ['--user', 'ann']});
	await again.event({type: 'connection', state: 'connected'});
	t.like(await again.ok('l'), {user: 'ann'});
	t.like(await again.ok('whois ann'), {fingerprint});
});

test('the name and the room may be given as flags', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.client('ann', {arguments: ['--server', server.address, '--user', 'ann', '--room', 'den']});
	await ann.ok('register secret');
	// The next line already finds the room entered.
	t.like(await ann.ok('l'), {user: 'ann', conversation: {kind: 'room', name: 'den'}});
});

test('what is on its way at the end of input arrives', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await enterRoom('den', bob, ann);
	for (let count = 1; count <= 20; count++) {
		ann.program.type(`s line ${count}`);
	}

	ann.program.end();
	t.deepEqual(await ann.program.exit(), {code: 0, signal: null});
	const heard = await bob.events({type: 'message', from: 'ann'}, 20);
	t.deepEqual(heard.map(({text}) => text), Array.from({length: 20}, (_, index) => `line ${index + 1}`));
});

test('noise and a line of a megabyte are answered, and the next line goes on', async t => {
	const world = openWorld(t);
	const ann = await world.client('ann');
	ann.program.write(Buffer.concat([Buffer.alloc(1024 * 1024, 'x'), Buffer.from('\n'), Buffer.from([0xFF, 0xFE, 0x00, 0x0A]), Buffer.from('\u{1B}[2J\nl\n')]));
	t.like(await ann.reply(1), {ok: false, error: {code: 'line-too-long'}});
	t.like(await ann.reply(2), {ok: false, error: {code: 'bad-encoding'}});
	t.like(await ann.reply(3), {ok: false, error: {code: 'unknown-command'}});
	t.like(await ann.reply(4), {ok: true, command: 'l', connected: false});
});

test('a reader that goes away ends the program quietly', async t => {
	const world = openWorld(t);
	const home = world.home('ann');
	const child = spawn(process.execPath, [programPath('earshot'), '--json', '--data', home], {env: cleanEnvironment(home), stdio: ['pipe', 'pipe', 'pipe']});
	let errors = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		errors += text;
	});
	await once(child.stdout, 'data');
	child.stdout.destroy();
	child.stdin.on('error', () => {
		// It may be gone before everything is written.
	});
	child.stdin.write('help\n'.repeat(50));
	const [code] = await once(child, 'close') as [number | null];
	t.is(code, 0);
	t.is(errors, '');
});

test('a busy UDP port is named, with exit code 2', async t => {
	const world = openWorld(t);
	const socket = createSocket('udp4');
	socket.bind(0);
	await once(socket, 'listening');
	t.teardown(() => socket.close());
	const {port} = socket.address();
	const program = world.program('earshot', 'ann', {arguments: ['--json', '--udp-port', String(port)]});
	t.deepEqual(await program.exit(), {code: 2, signal: null});
	t.true(program.errors.includes(`UDP port ${port} is in use`));
	t.is(program.errors.trim().split('\n').length, 1);
});

test('a busy port for a hosted server is named, with exit code 2', async t => {
	const world = openWorld(t);
	const server = createServer();
	server.listen(0);
	await once(server, 'listening');
	t.teardown(() => server.close());
	const {port} = server.address() as AddressInfo;
	const program = world.program('earshot', 'ann', {arguments: ['--json', '--host', '--port', String(port)]});
	t.deepEqual(await program.exit(), {code: 2, signal: null});
	t.true(program.errors.includes(`Port ${port} is in use`));
});

test('without a server the program says what can be done', async t => {
	const world = openWorld(t);
	const ann = await world.client('ann');
	const {text} = await ann.event({type: 'notice', level: 'warn'});
	t.regex(String(text), /host.*c HOST/v);
	await ann.ok('host 0');
	t.like(await ann.ok('l'), {connected: true});
});

test('flags that this version only keeps say so', async t => {
	const world = openWorld(t);
	const folder = world.home('files');
	const ann = await world.client('ann', {arguments: ['--share', folder, '--downloads', folder]});
	await ann.event({type: 'notice', level: 'warn', text: /^--share is noted/v});
	await t.notThrowsAsync(ann.event({type: 'notice', level: 'warn', text: /^--downloads is noted/v}));
});

test('the plain face speaks in timed lines, and the log keeps them; neither knows the password', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const log = join(world.home('logs'), 'talk.log');
	const bob = await world.person('bob', server, {arguments: ['--accept', 'everyone']});
	const ann = world.program('earshot', 'ann', {arguments: ['--plain', '--server', server.address, '--log', log]});
	await ann.line('connected to');
	ann.type('register ann hush-hush');
	await ann.line('logged in as ann');
	ann.type('o bob');
	await ann.line('session with bob is open');
	await bob.event({type: 'session', with: 'ann', state: 'open'});
	await bob.ok('s good \u{1B}[31mmorning');
	await ann.line('bob: good morning');
	ann.type('lu');
	await ann.line('2 users');
	ann.type('x');
	t.deepEqual(await ann.exit(), {code: 0, signal: null});
	for (const line of ann.lines) {
		t.regex(line, /^\d\d:\d\d:\d\d \S| {2}\S/v);
	}

	const text = readFileSync(log, 'utf8');
	t.regex(text, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d bob: good morning$/mv);
	t.false(`${text}${ann.lines.join('\n')}${ann.errors}`.includes('hush'));
});

test('an internal error ends the program with one line and code 1', async t => {
	const world = openWorld(t);
	const home = world.home('ann');
	const fault = 'data:text/javascript,process.on("SIGUSR2", () => { throw new Error("boom"); })';
	const child = spawn(process.execPath, ['--import', fault, programPath('earshot'), '--json', '--data', home], {env: cleanEnvironment(home)});
	let errors = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		errors += text;
	});
	await once(child.stdout, 'data');
	child.kill('SIGUSR2');
	const [code] = await once(child, 'close') as [number | null];
	t.is(code, 1);
	t.regex(errors, /^earshot: internal error: boom[^\n]*\n$/v);
});
