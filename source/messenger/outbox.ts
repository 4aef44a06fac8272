// The outbox: lines on their way, each until its recipient's own receipt.
// Knows order and what waits for whom; refuses to know links and disks (delivery.ts sends, the journal stores).
import {nameKey} from '../protocol/names.js';
import type {OutboxEntry} from './effects.js';

/**
Within one lane, that is one recipient in one conversation, lines go out and are received in order.
`session` or `room:NAMEKEY`.
*/
export type Lane = 'session' | `room:${string}`;

/**
The lane of a conversation.
*/
export function laneOf({kind, name}: OutboxEntry['place']): Lane {
	return kind === 'session' ? 'session' : `room:${nameKey(name)}`;
}

export class Outbox {
	readonly #recipients = new Map<string, Map<Lane, OutboxEntry[]>>();

	/**
	@param entries In the order of their sequence.
	*/
	constructor(entries: Iterable<OutboxEntry>) {
		for (const entry of entries) {
			this.add(entry);
		}
	}

	add(entry: OutboxEntry): void {
		const recipient = nameKey(entry.to);
		let lanes = this.#recipients.get(recipient);
		if (!lanes) {
			lanes = new Map();
			this.#recipients.set(recipient, lanes);
		}

		const lane = laneOf(entry.place);
		const entries = lanes.get(lane);
		if (entries) {
			entries.push(entry);
		} else {
			lanes.set(lane, [entry]);
		}
	}

	/**
	What waits for `recipient` in one conversation, oldest first.
	*/
	waiting(recipient: string, lane: Lane): readonly OutboxEntry[] {
		return this.#recipients.get(nameKey(recipient))?.get(lane) ?? [];
	}

	/**
	How many lines wait for `recipient`, wherever they were said.
	*/
	count(recipient: string): number {
		let sum = 0;
		for (const entries of this.#recipients.get(nameKey(recipient))?.values() ?? []) {
			sum += entries.length;
		}

		return sum;
	}

	/**
	Takes out what `matches` among the lines that wait for `recipient` in one conversation.
	*/
	remove(recipient: string, lane: Lane, matches: (entry: OutboxEntry) => boolean): readonly OutboxEntry[] {
		const lanes = this.#recipients.get(nameKey(recipient));
		const entries = lanes?.get(lane);
		if (!lanes || !entries) {
			return [];
		}

		const removed = entries.filter(entry => matches(entry));
		if (removed.length === entries.length) {
			lanes.delete(lane);
		} else if (removed.length > 0) {
			lanes.set(lane, entries.filter(entry => !matches(entry)));
		}

		if (lanes.size === 0) {
			this.#recipients.delete(nameKey(recipient));
		}

		return removed;
	}

	/**
	Takes out everything that waits in one conversation.
	*/
	removeLane(lane: Lane, matches: (entry: OutboxEntry) => boolean): readonly OutboxEntry[] {
		return this.#recipients.keys().flatMap(recipient => this.remove(recipient, lane, matches)).toArray();
	}

	* [Symbol.iterator](): Generator<OutboxEntry, void> {
		for (const lanes of this.#recipients.values()) {
			for (const entries of lanes.values()) {
				yield * entries;
			}
		}
	}
}
