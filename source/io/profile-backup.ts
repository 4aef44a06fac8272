// The backup that a profile's database gets by itself: a second database beside it, brought up to date a little at a time.
// Knows what is copied and in which pieces; refuses to know when (profile-worker.ts) and how it comes back (profile-restoration.ts).
//
//   tables of profile-schema.ts   as they were at one moment, but for the one-time prekeys: what a used one has sealed is to stay sealed
//   history                       what came since, a few lines at a time; and how far the newest own lines have come
//   counters                      beside the profile's own: `backup-made`, ms since the epoch; `backup-history`, 1 when no line was missing then
import {existsSync, renameSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {isDamage} from '../disk/sqlite-file.js';
import {ProtocolError} from '../protocol/errors.js';
import {HistoryTable} from './history-table.js';
import {ProfileDatabase} from './profile-database.js';

/**
Where the backup of the database at `path` is.
*/
export function backupOf(path: string): string {
	return join(dirname(path), 'profile-backup.db');
}

/**
Tables that only grow, or that SQLite keeps by itself.
*/
const grownTables = /^(?:person|card|history.*|sqlite_.*)$/v;

/**
Lines that are copied at once: some milliseconds.
*/
const linesAtOnce = 100;

/**
Own lines older than so many others keep the state in which they were copied.
*/
const linesLookedAtAgain = 1000;

const changedLines = `
	UPDATE main.history AS h SET state = l.state, unread = l.unread FROM live.history AS l
	WHERE l.number = h.number AND (h.state IS NOT l.state OR h.unread IS NOT l.unread)
`;

/**
What can't be used here may still be of use to its owner: the last such backup is kept.
*/
export function putAside(file: string): void {
	for (const suffix of ['', '-wal', '-shm']) {
		if (existsSync(`${file}${suffix}`)) {
			renameSync(`${file}${suffix}`, `${file}.old${suffix}`);
		} else {
			rmSync(`${file}.old${suffix}`, {force: true});
		}
	}
}

/**
A backup being brought up to date. Each `step` takes some milliseconds; other work may come in between.
*/
export class ProfileBackup {
	readonly #database: DatabaseSync;
	#copied: 'nothing' | 'tables' | 'states' = 'nothing';

	private constructor(database: DatabaseSync) {
		this.#database = database;
	}

	/**
	Opens the backup of the database at `path`, which is made where there is none. One that does not belong to it any more, or is damaged, is put aside.

	@throws {ProtocolError} `damaged-profile`; other errors when the disk refuses.
	*/
	static open(path: string): ProfileBackup {
		try {
			return ProfileBackup.#attach(path);
		} catch (error) {
			if (!(error instanceof ProtocolError) || error.code !== 'damaged-backup') {
				throw error;
			}

			putAside(backupOf(path));
			return ProfileBackup.#attach(path);
		}
	}

	static #attach(path: string): ProfileBackup {
		const file = backupOf(path);
		let database: DatabaseSync | undefined;
		try {
			// Makes the tables, or brings them to the version of now.
			ProfileDatabase.open(file).close();
			database = new DatabaseSync(file, {timeout: 1000});
			// A backup that a power cut throws back by a minute is as good.
			database.exec('PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;');
			const last = database.prepare('SELECT number, id FROM history ORDER BY number DESC LIMIT 1').get();
			const backup = new ProfileBackup(database);
			backup.#blaming(() => {
				// Reads what tables there are.
				database!.prepare('ATTACH ? AS live').run(path);
			});
			if (last && !backup.#isOurs(last.number as number, last.id as string)) {
				throw new ProtocolError('damaged-backup', 'It is of another profile.');
			}

			return backup;
		} catch (error) {
			database?.close();
			// Until the profile is attached, what is damaged is the backup.
			const isOfBackup = isDamage(error) || (error instanceof ProtocolError && (database === undefined || error.code !== 'damaged-profile'));
			throw isOfBackup ? new ProtocolError('damaged-backup', (error as Error).message) : error;
		}
	}

	/**
	Does the next piece of work.

	@param now Ms since the epoch.
	@returns Whether all is done.
	@throws {ProtocolError} `damaged-profile` or `damaged-backup`; other errors when the disk refuses. The backup is then as it was before this piece.
	*/
	step(now: number): boolean {
		if (this.#copied === 'nothing') {
			this.#whole(() => {
				this.#copyTables(now);
			});
			this.#copied = 'tables';
			return false;
		}

		return this.#whole(() => {
			if (this.#copied === 'tables') {
				this.#copyStates();
				new HistoryTable(this.#database).eraseProofs(now);
				this.#copied = 'states';
			}

			const isDone = this.#copyLines() < linesAtOnce;
			if (isDone) {
				this.#set('backup-history', 1);
			}

			return isDone;
		});
	}

	close(): void {
		this.#database.close();
	}

	/**
	Whether the profile has the line under the number that it has here.
	*/
	#isOurs(number: number, id: string): boolean {
		return this.#blaming(() => this.#database.prepare('SELECT id FROM live.history WHERE number = ?').get(number)?.id === id);
	}

	#whole<Result>(task: () => Result): Result {
		// Not `IMMEDIATE`, which would keep the profile itself from being written.
		this.#database.exec('BEGIN');
		try {
			const result = this.#blaming(task);
			this.#database.exec('COMMIT');
			return result;
		} catch (error) {
			if (this.#database.isTransaction) {
				this.#database.exec('ROLLBACK');
			}

			throw error;
		}
	}

	/**
	Finds out which of the two files it is where one is damaged.
	*/
	#blaming<Result>(task: () => Result): Result {
		try {
			return task();
		} catch (error) {
			throw isDamage(error) ? new ProtocolError(this.#isWhole() ? 'damaged-profile' : 'damaged-backup', (error as Error).message) : error;
		}
	}

	/**
	Whether the damage is not here. That costs time, but what was found wrong would cost more.
	*/
	#isWhole(): boolean {
		try {
			return this.#database.prepare('PRAGMA main.quick_check(1)').get()?.quick_check === 'ok';
		} catch {
			return false;
		}
	}

	#copyTables(now: number): void {
		const tables = this.#database.prepare('SELECT name FROM live.sqlite_schema WHERE type = \'table\'').all().map(row => row.name as string).filter(name => !grownTables.test(name));
		for (const table of tables) {
			const [verdict] = this.#database.prepare(`PRAGMA live.quick_check(${table})`).all();
			if (verdict?.quick_check !== 'ok') {
				throw new ProtocolError('damaged-profile', `The table ${table} is damaged.`);
			}

			const keys = this.#database.prepare('SELECT name FROM pragma_table_info(?) WHERE pk > 0').all(table).map(row => row.name as string).join(', ');
			const rows = `SELECT * FROM live.${table}${table === 'prekey' ? ' WHERE kind = \'signed\'' : ''}`;
			// Most rows are as they were: those are only read.
			this.#database.exec(`
				DELETE FROM main.${table} WHERE (${keys}) NOT IN (SELECT ${keys} FROM (${rows}));
				INSERT OR REPLACE INTO main.${table} SELECT * FROM (${rows} EXCEPT SELECT * FROM main.${table});
			`);
		}

		this.#set('backup-made', Math.floor(now));
		this.#set('backup-history', 0);
	}

	/**
	@returns How many lines there were to copy.
	*/
	#copyLines(): number {
		for (const table of ['person', 'card']) {
			this.#database.exec(`INSERT INTO main.${table} SELECT * FROM live.${table} WHERE id > (SELECT coalesce(max(id), 0) FROM main.${table})`);
		}

		const {changes} = this.#database.prepare('INSERT INTO main.history SELECT * FROM live.history WHERE number > (SELECT coalesce(max(number), 0) FROM main.history) ORDER BY number LIMIT ?').run(linesAtOnce);
		return Number(changes);
	}

	/**
	How far the newest own lines have come, and what was read.
	*/
	#copyStates(): void {
		const {newest} = this.#database.prepare('SELECT coalesce(max(number), 0) AS newest FROM main.history').get() as {newest: number};
		this.#database.prepare(`${changedLines} AND h.unread = 1`).run();
		this.#database.prepare(`${changedLines} AND h.number > ?`).run(newest - linesLookedAtAgain);
	}

	#set(name: string, value: number): void {
		this.#database.prepare('INSERT OR REPLACE INTO main.counters (name, value) VALUES (?, ?)').run(name, value);
	}
}
