// The tables of a profile's database, and how an older one becomes a newer one.
// Knows SQL; refuses to know what the rows are for (profile-database.ts and history-table.ts write and read them).
import type {DatabaseSync} from 'node:sqlite';

/**
One step for each version of the tables: the first makes version 1 of nothing, the next version 2 of version 1, and so on.
*/
const steps: readonly string[] = [
	`
	CREATE TABLE outbox (
		id TEXT NOT NULL, recipient TEXT NOT NULL, sequence INTEGER NOT NULL, realm TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL,
		text TEXT NOT NULL, at REAL NOT NULL, clock TEXT NOT NULL, PRIMARY KEY (id, recipient)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE seen (device TEXT NOT NULL, place TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (device, place)) STRICT, WITHOUT ROWID;
	CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
	CREATE TABLE logins (server TEXT PRIMARY KEY, user TEXT NOT NULL, token TEXT NOT NULL) STRICT, WITHOUT ROWID;
	`,
	// The text index holds no second copy of the lines; rows are never changed in what it indexes and never deleted.
	`
	ALTER TABLE outbox ADD COLUMN step TEXT NOT NULL DEFAULT 'queued';
	ALTER TABLE outbox ADD COLUMN stored_device TEXT;
	ALTER TABLE outbox ADD COLUMN stored_at REAL;
	CREATE TABLE read (device TEXT NOT NULL, place TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (device, place)) STRICT, WITHOUT ROWID;
	CREATE TABLE debt (device TEXT NOT NULL, place TEXT NOT NULL, realm TEXT NOT NULL, owner TEXT NOT NULL, creditor TEXT NOT NULL, PRIMARY KEY (device, place)) STRICT, WITHOUT ROWID;
	CREATE TABLE taken_mail (server TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (server, number)) STRICT, WITHOUT ROWID;
	CREATE TABLE prekey (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, secret BLOB NOT NULL, made_at REAL NOT NULL) STRICT;
	CREATE TABLE contact (realm TEXT NOT NULL, owner TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (realm, owner, user)) STRICT, WITHOUT ROWID;
	CREATE TABLE known_key (
		realm TEXT NOT NULL, owner TEXT NOT NULL, user TEXT NOT NULL, device TEXT NOT NULL, sign TEXT NOT NULL, agree TEXT NOT NULL, trust TEXT NOT NULL,
		PRIMARY KEY (realm, owner, user, device)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE departure (server TEXT NOT NULL, user TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (server, user)) STRICT, WITHOUT ROWID;
	CREATE TABLE person (id INTEGER PRIMARY KEY, realm TEXT NOT NULL, owner TEXT NOT NULL, UNIQUE (realm, owner)) STRICT;
	CREATE TABLE card (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
	CREATE TABLE history (
		number INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person, place TEXT NOT NULL, id TEXT NOT NULL, device TEXT NOT NULL, sequence INTEGER NOT NULL,
		sender TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL, clock TEXT NOT NULL, state TEXT, unread INTEGER NOT NULL,
		previous INTEGER, signature TEXT, card INTEGER REFERENCES card, UNIQUE (id, person)
	) STRICT;
	CREATE INDEX history_page ON history (person, place, clock, id);
	CREATE INDEX history_author ON history (person, place, device, sequence) WHERE signature IS NOT NULL;
	CREATE INDEX history_unread ON history (person, place, sender) WHERE unread = 1;
	CREATE VIRTUAL TABLE history_text USING fts5(text, content = 'history', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3 4 5');
	CREATE TRIGGER history_added AFTER INSERT ON history BEGIN INSERT INTO history_text (rowid, text) VALUES (new.number, new.text); END;
	`,
	// Proofs of lines in rooms. What stood in their place in the history was never written.
	`
	ALTER TABLE outbox ADD COLUMN made INTEGER;
	ALTER TABLE outbox ADD COLUMN audience TEXT;
	ALTER TABLE outbox ADD COLUMN signature TEXT;
	ALTER TABLE history RENAME COLUMN previous TO made;
	ALTER TABLE history ADD COLUMN audience TEXT;
	`,
	// Which lines were taken and read is a few ranges (source/protocol/sequences.ts); what was one number spoke for all below it. And who is to mail again.
	`
	CREATE TABLE plea (device TEXT NOT NULL, place TEXT NOT NULL, realm TEXT NOT NULL, owner TEXT NOT NULL, author TEXT NOT NULL, PRIMARY KEY (device, place)) STRICT, WITHOUT ROWID;
	ALTER TABLE seen ADD COLUMN sequences TEXT NOT NULL DEFAULT '';
	UPDATE seen SET sequences = '1-' || sequence;
	ALTER TABLE seen DROP COLUMN sequence;
	ALTER TABLE read ADD COLUMN sequences TEXT NOT NULL DEFAULT '';
	UPDATE read SET sequences = '1-' || sequence;
	ALTER TABLE read DROP COLUMN sequence;
	`,
	// Which of its reader's signed prekeys a line at the server is sealed with.
	`
	ALTER TABLE outbox ADD COLUMN stored_prekey INTEGER;
	`,
	// By which proofs are found that nobody may ask for any more.
	`
	CREATE INDEX history_proof ON history (at) WHERE signature IS NOT NULL;
	`,
	// The index of words is kept in few pieces (HistoryTable.tidyIndex).
	`
	INSERT INTO history_text (history_text, rank) VALUES ('usermerge', 2);
	`,
];

/**
The version that this program writes.
*/
export const schemaVersion = steps.length;

/**
The version of the tables in `database`; 0 when there are none.
*/
export function versionOf(database: DatabaseSync): number {
	return (database.prepare('PRAGMA user_version').get() as {user_version: number}).user_version;
}

/**
Brings the tables to `schemaVersion`, all at once or not at all.
*/
export function migrate(database: DatabaseSync): void {
	const version = versionOf(database);
	if (version < schemaVersion) {
		database.exec(`BEGIN IMMEDIATE; ${steps.slice(version).join('\n')} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
	}
}
