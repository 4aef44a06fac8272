import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {countsDown} from '../helpers/screens.js';
import {keys, TerminalProgram, type TerminalOptions} from '../helpers/terminal.js';

type Scene = 'closed' | 'signed-out' | 'home' | 'talk' | 'many';

/**
The screen over a pretended messenger, in a terminal of its own that ends with the test.
*/
async function open(t: ExecutionContext, scene: Scene, {environment = {}, ...options}: TerminalOptions & {readonly environment?: Readonly<Record<string, string>>} = {}): Promise<TerminalProgram> {
	const home = await mkdtemp(path.join(tmpdir(), 'earshot-screen-'));
	const program = new TerminalProgram(scene, fileURLToPath(new URL('program.js', import.meta.url)), {home, arguments: [scene], environment}, options);
	t.teardown(async () => {
		await program.destroy();
		await rm(home, {recursive: true, force: true});
	});
	return program;
}

const expected80 = `\
 Rooms             2 │ bob  talking directly
  # den            3 │
  # lobby          1 │
                     │
 People            3 │
 ▸● bob              │
  ● cat              │
  ● zoë              │
  ○ dave             │ This is your conversation with bob.
                     │ It goes directly between you two, encrypted.
                     │ ──────────────── Monday, 5 January 2026 ────────────────
                     │ 12:00:00 → bob accepted.
                     │ 12:00:07 bob: hi ann, did you see the new messenger? It
                     │               runs in a terminal, and what we say goes
                     │               straight from my machine to yours.
                     │ 12:00:14 ann: looks good! ✓✓
                     │ 12:00:21 bob: 漢字 and emoji 👩‍👩‍👧‍👦 work too 👍🏽
                     │ 12:00:28 ann: two
                     │               lines ✓
                     │ 12:00:35 bob: evil red gpj.exe
                     │ 12:00:42 ann: still on its way …
─────────────────────┴──────────────────────────────────────────────────────────
 › Write to bob, or / for commands
 ● ann at 127.0.0.1:7600                           Ctrl-P commands · Alt-H help`;

test('a conversation at 80x24, to the letter', async t => {
	const terminal = await open(t, 'talk');
	t.is(await terminal.shows('Alt-H help'), expected80);
	t.deepEqual(terminal.cursor, {column: 3, row: 22, isVisible: true});
});

test('typing shows at once with the cursor behind it, and Enter sends', async t => {
	const terminal = await open(t, 'talk');
	await terminal.shows('Write to bob');
	terminal.type('héllo 漢');
	await terminal.shows(' › héllo 漢');
	t.is(terminal.cursor.column, 3 + 8);
	terminal.enter('!');
	await terminal.shows('ann: héllo 漢! ✓');
	await terminal.shows('Write to bob');
});

test('many lines typed in one go are many messages', async t => {
	const terminal = await open(t, 'talk');
	await terminal.shows('Write to bob');
	terminal.type(Array.from({length: 10}, (_, index) => `message ${index}\r`).join(''));
	await terminal.shows('ann: message 9 ✓');
	t.truthy(await terminal.shows('ann: message 0 ✓'));
});

test('a paste of several lines is one draft, and a megabyte is cut with a word', async t => {
	const terminal = await open(t, 'talk');
	await terminal.shows('Write to bob');
	terminal.paste('first\nsecond\u{1B}[31m');
	await terminal.shows(/ › first\n {3}second\n/v);
	terminal.paste('x'.repeat(1_000_000));
	await terminal.shows('The line is full');
	terminal.type(keys.control('c'));
	t.truthy(await terminal.shows('Leave Earshot?'));
});

test('panes fit at 200x60 and through every resize', async t => {
	const terminal = await open(t, 'many', {columns: 200, rows: 60});
	const wide = await terminal.shows('welcome to the den');
	t.regex(wide.split('\n', 1)[0]!, /^ Conversations +3 │ # den {2}3 people +bob cat +│ People +3 $/v);
	for (const [columns, rows] of [[80, 24], [120, 30], [50, 12], [41, 10], [100, 40]] as const) {
		terminal.resize(columns, rows);
		await terminal.shows(screen => {
			const lines = screen.split('\n');
			return lines.length === rows && /^ # den|│ # den/v.test(lines[0]!) && /^[─┴]+$/v.test(lines[rows - 3]!) && lines[rows - 3]!.length === columns && lines[rows - 2]!.startsWith(' › ') && lines[rows - 1]!.startsWith(' ● ann');
		});
		t.true(await terminal.expectations.until('the cursor in the composer', () => terminal.cursor.row === rows - 2 || undefined));
	}

	terminal.resize(20, 5);
	await terminal.shows(/^Earshot needs 40x10\s*$/v);
	terminal.resize(80, 24);
	await terminal.shows('welcome to the den');
	await terminal.shows('Write to everyone in den');
});

test('the palette opens, finds and runs; its keys stay in it', async t => {
	const terminal = await open(t, 'home');
	await terminal.shows('Hello, ann');
	terminal.type(keys.control('p'));
	await terminal.shows('What would you like to do?');
	terminal.type('or de');
	await terminal.shows('▸ or den');
	t.false(terminal.screen().includes(' › or de\n ●'));
	terminal.type(keys.enter);
	await terminal.shows('This is the room den');
});

test('an entry that is not allowed is dimmed and says why', async t => {
	const terminal = await open(t, 'home');
	await terminal.shows('Hello, ann');
	terminal.type(`${keys.control('p')}cs`);
	await terminal.shows('Not now: No conversation is open.');
	terminal.type(keys.escape);
	t.truthy(await terminal.hides('Not now'));
});

test('a request counts down, takes the keys and is answered', async t => {
	const terminal = await open(t, 'talk');
	await terminal.shows('Write to bob');
	terminal.enter('ask me');
	await terminal.shows('cat wants to talk with you.');
	await countsDown(terminal);
	terminal.type(`zzz${keys.tab}${keys.tab}a`);
	await terminal.shows('This is your conversation with cat.');
	await terminal.shows('Write to cat');
	t.false(terminal.screen().includes('zzz'));
});

test('one signs in through the form, and the password is never on the screen', async t => {
	const terminal = await open(t, 'signed-out');
	await terminal.shows('Who are you?');
	terminal.type(`ann${keys.enter}secret`);
	await terminal.shows('Password  ••••••');
	terminal.type(keys.enter);
	await terminal.shows('ann has an account here already');
	t.false(terminal.screen().includes('secret'));
	terminal.type(keys.enter);
	await terminal.shows('Hello, ann');
});

test('a typed login is masked as well', async t => {
	const terminal = await open(t, 'signed-out');
	await terminal.shows('Who are you?');
	terminal.type(keys.escape);
	await terminal.hides('Who are you?');
	terminal.type('/login ann secret');
	await terminal.shows('/login ann ••••••');
	t.false(terminal.screen().includes('secret'));
	terminal.type(keys.enter);
	await terminal.shows('Hello, ann');
	terminal.type(keys.up);
	terminal.type('x');
	await terminal.shows(' › x');
});

test('where no server answers one can host', async t => {
	const terminal = await open(t, 'closed');
	await terminal.shows('▸ Host a server here');
	terminal.type(keys.enter);
	t.truthy(await terminal.shows('Connected to 127.0.0.1:7600. Who are you?'));
});

test('join and leave lines are in colour, unless NO_COLOR is set', async t => {
	const terminal = await open(t, 'many');
	await terminal.shows('ann entered.');
	t.is(terminal.cellsOf('→ ann entered.')![0]!.foreground, 2);
	t.is(terminal.cellsOf('← zoë left.')![0]!.foreground, 3);
	const plain = await open(t, 'many', {environment: {NO_COLOR: '1'}});
	await plain.shows('ann entered.');
	t.false(plain.hasColour);
});

test('scrolling through a long conversation while more arrives', async t => {
	const terminal = await open(t, 'talk');
	await terminal.shows('Write to bob');
	terminal.enter('trickle');
	await terminal.shows(/line \d\d \D/v);
	terminal.type(keys.pageUp);
	terminal.type(keys.pageUp);
	await terminal.shows(/↓ \d+ new, Alt-End returns/v);
	const before = terminal.rows()[8];
	terminal.type('x');
	await terminal.shows(' › x');
	t.is(terminal.rows()[8], before);
	terminal.type('\u{1B}[1;3F');
	await terminal.hides('Alt-End returns');
});

const ways: ReadonlyArray<readonly [what: string, leave: (terminal: TerminalProgram) => void, code: number]> = [
	['Ctrl-C', terminal => {
		terminal.type(keys.control('c'));
	}, 0],
	['/x', terminal => {
		terminal.enter('/x');
	}, 0],
	['SIGTERM', terminal => {
		terminal.signal('SIGTERM');
	}, 0],
	['SIGHUP', terminal => {
		terminal.signal('SIGHUP');
	}, 0],
	['a crash', terminal => {
		terminal.enter('crash');
	}, 1],
];

for (const [what, leave, code] of ways) {
	test(`the terminal is given back after ${what}`, async t => {
		const terminal = await open(t, 'talk');
		await terminal.shows('Write to bob');
		t.true(terminal.modesLeftOn.includes('alternate screen') && terminal.modesLeftOn.includes('bracketed paste'));
		leave(terminal);
		t.is(await terminal.exited, code);
		t.deepEqual(terminal.modesLeftOn, []);
		t.is(terminal.screen().includes('the scene crashed'), code === 1);
	});
}
