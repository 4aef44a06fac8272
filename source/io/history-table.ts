// The history of a profile: every line that was said to or by the people who used it, and an index of their words.
// Knows its tables and how to find lines in them; runs in the profile's thread and blocks it. Refuses to know why a line is wanted.
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import type {
	HistoryLine,
	HistoryQuery,
	Recalled,
	StoredState,
	StoreWrite,
} from '../messenger/effects.js';
import {mailLifetimeMs} from '../protocol/limits.js';
import {afterFor, takeable} from '../protocol/line-proof.js';
import {gapsOf, type Sequences} from '../protocol/sequences.js';

/**
The writes that go to the history.
*/
export type HistoryWrite = Extract<StoreWrite, {kind: `history-${string}`}>;

type Row = {
	readonly number: number; readonly place: string; readonly id: string; readonly device: string; readonly sequence: number; readonly sender: string; readonly text: string;
	readonly at: number; readonly clock: string; readonly state: string | null; readonly unread: number;
	readonly made: number | null; readonly audience: string | null; readonly signature: string | null; readonly card: string | null;
};

type Proven = {readonly number: number; readonly sequence: number; readonly audience: string};

type Person = {readonly realm: string; readonly owner: string};

/**
Lines that a search looks at and throws away, because somebody else on this profile wrote or received them.
*/
const maximumSkipped = 10_000;

/**
How far back lines are looked through for those that a reader may lack, of how many authors; a reader who was in the room is named in all of its newest lines.
*/
const maximumAuthors = 256;
const maximumLooked = 4000;
const maximumStrange = 64;

/**
A line is passed on as long as mail lives, with a day for clocks that differ.
*/
const provenMs = mailLifetimeMs + (24 * 3_600_000);
const proofsAtOnce = 500;

/**
Pages of the index of words that are joined at once: some ms of work.
*/
const mergedPages = 16;

const columns = 'number, place, h.id, device, sequence, sender, h.text, at, clock, state, unread, made, audience, signature, card.text AS card';
const source = 'history AS h LEFT JOIN card ON card.id = h.card';
const statements = {
	person: 'SELECT id FROM person WHERE realm = ? AND owner = ?',
	addPerson: 'INSERT INTO person (realm, owner) VALUES (?, ?) RETURNING id',
	card: 'SELECT id FROM card WHERE text = ?',
	addCard: 'INSERT INTO card (text) VALUES (?) RETURNING id',
	add: 'INSERT OR IGNORE INTO history (person, place, id, device, sequence, sender, text, at, clock, state, unread, made, audience, signature, card) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
	state: 'UPDATE history SET state = ? WHERE id = ?',
	read: 'UPDATE history SET unread = 0 WHERE person = ? AND place = ? AND unread = 1',
	unread: 'SELECT realm, owner, place, sender, count(*) AS count, min(at) AS since FROM history AS h JOIN person ON person.id = h.person WHERE unread = 1 GROUP BY person, place, sender',
	last: `SELECT ${columns} FROM ${source} WHERE person = ? AND place = ? ORDER BY clock DESC, h.id DESC LIMIT ?`,
	before: `SELECT ${columns} FROM ${source} WHERE person = ? AND place = ? AND (clock, h.id) < (?, ?) ORDER BY clock DESC, h.id DESC LIMIT ?`,
	after: `SELECT ${columns} FROM ${source} WHERE person = ? AND place = ? AND (clock, h.id) > (?, ?) ORDER BY clock, h.id LIMIT ?`,
	authors: `
		WITH RECURSIVE author (device) AS (
			SELECT min(device) FROM history WHERE person = ?1 AND place = ?2 AND signature IS NOT NULL
			UNION ALL SELECT (SELECT min(device) FROM history WHERE person = ?1 AND place = ?2 AND device > author.device AND signature IS NOT NULL) FROM author WHERE author.device IS NOT NULL
		)
		SELECT device FROM author WHERE device IS NOT NULL LIMIT ?3
	`,
	newest: 'SELECT number, sequence, at, made, audience FROM history WHERE person = ? AND place = ? AND device = ? AND sequence BETWEEN ? AND ? AND signature IS NOT NULL ORDER BY sequence DESC LIMIT ?',
	found: `
		SELECT
			h.number,
			(SELECT json_group_array(number) FROM (SELECT number FROM history WHERE person = ?1 AND place = h.place AND (clock, id) < (h.clock, h.id) ORDER BY clock DESC, id DESC LIMIT ?2)) AS before,
			(SELECT json_group_array(number) FROM (SELECT number FROM history WHERE person = ?1 AND place = h.place AND (clock, id) > (h.clock, h.id) ORDER BY clock, id LIMIT ?2)) AS after
		FROM (SELECT rowid AS number FROM history_text WHERE history_text MATCH ?3 ORDER BY rowid DESC LIMIT ?4) AS f CROSS JOIN history AS h ON h.number = f.number
		WHERE h.person = ?1 LIMIT ?5
	`,
	eraseProofs: `
		UPDATE history SET made = NULL, audience = NULL, signature = NULL, card = NULL
		WHERE number IN (SELECT number FROM history WHERE signature IS NOT NULL AND at < ? ORDER BY at LIMIT ?)
	`,
	merge: `INSERT INTO history_text (history_text, rank) VALUES ('merge', ${mergedPages})`,
	changes: 'SELECT total_changes() AS count',
	lines: `SELECT ${columns} FROM json_each(?) AS wanted CROSS JOIN history AS h ON h.number = wanted.value LEFT JOIN card ON card.id = h.card`,
} as const;

type Found = {readonly number: number; readonly before: string; readonly after: string};

/**
What people type as words of the index, each of which must occur.
*/
function matchAll(words: string): string | undefined {
	return words.match(/[\p{Letter}\p{Mark}\p{Number}]+/gv)?.slice(0, 16).map(term => `"${term}"`).join(' ');
}

/**
All lines of the people who used a profile.
*/
export class HistoryTable {
	readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;
	readonly #database: DatabaseSync;
	readonly #persons = new Map<string, number>();

	constructor(database: DatabaseSync) {
		this.#database = database;
		this.#statements = Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)])) as Record<keyof typeof statements, StatementSync>;
	}

	/**
	Performs a write, inside the transaction of its batch. A line that is there already stays as it is.
	*/
	apply(write: HistoryWrite): void {
		switch (write.kind) {
			case 'history-add': {
				this.#add(write.line);
				break;
			}

			case 'history-state': {
				this.#statements.state.run(write.state, write.id);
				break;
			}

			case 'history-read': {
				this.#statements.read.run(this.#personOf(write), write.place);
				break;
			}
		}
	}

	/**
	Takes the proofs off lines that are too old to be passed on, some at a time: they are larger than most lines.

	@param now Ms since the epoch.
	@returns How many that were.
	*/
	eraseProofs(now: number): number {
		return Number(this.#statements.eraseProofs.run(now - provenMs, proofsAtOnce).changes);
	}

	/**
	A transaction was undone: what was learned in it may not be so.
	*/
	handleRollback(): void {
		this.#persons.clear();
	}

	/**
	What a query asks for, oldest first; `search` newest first.
	*/
	recall(query: HistoryQuery): Recalled[] {
		const person = this.#findPerson(query);
		if (person === undefined) {
			return [];
		}

		const owner: Person = {realm: query.realm, owner: query.owner};
		switch (query.kind) {
			case 'page': {
				const {place, before, limit} = query;
				return this.#before(owner, person, {place, before, limit});
			}

			case 'passable': {
				return this.#passable(owner, person, query);
			}

			case 'search': {
				return this.#search(owner, person, query);
			}
		}
	}

	/**
	Joins some pages of the index of words: lines bring it into many pieces, and a search goes through each (https://sqlite.org/fts5.html#the_merge_command).

	@returns Whether nothing is left to be joined.
	*/
	tidyIndex(): boolean {
		const {merge, changes} = this.#statements;
		const count = () => changes.get()!.count as number;
		const before = count();
		merge.run();
		return count() - before < 2;
	}

	/**
	Every line of a conversation, oldest first, read as they are asked for.
	*/
	* walk(query: Person & {readonly place: string}): Generator<HistoryLine, void> {
		const person = this.#findPerson(query);
		if (person === undefined) {
			return;
		}

		const statement = this.#database.prepare(`SELECT ${columns} FROM ${source} WHERE person = ? AND place = ? ORDER BY clock, h.id`);
		for (const row of statement.iterate(person, query.place)) {
			yield toLine(query, row as unknown as Row);
		}
	}

	/**
	Who wrote what by mail that was not seen yet.
	*/
	unread(): StoredState['unread'] {
		return this.#statements.unread.all().map(row => {
			const {realm, owner, place, sender, count, since} = row as unknown as {realm: string; owner: string; place: HistoryLine['place']; sender: string; count: number; since: number};
			return {
				realm, owner, place, from: sender, count, since,
			};
		});
	}

	#add(line: HistoryLine): void {
		const {place, id, device, sequence, from, text, at, clock, state, isUnread, proof} = line;
		const proven = [proof?.made ?? null, proof?.audience ?? null, proof?.signature ?? null, proof ? this.#cardOf(proof.card) : null];
		this.#statements.add.run(this.#personOf(line), place, id, device, sequence, from, text, at, clock, state ?? null, isUnread ? 1 : 0, ...proven);
	}

	#before(owner: Person, person: number, {place, before, limit}: {place: string; before: {readonly clock: string; readonly id: string} | undefined; limit: number}): HistoryLine[] {
		const rows = before ? this.#statements.before.all(person, place, before.clock, before.id, limit) : this.#statements.last.all(person, place, limit);
		return this.#lines(owner, rows).toReversed();
	}

	#search(owner: Person, person: number, {words, limit, context}: HistoryQuery & {kind: 'search'}): Recalled[] {
		const match = matchAll(words);
		if (match === undefined) {
			return [];
		}

		const find = (expression: string) => this.#statements.found.all(person, context, expression, limit + maximumSkipped, limit) as Found[];
		// The beginnings of a frequent word would cost a walk through all that begins like it; they are wanted where the word itself is not frequent.
		let found = find(match);
		if (found.length < limit) {
			found = find(`${match}*`);
		}

		const places = found.map(({number, before, after}) => ({number, before: JSON.parse(before) as number[], after: JSON.parse(after) as number[]}));
		const wanted = new Set(places.flatMap(({number, before, after}) => [number, ...before, ...after]));
		const rows = this.#statements.lines.all(JSON.stringify([...wanted])) as Row[];
		const lines = new Map(rows.map(row => [row.number, toLine(owner, row)]));
		const linesOf = (numbers: readonly number[]) => numbers.map(number => lines.get(number)!);
		return places
			.toSorted((one, other) => other.number - one.number)
			.map(({number, before, after}) => ({...lines.get(number)!, before: linesOf(before.toReversed()), after: linesOf(after)}));
	}

	#passable(owner: Person, person: number, query: HistoryQuery & {kind: 'passable'}): HistoryLine[] {
		for (const {device} of this.#statements.authors.all(person, query.place, maximumAuthors) as Array<{device: string}>) {
			const had = query.marks.get(device) ?? [];
			const numbers = takeable(this.#newestFor(person, device, had, query).toReversed(), query.reader, had).slice(0, query.limit).map(({number}) => number);
			if (numbers.length > 0) {
				return this.#lines(owner, this.#statements.lines.all(JSON.stringify(numbers)));
			}
		}

		return [];
	}

	/**
	An author's lines that are meant for a reader, and that the reader lacks, the newest first, as far back as it makes sense to look.
	*/
	#newestFor(person: number, device: string, had: Sequences, {place, made, reader, since}: HistoryQuery & {kind: 'passable'}): Proven[] {
		const found: Proven[] = [];
		let strange = 0;
		for (const row of this.#lacked(person, place, device, had)) {
			if (row.made !== made || row.at < since || strange >= maximumStrange) {
				break;
			}

			if (afterFor(row.audience, reader) === undefined) {
				strange++;
			} else {
				strange = 0;
				found.push(row);
			}
		}

		return found;
	}

	/**
	An author's lines beside those that a reader has, the newest first.
	*/
	* #lacked(person: number, place: string, device: string, had: Sequences): Generator<Proven & {readonly at: number; readonly made: number}, void> {
		let looked = 0;
		for (const [first, last] of gapsOf(had).toReversed()) {
			for (const row of this.#statements.newest.iterate(person, place, device, first, last, maximumLooked - looked) as Iterable<Proven & {readonly at: number; readonly made: number}>) {
				looked++;
				yield row;
			}
		}
	}

	#lines(owner: Person, rows: unknown[]): HistoryLine[] {
		return rows.map(row => toLine(owner, row as Row));
	}

	#findPerson({realm, owner}: Person): number | undefined {
		return (this.#statements.person.get(realm, owner) as {id: number} | undefined)?.id;
	}

	#personOf(person: Person): number {
		const key = `${person.realm} ${person.owner}`;
		let id = this.#persons.get(key);
		if (id === undefined) {
			id = this.#findPerson(person) ?? (this.#statements.addPerson.get(person.realm, person.owner) as {id: number}).id;
			this.#persons.set(key, id);
		}

		return id;
	}

	#cardOf(text: string): number {
		return ((this.#statements.card.get(text) ?? this.#statements.addCard.get(text)) as {id: number}).id;
	}
}

function toLine({realm, owner}: Person, {place, id, device, sequence, sender, text, at, clock, state, unread, made, audience, signature, card}: Row): HistoryLine {
	return {
		realm,
		owner,
		place: place as HistoryLine['place'],
		id,
		device,
		sequence,
		from: sender,
		text,
		at,
		clock,
		state: (state ?? undefined) as HistoryLine['state'],
		isUnread: unread === 1,
		proof: made === null || audience === null || signature === null || card === null
			? undefined
			: {
				made, audience, signature, card,
			},
	};
}
