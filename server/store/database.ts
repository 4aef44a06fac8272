// Everything the server keeps, in one SQLite file.
// Knows how to open it safely and which table a write belongs to; runs in the store's worker and blocks it. Refuses to know who asks.
import {DatabaseSync, type StatementSync} from 'node:sqlite';
import {findDamage, isDamage, sizeOf} from '../../source/disk/sqlite-file.js';
import type {Account} from '../core/accounts.js';
import type {StoredState} from '../core/server-core.js';
import type {Answer, Query, Write} from '../core/storage.js';
import {writeBackup, type BackupOrder, type BackupReport} from './backup.js';
import {MailTable} from './mail-table.js';
import {PrekeyTable} from './prekey-table.js';
import {RegisterTable} from './register-table.js';
import {RoomTables} from './room-tables.js';
import {appId, schemaVersion, stepsFrom} from './schema.js';
import {DamageError, StartError} from './start-error.js';

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

/**
A question of the core, or the store's own: the password hash of an account.
*/
export type DatabaseQuery = Query | {readonly kind: 'hash'; readonly key: string};

/**
What a write or question is answered with.
*/
export type DatabaseAnswer<Request extends DatabaseQuery | DatabaseWrite> = Request['kind'] extends 'hash' ? string | undefined : Answer<Request['kind']>;

export class Database {
	readonly #database: DatabaseSync;
	readonly #mail: MailTable;
	readonly #prekeys: PrekeyTable;
	readonly #rooms: RoomTables;
	readonly #register: RegisterTable;
	readonly #statements: Record<'account' | 'device' | 'newest' | 'rehash' | 'hash', StatementSync>;

	/**
	Opens `file`, making it where there is none, and keeps it locked for this process alone.

	@param file
	@param expectsData There was a server here before: an empty file is a lost one.
	@throws {StartError} When it can't be used, with the reason; a `DamageError` when it is not whole.
	*/
	constructor(file: string, expectsData = false) {
		try {
			// Of an empty file SQLite would begin anew, and throw the log away.
			const problem = expectsData && sizeOf(file) === 0 ? 'it is empty' : findDamage(file);
			if (problem !== undefined) {
				throw new DamageError(damaged(file, problem));
			}

			this.#database = new DatabaseSync(file);
			// The lock is taken at the first write below and given back by the system even after SIGKILL.
			this.#database.exec('PRAGMA locking_mode=EXCLUSIVE');
			this.#database.exec('PRAGMA journal_mode=WAL');
			this.#database.exec('PRAGMA synchronous=FULL');
			this.#database.exec('PRAGMA foreign_keys=ON');
			this.#database.exec('BEGIN IMMEDIATE');
			this.#prepareSchema(file, expectsData);
			this.#database.exec('COMMIT');
			this.#mail = new MailTable(this.#database);
			this.#prekeys = new PrekeyTable(this.#database);
			this.#rooms = new RoomTables(this.#database);
			this.#register = new RegisterTable(this.#database);
			this.#statements = {
				account: this.#database.prepare('INSERT INTO account (key, name, hash, device, created) VALUES (?, ?, ?, ?, ?)'),
				device: this.#database.prepare('INSERT INTO device (key, device, sign, agree, bound) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET agree = excluded.agree, bound = excluded.bound'),
				newest: this.#database.prepare('UPDATE account SET device = ? WHERE key = ?'),
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
	load(file: string): StoredState {
		try {
			return {
				accounts: this.#accounts(),
				rooms: this.#rooms.load(),
				mailboxes: this.#mail.boxes(),
				...this.#register.load(),
			};
		} catch (error) {
			throw explain(error, file);
		}
	}

	/**
	Answers a question; the answer has the shape that belongs to it.
	*/
	lookUp(query: DatabaseQuery): unknown {
		switch (query.kind) {
			case 'hash': {
				return this.#statements.hash.get(query.key)?.hash;
			}

			case 'keys': {
				return this.#prekeys.keys(query.user, query.device);
			}

			case 'waiting': {
				return this.#mail.waiting(query.user, query.device);
			}

			case 'fetch': {
				return this.#mail.fetch(query);
			}
		}
	}

	/**
	Makes all writes durable in one transaction; when it throws, none of them happened.

	@returns What each is answered with.
	*/
	apply(writes: readonly DatabaseWrite[]): unknown[] {
		this.#database.exec('BEGIN IMMEDIATE');
		try {
			const answers = writes.map(write => this.#apply(write));
			this.#database.exec('COMMIT');
			return answers;
		} catch (error) {
			if (this.#database.isTransaction) {
				this.#database.exec('ROLLBACK');
			}

			throw error;
		}
	}

	/**
	Writes a backup, whatever is written meanwhile.

	@throws {ProtocolError}
	*/
	async backUp(order: BackupOrder): Promise<BackupReport> {
		return writeBackup(this.#database, order);
	}

	/**
	Brings what stands in the log into the file itself.
	*/
	checkpoint(): void {
		this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
	}

	close(): void {
		this.#database.close();
	}

	#accounts(): Account[] {
		const select = this.#database.prepare('SELECT key, name, device, signed, one_time FROM account');
		// As objects 100 000 accounts would take 0.15 s more.
		select.setReturnArrays(true);
		const rows = select.all() as unknown as Array<[key: string, name: string, device: string, signed: number | null, oneTimePrekeys: number]>;
		return rows.map(([key, name, device, signed, oneTimePrekeys]) => ({
			key, name, device, signedPrekey: signed ?? undefined, oneTimePrekeys,
		}));
	}

	#apply(write: DatabaseWrite): unknown {
		const {account, device, newest, rehash} = this.#statements;
		switch (write.kind) {
			case 'account': {
				account.run(write.key, write.name, write.hash, write.device, write.at);
				device.run(write.key, write.device, write.keys.sign, write.keys.agree, write.at);
				return undefined;
			}

			case 'device': {
				device.run(write.key, write.device, write.keys.sign, write.keys.agree, write.at);
				newest.run(write.device, write.key);
				return this.#prekeys.held(write.key, write.device);
			}

			case 'rehash': {
				rehash.run(write.hash, write.key);
				return undefined;
			}

			case 'prekeys': {
				return this.#prekeys.publish(write);
			}

			case 'prekeys-taken': {
				return this.#prekeys.take(write);
			}

			case 'mail': {
				return this.#mail.keep(write);
			}

			case 'mail-taken': {
				this.#mail.acknowledge(write);
				return undefined;
			}

			case 'expired': {
				this.#mail.expire(write.at);
				this.#prekeys.expire(write.at);
				return undefined;
			}

			case 'register': {
				this.#register.add(write.row);
				return undefined;
			}

			case 'alive': {
				this.#register.beat(write.at);
				return undefined;
			}

			default: {
				this.#rooms.apply(write);
				return undefined;
			}
		}
	}

	#prepareSchema(file: string, expectsData: boolean): void {
		const found = this.#database.prepare(identification).get() as {application: number; version: number; tables: number};
		if (found.tables > 0 && found.application !== appId) {
			throw new StartError(`${file} is a database of another program; choose another folder with --data.`);
		}

		if (expectsData && found.tables === 0) {
			throw new DamageError(damaged(file, 'its tables are gone'));
		}

		if (found.version > schemaVersion) {
			throw new StartError(`${file} was written by a newer version of earshotd (its format is ${found.version}, this program knows ${schemaVersion}); update earshotd.`);
		}

		if (found.version < schemaVersion) {
			this.#database.exec(`${stepsFrom(found.tables === 0 ? 0 : found.version)} PRAGMA application_id=${appId}; PRAGMA user_version=${schemaVersion}`);
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
	return `${file} is damaged (${reason}). Put back a backup (earshotd restore FILE), or move the whole folder away to start anew.`;
}

function explain(error: unknown, file: string): Error {
	const {errcode = 0, message} = error as Error & {errcode?: number};
	const explanation = explanations.get(errcode & 0xFF)?.(file, message);
	if (explanation === undefined) {
		return error as Error;
	}

	return isDamage(error) ? new DamageError(explanation) : new StartError(explanation);
}
