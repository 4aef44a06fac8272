// The database of one profile, in SQLite: its outbox, what it has shown and read, its history, contacts and logins.
// Knows the tables of profile-schema.ts; refuses to know who may open it (profile-claim.ts), threads (profile-worker.ts) and what a line is for.
import {closeSync, openSync} from 'node:fs';
import {dirname} from 'node:path';
import {DatabaseSync, type SQLInputValue, type StatementSync} from 'node:sqlite';
import {findDamage, isDamage, sizeOf} from '../disk/sqlite-file.js';
import type {
	EntryState,
	KnownKey,
	OutboxEntry,
	PrekeySecret,
	StoreWrite,
	StoredState,
} from '../messenger/effects.js';
import {ProtocolError} from '../protocol/errors.js';
import {decodeSequences, encodeSequences} from '../protocol/sequences.js';
import {HistoryTable, type HistoryWrite} from './history-table.js';
import {migrate, schemaVersion, versionOf} from './profile-schema.js';

/**
What a profile keeps of the stored state; the pins stand in the settings that all profiles share.
*/
export type ProfileState = Omit<StoredState, 'pins'>;

/**
What a profile keeps of the writes.
*/
export type ProfileWrite = Exclude<StoreWrite, {kind: 'pin'}>;

/**
The writes that are one row each; those of the history are not among them.
*/
type RowWrite = Exclude<ProfileWrite, HistoryWrite>;

const statements = {
	'outbox-add': 'INSERT OR REPLACE INTO outbox (id, recipient, sequence, realm, sender, kind, place, text, at, clock, made, audience, signature, step, stored_device, stored_prekey, stored_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
	'outbox-state': 'UPDATE outbox SET step = ?, stored_device = ?, stored_prekey = ?, stored_at = ? WHERE id = ? AND recipient = ?',
	'outbox-remove': 'DELETE FROM outbox WHERE id = ? AND recipient = ?',
	seen: 'INSERT OR REPLACE INTO seen (device, place, sequences) VALUES (?, ?, ?)',
	read: 'INSERT OR REPLACE INTO read (device, place, sequences) VALUES (?, ?, ?)',
	owe: 'INSERT OR REPLACE INTO debt (device, place, realm, owner, creditor) VALUES (?, ?, ?, ?, ?)',
	pay: 'DELETE FROM debt WHERE device = ? AND place = ?',
	plead: 'INSERT OR REPLACE INTO plea (device, place, realm, owner, author) VALUES (?, ?, ?, ?, ?)',
	pleaded: 'DELETE FROM plea WHERE device = ? AND place = ?',
	'mail-taken': 'INSERT OR IGNORE INTO taken_mail (server, number) VALUES (?, ?)',
	'mail-forgotten': 'DELETE FROM taken_mail WHERE server = ? AND number = ?',
	'prekey-add': 'INSERT OR REPLACE INTO prekey (id, kind, secret, made_at) VALUES (?, ?, ?, ?)',
	'prekey-remove': 'DELETE FROM prekey WHERE id = ?',
	'contact-add': 'INSERT OR IGNORE INTO contact (realm, owner, user) VALUES (?, ?, ?)',
	'contact-remove': 'DELETE FROM contact WHERE realm = ? AND owner = ? AND user = ?',
	'known-key': 'INSERT OR REPLACE INTO known_key (realm, owner, user, device, sign, agree, trust) VALUES (?, ?, ?, ?, ?, ?, ?)',
	departure: 'INSERT OR REPLACE INTO departure (server, user, at) VALUES (?, ?, ?)',
	'departure-told': 'DELETE FROM departure WHERE server = ? AND user = ?',
	sequence: 'INSERT INTO counters (name, value) VALUES (\'sequence\', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)',
	login: 'INSERT OR REPLACE INTO logins (server, user, token) VALUES (?, ?, ?)',
} as const satisfies Record<RowWrite['kind'] | 'pay' | 'pleaded' | 'departure-told', string>;

type Statement = keyof typeof statements;

type OutboxRow = {
	readonly id: string; readonly sequence: number; readonly realm: string; readonly sender: string; readonly recipient: string; readonly kind: OutboxEntry['place']['kind']; readonly place: string;
	readonly text: string; readonly at: number; readonly clock: string; readonly made: number | null; readonly audience: string | null; readonly signature: string | null; readonly step: EntryState['step']; readonly stored_device: string | null; readonly stored_prekey: number | null; readonly stored_at: number | null;
};

function stateColumns(state: EntryState): [string, string | null, number | null, number | null] {
	return state.step === 'stored' ? [state.step, state.device, state.prekey, state.at] : [state.step, null, null, null];
}

function stateOf({step, stored_device: device, stored_prekey: prekey, stored_at: at}: OutboxRow): EntryState {
	return step === 'stored'
		? {
			step, device: device ?? '', prekey: prekey ?? 0, at: at ?? 0,
		}
		: {step};
}

function proofOf({made, audience, signature}: OutboxRow): Pick<OutboxEntry, 'proof'> {
	return made === null || audience === null || signature === null ? {} : {proof: {made, audience, signature}};
}

/**
The statement of a write and its values in order.
*/
function toStatement(write: RowWrite): [Statement, ...SQLInputValue[]] {
	switch (write.kind) {
		case 'outbox-add': {
			const {
				id, to, sequence, realm, from, place, text, at, clock, proof, state,
			} = write.entry;
			return [write.kind, id, to, sequence, realm, from, place.kind, place.name, text, at, clock, proof?.made ?? null, proof?.audience ?? null, proof?.signature ?? null, ...stateColumns(state)];
		}

		case 'outbox-state': {
			return [write.kind, ...stateColumns(write.state), write.id, write.to];
		}

		case 'outbox-remove': {
			return [write.kind, write.id, write.to];
		}

		case 'seen':
		case 'read': {
			return [write.kind, write.device, write.place, encodeSequences(write.sequences)];
		}

		case 'owe': {
			const {device, place, debt} = write;
			return debt ? ['owe', device, place, debt.realm, debt.owner, debt.to] : ['pay', device, place];
		}

		case 'plead': {
			const {device, place, plea} = write;
			return plea ? ['plead', device, place, plea.realm, plea.owner, plea.to] : ['pleaded', device, place];
		}

		case 'mail-taken':
		case 'mail-forgotten': {
			return [write.kind, write.server, write.number];
		}

		case 'prekey-add': {
			const {id, kind, secret, madeAt} = write.prekey;
			return [write.kind, id, kind, secret, madeAt];
		}

		case 'prekey-remove': {
			return [write.kind, write.id];
		}

		case 'contact-add':
		case 'contact-remove': {
			return [write.kind, write.realm, write.owner, write.user];
		}

		case 'known-key': {
			const {realm, owner, user, device, sign, agree, trust} = write.key;
			return [write.kind, realm, owner, user, device, sign, agree, trust];
		}

		case 'departure': {
			const {server, user, at} = write;
			return at === undefined ? ['departure-told', server, user] : ['departure', server, user, at];
		}

		case 'sequence': {
			return [write.kind, write.next];
		}

		case 'login': {
			return [write.kind, write.server, write.user, write.token];
		}
	}
}

function isHistoryWrite(write: ProfileWrite): write is HistoryWrite {
	return write.kind.startsWith('history-');
}

/**
A statement is made when it is first run: who only reads needs none.
*/
export class ProfileDatabase {
	readonly history: HistoryTable;
	readonly #database: DatabaseSync;
	readonly #statements = new Map<Statement, StatementSync>();

	private constructor(database: DatabaseSync) {
		this.#database = database;
		this.history = new HistoryTable(database);
	}

	/**
	Opens the database at `path`, which is made where there is none. Its profile is to be claimed before.

	@param path
	@param expectsData Somebody has used this profile before: an empty file is a lost one.
	@throws {ProtocolError} `newer-profile` or `damaged-profile`.
	*/
	static open(path: string, expectsData = false): ProfileDatabase {
		// Of an empty file SQLite would begin anew, and throw the log away.
		if ((expectsData && sizeOf(path) === 0) || findDamage(path) !== undefined) {
			throw damagedFile(path);
		}

		// SQLite gives its companions the rights of the database itself.
		closeSync(openSync(path, 'a', 0o600));
		const database = new DatabaseSync(path, {timeout: 1000});
		try {
			database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
			if (expectsData && versionOf(database) === 0) {
				throw damagedFile(path);
			}

			if (versionOf(database) > schemaVersion) {
				throw new ProtocolError('newer-profile', `${dirname(path)} was written by a newer Earshot. Update this one, or name another folder with --data.`);
			}

			migrate(database);
			return new ProfileDatabase(database);
		} catch (error) {
			database.close();
			throw explained(error, path);
		}
	}

	/**
	Everything that was kept; the outbox in the order in which it was written.
	*/
	load(): ProfileState {
		const rows = <Row>(sql: string) => this.#database.prepare(sql).all() as Row[];
		type Mark = {readonly device: string; readonly place: string; readonly sequences: string};
		const marks = (table: 'seen' | 'read') => new Map(rows<Mark>(`SELECT * FROM ${table}`).map(({device, place, sequences}) => [`${device} ${place}`, decodeSequences(sequences)]));
		return {
			outbox: rows<OutboxRow>('SELECT * FROM outbox ORDER BY sequence, recipient').map(row => ({
				id: row.id,
				sequence: row.sequence,
				realm: row.realm,
				from: row.sender,
				to: row.recipient,
				place: {kind: row.kind, name: row.place},
				text: row.text,
				at: row.at,
				clock: row.clock,
				...proofOf(row),
				state: stateOf(row),
			})),
			seen: marks('seen'),
			read: marks('read'),
			debts: new Map(rows<{device: string; place: string; realm: string; owner: string; creditor: string}>('SELECT * FROM debt').map(({device, place, realm, owner, creditor}) => [`${device} ${place}`, {realm, owner, to: creditor}])),
			pleas: new Map(rows<{device: string; place: string; realm: string; owner: string; author: string}>('SELECT * FROM plea').map(({device, place, realm, owner, author}) => [`${device} ${place}`, {realm, owner, to: author}])),
			takenMail: new Set(rows<{server: string; number: number}>('SELECT * FROM taken_mail').map(({server, number}) => `${server} ${number}`)),
			prekeys: rows<{id: number; kind: PrekeySecret['kind']; secret: Uint8Array; made_at: number}>('SELECT * FROM prekey').map(({made_at: madeAt, ...prekey}) => ({...prekey, madeAt})),
			contacts: rows<StoredState['contacts'][number]>('SELECT * FROM contact').map(row => ({...row})),
			knownKeys: rows<KnownKey>('SELECT * FROM known_key').map(row => ({...row})),
			departures: new Map(rows<{server: string; user: string; at: number}>('SELECT * FROM departure').map(({server, user, at}) => [`${server} ${user}`, at])),
			unread: this.history.unread(),
			nextSequence: rows<{value: number}>('SELECT value FROM counters WHERE name = \'sequence\'')[0]?.value ?? 1,
			logins: new Map(rows<{server: string; user: string; token: string}>('SELECT * FROM logins').map(({server, user, token}) => [server, {user, token}])),
		};
	}

	/**
	Performs all of `writes` or none; they are on the disk when it returns.
	*/
	apply(writes: readonly ProfileWrite[]): void {
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

			this.history.handleRollback();
			throw error;
		}
	}

	/**
	Everything that was kept in the database at `path`, as `open` and `load`.

	@throws {ProtocolError} As `open`.
	*/
	static read(path: string, expectsData: boolean): ProfileState {
		const database = this.open(path, expectsData);
		try {
			return database.load();
		} catch (error) {
			throw explained(error, path);
		} finally {
			database.close();
		}
	}

	close(): void {
		this.#database.close();
	}

	#apply(write: ProfileWrite): void {
		if (isHistoryWrite(write)) {
			this.history.apply(write);
			return;
		}

		const [statement, ...values] = toStatement(write);
		this.#prepare(statement).run(...values);
	}

	#prepare(name: Statement): StatementSync {
		let statement = this.#statements.get(name);
		if (!statement) {
			statement = this.#database.prepare(statements[name]);
			this.#statements.set(name, statement);
		}

		return statement;
	}
}

// SQLITE_ERROR: of statements that are right in a whole database, it says that a table or a column is gone.
const statementCode = 1;

function explained(error: unknown, path: string): Error {
	return isDamage(error) || (error as {errcode?: number}).errcode === statementCode ? damagedFile(path) : error as Error;
}

/**
What to tell the owner of a file that can't be read any more.
*/
export function damagedFile(path: string): ProtocolError {
	return new ProtocolError('damaged-profile', `${path} is damaged and can't be read. Put a backup in its place, or move its folder away to start as a new device.`);
}
