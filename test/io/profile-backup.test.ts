// The automatic backup of a profile: what is in it, that it takes the place of a damaged one, and what must not come back with it.
import {
	copyFileSync,
	existsSync,
	mkdirSync,
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
import test, {type ExecutionContext} from 'ava';
import {backupOf, ProfileBackup} from '../../source/io/profile-backup.js';
import {ProfileDatabase, type ProfileWrite} from '../../source/io/profile-database.js';
import {markOf, readOrRestore} from '../../source/io/profile-restoration.js';
import {ProfileStore} from '../../source/io/profile-store.js';
import type {HistoryLine, OutboxEntry} from '../../source/messenger/effects.js';
import {beginRun, runLength} from '../../source/protocol/sequences.js';
import {MemoryProfile} from '../helpers/memory-profile.js';
import {SeededRandom} from '../helpers/random.js';

function temporaryFolder(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
}

const line = (number: number, change: Partial<HistoryLine> = {}): ProfileWrite => ({
	kind: 'history-add', line: {
		realm: 'r', owner: 'ann', place: 'session:bob', id: `d-${number}`, device: 'd', sequence: number, from: 'bob', text: `line ${number} ${'word '.repeat(20)}`, at: 1, clock: String(number).padStart(6, '0'), state: undefined, isUnread: false, proof: undefined, ...change,
	},
});
const entry = (sequence: number, change: Partial<OutboxEntry> = {}): ProfileWrite => ({
	kind: 'outbox-add', entry: {
		id: `own-${sequence}`, sequence, realm: 'r', from: 'ann', to: 'bob', place: {kind: 'session', name: 'bob'}, text: `to go ${sequence}`, at: 1, clock: 'c', state: {step: 'queued'}, ...change,
	},
});
const mark = (sequence: number): ProfileWrite => ({
	kind: 'seen', device: 'd', place: 'r/ann/session', sequences: [[1, sequence]],
});

function write(path: string, ...writes: readonly ProfileWrite[]): void {
	const database = ProfileDatabase.open(path);
	database.apply(writes);
	database.close();
}

function backUp(path: string, at = Date.now()): number {
	const backup = ProfileBackup.open(path);
	let pieces = 1;
	while (!backup.step(at)) {
		pieces++;
	}

	backup.close();
	return pieces;
}

function historyOf(path: string): Array<Pick<HistoryLine, 'id' | 'state' | 'isUnread'>> {
	const database = ProfileDatabase.open(path);
	const lines = [...database.history.walk({realm: 'r', owner: 'ann', place: 'session:bob'})].map(({id, state, isUnread}) => ({id, state, isUnread}));
	database.close();
	return lines;
}

/**
How many lines can be read; `Infinity` where it is said that they can't all be.
*/
function linesLeft(path: string): number {
	try {
		return historyOf(path).length;
	} catch {
		return Infinity;
	}
}

test('a backup holds the tables and the history, is brought up to date in pieces, and follows what changes', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	write(path, ...Array.from({length: 250}, (_, index) => line(index + 1)), entry(1), entry(2), mark(250));
	t.is(backUp(path), 4, 'the tables, and three pieces of history');
	t.deepEqual(ProfileDatabase.read(backupOf(path), true), {...ProfileDatabase.read(path, true)});
	t.is(historyOf(backupOf(path)).length, 250);
	write(
		path,
		line(251, {
			from: 'ann', id: 'own-2', state: 'queued', isUnread: false,
		}),
		line(252, {isUnread: true}),
		mark(252),
		{kind: 'outbox-remove', id: 'own-1', to: 'bob'},
	);
	t.is(backUp(path), 2);
	write(path, {kind: 'history-state', id: 'own-2', state: 'delivered'}, {
		kind: 'history-read', realm: 'r', owner: 'ann', place: 'session:bob',
	});
	backUp(path);
	t.deepEqual(historyOf(backupOf(path)), historyOf(path));
	const [kept, live] = [backupOf(path), path].map(file => ProfileDatabase.read(file, true));
	t.deepEqual(kept, live);
	t.deepEqual(kept!.outbox.map(({id}) => id), ['own-2']);
	const found = ProfileDatabase.open(backupOf(path));
	t.is(found.history.recall({
		kind: 'search', realm: 'r', owner: 'ann', words: 'line 251', limit: 5, context: 0,
	}).length, 1, 'its words can be found');
	found.close();
	t.is(statSync(backupOf(path)).mode & 0o077, 0, 'for the eyes of its owner');
});

test('no one-time prekey is in a backup, not even in its free pages', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	const secret = (kind: 'signed' | 'one-time', id: number) => ({
		kind: 'prekey-add' as const, prekey: {
			id, kind, secret: new TextEncoder().encode(`${kind}-secret-of-32-bytes-length-----`).subarray(0, 32), madeAt: 1,
		},
	});
	write(path, secret('signed', 1), secret('one-time', 2));
	backUp(path);
	t.true(readFileSync(path).includes('one-time-secret'));
	t.false(readFileSync(backupOf(path)).includes('one-time-secret'));
	t.true(readFileSync(backupOf(path)).includes('signed-secret'));
});

test('what must not come back with an older state does not', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	write(
		path,
		entry(1),
		entry(2, {
			state: {
				step: 'stored', device: 'b', prekey: 1, at: 5,
			},
		}),
		entry(3, {state: {step: 'delivered'}}),
		mark(7),
		{kind: 'sequence', next: 129},
		{
			kind: 'departure', server: 's', user: 'ann', at: 5,
		},
		{
			kind: 'contact-add', realm: 'r', owner: 'ann', user: 'bob',
		},
		line(1),
	);
	backUp(path, 1000);
	const before = ProfileDatabase.read(path, true);
	truncateSync(path, 5000);
	const now = Date.parse('2026-03-01T12:00:00Z');
	const {state, news} = readOrRestore(path, true, now);
	t.regex(news!, /is damaged\. Earshot goes on with its automatic backup of 1970-01-01T00:00:01\.000Z, which is \d+ days old\..*lines of yours.*The damaged files are kept in .*damaged-2026-03-01T12-00-00-000Z\.$/v);
	t.deepEqual(state, {
		...before, nextSequence: beginRun(129, now), departures: new Map(), outbox: before.outbox.map(each => each.state.step === 'stored' ? {...each, state: {step: 'queued'}} : each),
	});
	t.is(statSync(join(path, '..', 'damaged-2026-03-01T12-00-00-000Z', 'profile.db')).size, 5000);
	t.deepEqual(historyOf(path).map(({id}) => id), ['d-1']);
	t.is(statSync(path).mode & 0o077, 0);
});

test('a restored profile is what its naive twin makes of the same backup', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	const twin = new MemoryProfile();
	const secret = new Uint8Array(32).fill(1);
	const apply = (...writes: readonly ProfileWrite[]) => {
		write(path, ...writes);
		twin.apply(writes);
	};

	const now = Date.parse('2026-03-01T12:00:00Z');
	apply(
		entry(1),
		entry(2, {
			state: {
				step: 'stored', device: 'b', prekey: 1, at: 5,
			},
		}),
		entry(3, {state: {step: 'delivered'}}),
		mark(7),
		{
			kind: 'read', device: 'd', place: 'r/ann/session', sequences: [[1, 5]],
		},
		{
			kind: 'owe', device: 'd', place: 'r/ann/session', debt: {realm: 'r', owner: 'ann', to: 'bob'},
		},
		{
			kind: 'plead', device: 'd', place: 'r/ann/session', plea: {realm: 'r', owner: 'ann', to: 'bob'},
		},
		{kind: 'mail-taken', server: 'a:1', number: 4},
		...[1, 2, 3].map((id): ProfileWrite => ({
			kind: 'prekey-add', prekey: {
				id, kind: id === 1 ? 'one-time' : 'signed', secret, madeAt: id === 2 ? 5 : now - 5,
			},
		})),
		{
			kind: 'contact-add', realm: 'r', owner: 'ann', user: 'bob',
		},
		{
			kind: 'departure', server: 's', user: 'ann', at: 5,
		},
		{kind: 'sequence', next: 129},
		{
			kind: 'login', server: 'a:1', user: 'ann', token: 't',
		},
		line(1),
		line(2, {isUnread: true}),
	);
	backUp(path, 1000);
	const backup = twin.backUp();
	apply(entry(4), mark(9), {kind: 'sequence', next: 257}, line(3));
	for (const at of [now, now + 1]) {
		truncateSync(path, 5000);
		const {pins: _, ...expected} = twin.restore(backup, at).load();
		const {state} = readOrRestore(path, true, at);
		t.deepEqual({...state, prekeys: state.prekeys.toSorted((one, other) => one.id - other.id)}, {...expected, prekeys: expected.prekeys.toSorted((one, other) => one.id - other.id)});
	}
});

test('no sequence comes twice, however often the same backup is used and whatever the clock says', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	write(path, {kind: 'sequence', next: 129});
	backUp(path);
	const starts: number[] = [];
	for (const now of [5000, 5000, 1, Date.now(), 1]) {
		truncateSync(path, 50);
		const {nextSequence} = readOrRestore(path, true, now).state;
		t.true(starts.every(start => nextSequence >= start + runLength), `${nextSequence} after ${starts.join(' ')}`);
		starts.push(nextSequence);
	}
});

test('a crash in the middle of a restoration begins it again', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	write(path, entry(1));
	backUp(path);
	// The damaged one is aside, its log is not, and the new one is not there yet.
	rmSync(path);
	writeFileSync(`${path}-wal`, 'of the damaged one');
	writeFileSync(`${path}.restoring`, 'half');
	t.deepEqual(readOrRestore(path, true, Date.now()).state.outbox.map(({id}) => id), ['own-1']);
	t.false(existsSync(`${path}-wal`));
	t.false(existsSync(`${path}.restoring`));
});

test('without a backup that can be used the profile is refused, and all stays as it is', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	write(path, entry(1));
	const refusal = (pattern: RegExp) => {
		const error = t.throws(() => readOrRestore(path, true, 1), {code: 'damaged-profile'} as never);
		t.regex(error.message, pattern);
	};

	truncateSync(path, 5000);
	refusal(/is damaged and can't be read\. Put a backup in its place, or move its folder away/v);
	ProfileDatabase.open(backupOf(path)).close();
	refusal(/its automatic backup is not finished/v);
	truncateSync(backupOf(path), 3000);
	refusal(/its automatic backup can't be used either: it was cut short/v);
	t.is(statSync(path).size, 5000);
	t.false(readdirSync(join(path, '..')).some(name => name.startsWith('damaged')));
});

test('a backup of something else is put aside, not written over; so is a damaged one', t => {
	const folder = temporaryFolder(t);
	const path = join(folder, 'profile.db');
	write(path, line(1), line(2));
	backUp(path);
	rmSync(path);
	write(path, line(1, {id: 'other-1'}));
	backUp(path);
	t.deepEqual(historyOf(backupOf(path)).map(({id}) => id), ['other-1']);
	t.deepEqual(historyOf(`${backupOf(path)}.old`).map(({id}) => id), ['d-1', 'd-2']);
	truncateSync(backupOf(path), 5000);
	backUp(path);
	t.deepEqual(historyOf(backupOf(path)).map(({id}) => id), ['other-1']);
	t.is(statSync(`${backupOf(path)}.old`).size, 5000);
});

test('a damaged profile never gets into its backup', t => {
	const path = join(temporaryFolder(t), 'profile.db');
	write(path, ...Array.from({length: 400}, (_, index) => entry(index + 1)));
	backUp(path);
	const before = readFileSync(backupOf(path));
	const bytes = readFileSync(path);
	// Every page but the first, which has the schema.
	bytes.fill(0xEE, 4096);
	writeFileSync(path, bytes);
	t.throws(() => backUp(path), {code: 'damaged-profile'});
	t.deepEqual(readFileSync(backupOf(path)), before);
});

test('cut short at 40 places and changed at 200: opened, or the backup used and said so; it is never empty', t => {
	const folder = temporaryFolder(t);
	const original = join(folder, 'profile.db');
	write(original, ...Array.from({length: 300}, (_, index) => line(index + 1)), ...Array.from({length: 40}, (_, index) => entry(index + 1)), mark(300));
	backUp(original, 5);
	const {size} = statSync(original);
	const chance = new SeededRandom(11);
	const cuts = Array.from({length: 40}, (_, index) => (path: string) => {
		truncateSync(path, Math.floor(size * index / 40));
		return `cut to ${Math.floor(size * index / 40)}`;
	});
	const flips = Array.from({length: 200}, (_, index) => (path: string) => {
		const bytes = readFileSync(path);
		// Half of them where the format is written, half anywhere.
		const place = index % 2 === 0 ? chance.integer(0, 4095) : chance.integer(0, size - 1);
		const length = index % 3 === 0 ? 1 : chance.integer(1, 600);
		bytes.set(chance.bytes(Math.min(length, size - place)), place);
		writeFileSync(path, bytes);
		return `${length} bytes changed at ${place}`;
	});
	let restored = 0;
	for (const [index, harm] of [...cuts, ...flips].entries()) {
		const home = join(folder, String(index));
		mkdirSync(home);
		const path = join(home, 'profile.db');
		copyFileSync(original, path);
		copyFileSync(backupOf(original), backupOf(path));
		const what = harm(path);
		const {state, news} = readOrRestore(path, true, Date.now());
		restored += news === undefined ? 0 : 1;
		t.is(state.outbox.length, 40, what);
		t.is(state.seen.size, 1, what);
		t.true(linesLeft(path) >= (news === undefined ? 1 : 300), what);
		t.is(readdirSync(home).some(name => name.startsWith('damaged-')), news !== undefined, what);

		rmSync(home, {recursive: true});
	}

	t.true(restored >= 50, `${restored}`);
	t.log(`${restored} of 240 went on with the backup`);
});

test('a store leaves a backup behind when it closes, and goes on with it when the file is damaged or gone', async t => {
	const folder = temporaryFolder(t);
	const path = join(folder, 'profiles', '1', 'profile.db');
	const store = await ProfileStore.open({folder});
	await store.write([entry(1), line(1)]);
	await store.close();
	t.deepEqual(readdirSync(join(path, '..')).filter(name => name.includes('backup')), ['profile-backup.db']);
	for (const harm of [() => {
		truncateSync(path, 100);
	}, () => {
		rmSync(path);
	}]) {
		harm();

		const again = await ProfileStore.open({folder});
		t.regex(again.news!, /goes on with its automatic backup/v);
		t.is(again.stored.outbox.length, 1);
		t.deepEqual(again.device, store.device);

		await again.close();
	}

	const healthy = await ProfileStore.open({folder});
	t.is(healthy.news, undefined);
	await healthy.close();
});

test('damage that is only met while the program runs is told, and the next start goes on with the backup', async t => {
	const folder = temporaryFolder(t);
	const path = join(folder, 'profiles', '1', 'profile.db');
	const store = await ProfileStore.open({folder});
	await store.write(Array.from({length: 400}, (_, index) => line(index + 1)));
	await store.close();
	const bytes = readFileSync(path);
	const found = bytes.indexOf('line 200 word');
	bytes.fill(0xEE, found - (found % 4096), found - (found % 4096) + 4096);
	writeFileSync(path, bytes);
	const second = await ProfileStore.open({folder});
	t.is(second.news, undefined, 'what is read at the start is whole');
	const told: string[] = [];
	second.onNews = text => {
		told.push(text);
	};

	await second.write([entry(7)]);
	await t.throwsAsync(second.recall({
		kind: 'page', realm: 'r', owner: 'ann', place: 'session:bob', before: {clock: '000300', id: 'd-300'}, limit: 1000,
	}), {message: /malformed/v});
	t.deepEqual(told.map(text => text.includes('is damaged. Leave and start again')), [true]);
	t.true(existsSync(markOf(path)));
	await second.close();
	const third = await ProfileStore.open({folder});
	t.regex(third.news!, /goes on with its automatic backup/v);
	t.is(third.stored.outbox.length, 1, 'what was written since is in the backup');
	t.is((await third.recall({
		kind: 'page', realm: 'r', owner: 'ann', place: 'session:bob', before: undefined, limit: 3000,
	})).length, 400);
	t.false(existsSync(markOf(path)));
	await third.close();
});
