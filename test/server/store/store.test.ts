import {fork} from 'node:child_process';
import {once} from 'node:events';
import {
	chmod,
	mkdir,
	readdir,
	readFile,
	stat,
	writeFile,
} from 'node:fs/promises';
import {join} from 'node:path';
import process from 'node:process';
import {DatabaseSync} from 'node:sqlite';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {openRealm} from '../../../server/store/realm.js';
import {Store} from '../../../server/store/store.js';
import {deviceKeys} from '../helpers/fake-server.js';
import {run, temporaryFolder} from '../helpers/running.js';
import {TlsClient} from '../helpers/tls-client.js';

const account = (name: string) => ({
	kind: 'account', key: name, name, hash: `hash of ${name}`, device: 'd1', keys: deviceKeys(), at: 1,
} as const);

test('what was written is there after reopening', async t => {
	const file = join(await temporaryFolder(t), 'test.db');
	const store = await Store.open(file);
	t.deepEqual(store.state, {
		accounts: [], rooms: [], mailboxes: [], register: [], lastAlive: undefined,
	});
	await store.write(account('ann'));
	await store.write(account('bob'));
	await store.write({
		kind: 'device', key: 'bob', device: 'd2', keys: deviceKeys('B'), at: 2,
	});
	await store.write({
		kind: 'room', key: 'den', name: 'Den', creator: 'ann', isPrivate: false, members: ['ann'], at: 3,
	});
	await store.write({
		kind: 'room', key: 'attic', name: 'attic', creator: 'ann', isPrivate: false, members: ['ann'], at: 3,
	});
	await store.write({kind: 'room-closed', key: 'attic'});
	await store.write({kind: 'rehash', key: 'ann', hash: 'new'});
	await store.close();

	const again = await Store.open(file);
	t.teardown(async () => again.close());
	t.like([...again.state.accounts], [{key: 'ann', name: 'ann', device: 'd1'}, {key: 'bob', name: 'bob', device: 'd2'}]);
	t.like([...again.state.rooms], [{
		key: 'den', name: 'Den', creator: 'ann', made: 3,
	}]);
	t.is(await again.hashOf('ann'), 'new');
	t.is(await again.hashOf('bob'), 'hash of bob');
	t.is(await again.hashOf('nobody'), undefined);
});

test('a write that can\'t be takes nothing else with it', async t => {
	const store = await Store.open(join(await temporaryFolder(t), 'test.db'));
	t.teardown(async () => store.close());
	const outcomes = await Promise.allSettled([store.write(account('ann')), store.write(account('ann')), store.write(account('bob'))]);
	t.deepEqual(outcomes.map(({status}) => status), ['fulfilled', 'rejected', 'fulfilled']);
	t.is(await store.hashOf('bob'), 'hash of bob');
});

test('one folder, one server', async t => {
	const file = join(await temporaryFolder(t), 'test.db');
	const store = await Store.open(file);
	await t.throwsAsync(Store.open(file), {name: 'StartError', message: /is in use/v});
	await store.close();
	const next = await Store.open(file);
	await next.close();
});

test('a damaged, a foreign and a newer database are explained and left alone', async t => {
	const folder = await temporaryFolder(t);
	const damaged = join(folder, 'damaged.db');
	await writeFile(damaged, 'this is not a database '.repeat(100));
	await t.throwsAsync(Store.open(damaged), {name: 'StartError', message: /is damaged/v});
	t.is(await readFile(damaged, 'utf8'), 'this is not a database '.repeat(100));

	const foreign = join(folder, 'foreign.db');
	const database = new DatabaseSync(foreign);
	database.exec('CREATE TABLE cats (name TEXT)');
	database.close();
	await t.throwsAsync(Store.open(foreign), {name: 'StartError', message: /another program/v});

	const newer = join(folder, 'newer.db');
	const store = await Store.open(newer);
	await store.close();
	const newerDatabase = new DatabaseSync(newer);
	newerDatabase.exec('PRAGMA user_version=99');
	newerDatabase.close();
	await t.throwsAsync(Store.open(newer), {name: 'StartError', message: /newer version/v});
});

test('a truncated database is explained', async t => {
	const file = join(await temporaryFolder(t), 'test.db');
	const store = await Store.open(file);
	for (let index = 0; index < 200; index++) {
		void store.write(account(`user${index}`));
	}

	await store.close();
	const bytes = await readFile(file);
	await writeFile(file, bytes.subarray(0, 8192));
	await t.throwsAsync(Store.open(file), {name: 'StartError', message: /is damaged/v});
});

const isRoot = process.getuid?.() === 0;
(isRoot ? test.skip : test)('a folder without write permission is explained', async t => {
	const folder = await temporaryFolder(t);
	await chmod(folder, 0o500);
	t.teardown(async () => chmod(folder, 0o700));
	await t.throwsAsync(run(t, {folder: join(folder, 'server')}), {name: 'StartError', message: /can't be made/v});
	await t.throwsAsync(run(t, {folder}), {name: 'StartError', message: /can't be opened/v});
});

test('a folder that can\'t be one is explained', async t => {
	const folder = await temporaryFolder(t);
	await writeFile(join(folder, 'file'), '');
	await t.throwsAsync(run(t, {folder: join(folder, 'file', 'server')}), {name: 'StartError', message: /can't be made/v});
	await mkdir(join(folder, 'server', 'earshotd.db'), {recursive: true});
	await t.throwsAsync(run(t, {folder: join(folder, 'server')}), {name: 'StartError', message: /can't be opened/v});
});

test('the realm is made once, for its owner\'s eyes only', async t => {
	const folder = await temporaryFolder(t);
	const first = await openRealm(folder);
	const second = await openRealm(folder);
	t.is(second.fingerprint, first.fingerprint);
	t.deepEqual(second.tokenSecret, first.tokenSecret);
	t.true(second.rootKey.equals(first.rootKey));
	t.regex(first.fingerprint, /^[\da-f]{64}$/v);
	for (const file of ['root.key', 'tls.pem']) {
		const {mode} = await stat(join(folder, file));
		t.is(mode & 0o777, 0o600);
	}

	const files = await readdir(folder);
	t.deepEqual(files.toSorted(), ['root.key', 'tls.pem']);
	const other = await openRealm(await temporaryFolder(t));
	t.not(other.fingerprint, first.fingerprint);
});

test('a damaged key is explained and not replaced', async t => {
	const folder = await temporaryFolder(t);
	await openRealm(folder);
	await writeFile(join(folder, 'root.key'), 'x');
	await t.throwsAsync(openRealm(folder), {name: 'StartError', message: /root\.key is damaged/v});
	t.is(await readFile(join(folder, 'root.key'), 'utf8'), 'x');
});

test('no password is readable in the files', async t => {
	const folder = join(await temporaryFolder(t), 'server');
	const server = await run(t, {folder});
	await TlsClient.register(server.port, 'ann');
	for (const file of await readdir(folder)) {
		const {mode} = await stat(join(folder, file));
		t.is(mode & 0o077, 0, `${file} is its owner's alone`);
	}

	await server.close();
	for (const file of await readdir(folder)) {
		const bytes = await readFile(join(folder, file));
		t.false(bytes.includes('ann-secret'), `${file} holds the password`);
	}
});

test('SIGKILL in the middle of writing loses nothing that was acknowledged', async t => {
	const file = join(await temporaryFolder(t), 'test.db');
	for (let round = 0; round < 5; round++) {
		const child = fork(fileURLToPath(new URL('../helpers/writer.js', import.meta.url)), [file, String(round)], {execArgv: []});
		const acknowledged: string[] = [];
		child.on('message', (name: string) => {
			acknowledged.push(name);
			if (acknowledged.length === 50 + (round * 37)) {
				child.kill('SIGKILL');
			}
		});
		await once(child, 'exit');
		const store = await Store.open(file);
		const kept = new Set([...store.state.accounts].map(({name}) => name));
		for (const {user, device} of store.state.mailboxes) {
			const {mails} = await store.lookUp({
				kind: 'fetch', user, device, after: 0, room: undefined, slots: false,
			});
			t.deepEqual(mails.map(({sealed}) => sealed.length), [user.length * 300], `round ${round}: a mail is whole`);
			kept.add(`mail for ${user}`);
		}

		await store.close();
		t.true(acknowledged.length >= 50);
		t.deepEqual(acknowledged.filter(what => !kept.has(what)), [], `round ${round}`);
	}
});
