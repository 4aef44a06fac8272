import {type Buffer} from 'node:buffer';
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, openSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {devNull} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {sanitiseLine} from '../../../source/kit/sanitise.js';
import {createPlainFace} from '../../../server/admin/plain-face.js';
import {temporaryFolder} from '../helpers/running.js';
import {TlsClient} from '../helpers/tls-client.js';

const program = fileURLToPath(new URL('../../../bin/earshotd.js', import.meta.url));

type Line = Record<string, unknown> & {type: string; port: number};

class Daemon {
	readonly child: ChildProcess;
	readonly lines: string[] = [];
	errors = '';
	readonly #closed: Promise<unknown>;
	#onLine: (() => void) | undefined;

	constructor(t: ExecutionContext, arguments_: readonly string[], home: string, stdin: 'pipe' | number = 'pipe') {
		this.child = spawn(process.execPath, [program, ...arguments_], {stdio: [stdin, 'pipe', 'pipe'], env: {...process.env, EARSHOT_HOME: home, TZ: 'UTC'}});
		this.#closed = once(this.child, 'close');
		t.teardown(() => this.child.kill('SIGKILL'));
		let rest = '';
		this.child.stdout!.on('data', (chunk: Buffer) => {
			const parts = `${rest}${chunk.toString()}`.split('\n');
			rest = parts.pop()!;
			this.lines.push(...parts);
			this.#onLine?.();
		});
		this.child.stderr!.on('data', (chunk: Buffer) => {
			this.errors += chunk.toString();
		});
	}

	async line(fits: (line: string) => boolean): Promise<string> {
		return new Promise((resolve, reject) => {
			this.#onLine = () => {
				const line = this.lines.find(candidate => fits(candidate));
				if (line !== undefined) {
					resolve(line);
				}
			};

			this.#onLine();
			void (async () => {
				await this.#closed;
				reject(new Error(`it ended first: ${this.errors}`));
			})();
		});
	}

	async json(type: string, fields: Record<string, unknown> = {}): Promise<Line> {
		return JSON.parse(await this.line(line => {
			const object = JSON.parse(line) as Line;
			return object.type === type && Object.entries(fields).every(([name, value]) => object[name] === value);
		})) as Line;
	}

	/**
	Its exit code, once all that it printed has been read.
	*/
	async exit(): Promise<number | null> {
		await this.#closed;
		return this.child.exitCode;
	}
}

const here = ['--port', '0', '--bind', '127.0.0.1'];

test('json: ready, replies with their line, queries as they come, x', async t => {
	const daemon = new Daemon(t, ['--json', ...here], await temporaryFolder(t));
	const ready = await daemon.json('ready');
	t.is(daemon.lines[0], JSON.stringify(ready));
	t.regex(String(ready.fingerprint), /^[\da-f]{64}$/v);
	t.is(typeof ready.udpPort, 'number');
	const ann = await TlsClient.register(ready.port, 'ann');
	await ann.ask('lu');
	await ann.ask('open', {user: 'nobody'});
	const from = `127.0.0.1:${ann.socket.localPort}`;
	t.like(await daemon.json('query', {command: 'lu'}), {from, user: 'ann', ok: true});
	const query = await daemon.json('query', {command: 'o'});
	t.like(query, {
		from, user: 'ann', argument: 'nobody', ok: false,
	});
	t.regex(String(query.at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/v);
	daemon.child.stdin!.write('lu\n\nlcu\r\nls\nlr\nlru den\nwhat\n');
	t.like(await daemon.json('reply', {line: 1}), {command: 'lu', ok: true, users: [{name: 'ann', online: true}]});
	t.like(await daemon.json('reply', {line: 3}), {command: 'lcu', ok: true, users: [{name: 'ann', online: true}]});
	t.like(await daemon.json('reply', {line: 4}), {command: 'ls', ok: true, sessions: []});
	t.like(await daemon.json('reply', {line: 5}), {command: 'lr', ok: true, rooms: []});
	t.like(await daemon.json('reply', {line: 6}), {command: 'lru', ok: false, error: {code: 'no-such-room'}});
	t.like(await daemon.json('reply', {line: 7}), {command: 'what', ok: false, error: {code: 'unknown-command'}});
	daemon.child.stdin!.write('x\n');
	t.is(await ann.end(), 'shutdown');
	t.is(await daemon.exit(), 0);
	t.like(await daemon.json('reply', {line: 8}), {command: 'x', ok: true});
	t.is(daemon.errors, '');
});

test('a line of 2 MB or of noise on standard input is refused, and the next one is served', async t => {
	const daemon = new Daemon(t, ['--json', ...here], await temporaryFolder(t));
	await daemon.json('ready');
	daemon.child.stdin!.write(`${'l'.repeat(2 ** 21)}\n`);
	daemon.child.stdin!.write(new Uint8Array([0xFF, 0xFE, 0x0A]));
	daemon.child.stdin!.write('lu\n');
	t.like(await daemon.json('reply', {line: 1}), {ok: false, error: {code: 'line-too-long'}});
	t.like(await daemon.json('reply', {line: 2}), {ok: false, error: {code: 'bad-encoding'}});
	t.like(await daemon.json('reply', {line: 3}), {command: 'lu', ok: true, users: []});
	daemon.child.stdin!.end();
	t.is(await daemon.exit(), 0);
});

test('plain: every line has its time', async t => {
	const daemon = new Daemon(t, here, await temporaryFolder(t));
	const ready = await daemon.line(line => line.includes('listens on TCP port'));
	const ann = await TlsClient.register(Number(/TCP port (?<port>\d+)/v.exec(ready)!.groups!.port), 'ann');
	await ann.ask('enter', {room: 'den'});
	await daemon.line(line => /ann \(127\.0\.0\.1:\d+\): or den$/v.test(line));
	daemon.child.stdin!.write('lr\nlru den\nlu\nhelp\nfoo\n');
	await daemon.line(line => line.endsWith('den, created by ann, 1 member'));
	await daemon.line(line => line.endsWith('1 user in den'));
	await daemon.line(line => line.endsWith('There is no command "foo"; "help" lists them.'));
	daemon.child.stdin!.end('x\n');
	t.is(await daemon.exit(), 0);
	for (const line of daemon.lines) {
		t.regex(line, /^\d\d:\d\d:\d\d \S?/v);
	}
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	test(`${signal} ends it like x`, async t => {
		const daemon = new Daemon(t, ['--json', ...here], await temporaryFolder(t));
		const {port} = await daemon.json('ready');
		const ann = await TlsClient.register(port, 'ann');
		daemon.child.kill(signal);
		t.is(await ann.end(), 'shutdown');
		t.is(await daemon.exit(), 0);
	});
}

test('a signal that comes while it still starts ends it like x, too', async t => {
	const home = await temporaryFolder(t);
	const daemon = new Daemon(t, ['--json', ...here], home);
	while (!existsSync(join(home, 'server'))) {
		await nextTurn();
	}

	daemon.child.kill('SIGTERM');
	t.is(await daemon.exit(), 0);
	t.is(daemon.errors, '');
});

test('a flag that it does not know is named', async t => {
	const daemon = new Daemon(t, ['--max-user', '5'], await temporaryFolder(t));
	t.is(await daemon.exit(), 2);
	t.is(daemon.errors, 'earshotd: There is no flag --max-user; see "earshotd --help".\n');
});

test('piped commands are answered, then it leaves', async t => {
	const daemon = new Daemon(t, ['--json', ...here], await temporaryFolder(t));
	daemon.child.stdin!.end('lu\nlr');
	t.is(await daemon.exit(), 0);
	t.deepEqual(daemon.lines.map(line => (JSON.parse(line) as Line).type), ['ready', 'reply', 'reply']);
});

test('without an operator it goes on', async t => {
	const home = await temporaryFolder(t);
	const input = openSync(devNull, 'r');
	for (const daemon of [new Daemon(t, ['--json', ...here], join(home, 'one'), input), new Daemon(t, ['--json', ...here], join(home, 'two'))]) {
		daemon.child.stdin?.end();
		const {port} = await daemon.json('ready');
		const ann = await TlsClient.register(port, 'ann');
		await t.notThrowsAsync(ann.ok('ping'));
		daemon.child.kill();
		t.is(await daemon.exit(), 0);
	}
});

test('accounts and rooms survive SIGKILL, nobody is online', async t => {
	const home = await temporaryFolder(t);
	const first = new Daemon(t, ['--json', ...here], home);
	const {port, fingerprint} = await first.json('ready');
	const ann = await TlsClient.register(port, 'ann');
	await ann.ask('enter', {room: 'den'});
	first.child.kill('SIGKILL');
	await first.exit();
	const second = new Daemon(t, ['--json', ...here], home);
	t.like(await second.json('ready'), {fingerprint});
	second.child.stdin!.write('lu\nlr\n');
	t.like(await second.json('reply', {command: 'lu'}), {users: [{name: 'ann', online: false}]});
	t.like(await second.json('reply', {command: 'lr'}), {rooms: [{name: 'den', creator: 'ann', members: 0}]});
});

test('the register tells who came and went, also over a crash, in both faces', async t => {
	const home = await temporaryFolder(t);
	const first = new Daemon(t, ['--json', ...here], home);
	const {port} = await first.json('ready');
	const ann = await TlsClient.register(port, 'ann');
	const bob = await TlsClient.register(port, 'bob', 'B');
	await bob.ok('bye');
	await first.json('presence', {user: 'bob', online: false});
	// What is asked for and answered after it is on disk after it.
	await ann.ok('enter', {room: 'den'});
	first.child.kill('SIGKILL');
	await first.exit();
	const second = new Daemon(t, ['--json', ...here], home);
	await second.json('ready');
	second.child.stdin!.write('register\nregister bob\nregister cat\nhelp\n');
	const {register} = await second.json('reply', {line: 1}) as unknown as {register: Array<Record<string, unknown>>};
	t.deepEqual(new Set(register.map(({user, event, how}) => [user, event, how].join(' '))), new Set(['ann login ', 'ann logout crash', 'bob login ', 'bob logout bye']));
	for (const row of register) {
		t.regex(String(row.at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/v);
		t.regex(String(row.address), /^127\.0\.0\.1:\d+$/v);
	}

	t.is((await second.json('reply', {line: 2}) as unknown as {register: unknown[]}).register.length, 2);
	t.like(await second.json('reply', {line: 3}), {ok: false, error: {code: 'no-such-user'}});
	t.true(JSON.stringify(await second.json('reply', {line: 4})).includes('register [USER]'));
	second.child.kill('SIGTERM');
	t.is(await second.exit(), 0);
	const third = new Daemon(t, here, home);
	await third.line(line => line.includes('listens on TCP port'));
	third.child.stdin!.write('register bob\n');
	await third.line(line => line.endsWith(' 2 entries'));
	t.truthy(await third.line(line => /^\d\d:\d\d:\d\d {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d bob logged out \(127\.0\.0\.1:\d+\)$/v.test(line)));
});

test('what it can\'t start with it says in one line', async t => {
	const home = await temporaryFolder(t);
	const first = new Daemon(t, ['--json', ...here], home);
	const {port} = await first.json('ready');
	const samePlace = new Daemon(t, ['--json', ...here], home);
	t.is(await samePlace.exit(), 2);
	t.regex(samePlace.errors, /^earshotd: .* is in use: another earshotd runs on this folder.*\n$/v);
	const samePort = new Daemon(t, ['--json', '--bind', '127.0.0.1', '--port', String(port)], join(home, 'other'));
	t.is(await samePort.exit(), 2);
	t.regex(samePort.errors, /^earshotd: Port \d+ is in use.*\n$/v);
	await writeFile(join(home, 'file'), '');
	const noFolder = new Daemon(t, ['--json', ...here, '--data', join(home, 'file')], home);
	t.is(await noFolder.exit(), 2);
	t.regex(noFolder.errors, /^earshotd: The data folder .* can't be made.*\n$/v);
	t.deepEqual([...samePlace.lines, ...samePort.lines, ...noFolder.lines], []);
});

const badUsage = [
	[['--prot', '1']],
	[['--port', 'abc']],
	[['--port']],
	[['--port', '0', '--port', '0']],
	[['--port=']],
	[['--bind']],
	[['--port', '65536']],
	[['--port', '-1']],
	[['--port', '1.5']],
	[['--udp-port', '99999']],
	[['--max-users', '0']],
	[['--bind', 'localhost']],
	[['--data', '']],
	[['--plain', '--json']],
	[['admin']],
	[['serve']],
	[['--directory-port', '7601']],
] as const;
for (const [arguments_] of badUsage) {
	test(`${arguments_.join(' ')} is bad usage`, async t => {
		const daemon = new Daemon(t, arguments_, await temporaryFolder(t));
		t.is(await daemon.exit(), 2);
		t.regex(daemon.errors, /\S/v);
		t.notRegex(daemon.errors, / {4}at /v);
	});
}

test('--help and --version', async t => {
	const home = await temporaryFolder(t);
	const help = new Daemon(t, ['--help'], home);
	t.is(await help.exit(), 0);
	for (const word of ['--port', '--bind', '--data', '--max-users', '--json', 'lru ROOM', '/dev/null']) {
		t.true(help.lines.join('\n').includes(word), `help tells of ${word}`);
	}

	const version = new Daemon(t, ['--version'], home);
	t.is(await version.exit(), 0);
	t.regex(version.lines.join('\n'), /^\d+\.\d+\.\d+$/v);
});

test('foreign text is made safe in the plain face', t => {
	const face = createPlainFace(() => 0);
	const line = face.event({
		kind: 'query', entry: {
			at: 0, from: '127.0.0.1:1', user: undefined, command: '\u{1B}[2Jwhat\u{202E}', argument: '\u{7}x\ny', ok: false,
		},
	});
	t.is(line.slice(0, -1), sanitiseLine(line.slice(0, -1)));
	t.true(line.includes('what'));
	t.is(line.split('\n').length, 2);
});
