// A profile's database cut short at 40 places, its log included: opened with what it held, or refused with a way to go on.
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	statSync,
	truncateSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {backupOf} from '../../source/io/profile-backup.js';
import {ProfileDatabase} from '../../source/io/profile-database.js';
import {ProfileStore} from '../../source/io/profile-store.js';
import type {StoreWrite} from '../../source/messenger/effects.js';

function lines(first: number, count: number): Array<Exclude<StoreWrite, {kind: 'pin'}>> {
	return Array.from({length: count}, (_, index) => ({
		kind: 'history-add', line: {
			realm: 'r', owner: 'ann', place: 'session:bob', id: `d-${first + index}`, device: 'd', sequence: first + index, from: 'bob', text: `line ${first + index} ${'word '.repeat(40)}`, at: 1, clock: String(first + index).padStart(6, '0'), state: undefined, isUnread: false, proof: undefined,
		},
	}));
}

/**
What comes of opening a file: its lines, or the code and text of the refusal.
*/
function open(path: string): number | string {
	try {
		ProfileDatabase.read(path, true);
		const database = ProfileDatabase.open(path, true);
		const found = [...database.history.walk({realm: 'r', owner: 'ann', place: 'session:bob'})].length;
		database.close();
		return found;
	} catch (error) {
		return `${(error as {code?: string}).code}: ${(error as Error).message} (${statSync(path).size})`;
	}
}

test('cut short at 40 places: opened with whole batches, at least those it held itself, or refused; it is never empty', t => {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const original = join(folder, 'original.db');
	const first = ProfileDatabase.open(original);
	first.apply(lines(1, 300));
	first.close();
	const database = ProfileDatabase.open(original);
	for (let number = 0; number < 5; number++) {
		database.apply(lines(301 + (number * 20), 20));
	}

	const log = `${original}-wal`;
	let refused = 0;
	for (const [index, part] of [original, log].flatMap(part => Array.from({length: 20}, () => part)).entries()) {
		const keep = Math.floor(statSync(part).size * (index % 20) / 20);
		const home = join(folder, String(index));
		mkdirSync(home);
		const path = join(home, 'profile.db');
		copyFileSync(original, path);
		copyFileSync(log, `${path}-wal`);
		truncateSync(part === original ? path : `${path}-wal`, keep);
		const where = `${part === original ? 'file' : 'log'} cut to ${keep} bytes`;
		const outcome = open(path);
		const isRefused = outcome === `damaged-profile: ${path} is damaged and can't be read. Put a backup in its place, or move its folder away to start as a new device. (${keep})`;
		refused += isRefused ? 1 : 0;
		t.true((isRefused && part === original) || (typeof outcome === 'number' && outcome >= 300 && outcome % 20 === 0), `${where}: ${outcome}`);
	}

	database.close();
	t.true(refused > 0);
});

test('a profile whose database is gone is refused once somebody has used it, where there is no backup', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const store = await ProfileStore.open({folder});
	await store.write([{
		kind: 'login', server: 's', user: 'ann', token: 't',
	}]);
	await store.close();
	const path = join(folder, 'profiles', '1', 'profile.db');
	rmSync(path);
	rmSync(backupOf(path));
	await t.throwsAsync(ProfileStore.open({folder}), {message: /is damaged and can't be read\. Put a backup in its place/v});
	t.false(existsSync(path));
});
