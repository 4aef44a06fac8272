// What waits for the user, as one list: lines at the server, and lines that came by mail and were not looked at.
// Knows how the two are added up by sender and place; refuses to know how they come and go (mailbox.ts, reading.ts).
import type {WaitingRow} from '../../protocol/messages.js';
import {nameKey} from '../../protocol/names.js';
import type {ConversationKey, PendingView} from '../view.js';

/**
Lines that are here and were not looked at, of the user `owner`.
*/
export type UnlookedRow = {readonly owner: string; readonly key: ConversationKey; readonly from: string; readonly count: number; readonly since: number};

export class Pending {
	#waiting: readonly WaitingRow[] = [];
	#unread: readonly UnlookedRow[] = [];
	#owner = '';
	#view: readonly PendingView[] = [];

	/**
	By sender and room, oldest first; the same array until something changed.
	*/
	view(waiting: readonly WaitingRow[], unread: readonly UnlookedRow[], owner: string): readonly PendingView[] {
		if (waiting !== this.#waiting || unread !== this.#unread || owner !== this.#owner) {
			this.#waiting = waiting;
			this.#unread = unread;
			this.#owner = owner;
			this.#view = sum([
				...waiting.map(({user, room, count, since}) => ({
					user, room, count, since,
				})),
				...unread.filter(row => row.owner === owner).map(({key, from, count, since}) => ({
					user: from, room: key.startsWith('room:') ? key.slice('room:'.length) : undefined, count, since,
				})),
			]);
		}

		return this.#view;
	}
}

function sum(rows: readonly PendingView[]): PendingView[] {
	const sums = new Map<string, PendingView>();
	for (const row of rows) {
		const key = `${nameKey(row.user)} ${row.room === undefined ? '' : nameKey(row.room)}`;
		const before = sums.get(key);
		sums.set(key, before ? {...before, count: before.count + row.count, since: Math.min(before.since, row.since)} : row);
	}

	return sums.values().toArray().toSorted((one, other) => one.since - other.since);
}
