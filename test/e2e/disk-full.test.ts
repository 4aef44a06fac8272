// A disk that takes no more: the server says so, keeps what it acknowledged, serves what needs no write, and goes on when there is room.
import {spawnSync} from 'node:child_process';
import {statSync} from 'node:fs';
import test from 'ava';
import {openWorld} from '../helpers/world.js';

// A file-size limit set from outside stands for the full disk; only Linux has the tool.
const hasLimiter = spawnSync('prlimit', ['--version']).status === 0;

(hasLimiter ? test : test.skip)('registering is refused in words, lists and sessions go on, and what was acknowledged is there afterwards', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	const limit = (bytes: number | 'unlimited') => {
		t.is(spawnSync('prlimit', [`--fsize=${bytes}:unlimited`, '--pid', String(server.program.pid)]).status, 0);
	};

	const sizes = world.files('server').filter(file => file.includes('earshotd.db')).map(file => statSync(file).size);
	limit(Math.max(...sizes));
	const cat = await world.client('cat');
	await cat.ok(`c ${server.address}`);
	t.is(await cat.refused('register cat cat-secret'), 'storage-failed');
	await server.event({type: 'notice', level: 'error', text: /could not be written to disk/v});
	t.deepEqual((await ann.ok('lu')).users, ['ann', 'bob'].map(name => ({name, online: true})));
	const asked = ann.command('o bob');
	await bob.event({type: 'request', from: 'ann'});
	await bob.ok('accept ann');
	t.true((await asked).ok);
	await ann.ok('s the disk is full');
	await bob.event({type: 'message', text: 'the disk is full'});

	limit('unlimited');
	await cat.ok('register cat cat-secret');
	server.program.signal('SIGKILL');
	await server.program.exit();
	const again = await world.server();
	t.deepEqual((await again.ok('lu')).users, ['ann', 'bob', 'cat'].map(name => ({name, online: false})));
});
