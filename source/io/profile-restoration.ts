// A profile whose database is damaged goes on with its backup.
// Knows what must change in an older state before it is used again; refuses to know how the backup came about (profile-backup.ts).
//
// What a used-up state must not do: use a line's id twice, open what is to stay sealed, say a good-bye twice. What it may do: receive a line
// twice that its author has had no receipt for, send one again that its reader has; that reader knows it by its id.
import {
	closeSync,
	existsSync,
	fsyncSync,
	openSync,
	renameSync,
	rmdirSync,
	rmSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import process from 'node:process';
import {DatabaseSync} from 'node:sqlite';
import {makeFolder} from '../disk/folder.js';
import {findDamage} from '../disk/sqlite-file.js';
import {ageOf} from '../kit/time.js';
import {ProtocolError} from '../protocol/errors.js';
import {mailLifetimeMs} from '../protocol/limits.js';
import {beginRun} from '../protocol/sequences.js';
import {backupOf} from './profile-backup.js';
import {damagedFile, ProfileDatabase, type ProfileState} from './profile-database.js';

/**
Says beside a database that damage was found in it while it was in use: not every start reads all of it.
*/
export function markOf(path: string): string {
	return join(dirname(path), 'damaged');
}

/**
Everything that was kept in the database at `path`, or where that is damaged in its backup, which then has taken its place.

@param path
@param expectsData Somebody has used this profile before: an empty file is a lost one.
@param now Ms since the epoch.
@returns And what the user is to be told of that.
@throws {ProtocolError} As `ProfileDatabase.open`.
*/
export function readOrRestore(path: string, expectsData: boolean, now: number): {readonly state: ProfileState; readonly news: string | undefined} {
	const isMarked = existsSync(markOf(path));
	const isUsed = expectsData || existsSync(backupOf(path));
	let news: string | undefined;
	try {
		if (!isMarked) {
			return {state: ProfileDatabase.read(path, isUsed), news};
		}

		news = restoreProfile(path, now);
	} catch (error) {
		if (!(error instanceof ProtocolError) || error.code !== 'damaged-profile') {
			throw error;
		}

		// What was only found in part of it, and has no backup, is better than nothing.
		news = isMarked ? undefined : restoreProfile(path, now);
	}

	return {state: ProfileDatabase.read(path, isUsed), news};
}

/**
Puts the backup of the damaged database at `path` in its place. A crash in between is no harm: the next start begins again.

@param path
@param now Ms since the epoch.
@returns What the user is to be told.
@throws {ProtocolError} `damaged-profile` when there is no backup that can be used; then everything stays as it is.
*/
export function restoreProfile(path: string, now: number): string {
	const {madeAt, isHistoryWhole, fresh} = prepare(path, now);
	const kept = setAside(path, now);
	renameSync(fresh, path);
	syncFolder(dirname(path));
	rmSync(markOf(path), {force: true});
	return [
		`${path} is damaged. Earshot goes on with its automatic backup of ${new Date(madeAt).toISOString()}, which is ${ageOf(madeAt, now)} old.`,
		'What came after that is missing here: lines in the history, contacts, and lines of yours that were not at the server or received yet. A line may be shown a second time.',
		...(isHistoryWhole ? [] : ['The backup of the history was not complete yet: its newest lines are missing.']),
		...(kept === undefined ? [] : [`The damaged files are kept in ${kept}.`]),
	].join(' ');
}

function prepare(path: string, now: number): {readonly madeAt: number; readonly isHistoryWhole: boolean; readonly fresh: string} {
	const file = backupOf(path);
	const fresh = `${path}.restoring`;
	const refuse = (reason: string) => new ProtocolError('damaged-profile', `${path} is damaged and can't be read, and its automatic backup ${reason}. Put a backup of your own in its place, or move its folder away to start as a new device.`);
	if (!existsSync(file)) {
		throw damagedFile(path);
	}

	let backup: DatabaseSync | undefined;
	try {
		const damage = findDamage(file);
		if (damage !== undefined) {
			throw refuse(`can't be used either: ${damage}`);
		}

		backup = new DatabaseSync(file, {timeout: 1000});
		const {quick_check: verdict} = backup.prepare('PRAGMA quick_check(1)').get() as {quick_check: string};
		const counter = (name: string) => backup!.prepare('SELECT value FROM counters WHERE name = ?').get(name)?.value as number | undefined;
		const madeAt = counter('backup-made');
		if (verdict !== 'ok' || madeAt === undefined) {
			throw refuse(madeAt === undefined ? 'is not finished' : `can't be used either: ${verdict.trim()}`);
		}

		// In the backup, so that another restoration from it begins anew again.
		const sequence = beginRun(counter('sequence') ?? 1, now);
		backup.prepare('INSERT OR REPLACE INTO counters (name, value) VALUES (\'sequence\', ?)').run(sequence);
		const isHistoryWhole = counter('backup-history') === 1;
		discard(fresh);
		closeSync(openSync(fresh, 'wx', 0o600));
		backup.prepare('VACUUM INTO ?').run(fresh);
		renew(fresh, now);
		return {madeAt, isHistoryWhole, fresh};
	} catch (error) {
		discard(fresh);
		throw error instanceof ProtocolError && error.code === 'damaged-profile' ? error : refuse(`can't be used either: ${(error as Error).message}`);
	} finally {
		backup?.close();
	}
}

function discard(fresh: string): void {
	for (const suffix of ['', '-wal', '-shm', '-journal']) {
		rmSync(`${fresh}${suffix}`, {force: true});
	}
}

/**
Makes an older state fit to be gone on from.
*/
function renew(fresh: string, now: number): void {
	// Brings the tables to the version of now.
	ProfileDatabase.open(fresh, true).close();
	const database = new DatabaseSync(fresh);
	try {
		// Mail that was stored is sent again: its reader drops what is known and says so.
		database.exec(`
			PRAGMA journal_mode = DELETE;
			BEGIN;
			DELETE FROM counters WHERE name LIKE 'backup-%';
			DELETE FROM prekey WHERE kind = 'one-time';
			DELETE FROM departure;
			UPDATE outbox SET step = 'queued', stored_device = NULL, stored_prekey = NULL, stored_at = NULL WHERE step = 'stored';
		`);
		// A signed prekey of this age is renewed at once, and with it the one-time ones at each server.
		database.prepare('UPDATE prekey SET made_at = min(made_at, ?) WHERE kind = \'signed\'').run(Math.floor(now - mailLifetimeMs));
		database.exec('COMMIT');
	} finally {
		database.close();
	}

	const file = openSync(fresh, 'r+');
	fsyncSync(file);
	closeSync(file);
}

/**
@returns The folder with the damaged files; `undefined` where there were none.
*/
function setAside(path: string, now: number): string | undefined {
	const kept = join(dirname(path), `damaged-${new Date(now).toISOString().replaceAll(/[.:]/gv, '-')}`);
	makeFolder(kept);
	let count = 0;
	// The log last: beside a database that is not its own it would do harm.
	for (const suffix of ['', '-wal', '-shm']) {
		if (!existsSync(`${path}${suffix}`)) {
			continue;
		}

		renameSync(`${path}${suffix}`, join(kept, `${basename(path)}${suffix}`));
		count++;
	}

	if (count === 0) {
		rmdirSync(kept);
		return undefined;
	}

	return kept;
}

function syncFolder(folder: string): void {
	if (process.platform === 'win32') {
		// A folder can't be opened there.
		return;
	}

	const handle = openSync(folder, 'r');
	fsyncSync(handle);
	closeSync(handle);
}
