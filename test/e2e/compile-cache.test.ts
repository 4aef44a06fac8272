// What is compiled at one start is there for the next, in the cache folder of the system, and only if it may be.
import {existsSync, readdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {openWorld} from '../helpers/world.js';

/**
The folder that a program was told to use, and what it left in it.
*/
function compiledIn(cache: string): string[] {
	const folder = path.join(cache, 'earshot', 'compiled');
	return existsSync(folder) ? readdirSync(folder, {recursive: true, encoding: 'utf8'}) : [];
}

for (const kind of ['earshot', 'earshotd'] as const) {
	test(`${kind} keeps what it compiled`, async t => {
		const world = openWorld(t);
		const cache = world.home('cache');
		const environment = {XDG_CACHE_HOME: cache};
		const launch = {arguments: ['--version'], environment};
		for (let start = 0; start < 2; start++) {
			t.is((await world.program(kind, 'first', launch).exited).code, 0);
		}

		t.true(process.platform !== 'linux' || compiledIn(cache).length > 1);
	});

	test(`${kind} keeps nothing where that is not wanted`, async t => {
		const world = openWorld(t);
		const cache = world.home('cache');
		const environment = {XDG_CACHE_HOME: cache, NODE_DISABLE_COMPILE_CACHE: '1'};
		t.is((await world.program(kind, 'first', {arguments: ['--version'], environment}).exited).code, 0);
		t.deepEqual(compiledIn(cache), []);
	});

	(process.platform === 'linux' ? test : test.skip)(`${kind}: a home below /proc is refused in a sentence where data must be kept, and matters to nothing else`, async t => {
		const world = openWorld(t);
		const environment = {HOME: '/proc/nowhere', EARSHOT_HOME: ''};
		const version = world.program(kind, 'version', {arguments: ['--version'], environment});
		t.is((await version.exit()).code, 0);
		const program = world.program(kind, 'first', {arguments: ['--json', ...(kind === 'earshotd' ? ['--port', '0'] : []), '--udp-port', '0'], environment});
		t.is((await program.exit()).code, 2);
		t.regex(program.errors, /^earshotd?: The data folder \/proc\/nowhere\S* can't be (?:made|written).*--data\.\n$/v);
	});

	test(`${kind} starts where nothing can be kept`, async t => {
		const world = openWorld(t);
		const blocked = path.join(world.home('cache'), 'a-file');
		writeFileSync(blocked, '');
		const program = world.program(kind, 'first', {arguments: ['--version'], environment: {XDG_CACHE_HOME: blocked}});
		t.is((await program.exited).code, 0);
		t.is(program.errors, '');
	});
}
