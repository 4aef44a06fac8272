// M29: the panes at every size, and the terminal as it was before, whatever ends the program.
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import stringWidth from 'string-width';
import {registerOnScreen} from '../helpers/screens.js';
import {keys, type TerminalProgram} from '../helpers/terminal.js';
import {openWorld, type World} from '../helpers/world.js';

const sizes = [[80, 24], [200, 60], [80, 24], [120, 40], [64, 16], [40, 10], [200, 60]] as const;

/**
Everything that must be seen at that size, and nothing beyond its edges.
*/
function isWhole(screen: string, columns: number, rows: number): boolean {
	const lines = screen.split('\n');
	const hasLists = columns < 64 || (screen.includes('People') && screen.includes('● bob') && screen.includes('# den'));
	return lines.length === rows
		&& lines.every(line => stringWidth(line) <= columns)
		&& hasLists
		&& screen.includes('hello everybody')
		&& lines[rows - 2]!.startsWith(' › ')
		&& lines[rows - 1]!.trim() !== '';
}

test('rooms, people, messages, line and status at 80x24 and 200x60, resized while running', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await Promise.all([registerOnScreen(world, 'ann', server), world.person('bob', server)]);
	await bob.ok('or den');
	ann.enter('/or den');
	await ann.shows('This is the room den');
	await bob.event({type: 'room', change: 'entered', user: 'ann'});
	await bob.ok('s hello everybody');
	await ann.shows('hello everybody');
	for (const [columns, rows] of sizes) {
		ann.resize(columns, rows);
		await ann.shows(screen => isWhole(screen, columns, rows));
	}

	ann.type('typed at the last size');
	await t.notThrowsAsync(ann.shows(' › typed at the last size'));
});

test('a terminal of 20x5 is told so and works again when it has grown', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await Promise.all([registerOnScreen(world, 'ann', server), world.person('bob', server)]);
	ann.enter('/o bob');
	await bob.event({type: 'request', from: 'ann'});
	await bob.ok('accept');
	await ann.shows('Write to bob');
	ann.resize(20, 5);
	await ann.shows('Earshot needs 40x10');
	await bob.ok('s said while it was small');
	ann.resize(1, 1);
	ann.resize(80, 24);
	await ann.shows('said while it was small');

	const small = world.terminal('earshot', 'cat', {columns: 20, rows: 5, arguments: ['--server', server.address]});
	await small.shows('Earshot needs 40x10');
	small.type(keys.control('c'));
	small.type(keys.enter);
	t.is(await small.exited, 0);
	t.deepEqual(small.modesLeftOn, []);
});

// A preload that makes the program crash on request.
const crash = 'process.on("SIGUSR2", () => setImmediate(() => { throw new Error("crashed on request"); }));';

async function openUnderShell(world: World, server: {readonly address: string}): Promise<{terminal: TerminalProgram; pid: number}> {
	const preload = path.join(world.home('ann'), 'crash.mjs');
	writeFileSync(preload, crash);
	const terminal = await registerOnScreen(world, 'ann', server, {underShell: true, environment: {NODE_OPTIONS: `--import=${preload}`}});
	return {terminal, pid: Number(readFileSync(path.join(world.home('ann'), 'program.pid'), 'utf8'))};
}

const ends: ReadonlyArray<readonly [how: string, code: number, end: (terminal: TerminalProgram, pid: number) => void]> = [
	['/x', 0, terminal => {
		terminal.enter('/x');
	}],
	['/quit', 0, terminal => {
		terminal.enter('/quit');
	}],
	['Ctrl-C', 0, terminal => {
		terminal.type(keys.control('c'));
	}],
	['SIGINT', 0, (terminal, pid) => {
		terminal.signal('SIGINT', pid);
	}],
	['SIGTERM', 0, (terminal, pid) => {
		terminal.signal('SIGTERM', pid);
	}],
	['SIGHUP', 0, (terminal, pid) => {
		terminal.signal('SIGHUP', pid);
	}],
	['a crash', 1, (terminal, pid) => {
		terminal.signal('SIGUSR2', pid);
	}],
];

for (const [how, code, end] of ends) {
	// M36 as well: nothing is left running, and the server lists the user as gone.
	test(`after ${how} the terminal is as it was before, and the user is gone`, async t => {
		const world = openWorld(t);
		const server = await world.server();
		const {terminal, pid} = await openUnderShell(world, server);
		t.true(terminal.modesLeftOn.includes('alternate screen'));
		end(terminal, pid);
		await terminal.shows(/ended with \d+/v);
		terminal.type('\n');
		await terminal.exited;
		const screen = terminal.screen();
		t.regex(screen, new RegExp(String.raw`ended with ${code}\b`, 'v'));
		t.deepEqual(terminal.modesLeftOn, []);
		for (const setting of ['icanon', 'echo', 'isig', 'icrnl', 'opost', 'ixon']) {
			t.regex(screen, new RegExp(String.raw`(?<!-)\b${setting}\b`, 'v'));
		}

		await server.event({type: 'presence', user: 'ann', online: false});
		t.deepEqual((await server.ok('lcu')).users, []);
		t.deepEqual(world.processes().filter(other => other !== server.program.pid), []);
	});
}
