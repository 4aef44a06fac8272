import {
	chmodSync,
	existsSync,
	mkdtempSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {parseFlags, UsageError, type Options} from '../source/flags.js';

function temporaryFolder(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		chmodSync(folder, 0o700);
		rmSync(folder, {recursive: true});
	});
	return folder;
}

function parse(t: ExecutionContext, line: string, isTerminal = false): Options {
	const home = temporaryFolder(t);
	return parseFlags(line.split(' ').filter(part => part !== ''), {isTerminal, environment: {EARSHOT_HOME: home}});
}

test('without flags everything has its default', t => {
	const home = join(temporaryFolder(t), 'deep', 'home');
	const {version, ...options} = parseFlags([], {isTerminal: false, environment: {EARSHOT_HOME: home}});
	t.regex(version, /^\d+\.\d+\.\d+/v);
	t.deepEqual(options, {
		face: 'plain',
		server: undefined,
		host: undefined,
		hostPort: undefined,
		user: undefined,
		room: undefined,
		accept: 'ask',
		sessions: 'one',
		data: home,
		share: undefined,
		downloads: undefined,
		history: true,
		log: undefined,
		trace: undefined,
		udpPort: 0,
		announce: undefined,
	});
	t.is(statSync(home).mode & 0o77, 0);
});

test('every flag arrives', t => {
	const folder = temporaryFolder(t);
	t.like(parse(t, `--server [::1]:5 --data ${folder}/d --user ann --room den --share ${folder} --downloads ${folder}`), {
		server: {host: '::1', port: 5}, data: `${folder}/d`, user: 'ann', room: 'den', share: folder, downloads: folder,
	});
	t.like(parse(t, `--accept everyone --sessions many --udp-port 9 --json --log ${folder}/l --trace ${folder}/t.sqlog`), {
		accept: 'everyone', sessions: 'many', udpPort: 9, face: 'json', log: `${folder}/l`, trace: `${folder}/t.sqlog`,
	});
	t.true(existsSync(`${folder}/d`));
	t.like(parse(t, '--host --port 0'), {host: {port: 0}, hostPort: 0});
	// For a server that is hosted later.
	t.like(parse(t, '--port 0'), {host: undefined, hostPort: 0});
	t.like(parse(t, '--host'), {host: {port: undefined}});
	t.like(parse(t, '--server example.org'), {server: {host: 'example.org', port: 7600}});
});

for (const [line, isTerminal, face] of [['', true, 'screen'], ['', false, 'plain'], ['--plain', true, 'plain'], ['--json', true, 'json']] as const) {
	test(`"${line}" ${isTerminal ? 'in' : 'outside'} a terminal shows the ${face} face`, t => {
		t.is(parse(t, line, isTerminal).face, face);
	});
}

// The command line, and a word that its refusal must contain.
const bad: ReadonlyArray<readonly [string, string]> = [
	['--foo', '--foo'],
	['--max-users 5', '--max-users'],
	['-q', '-q'],
	['ann', '"ann"'],
	['--plain --json', '--json'],
	['--port x', '--port'],
	['--host --port 65536', '65536'],
	['--host --server a', '--server'],
	['--udp-port -1', '--udp-port'],
	['--udp-port 1.5', '1.5'],
	['--udp-port', '--udp-port'],
	['--server', '--server'],
	['--server a:b', 'a:b'],
	['--server a --server b', '--server'],
	['--user a/b', '--user'],
	['--room', '--room'],
	['--accept all', 'contacts'],
	['--sessions 2', 'many'],
	['--share /nowhere/at/all', '/nowhere/at/all'],
	['--downloads package.json', 'package.json'],
	['--log', '--log'],
	['--trace', '--trace'],
	['--data', '--data'],
	['--data /proc/earshot', '/proc/earshot'],
	['--data package.json', 'package.json'],
];

for (const [line, word] of bad) {
	test(`"${line}" is refused in one sentence`, t => {
		const error = t.throws(() => parse(t, line), {instanceOf: UsageError});
		t.true(error.message.includes(word), error.message);
		t.false(error.message.includes('\n'));
	});
}

// The superuser may write anywhere.
(process.getuid?.() === 0 ? test.skip : test)('a data folder that can\'t be written is refused', t => {
	const folder = temporaryFolder(t);
	chmodSync(folder, 0o500);
	t.throws(() => parseFlags(['--data', folder], {isTerminal: false, environment: {}}), {message: /can't be written/v});
});

test('a data folder may stand where a file does not', t => {
	const folder = temporaryFolder(t);
	writeFileSync(join(folder, 'file'), '');
	t.throws(() => parseFlags(['--data', join(folder, 'file', 'data')], {isTerminal: false, environment: {}}), {instanceOf: UsageError});
});
