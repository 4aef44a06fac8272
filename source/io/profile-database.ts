// One profile on disk: the device's keys, and in SQLite its outbox, what it has shown, its logins.
// Knows folders, locks and tables; refuses to know about threads (profile-worker.ts) and what a line is for.
//
//   FOLDER/1/  lock        held by the client that runs on this profile; the system frees it, whatever ends the process
//              device.json raw private keys, for the owner's eyes
//              profile.db  tables below
import {randomBytes} from 'node:crypto';
import {
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
} from 'node:fs';
import {join} from 'node:path';
import {DatabaseSync, type StatementSync} from 'node:sqlite';
import * as v from 'valibot';
import type {OutboxEntry, StoreWrite, StoredState} from '../messenger/effects.js';
import {ProtocolError} from '../protocol/errors.js';
import {decodeBase64, encodeBase64} from '../protocol/keys.js';
import {JsonFile} from './json-file.js';

/**
Which profile is wanted: the free one of `preferred` that comes first, else the lowest free one that is not in `avoided`.
*/
export type ProfileWish = {readonly preferred: readonly number[]; readonly avoided: readonly number[]};

/**
A device's private keys, raw 32 bytes each: Ed25519 and X25519.
*/
export type DeviceSecrets = {readonly sign: Uint8Array; readonly agree: Uint8Array};

/**
What a profile keeps of the stored state; the pins stand in the settings that all profiles share.
*/
export type ProfileState = Omit<StoredState, 'pins'>;

/**
What a profile keeps of the writes.
*/
export type ProfileWrite = Exclude<StoreWrite, {kind: 'pin'}>;

/**
As many clients can run side by side on one data folder.
*/
const maximumProfiles = 256;

// As the last line of `tables` sets it.
const schemaVersion = 1;
const busyCode = 5;
const damageCodes = new Set([11, 26]);

const tables = `
	BEGIN;
	CREATE TABLE outbox (
		id TEXT NOT NULL, recipient TEXT NOT NULL, sequence INTEGER NOT NULL, realm TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL,
		text TEXT NOT NULL, at REAL NOT NULL, clock TEXT NOT NULL, PRIMARY KEY (id, recipient)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE seen (device TEXT NOT NULL, place TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (device, place)) STRICT, WITHOUT ROWID;
	CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
	CREATE TABLE logins (server TEXT PRIMARY KEY, user TEXT NOT NULL, token TEXT NOT NULL) STRICT, WITHOUT ROWID;
	PRAGMA user_version = 1;
	COMMIT;
`;

const statements = {
	'outbox-add': 'INSERT OR REPLACE INTO outbox (id, recipient, sequence, realm, sender, kind, place, text, at, clock) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
	'outbox-remove': 'DELETE FROM outbox WHERE id = ? AND recipient = ?',
	seen: 'INSERT INTO seen (device, place, sequence) VALUES (?, ?, ?) ON CONFLICT (device, place) DO UPDATE SET sequence = max(sequence, excluded.sequence)',
	sequence: 'INSERT INTO counters (name, value) VALUES (\'sequence\', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)',
	login: 'INSERT OR REPLACE INTO logins (server, user, token) VALUES (?, ?, ?)',
} as const satisfies Record<ProfileWrite['kind'], string>;

type OutboxRow = Omit<OutboxEntry, 'from' | 'to' | 'place'> & {readonly sender: string; readonly recipient: string; readonly kind: OutboxEntry['place']['kind']; readonly place: string};

/**
The values of a write in the order of its statement.
*/
function parameters(write: ProfileWrite): Array<string | number> {
	switch (write.kind) {
		case 'outbox-add': {
			const {
				id, to, sequence, realm, from, place, text, at, clock,
			} = write.entry;
			return [id, to, sequence, realm, from, place.kind, place.name, text, at, clock];
		}

		case 'outbox-remove': {
			return [write.id, write.to];
		}

		case 'seen': {
			return [write.device, write.place, write.sequence];
		}

		case 'sequence': {
			return [write.next];
		}

		case 'login': {
			return [write.server, write.user, write.token];
		}
	}
}

/**
A profile that this process has for itself until `close`.
*/
export class ProfileDatabase {
	readonly number: number;
	readonly device: DeviceSecrets;
	readonly #lock: DatabaseSync;
	readonly #database: DatabaseSync;
	readonly #statements: Readonly<Record<ProfileWrite['kind'], StatementSync>>;

	private constructor(number: number, device: DeviceSecrets, lock: DatabaseSync, database: DatabaseSync) {
		this.number = number;
		this.device = device;
		this.#lock = lock;
		this.#database = database;
		this.#statements = Object.fromEntries(Object.entries(statements).map(([kind, sql]) => [kind, database.prepare(sql)])) as Record<ProfileWrite['kind'], StatementSync>;
	}

	/**
	Takes a free profile in `folder`, making folder, profile and keys where there are none.

	@throws {ProtocolError} `bad-folder` when the folder can't be written, `no-profile` when all are taken, `damaged-profile`.
	*/
	static async claim(folder: string, {preferred, avoided}: ProfileWish): Promise<ProfileDatabase> {
		const unwanted = new Set(avoided);
		const candidates = new Set([...preferred, ...Array.from({length: maximumProfiles}, (_, index) => index + 1).filter(number => !unwanted.has(number))]);
		for (const number of candidates) {
			const lock = lockProfile(join(folder, String(number)));
			if (lock) {
				try {
					return await openProfile(folder, number, (device, database) => new ProfileDatabase(number, device, lock, database));
				} catch (error) {
					lock.close();
					throw error;
				}
			}
		}

		throw new ProtocolError('no-profile', `${maximumProfiles} clients already run on this data folder. Name another one with --data.`);
	}

	/**
	Everything that was kept; the outbox in the order in which it was written.
	*/
	load(): ProfileState {
		const rows = <Row>(sql: string) => this.#database.prepare(sql).all() as Row[];
		return {
			outbox: rows<OutboxRow>('SELECT * FROM outbox ORDER BY sequence, recipient').map(({sender, recipient, kind, place, ...row}) => ({
				...row, from: sender, to: recipient, place: {kind, name: place},
			})),
			seen: new Map(rows<{device: string; place: string; sequence: number}>('SELECT * FROM seen').map(({device, place, sequence}) => [`${device} ${place}`, sequence])),
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
				this.#statements[write.kind].run(...parameters(write));
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
		this.#lock.close();
	}
}

/**
The lock of a profile, or `undefined` when another client holds it. An open transaction of SQLite is the only lock
that Node offers on every system and that no crash leaves behind.
*/
function lockProfile(folder: string): DatabaseSync | undefined {
	let lock: DatabaseSync | undefined;
	try {
		mkdirSync(folder, {recursive: true, mode: 0o700});
		lock = new DatabaseSync(join(folder, 'lock'), {timeout: 0});
		lock.exec('BEGIN IMMEDIATE');
		return lock;
	} catch (error) {
		lock?.close();
		const {errcode, message} = error as Error & {errcode?: number};
		if (errcode === busyCode) {
			return undefined;
		}

		throw new ProtocolError('bad-folder', `The data folder can't be used: ${message}. Name another one with --data.`);
	}
}

async function openProfile<Profile>(folder: string, number: number, make: (device: DeviceSecrets, database: DatabaseSync) => Profile): Promise<Profile> {
	const path = join(folder, String(number));
	const device = await openDevice(join(path, 'device.json'));
	const databasePath = join(path, 'profile.db');
	// SQLite gives its companions the rights of the database itself.
	closeSync(openSync(databasePath, 'a', 0o600));
	const database = new DatabaseSync(databasePath, {timeout: 1000});
	try {
		database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
		const {user_version: version} = database.prepare('PRAGMA user_version').get() as {user_version: number};
		if (version > schemaVersion) {
			throw new ProtocolError('newer-profile', `${path} was written by a newer Earshot. Update this one, or name another folder with --data.`);
		}

		if (version < schemaVersion) {
			database.exec(tables);
		}

		return make(device, database);
	} catch (error) {
		database.close();
		throw damageCodes.has((error as {errcode?: number}).errcode ?? 0) ? damaged(databasePath) : error;
	}
}

const keyText = v.pipe(v.string(), v.regex(/^[\w\-]{43}$/v));
const deviceSchema = v.object({sign: keyText, agree: keyText});

async function openDevice(path: string): Promise<DeviceSecrets> {
	const file = new JsonFile(path, value => v.is(deviceSchema, value) ? value : undefined);
	let keys = await file.read();
	if (!keys) {
		// New keys in place of damaged ones would be a new person to everybody else; only the user may decide that.
		if (existsSync(path)) {
			throw damaged(path);
		}

		keys = {sign: encodeBase64(randomBytes(32)), agree: encodeBase64(randomBytes(32))};
		await file.write(keys);
	}

	return {sign: decodeBase64(keys.sign), agree: decodeBase64(keys.agree)};
}

function damaged(path: string): ProtocolError {
	return new ProtocolError('damaged-profile', `${path} is damaged and can't be read. Put a backup in its place, or move its folder away to start as a new device.`);
}
