// The mail that waits, on disk.
// Knows when a mail is new, when a box is full and what has expired; refuses to know whether anybody is told.
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import {maximumRowsPerLine, maximumWaitingMails} from '../../source/protocol/limits.js';
import {nameKey} from '../../source/protocol/names.js';
import {pageBytes, slotsPerSender} from '../core/limits.js';
import type {
	Answer,
	MailboxName,
	Query,
	SentMail,
	StoredMail,
	Waiting,
	Write,
} from '../core/storage.js';

type MailRow = {
	number: number; sender: string; card: string; room: string | null; slot: string | null; at: number; sealed: string;
};

/**
Bytes of a mail in a line beside its card and what is sealed, at most.
*/
const overhead = 800;

export class MailTable {
	readonly #database: DatabaseSync;
	readonly #statements: Record<'find' | 'lines' | 'slots' | 'empty' | 'insert' | 'fetch' | 'waiting' | 'waitingSlots' | 'acknowledge' | 'firstSince' | 'deleteBefore' | 'deleteAll', StatementSync>;

	constructor(database: DatabaseSync) {
		this.#database = database;
		this.#statements = {
			find: database.prepare('SELECT at FROM mail WHERE sender_device = ? AND mail = ? AND user = ? AND device = ?'),
			lines: database.prepare('SELECT count(*) AS count FROM mail WHERE user = ? AND device = ? AND slot IS NULL'),
			slots: database.prepare('SELECT count(*) AS count FROM mail WHERE user = ? AND device = ? AND sender_device = ? AND slot IS NOT NULL'),
			empty: database.prepare('DELETE FROM mail WHERE user = ? AND device = ? AND sender_device = ? AND slot = ?'),
			insert: database.prepare('INSERT INTO mail (user, device, sender, sender_device, mail, room, room_key, slot, at, card, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
			fetch: database.prepare('SELECT number, sender, card, room, slot, at, sealed FROM mail WHERE user = ? AND device = ? AND number > ? AND (?4 IS NULL OR room_key = ?4) AND (?5 = 0 OR slot IS NOT NULL) ORDER BY number'),
			// The room's name is that of the row with the smallest time: so SQLite treats columns beside a min().
			waiting: database.prepare(`SELECT sender AS user, room, count(*) AS count, min(at) AS since FROM mail WHERE user = ? AND device = ? AND slot IS NULL GROUP BY sender, room_key ORDER BY since, user LIMIT ${maximumRowsPerLine}`),
			waitingSlots: database.prepare('SELECT count(*) AS count FROM mail WHERE user = ? AND device = ? AND slot IS NOT NULL'),
			acknowledge: database.prepare('DELETE FROM mail WHERE user = ? AND device = ? AND number IN (SELECT value FROM json_each(?))'),
			firstSince: database.prepare('SELECT number FROM mail WHERE at >= ? ORDER BY number LIMIT 1'),
			deleteBefore: database.prepare('DELETE FROM mail WHERE number < ?'),
			deleteAll: database.prepare('DELETE FROM mail'),
		};
	}

	/**
	Where anything waits.
	*/
	boxes(): MailboxName[] {
		return this.#database.prepare('SELECT DISTINCT user, device FROM mail').all() as MailboxName[];
	}

	keep(mail: SentMail): Answer<'mail'> {
		const {find, lines, slots, empty, insert} = this.#statements;
		const {user, device, senderDevice, slot, at} = mail;
		const known = find.get(senderDevice, mail.mail, user, device);
		if (known) {
			return {at: known.at as number, isNew: false};
		}

		const isReplacing = slot !== undefined && empty.run(user, device, senderDevice, slot).changes > 0;
		const isFull = slot === undefined
			? countOf(lines.get(user, device)) >= maximumWaitingMails
			: !isReplacing && countOf(slots.get(user, device, senderDevice)) >= slotsPerSender;
		if (isFull) {
			return undefined;
		}

		insert.run(user, device, mail.sender, senderDevice, mail.mail, mail.room ?? null, mail.room === undefined ? null : nameKey(mail.room), slot ?? null, at, mail.card, mail.sealed);
		return {at, isNew: true};
	}

	/**
	As many mails as fit in a line, at least one.
	*/
	fetch({user, device, after, room, slots}: Extract<Query, {kind: 'fetch'}>): Answer<'fetch'> {
		const mails: StoredMail[] = [];
		let bytes = 0;
		for (const row of this.#statements.fetch.iterate(user, device, after, room ?? null, slots ? 1 : 0)) {
			const {room: roomName, slot, ...mail} = row as MailRow;
			bytes += mail.sealed.length + mail.card.length + overhead;
			if (mails.length > 0 && (bytes > pageBytes || mails.length === maximumRowsPerLine)) {
				return {mails, more: true};
			}

			mails.push({...mail, room: roomName ?? undefined, slot: slot ?? undefined});
		}

		return {mails, more: false};
	}

	waiting(user: string, device: string): Waiting {
		const rows = this.#statements.waiting.all(user, device) as Array<{user: string; room: string | null; count: number; since: number}>;
		return {
			rows: rows.map(({room, ...row}) => ({...row, ...(room !== null && {room})})),
			slots: countOf(this.#statements.waitingSlots.get(user, device)),
		};
	}

	acknowledge({user, device, numbers}: Extract<Write, {kind: 'mail-taken'}>): void {
		this.#statements.acknowledge.run(user, device, JSON.stringify(numbers));
	}

	/**
	Deletes what came before `at`. Numbers grow with time, so only the oldest are looked at.
	*/
	expire(at: number): void {
		const first = this.#statements.firstSince.get(at);
		if (first) {
			this.#statements.deleteBefore.run(first.number as number);
		} else {
			this.#statements.deleteAll.run();
		}
	}
}

function countOf(row: Record<string, unknown> | undefined): number {
	return row!.count as number;
}
