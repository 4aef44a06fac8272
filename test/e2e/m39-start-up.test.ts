// M39: start-up checks by flag: what can't work ends with exit code 2 and one clear line, before anything is touched.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {takePort} from '../helpers/ports.js';
import {openWorld} from '../helpers/world.js';

const wrong: ReadonlyArray<readonly [program: 'earshot' | 'earshotd', flags: readonly string[], says: RegExp]> = [
	['earshot', ['--nonsense'], /--nonsense/v],
	['earshot', ['--server', 'not a host'], /not a host|server/v],
	['earshot', ['--server', '127.0.0.1:99999'], /99999|port/v],
	['earshot', ['--udp-port', 'seven'], /udp-port/v],
	['earshot', ['--udp-port', '70000'], /udp-port|70000/v],
	['earshot', ['--accept', 'nobody'], /accept/v],
	['earshot', ['--sessions', 'few'], /sessions/v],
	['earshot', ['--user', 'two words'], /user|name/iv],
	['earshot', ['--room', 'a/b'], /room|name/iv],
	['earshot', ['surplus'], /surplus/v],
	['earshot', ['--user', 'ann', '--user', 'bob'], /user/v],
	['earshot', ['--share', '/nowhere/at/all'], /share.*\/nowhere\/at\/all/v],
	['earshotd', ['--nonsense'], /--nonsense/v],
	['earshotd', ['--port', '70000'], /port|70000/v],
	['earshotd', ['--max-users', '0'], /max-users/v],
	['earshotd', ['--max-users', 'many'], /max-users/v],
	['earshotd', ['--bind', 'nowhere'], /bind|nowhere/v],
	['earshotd', ['--bind', '192.0.2.1'], /192\.0\.2\.1/v],
	['earshotd', ['--port', '1', '--port', '2'], /port/v],
];

for (const [program, flags, says] of wrong) {
	test(`${program} ${flags.join(' ')} ends with code 2 and says why`, async t => {
		const world = openWorld(t);
		const started = world.program(program, 'it', {arguments: ['--json', ...flags]});
		t.deepEqual(await started.exit(), {code: 2, signal: null});
		t.regex(started.errors, says);
		t.deepEqual(started.lines, [], 'standard output is for JSON');
		t.false(started.errors.includes('    at '), started.errors);
	});
}

test('a busy port ends with code 2', async t => {
	const world = openWorld(t);
	const {port, server: taken} = await takePort();
	t.teardown(() => taken.close());
	const server = world.program('earshotd', 'server', {arguments: ['--json', '--bind', '127.0.0.1', '--port', String(port)]});
	t.deepEqual(await server.exit(), {code: 2, signal: null});
	t.regex(server.errors, new RegExp(`${port}.*(?:in use|taken|busy)|(?:in use|taken|busy).*${port}`, 'v'));
});

test('a busy UDP port ends with code 2', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = world.program('earshot', 'ann', {arguments: ['--json', '--udp-port', String(server.udpPort)]});
	t.deepEqual(await ann.exit(), {code: 2, signal: null});
	t.regex(ann.errors, new RegExp(String(server.udpPort), 'v'));
});

test('a data folder that is a file ends with code 2', async t => {
	const world = openWorld(t);
	for (const program of ['earshot', 'earshotd'] as const) {
		const file = path.join(world.folder, `${program}-file`);
		writeFileSync(file, 'not a folder');
		const started = world.program(program, program, {arguments: ['--json', '--data', file]});
		t.deepEqual(await started.exit(), {code: 2, signal: null});
		t.true(started.errors.includes(file), started.errors);
	}
});

test('a log that can not be written ends with code 2', async t => {
	const world = openWorld(t);
	const file = path.join(world.folder, 'missing', 'folder', 'log.txt');
	const started = world.program('earshot', 'ann', {arguments: ['--json', '--log', file]});
	t.deepEqual(await started.exit(), {code: 2, signal: null});
	t.true(started.errors.includes(path.dirname(file)), started.errors);
});

test('--help and --version answer and end with code 0', async t => {
	const world = openWorld(t);
	for (const program of ['earshot', 'earshotd'] as const) {
		const help = world.program(program, `${program}-help`, {arguments: ['--help']});
		t.deepEqual(await help.exit(), {code: 0, signal: null});
		t.regex(help.lines.join('\n'), /--port/v);
		const among = world.program(program, `${program}-help-among`, {arguments: ['--json', '--help', '--no-such-flag']});
		t.deepEqual(await among.exit(), {code: 0, signal: null});
		t.deepEqual(among.lines, help.lines, 'whatever else stands on the line');
		const version = world.program(program, `${program}-version`, {arguments: ['--version']});
		t.deepEqual(await version.exit(), {code: 0, signal: null});
		t.regex(version.lines.join(''), /^\d+\.\d+\.\d+$/v);
	}
});
