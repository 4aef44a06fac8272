import {spawn} from 'node:child_process';
import {subscribe, unsubscribe} from 'node:diagnostics_channel';
import {once} from 'node:events';
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';
import type {Worker} from 'node:worker_threads';
import test, {type ExecutionContext} from 'ava';
import type {
	KnownKey,
	OutboxEntry,
	PrekeySecret,
	StoreWrite,
} from '../../source/messenger/effects.js';
import {ProfileStore, wishFor} from '../../source/io/profile-store.js';
import {MemoryProfile} from '../helpers/memory-profile.js';

function temporaryFolder(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
}

const entry = (sequence: number, to = 'bob'): OutboxEntry => ({
	id: `device-${sequence}`, sequence, realm: 'realm', from: 'ann', to, place: {kind: 'room', name: 'den'}, text: `line ${sequence} 💬`, at: 1000.5, clock: 'c', state: {step: 'queued'},
});
const add = (sequence: number, to?: string): StoreWrite => ({kind: 'outbox-add', entry: entry(sequence, to)});

test('a profile gives back what was written', async t => {
	const folder = temporaryFolder(t);
	const first = await ProfileStore.open({folder});
	t.is(first.number, 1);
	t.deepEqual(first.stored, new MemoryProfile().load());
	const pin = {fingerprint: 'ab'.repeat(32), rootKey: 'A'.repeat(43)};
	await first.write([add(2), add(1), add(1, 'cat')]);
	const known: KnownKey = {
		realm: 'realm', owner: 'ann', user: 'bob', device: 'd', sign: 's', agree: 'a', trust: 'trusted',
	};
	const debt = {realm: 'realm', owner: 'ann', to: 'bob'};
	const contact = {realm: 'realm', owner: 'ann', user: 'bob'};
	const prekey = (id: number): PrekeySecret => ({
		id, kind: 'one-time', secret: new Uint8Array(32).fill(id), madeAt: 5.5,
	});
	await first.write([
		{kind: 'outbox-remove', id: 'device-1', to: 'bob'},
		{
			kind: 'outbox-state', id: 'device-2', to: 'bob', state: {
				step: 'stored', device: 'd', prekey: 1, at: 7,
			},
		},
		{
			kind: 'seen', device: 'd', place: 'session', sequences: [[1, 5]],
		},
		{
			kind: 'seen', device: 'd', place: 'session', sequences: [[1, 7], [9, 9]],
		},
		{
			kind: 'seen', device: 'd', place: 'room:den', sequences: [[1, 2]],
		},
		{
			kind: 'read', device: 'd', place: 'session', sequences: [[1, 6]],
		},
		{
			kind: 'owe', device: 'd', place: 'session', debt,
		},
		{
			kind: 'owe', device: 'd', place: 'room:den', debt,
		},
		{
			kind: 'owe', device: 'd', place: 'room:den', debt: undefined,
		},
		{
			kind: 'plead', device: 'd', place: 'session', plea: debt,
		},
		{
			kind: 'plead', device: 'd', place: 'room:den', plea: debt,
		},
		{
			kind: 'plead', device: 'd', place: 'room:den', plea: undefined,
		},
		{kind: 'mail-taken', server: 'a:1', number: 4},
		{kind: 'mail-taken', server: 'a:1', number: 5},
		{kind: 'mail-forgotten', server: 'a:1', number: 4},
		{kind: 'prekey-add', prekey: prekey(1)},
		{kind: 'prekey-add', prekey: prekey(2)},
		{kind: 'prekey-remove', id: 1},
		{kind: 'contact-add', ...contact},
		{kind: 'contact-add', ...contact},
		{kind: 'contact-add', ...contact, user: 'cat'},
		{kind: 'contact-remove', ...contact, user: 'cat'},
		{kind: 'known-key', key: known},
		{kind: 'known-key', key: {...known, trust: 'verified'}},
		{
			kind: 'departure', server: 'a:1', user: 'ann', at: 12,
		},
		{
			kind: 'departure', server: 'b:1', user: 'ann', at: 13,
		},
		{
			kind: 'departure', server: 'b:1', user: 'ann', at: undefined,
		},
		{kind: 'sequence', next: 64},
		{kind: 'pin', server: 'a:1', ...pin},
		{kind: 'pin', server: 'b:1', ...pin},
		{
			kind: 'login', server: 'a:1', user: 'ann', token: 't',
		},
	]);
	await first.write([{
		kind: 'pin', server: 'b:1', fingerprint: undefined, rootKey: undefined,
	}]);
	await first.close();

	const second = await ProfileStore.open({folder});
	t.teardown(async () => second.close());
	t.deepEqual(second.device, first.device);
	t.deepEqual(second.stored, {
		outbox: [entry(1, 'cat'), {
			...entry(2), state: {
				step: 'stored', device: 'd', prekey: 1, at: 7,
			},
		}],
		seen: new Map([['d room:den', [[1, 2]]], ['d session', [[1, 7], [9, 9]]]]),
		read: new Map([['d session', [[1, 6]]]]),
		debts: new Map([['d session', debt]]),
		pleas: new Map([['d session', debt]]),
		takenMail: new Set(['a:1 5']),
		prekeys: [prekey(2)],
		contacts: [contact],
		knownKeys: [{...known, trust: 'verified'}],
		departures: new Map([['a:1 ann', 12]]),
		unread: [],
		nextSequence: 64,
		pins: new Map([['a:1', pin]]),
		logins: new Map([['a:1', {user: 'ann', token: 't'}]]),
	});
});

test('keys and database are for the owner\'s eyes only', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	await store.close();
	for (const name of ['device.json', 'profile.db']) {
		t.is(statSync(join(folder, 'profiles', '1', name)).mode & 0o77, 0, `rights of ${name}`);
	}
});

test('writes that come together become durable in order', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	const done: number[] = [];
	await Promise.all(Array.from({length: 50}, async (_, index) => {
		await store.write([add(index + 1)]);
		done.push(index);
	}));
	t.deepEqual(done, Array.from({length: 50}, (_, index) => index));
	// What is written right before the end is not lost either.
	void store.write([add(51)]);
	await store.close();
	const again = await ProfileStore.open({folder});
	t.is(again.stored.outbox.length, 51);
	await again.close();
});

test('a second client takes the next profile, and a freed one is taken again', async t => {
	const folder = temporaryFolder(t);
	const stores = await Promise.all([ProfileStore.open({folder}), ProfileStore.open({folder}), ProfileStore.open({folder})]);
	t.deepEqual(stores.map(({number}) => number).toSorted((a, b) => a - b), [1, 2, 3]);
	t.notDeepEqual(stores[0].device, stores[1].device);
	const freed = stores[1].number;
	await stores[1].close();
	const next = await ProfileStore.open({folder});
	t.is(next.number, freed);
	await Promise.all([stores[0].close(), stores[2].close(), next.close()]);
});

test('a process that is killed leaves its profile free', async t => {
	const folder = temporaryFolder(t);
	const script = `import {ProfileStore} from ${JSON.stringify(new URL('../../source/io/profile-store.js', import.meta.url).href)};
		const store = await ProfileStore.open({folder: ${JSON.stringify(folder)}});
		console.log(store.number);
		// A thread for writing comes with the first write only; the program lives on its socket.
		setInterval(() => store, 1000);`;
	const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {stdio: ['ignore', 'pipe', 'inherit']});
	const [line] = await once(createInterface({input: child.stdout}), 'line') as [string];
	t.is(line, '1');
	const beside = await ProfileStore.open({folder});
	t.is(beside.number, 2);
	child.kill('SIGKILL');
	await once(child, 'exit');
	const after = await ProfileStore.open({folder});
	t.is(after.number, 1);
	await Promise.all([beside.close(), after.close()]);
});

test('a name gets the profile it last had, and none of another name', async t => {
	const folder = temporaryFolder(t);
	const login = (user: string): StoreWrite => ({
		kind: 'login', server: 'a:1', user, token: 't',
	});
	const [one, two] = [await ProfileStore.open({folder}), await ProfileStore.open({folder})];
	await one.write([login('ann')]);
	await two.write([login('bob')]);
	await Promise.all([one.close(), two.close()]);
	const take = async (user?: string) => {
		const store = await ProfileStore.open({folder, user});
		await store.close();
		return store.number;
	};

	t.is(await take('bob'), 2);
	t.is(await take('ann'), 1);
	t.is(await take('cat'), 3);
	t.is(await take(), 1);
});

test('wishes follow who used what', t => {
	t.deepEqual(wishFor(undefined, {1: ['ann']}), {preferred: [], avoided: []});
	t.deepEqual(wishFor('ann', {1: ['ann'], 2: ['bob'], 3: ['ann']}), {preferred: [1, 3], avoided: [2]});
	t.deepEqual(wishFor('Ann', {1: ['zoe', 'ann'], 2: ['ann', 'bob']}), {preferred: [2, 1], avoided: []}, 'where they were last, before where they ever were');
});

test('damaged keys are not replaced by new ones', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	await store.close();
	const path = join(folder, 'profiles', '1', 'device.json');
	truncateSync(path, 10);
	await t.throwsAsync(ProfileStore.open({folder}), {message: /device\.json is damaged/v});
	t.is(statSync(path).size, 10);
});

test('a damaged database is named', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	await store.close();
	writeFileSync(join(folder, 'profiles', '1', 'profile.db'), 'x'.repeat(8192));
	const error = await t.throwsAsync(ProfileStore.open({folder}));
	t.like(error, {code: 'damaged-profile'});
});

test('a data folder that can\'t be one is refused', async t => {
	const folder = join(temporaryFolder(t), 'file');
	writeFileSync(folder, '');
	const error = await t.throwsAsync(ProfileStore.open({folder}));
	t.like(error, {code: 'bad-folder'});
	t.true(existsSync(folder));
	t.deepEqual(readdirSync(join(folder, '..')), ['file']);
});

test('a database that became unreadable is said to whoever exports, and is used again once it is back', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	const path = join(folder, 'profiles/1/profile.db');
	const whole = readFileSync(path);
	writeFileSync(path, 'x'.repeat(8192));
	const result = await store.export({
		realm: 'realm', owner: 'ann', place: 'session:bob', path: join(folder, 'talk.txt'), format: 'text',
	});
	t.false(result.ok);
	t.regex(result.ok ? '' : result.error.message, /profile\.db is damaged/v);
	writeFileSync(path, whole);
	await store.write([add(1)]);
	await store.close();
	const again = await ProfileStore.open({folder});
	t.is(again.stored.outbox.length, 1);
	await again.close();
});

test.serial('a thread that ended is replaced at the next write', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	const threads: Worker[] = [];
	const watch = (message: unknown) => {
		threads.push((message as {worker: Worker}).worker);
	};

	subscribe('worker_threads', watch);
	await store.write([add(1)]);
	await Promise.all(threads.map(async thread => thread.terminate()));
	await store.write([add(2)]);
	await store.close();
	await t.throwsAsync(store.write([add(3)]), {message: /closed/v});
	unsubscribe('worker_threads', watch);
	t.is(threads.length, 2, 'none for a profile that is closed');
	const again = await ProfileStore.open({folder});
	t.is(again.stored.outbox.length, 2);
	await again.close();
});
