// The accounts and rooms in one SQLite file.
// Knows its tables and how to open it safely; runs in the store's worker and blocks it. Refuses to know who asks.
import {DatabaseSync, type StatementSync} from 'node:sqlite';
import type {Account} from '../core/accounts.js';
import type {Write} from '../core/actions.js';
import type {StoredRoom} from '../core/rooms.js';
import {StartError} from './start-error.js';

/**
Marks the file as ours ("EARS"), so that no other database is taken for one.
*/
const appId = 0x45_41_52_53;

/**
Raised whenever a table changes.
*/
const version = 1;

const schema = `
	CREATE TABLE account (
		key TEXT PRIMARY KEY,
		name TEXT NOT NULL,
		hash TEXT NOT NULL,
		device TEXT NOT NULL,
		created INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE device (
		key TEXT NOT NULL REFERENCES account,
		device TEXT NOT NULL,
		sign TEXT NOT NULL,
		agree TEXT NOT NULL,
		bound INTEGER NOT NULL,
		PRIMARY KEY (key, device)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE room (
		key TEXT PRIMARY KEY,
		name TEXT NOT NULL,
		creator TEXT NOT NULL,
		created INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
`;

const identification = `
	SELECT
		(SELECT application_id FROM pragma_application_id) AS application,
		(SELECT user_version FROM pragma_user_version) AS version,
		(SELECT count(*) FROM sqlite_schema) AS tables
`;

/**
A write of the core, or the store's own: a hash made anew with other parameters.
*/
export type DatabaseWrite = Write | {readonly kind: 'rehash'; readonly key: string; readonly hash: string};

export class Database {
	readonly #database: DatabaseSync;
	readonly #statements: Record<'account' | 'device' | 'newest' | 'room' | 'closeRoom' | 'rehash' | 'hash', StatementSync>;

	/**
	Opens `file`, making it where there is none, and keeps it locked for this process alone.

	@throws {StartError} When it can't be used, with the reason.
	*/
	constructor(file: string) {
		try {
			this.#database = new DatabaseSync(file);
			// The lock is taken at the first write below and given back by the system even after SIGKILL.
			this.#database.exec('PRAGMA locking_mode=EXCLUSIVE');
			this.#database.exec('PRAGMA journal_mode=WAL');
			this.#database.exec('PRAGMA synchronous=FULL');
			this.#database.exec('PRAGMA foreign_keys=ON');
			this.#database.exec('BEGIN IMMEDIATE');
			this.#prepareSchema(file);
			this.#database.exec('COMMIT');
			this.#statements = {
				account: this.#database.prepare('INSERT INTO account (key, name, hash, device, created) VALUES (?, ?, ?, ?, ?)'),
				device: this.#database.prepare('INSERT INTO device (key, device, sign, agree, bound) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET agree = excluded.agree, bound = excluded.bound'),
				newest: this.#database.prepare('UPDATE account SET device = ? WHERE key = ?'),
				room: this.#database.prepare('INSERT INTO room (key, name, creator, created) VALUES (?, ?, ?, ?)'),
				closeRoom: this.#database.prepare('DELETE FROM room WHERE key = ?'),
				rehash: this.#database.prepare('UPDATE account SET hash = ? WHERE key = ?'),
				hash: this.#database.prepare('SELECT hash FROM account WHERE key = ?'),
			};
		} catch (error) {
			throw explain(error, file);
		}
	}

	/**
	Everything the core starts with.

	@throws {StartError}
	*/
	load(file: string): {accounts: Account[]; rooms: StoredRoom[]} {
		try {
			return {
				accounts: this.#database.prepare('SELECT key, name, device FROM account').all() as Account[],
				rooms: this.#database.prepare('SELECT key, name, creator FROM room').all() as StoredRoom[],
			};
		} catch (error) {
			throw explain(error, file);
		}
	}

	hashOf(key: string): string | undefined {
		return this.#statements.hash.get(key)?.hash as string | undefined;
	}

	/**
	Makes all writes durable in one transaction; when it throws, none of them happened.
	*/
	apply(writes: readonly DatabaseWrite[]): void {
		this.#database.exec('BEGIN IMMEDIATE');
		try {
			for (const write of writes) {
				this.#apply(write);
			}

			this.#database.exec('COMMIT');
		} catch (error) {
			if (this.#database.isTransaction) {
				this.#database.exec('ROLLBACK');
			}

			throw error;
		}
	}

	close(): void {
		this.#database.close();
	}

	#apply(write: DatabaseWrite): void {
		const {account, device, newest, room, closeRoom, rehash} = this.#statements;
		switch (write.kind) {
			case 'account': {
				account.run(write.key, write.name, write.hash, write.device, write.at);
				device.run(write.key, write.device, write.keys.sign, write.keys.agree, write.at);
				break;
			}

			case 'device': {
				device.run(write.key, write.device, write.keys.sign, write.keys.agree, write.at);
				newest.run(write.device, write.key);
				break;
			}

			case 'room': {
				room.run(write.key, write.name, write.creator, write.at);
				break;
			}

			case 'room-closed': {
				closeRoom.run(write.key);
				break;
			}

			case 'rehash': {
				rehash.run(write.hash, write.key);
				break;
			}
		}
	}

	#prepareSchema(file: string): void {
		const found = this.#database.prepare(identification).get() as {application: number; version: number; tables: number};
		if (found.tables === 0) {
			this.#database.exec(`${schema} PRAGMA application_id=${appId}; PRAGMA user_version=${version}`);
		} else if (found.application !== appId) {
			throw new StartError(`${file} is a database of another program; choose another folder with --data.`);
		} else if (found.version > version) {
			throw new StartError(`${file} was written by a newer version of earshotd (its format is ${found.version}, this program knows ${version}); update earshotd.`);
		}
	}
}

/**
What to tell the operator, by SQLite's primary result code (sqlite3.h).
*/
const explanations: ReadonlyMap<number, (file: string, reason: string) => string> = new Map([
	[5, (file: string) => `${file} is in use: another earshotd runs on this folder. Stop it, or choose another folder with --data.`],
	[8, unwritable],
	[11, damaged],
	[14, unwritable],
	[26, damaged],
]);

function unwritable(file: string, reason: string): string {
	return `${file} can't be opened for writing (${reason}); check the folder's permissions, or choose another with --data.`;
}

function damaged(file: string, reason: string): string {
	return `${file} is damaged (${reason}); put back a backup, or move the file away to start anew.`;
}

function explain(error: unknown, file: string): Error {
	const {errcode, message} = error as Error & {errcode?: number};
	const explanation = errcode === undefined ? undefined : explanations.get(errcode & 0xFF);
	return explanation ? new StartError(explanation(file, message)) : error as Error;
}
