// The register of logins and logouts, and when the server was last known to live, on disk.
// Knows how many rows are kept; refuses to know what they tell.
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import {registerRows} from '../core/limits.js';
import type {RegisterRow} from '../core/storage.js';

export class RegisterTable {
	readonly #database: DatabaseSync;
	readonly #statements: Record<'add' | 'trim' | 'beat', StatementSync>;

	constructor(database: DatabaseSync) {
		this.#database = database;
		this.#statements = {
			add: database.prepare('INSERT INTO register (at, user, event, address, how) VALUES (?, ?, ?, ?, ?)'),
			trim: database.prepare('DELETE FROM register WHERE number <= ?'),
			beat: database.prepare('INSERT INTO life (id, alive) VALUES (1, ?) ON CONFLICT DO UPDATE SET alive = excluded.alive'),
		};
	}

	load(): {register: RegisterRow[]; lastAlive: number | undefined} {
		const rows = this.#database.prepare('SELECT at, user, event, address, how FROM register ORDER BY number').all() as Array<Omit<RegisterRow, 'how'> & {how: RegisterRow['how'] | null}>;
		const life = this.#database.prepare('SELECT alive FROM life').get() as {alive: number} | undefined;
		return {register: rows.map(row => ({...row, how: row.how ?? undefined})), lastAlive: life?.alive};
	}

	add({at, user, event, address, how}: RegisterRow): void {
		const {lastInsertRowid} = this.#statements.add.run(at, user, event, address, how ?? null);
		this.#statements.trim.run(Number(lastInsertRowid) - registerRows);
	}

	beat(at: number): void {
		this.#statements.beat.run(at);
	}
}
