// The tables of the server's file, as the steps that made them.
// Knows each version's changes; a file of any earlier version is brought up to date step by step. Refuses to know the rows.

/**
Step n leads from version n to n + 1; a step that has been released is never changed again.
*/
const steps: readonly string[] = [
	`
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
	`,
	// Mail, prekeys, members, private rooms and the register. What an account's newest device has left of its prekeys stands beside
	// the account, because a start reads all accounts and must not count millions of keys.
	`
		ALTER TABLE account ADD COLUMN signed INTEGER;
		ALTER TABLE account ADD COLUMN one_time INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE device ADD COLUMN signed INTEGER;
		ALTER TABLE device ADD COLUMN signed_key TEXT;
		ALTER TABLE device ADD COLUMN signature TEXT;
		CREATE TABLE prekey (
			user TEXT NOT NULL,
			device TEXT NOT NULL,
			id INTEGER NOT NULL,
			key TEXT NOT NULL,
			taken INTEGER,
			PRIMARY KEY (user, device, id),
			FOREIGN KEY (user, device) REFERENCES device
		) STRICT, WITHOUT ROWID;
		ALTER TABLE room ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
		CREATE TABLE member (
			room TEXT NOT NULL REFERENCES room ON DELETE CASCADE,
			user TEXT NOT NULL REFERENCES account,
			away INTEGER,
			PRIMARY KEY (room, user)
		) STRICT, WITHOUT ROWID;
		CREATE TABLE invited (
			room TEXT NOT NULL REFERENCES room ON DELETE CASCADE,
			user TEXT NOT NULL REFERENCES account,
			at INTEGER NOT NULL,
			PRIMARY KEY (room, user)
		) STRICT, WITHOUT ROWID;
		CREATE TABLE mail (
			number INTEGER PRIMARY KEY AUTOINCREMENT,
			user TEXT NOT NULL REFERENCES account,
			device TEXT NOT NULL,
			sender TEXT NOT NULL REFERENCES account,
			sender_device TEXT NOT NULL,
			mail TEXT NOT NULL,
			room TEXT,
			room_key TEXT,
			slot TEXT,
			at INTEGER NOT NULL,
			card TEXT NOT NULL,
			sealed TEXT NOT NULL
		) STRICT;
		CREATE UNIQUE INDEX mail_identity ON mail (sender_device, mail, user, device);
		CREATE INDEX mail_box ON mail (user, device);
		CREATE INDEX mail_lines ON mail (user, device) WHERE slot IS NULL;
		CREATE UNIQUE INDEX mail_slots ON mail (user, device, sender_device, slot) WHERE slot IS NOT NULL;
		CREATE TABLE register (
			number INTEGER PRIMARY KEY,
			at INTEGER NOT NULL,
			user TEXT NOT NULL,
			event TEXT NOT NULL,
			address TEXT NOT NULL,
			how TEXT
		) STRICT;
		CREATE TABLE life (
			id INTEGER PRIMARY KEY CHECK (id = 1),
			alive INTEGER NOT NULL
		) STRICT;
	`,
];

/**
Marks the file as ours ("EARS"), so that no other database is taken for one.
*/
export const appId = 0x45_41_52_53;

/**
The version that this program writes.
*/
export const schemaVersion = steps.length;

/**
What leads from `version` (0 for an empty file) to the newest one.
*/
export function stepsFrom(version: number): string {
	return steps.slice(version).join('');
}
