// A server with its folder: backups, going back to one, the local door, and what is done about damage.
import {
	copyFileSync,
	existsSync,
	linkSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {setImmediate as nextTurn} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import type {ServerEvent} from '../../server/core/events.js';
import {
	backUpFolder,
	hostServer,
	restoreFolder,
	type HostedServer,
} from '../../server/host.js';
import {askDoor, doorPath} from '../../server/net/door.js';
import type {ServerOptions} from '../../server/serve.js';
import {temporaryFolder} from './helpers/running.js';
import {TlsClient} from './helpers/tls-client.js';

async function host(t: ExecutionContext, folder: string, options: Partial<ServerOptions> = {}): Promise<HostedServer> {
	const server = await hostServer({
		folder, port: 0, bind: '127.0.0.1', netLimits: {closeGraceMs: 50}, ...options,
	});
	t.teardown(async () => server.close());
	return server;
}

async function names(server: HostedServer): Promise<string[]> {
	const reply = await server.command('lu');
	return reply.ok ? (reply.fields.users as Array<{name: string}>).map(({name}) => name) : [];
}

async function login(port: number, user: string): Promise<TlsClient> {
	const client = await TlsClient.open(port);
	await client.ask('hello', {protocol: 1, program: 'test'});
	await client.ok('login', {user, password: `${user}-secret`, device: {device: 'd'.repeat(16)}});
	return client;
}

/**
The name of the newest automatic backup that is whole, once those that are too many are gone.
*/
function newestBackup(folder: string): string | undefined {
	const backups = join(folder, 'backups');
	const files = existsSync(backups) ? readdirSync(backups).toSorted() : [];
	const isSettled = files.length <= 2 && files.every(name => name.endsWith('.backup') && (statSync(join(backups, name), {throwIfNoEntry: false})?.size ?? 0) > 0);
	return isSettled ? files.at(-1) : undefined;
}

function failure(reply: Awaited<ReturnType<HostedServer['command']>>): string | undefined {
	return reply.ok ? undefined : reply.error.code;
}

test('a running server is backed up and goes back to it: clients are told, and find the accounts of then', async t => {
	const folder = join(await temporaryFolder(t), 'server');
	const file = join(await temporaryFolder(t), 'a backup with spaces');
	const server = await host(t, folder);
	const {port, fingerprint} = server;
	const ann = await TlsClient.register(port, 'ann');
	await ann.ok('enter', {room: 'den'});
	const reply = await server.command(`backup ${file}`);
	t.like(reply, {ok: true, fields: {file, accounts: 1}});
	t.is(statSync(file).mode & 0o777, 0o600);
	t.false(existsSync(`${file}.part`));
	t.is(failure(await server.command(`backup ${file}`)), 'file-exists');

	await TlsClient.register(port, 'bob');
	const restored = await server.command(`restore ${file}`);
	t.like(restored, {ok: true, fields: {file, accounts: 1}});
	t.is(await ann.end(), 'shutdown');
	t.is(server.port, port);
	t.is(server.fingerprint, fingerprint);
	t.deepEqual(await names(server), ['ann']);
	t.like(await server.command('lr'), {fields: {rooms: [{name: 'den'}]}});
	await TlsClient.register(port, 'cat');
	t.deepEqual(await names(server), ['ann', 'cat']);

	// What was there before is whole, too.
	const {kept} = (restored as unknown as {fields: {kept: string}}).fields;
	await server.close();
	const before = new DatabaseSync(join(kept, 'earshotd.db'));
	t.deepEqual(before.prepare('SELECT name FROM account').all().map(row => row.name), ['ann', 'bob']);
	before.close();
	t.deepEqual(readFileSync(join(kept, 'root.key')), readFileSync(join(folder, 'root.key')));
});

test('what is written while a backup is made is kept, and the copy is of one moment', async t => {
	const server = await host(t, join(await temporaryFolder(t), 'server'), {limits: {loginBurst: 1000}});
	const files = await temporaryFolder(t);
	const registered = Promise.all(Array.from({length: 8}, async (_, index) => TlsClient.register(server.port, `user${index}`)));
	const replies = await Promise.all(Array.from({length: 5}, async (_, index) => server.command(`backup ${join(files, String(index))}`)));
	t.true(replies.every(reply => reply.ok));
	await registered;
	t.is((await names(server)).length, 8);
	const last = join(files, 'last');
	await server.command(`backup ${last}`);
	const elsewhere = join(await temporaryFolder(t), 'server');
	t.like(await restoreFolder(elsewhere, last), {ok: true, fields: {accounts: 8, kept: undefined}});
	const copy = await host(t, elsewhere);
	t.is(copy.fingerprint, server.fingerprint);
	t.deepEqual(await names(copy), await names(server));
});

test('a backup that is none, is cut, is newer or is not there is refused, and the server serves on', async t => {
	const folder = join(await temporaryFolder(t), 'server');
	const files = await temporaryFolder(t);
	const server = await host(t, folder);
	const ann = await TlsClient.register(server.port, 'ann');
	const good = join(files, 'good');
	await server.command(`backup ${good}`);
	const bytes = readFileSync(good);
	const bad = join(files, 'bad');
	const cases: Array<[string, () => void, string]> = [
		['text', () => {
			writeFileSync(bad, 'this is not a backup '.repeat(1000));
		}, 'bad-backup'],
		['empty', () => {
			writeFileSync(bad, '');
		}, 'bad-backup'],
		['the database itself', () => {
			copyFileSync(join(folder, 'earshotd.db'), bad);
		}, 'bad-backup'],
		['newer', () => {
			copyFileSync(good, bad);
			const database = new DatabaseSync(bad);
			database.exec('PRAGMA user_version=99');
			database.close();
		}, 'bad-backup'],
		['an account short', () => {
			copyFileSync(good, bad);
			const database = new DatabaseSync(bad);
			database.exec('PRAGMA foreign_keys=OFF; DELETE FROM account');
			database.close();
		}, 'bad-backup'],
		['without a key', () => {
			copyFileSync(good, bad);
			const database = new DatabaseSync(bad);
			database.exec('DELETE FROM realm WHERE name = \'root.key\'');
			database.close();
		}, 'bad-backup'],
		['with a spoilt key', () => {
			copyFileSync(good, bad);
			const database = new DatabaseSync(bad);
			database.exec('UPDATE realm SET content = \'x\' WHERE name = \'tls.pem\'');
			database.close();
		}, 'bad-backup'],
		['not there', () => {
			rmSync(bad);
		}, 'bad-file'],
		...Array.from({length: 20}, (_, index): [string, () => void, string] => [`cut after ${index} of 20`, () => {
			writeFileSync(bad, bytes.subarray(0, Math.floor(bytes.length * index / 20)));
		}, 'bad-backup']),
	];
	for (const [what, make, code] of cases) {
		make();
		t.is(failure(await server.command(`restore ${bad}`)), code, what);
		t.deepEqual(readdirSync(folder).filter(name => name.includes('restor')), [], what);
	}

	t.is(failure(await server.command('restore')), 'bad-arguments');
	t.is(failure(await server.command(`backup ${join(files, 'no', 'folder')}`)), 'bad-file');
	await ann.ok('lu');
});

test('the door: one server a folder, its owner\'s alone, and open again after a crash', async t => {
	const folder = join(await temporaryFolder(t), 'server');
	t.is(await askDoor(folder, 'lu'), undefined);
	await mkdir(folder);
	// What a killed server leaves: a socket that nobody listens on.
	const killed = createServer();
	await new Promise<void>(resolve => {
		killed.listen(`${doorPath(folder)}.first`, resolve);
	});
	linkSync(`${doorPath(folder)}.first`, doorPath(folder));
	killed.close();
	const server = await host(t, folder);
	await t.throwsAsync(hostServer({folder, port: 0}), {name: 'StartError', message: /is in use/v});
	t.like(await askDoor(folder, 'lcu'), {command: 'lcu', ok: true, fields: {users: []}});
	t.like(await askDoor(folder, 'what'), {ok: false, error: {code: 'unknown-command'}});
	t.is(statSync(doorPath(folder)).mode & 0o777, 0o600);

	const file = join(await temporaryFolder(t), 'backup');
	for (const act of [backUpFolder, restoreFolder]) {
		const reply = await act(folder, file);
		t.like(reply, {ok: true, fields: {file}}, JSON.stringify(reply));
	}

	t.like(await askDoor(folder, 'x'), {command: 'x', ok: true});
	await server.closed;
	t.is(await askDoor(folder, 'lu'), undefined);
	t.like(await backUpFolder(folder, `${file}2`), {ok: true});
	t.like(await restoreFolder(folder, `${file}2`), {ok: true});
	await t.throwsAsync(backUpFolder(join(folder, 'nothing'), `${file}3`), {name: 'StartError', message: /no server's data/v});
});

test('a folder with a long path has its door elsewhere', async t => {
	const folder = join(await temporaryFolder(t), 'a'.repeat(60), 'b'.repeat(60), 'server');
	const server = await host(t, folder);
	t.true(doorPath(folder, 'linux').length < 104);
	t.true(doorPath(folder, 'win32').startsWith('\\\\.\\pipe\\'));
	t.like(await askDoor(folder, 'lu'), {ok: true});
	await server.close();
	t.false(existsSync(doorPath(folder)));
});

test('a restoration that a crash has cut off anywhere is finished by the next start', async t => {
	const folder = join(await temporaryFolder(t), 'server');
	const file = join(await temporaryFolder(t), 'backup');
	const server = await host(t, folder);
	await TlsClient.register(server.port, 'ann');
	await server.command(`backup ${file}`);
	await TlsClient.register(server.port, 'bob');
	await server.close();
	t.like(await restoreFolder(folder, file), {ok: true});
	const kept = join(folder, readdirSync(folder).find(name => name.startsWith('before-restore-'))!);
	// The same moment again after each step: so much lies ready still, so much is in place.
	for (const inPlace of [['earshotd.db'], ['earshotd.db', 'root.key']]) {
		const ready = join(folder, 'restoring-before-restore-again');
		mkdirSync(ready);
		const waiting = ['earshotd.db', 'root.key', 'tls.pem'].filter(part => !inPlace.includes(part));
		for (const name of waiting) {
			renameSync(join(folder, name), join(ready, name));
			copyFileSync(join(kept, name), join(folder, name));
		}

		const events: ServerEvent[] = [];
		const again = await host(t, folder, {
			onEvent(event) {
				events.push(event);
			},
		});
		const listed = names(again);
		t.true(events.some(event => event.kind === 'notice' && event.text.includes('interrupted')), 'told before anything else is');
		t.deepEqual(await listed, ['ann']);
		t.is(again.fingerprint, server.fingerprint);
		await again.close();
		t.false(existsSync(ready));
		rmSync(join(folder, 'before-restore-again'), {recursive: true});
	}
});

test('a server that ends during its automatic backup does not call that a failure', async t => {
	const folder = join(await temporaryFolder(t), 'server');
	const events: ServerEvent[] = [];
	const server = await host(t, folder, {
		onEvent(event) {
			events.push(event);
		},
	});
	await server.close();
	t.deepEqual(events.filter(({kind}) => kind === 'notice'), []);
});

test('without a whole file the newest automatic backup is served, loudly; two are kept', async t => {
	const folder = join(await temporaryFolder(t), 'server');
	let newest: string | undefined;
	for (const name of ['ann', 'bob', 'cat']) {
		const server = await host(t, folder);
		// It is made beside everything else, and would take in who comes meanwhile.
		while ([undefined, newest].includes(newestBackup(folder))) {
			await nextTurn();
		}

		newest = newestBackup(folder);
		await TlsClient.register(server.port, name);
		await server.close();
	}

	t.is(readdirSync(join(folder, 'backups')).length, 2);
	truncateSync(join(folder, 'earshotd.db'), 10_000);
	const texts: string[] = [];
	const server = await host(t, folder, {
		onEvent(event) {
			if (event.kind === 'notice') {
				texts.push(event.text);
			}
		},
	});
	t.deepEqual(await names(server), ['ann', 'bob']);
	await login(server.port, 'ann').catch(() => {});
	t.regex(texts.join('\n'), /is damaged .* automatic backup of .* \d+ minutes? old: accounts, rooms, prekeys and mail that came after that are missing/v);
	const kept = readdirSync(folder).find(name => name.startsWith('damaged-'))!;
	t.is(statSync(join(folder, kept, 'earshotd.db')).size, 10_000);
	await server.close();

	// A file without what the backup knows is not whole either; and without any backup the server refuses.
	const database = new DatabaseSync(join(folder, 'earshotd.db'));
	database.exec('PRAGMA foreign_keys=OFF; DELETE FROM account');
	database.close();
	const again = await host(t, folder);
	t.deepEqual(await names(again), ['ann', 'bob']);
	await again.close();
	rmSync(join(folder, 'backups'), {recursive: true});
	truncateSync(join(folder, 'earshotd.db'), 0);
	await t.throwsAsync(hostServer({folder, port: 0}), {name: 'StartError', message: /is damaged \(it is empty\)\. Put back a backup/v});
});
