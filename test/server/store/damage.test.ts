// The server's file cut short at 40 places, its log included: opened whole, or refused in words. And a disk that takes no more.
import {spawnSync} from 'node:child_process';
import {
	copyFileSync,
	mkdirSync,
	readFileSync,
	statSync,
	truncateSync,
} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {DatabaseSync} from 'node:sqlite';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {Database, type DatabaseWrite} from '../../../server/store/database.js';
import {DamageError} from '../../../server/store/start-error.js';
import {deviceKeys} from '../helpers/fake-server.js';
import {temporaryFolder} from '../helpers/running.js';

const perBatch = 60;
const sealed = 'A'.repeat(1200);

function batch(number: number): DatabaseWrite[] {
	return Array.from({length: perBatch}, (_, index) => `user-${number}-${index}`).flatMap((name): DatabaseWrite[] => [
		{
			kind: 'account', key: name, name, hash: 'hash', device: 'd', keys: deviceKeys(), at: 1,
		},
		{
			kind: 'mail', user: name, device: 'd', sender: name, senderDevice: 'd', mail: name, room: undefined, slot: undefined, card: 'card', at: 1, sealed,
		},
	]);
}

/**
What comes of opening a file: its accounts, once all of it was found whole, or why it was refused.
*/
function open(file: string): number | string {
	try {
		const database = new Database(file, true);
		const {accounts} = database.load(file);
		database.close();
		const found = new DatabaseSync(file);
		const torn = found.prepare('SELECT mail FROM mail WHERE sealed <> ?').all(sealed);
		const verdict = found.prepare('PRAGMA integrity_check').get()!.integrity_check as string;
		found.close();
		return verdict === 'ok' && torn.length === 0 ? [...accounts].length : `silently torn: ${verdict}`;
	} catch (error) {
		return error instanceof DamageError ? error.message : `not explained: ${String(error)}`;
	}
}

test('cut short at 40 places, the file is opened with whole batches, at least those it held itself, or refused; it is never empty', async t => {
	const folder = await temporaryFolder(t);
	const original = join(folder, 'original.db');
	const database = new Database(original);
	for (const number of [1, 2, 3, 4]) {
		database.apply(batch(number));
	}

	database.checkpoint();
	for (const number of [5, 6, 7, 8]) {
		database.apply(batch(number));
	}

	const log = `${original}-wal`;
	const refusals: string[] = [];
	const sizes: number[] = [];
	for (const [index, part] of [original, log].flatMap(part => Array.from({length: 20}, () => part)).entries()) {
		const keep = Math.floor(statSync(part).size * (index % 20) / 20);
		const home = join(folder, String(index));
		mkdirSync(home);
		const file = join(home, 'cut.db');
		copyFileSync(original, file);
		copyFileSync(log, `${file}-wal`);
		truncateSync(part === original ? file : `${file}-wal`, keep);
		const where = `${part === original ? 'file' : 'log'} cut to ${keep} bytes`;
		const outcome = open(file);
		if (typeof outcome === 'string') {
			refusals.push(outcome);
		} else {
			sizes.push(outcome);
		}

		// A log that is cut short is as after a crash.
		t.true(part === original || typeof outcome === 'number', `${where}: ${outcome}`);
	}

	database.close();
	t.deepEqual(refusals.filter(text => !/is damaged \(.+\)\. Put back a backup \(earshotd restore FILE\)/v.test(text)), []);
	t.true(refusals.length > 0);
	t.deepEqual(sizes.filter(size => size < 4 * perBatch || size % perBatch !== 0), []);
	t.true(sizes.some(size => size < 8 * perBatch));
});

(process.platform === 'win32' ? test.skip : test)('a full disk refuses in words, keeps what it acknowledged, and goes on when there is room', async t => {
	const folder = await temporaryFolder(t);
	const filler = fileURLToPath(new URL('../helpers/filler.js', import.meta.url));
	// 400 blocks of 512 or 1024 bytes: no file grows beyond that.
	const {stdout, stderr} = spawnSync('sh', ['-c', 'ulimit -f 400 && exec "$0" "$1" "$2"', process.execPath, filler, folder], {encoding: 'utf8'});
	const {kept, refused, later} = JSON.parse(stdout) as {kept: string[]; refused: string[]; later: string};
	t.is(stderr, '');
	t.true(kept.length > 5);
	t.true(refused.length > 0);
	t.regex(refused.join('\n'), /full|disk I\/O/v);
	// What can be read is still served while nothing can be written.
	t.is(later, `hash of ${kept[0]}`);
	const database = new Database(join(folder, 'earshotd.db'), true);
	const {accounts} = database.load('');
	const names = new Set([...accounts].map(({name}) => name));
	t.deepEqual(kept.filter(name => !names.has(name)), []);
	database.apply(batch(1));
	database.close();
	t.true(readFileSync(join(folder, 'earshotd.db')).length > 0);
});
