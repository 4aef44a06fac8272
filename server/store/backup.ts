// A backup: one file with everything that a server needs to serve again, its keys included.
// Knows how it is written while the server runs and how it is read back; refuses to know when that is wanted.
//
//   the server's own tables (schema.ts), and beside them
//   realm    name, content   the files of realm.ts
//   backup   made, accounts  when it was made (ms since the epoch), how many accounts it holds
import {
	closeSync,
	fsyncSync,
	openSync,
	renameSync,
	rmSync,
	statSync,
} from 'node:fs';
import {dirname} from 'node:path';
import {backup, DatabaseSync} from 'node:sqlite';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {ProtocolError} from '../../source/protocol/errors.js';
import {syncFolder} from './safe-file.js';
import {appId, schemaVersion} from './schema.js';

/**
The realm's files, by name.
*/
export type RealmFiles = Readonly<Record<string, string>>;

export type BackupOrder = {
	/**
	A file that is not there yet.
	*/
	readonly file: string;
	readonly realm: RealmFiles;
	/**
	Now, ms since the epoch.
	*/
	readonly at: number;
};

/**
What a backup says of itself.
*/
export type BackupLabel = {
	/**
	Ms since the epoch.
	*/
	readonly madeAt: number;
	readonly accounts: number;
};

/**
A backup as it was made; `bytes` is its size.
*/
export type BackupReport = BackupLabel & {readonly bytes: number};

/**
Pages copied in one go, so that writes get their turn in between (1 MiB).
*/
const pagesAtOnce = 256;

/**
So often a copy begins anew because each time a write was under way.
*/
const maximumStarts = 1000;

/**
https://sqlite.org/rescode.html
*/
const sqliteBusy = 5;

/**
Writes a backup of an open database, which may be written meanwhile: the copy holds all that was durable at one moment.
It is checked before it gets its name, and nobody but its owner may read it.

@throws {ProtocolError} `file-exists`, `bad-file` when it can't be written, `damaged-data` when the database is not whole.
*/
export async function writeBackup(database: DatabaseSync, {file, realm, at}: BackupOrder): Promise<BackupReport> {
	reserve(file);
	const temporary = `${file}.part`;
	try {
		closeSync(openSync(temporary, 'wx', 0o600));
		await copyPages(database, temporary);
		const accounts = addLabel(temporary, realm, at);
		const handle = openSync(temporary, 'r+');
		fsyncSync(handle);
		closeSync(handle);
		renameSync(temporary, file);
		await syncFolder(dirname(file));
		return {madeAt: at, accounts, bytes: statSync(file).size};
	} catch (error) {
		rmSync(temporary, {force: true});
		rmSync(file, {force: true});
		throw error instanceof ProtocolError ? error : new ProtocolError('bad-file', `The backup ${file} can't be written (${(error as Error).message}); nothing was kept of it. Check permissions and free space, or name another file.`);
	}
}

/**
Node waits for a write on the same connection between two steps, but gives the copy up where its very first one meets a write: then it begins anew.
*/
async function copyPages(database: DatabaseSync, file: string): Promise<void> {
	for (let start = 1; ; start++) {
		try {
			await backup(database, file, {rate: pagesAtOnce});
			return;
		} catch (error) {
			if (start === maximumStarts || !isBusy(error)) {
				throw error;
			}

			await nextTurn();
		}
	}
}

/**
Of a first step that met a write Node says that it is no error (`errcode` 0).
*/
function isBusy(error: unknown): boolean {
	const {errcode} = error as {readonly errcode?: number};
	return errcode === 0 || errcode === sqliteBusy;
}

/**
Takes the name before the work is done, so that nothing that is there is ever overwritten.
*/
function reserve(file: string): void {
	try {
		closeSync(openSync(file, 'wx', 0o600));
	} catch (error) {
		const {code, message} = error as NodeJS.ErrnoException;
		throw code === 'EEXIST'
			? new ProtocolError('file-exists', `${file} is there already, and a backup overwrites nothing; name another file.`)
			: new ProtocolError('bad-file', `The backup ${file} can't be written (${code ?? message}); name a file in a folder that this server may write.`);
	}
}

function addLabel(file: string, realm: RealmFiles, at: number): number {
	const copy = new DatabaseSync(file);
	try {
		// One file, without companions.
		copy.exec('PRAGMA journal_mode=DELETE');
		const [{quick_check: verdict}] = copy.prepare('PRAGMA quick_check(1)').all() as [{quick_check: string}];
		if (verdict !== 'ok') {
			throw new ProtocolError('damaged-data', `The server's data is damaged (${verdict.trim()}), so no backup was made of it. Restore an earlier one: earshotd restore FILE.`);
		}

		copy.exec('BEGIN; CREATE TABLE realm (name TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT; CREATE TABLE backup (made INTEGER NOT NULL, accounts INTEGER NOT NULL) STRICT');
		const add = copy.prepare('INSERT INTO realm (name, content) VALUES (?, ?)');
		for (const [name, content] of Object.entries(realm)) {
			add.run(name, content);
		}

		const {accounts} = copy.prepare('INSERT INTO backup (made, accounts) VALUES (?, (SELECT count(*) FROM account)) RETURNING accounts').get(Math.floor(at)) as {accounts: number};
		copy.exec('COMMIT');
		return accounts;
	} finally {
		copy.close();
	}
}

/**
What the backup `file` says of itself, without a look at the rest; `undefined` when it is none.
*/
export function labelOf(file: string): BackupLabel | undefined {
	try {
		const copy = new DatabaseSync(file, {readOnly: true});
		try {
			return readLabel(copy);
		} finally {
			copy.close();
		}
	} catch {
		return undefined;
	}
}

function readLabel(copy: DatabaseSync): BackupLabel {
	return {...copy.prepare('SELECT made AS madeAt, accounts FROM backup').get() as BackupLabel};
}

/**
Makes a copy of a backup into a server's database, in place, after it has been found whole.

@param copy
@param name What the operator knows the backup as.
@returns The realm's files that stood in it, and its label.
@throws {ProtocolError} `bad-backup` when it is none of ours, not whole, or of a newer version.
*/
export function unpackBackup(copy: string, name: string): {realm: RealmFiles; label: BackupLabel} {
	const refuse = (reason: string) => new ProtocolError('bad-backup', `${name} ${reason}; nothing was changed.`);
	let database: DatabaseSync | undefined;
	try {
		database = new DatabaseSync(copy);
		const {application, version} = database.prepare('SELECT (SELECT application_id FROM pragma_application_id) AS application, (SELECT user_version FROM pragma_user_version) AS version').get() as {application: number; version: number};
		const tables = new Set(database.prepare('SELECT name FROM sqlite_schema').all().map(row => row.name));
		if (application !== appId || !tables.has('realm') || !tables.has('backup') || !tables.has('account')) {
			throw refuse('is no backup of an Earshot server');
		}

		if (version > schemaVersion) {
			throw refuse(`was written by a newer version of earshotd (its format is ${version}, this program knows ${schemaVersion}): update earshotd`);
		}

		const [{integrity_check: verdict}] = database.prepare('PRAGMA integrity_check(1)').all() as [{integrity_check: string}];
		const realm = Object.fromEntries(database.prepare('SELECT name, content FROM realm').all().map(row => [row.name as string, row.content as string]));
		const label = readLabel(database);
		const {accounts} = database.prepare('SELECT count(*) AS accounts FROM account').get() as {accounts: number};
		if (verdict !== 'ok' || accounts !== label.accounts) {
			throw refuse(`is damaged (${verdict === 'ok' ? `${accounts} accounts instead of ${label.accounts}` : verdict.trim()})`);
		}

		database.exec('DROP TABLE realm; DROP TABLE backup');
		return {realm, label};
	} catch (error) {
		throw error instanceof ProtocolError ? error : refuse(`is no backup that can be read (${(error as Error).message})`);
	} finally {
		database?.close();
	}
}
