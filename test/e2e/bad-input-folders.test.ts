// Data folders that can't be used or are in use: a clear line and code 2, and what stands on disk stays as it was.
import {chmodSync, mkdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {openWorld} from '../helpers/world.js';

for (const program of ['earshot', 'earshotd'] as const) {
	test(`${program}: a data folder that is not writable ends it with code 2 and a reason`, async t => {
		const world = openWorld(t);
		const parent = path.join(world.folder, 'locked');
		mkdirSync(parent);
		chmodSync(parent, 0o500);
		// Rights do not bind root; no folder can be made in /sys by anybody.
		const folder = process.getuid?.() === 0 ? '/sys/earshot' : path.join(parent, 'data');
		const started = world.program(program, program, {arguments: ['--json', '--data', folder, ...(program === 'earshotd' ? ['--bind', '127.0.0.1', '--port', '0'] : ['--udp-port', '0'])]});
		t.deepEqual(await started.exit(), {code: 2, signal: null});
		t.true(started.errors.includes(folder), started.errors);
		t.deepEqual(started.lines, []);
		t.false(started.errors.includes('    at '), started.errors);
	});
}

test('a second server on the data of a running one is refused and hurts nothing', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server);
	const second = world.program('earshotd', 'second', {home: 'server', arguments: ['--json', '--bind', '127.0.0.1', '--port', '0', '--udp-port', '0']});
	t.deepEqual(await second.exit(), {code: 2, signal: null});
	t.regex(second.errors, /already|in use|running|another/iv);
	t.deepEqual((await ann.ok('lcu')).users, [{name: 'ann', online: true}]);
});

test('two clients may share a data folder', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await Promise.all([world.person('ann', server, {home: 'shared'}), world.person('bob', server, {home: 'shared'})]);
	t.deepEqual((await ann.ok('lcu')).users, (await bob.ok('lcu')).users);
	t.is(((await ann.ok('lcu')).users as unknown[]).length, 2);
});
