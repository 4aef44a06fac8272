// The outbox: own lines, each until its recipient has read it.
// Knows order, what waits for whom, and which received lines may still be told read; refuses to know links, mail and disks
// (delivery.ts and mailing.ts send, the journal stores).
import {nameKey} from '../../protocol/names.js';
import {
	covers,
	lastOf,
	maximumSequence,
	type Sequences,
} from '../../protocol/sequences.js';
import type {EntryState, OutboxEntry} from '../effects.js';
import type {DeliveryState} from '../events.js';
import {maximumUnreadEntries} from '../limits.js';

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

/**
Whether `text` is written as lanes are.
*/
export function isLane(text: string): text is Lane {
	return text === 'session' || /^room:[^\s:]+$/v.test(text);
}

/**
An entry as long as it is kept; it stays the same object while its state changes.
*/
export type KeptEntry = Omit<OutboxEntry, 'state'> & {state: EntryState};

/**
Lines of one lane, by sequence: those without a receipt, and those received that were not read yet.
*/
type Lines = {waiting: KeptEntry[]; received: KeptEntry[]};

const steps: readonly DeliveryState[] = ['queued', 'stored', 'delivered'];

export class Outbox {
	readonly #recipients = new Map<string, Map<Lane, Lines>>();
	/**
	For each line, where it still stands for somebody.
	*/
	readonly #byId = new Map<string, Set<KeptEntry>>();

	/**
	@param entries In the order of their sequence.
	*/
	constructor(entries: Iterable<OutboxEntry>) {
		for (const entry of entries) {
			this.add(entry);
		}
	}

	add(entry: OutboxEntry): void {
		const kept = {...entry};
		const recipient = nameKey(entry.to);
		const lanes = this.#recipients.get(recipient) ?? new Map<Lane, Lines>();
		this.#recipients.set(recipient, lanes);
		const lane = laneOf(entry.place);
		const lines = lanes.get(lane) ?? {waiting: [], received: []};
		lanes.set(lane, lines);
		(entry.state.step === 'delivered' ? lines.received : lines.waiting).push(kept);
		const same = this.#byId.get(entry.id);
		if (same) {
			same.add(kept);
		} else {
			this.#byId.set(entry.id, new Set([kept]));
		}
	}

	/**
	What `recipient` has given no receipt for in one conversation, oldest first.
	*/
	waiting(recipient: string, lane: Lane): readonly KeptEntry[] {
		return this.#recipients.get(nameKey(recipient))?.get(lane)?.waiting ?? [];
	}

	/**
	All lanes in which something waits.
	*/
	* lanes(): Generator<{readonly recipient: string; readonly lane: Lane; readonly waiting: readonly KeptEntry[]}, void> {
		for (const [recipient, lanes] of this.#recipients) {
			for (const [lane, {waiting}] of lanes) {
				if (waiting.length > 0) {
					yield {recipient, lane, waiting};
				}
			}
		}
	}

	/**
	How many lines wait for `recipient`, wherever they were said.
	*/
	count(recipient: string): number {
		let sum = 0;
		for (const {waiting} of this.#recipients.get(nameKey(recipient))?.values() ?? []) {
			sum += waiting.length;
		}

		return sum;
	}

	/**
	How far a line has come with the one who is furthest behind; `read` where nobody is waited for any more.
	*/
	stateOf(id: string): DeliveryState {
		let least: DeliveryState = 'read';
		for (const {state} of this.#byId.get(id) ?? []) {
			if (least === 'read' || steps.indexOf(state.step) < steps.indexOf(least)) {
				least = state.step;
			}
		}

		return least;
	}

	/**
	`recipient` has received what `matches` among these lines in one conversation.

	@returns What that was, and what is given up waiting to be read, because too much does.
	*/
	receive(recipient: string, lane: Lane, got: Sequences, matches: (entry: KeptEntry) => boolean): {readonly received: readonly KeptEntry[]; readonly forgotten: readonly KeptEntry[]} {
		const lines = this.#recipients.get(nameKey(recipient))?.get(lane);
		if (!lines || lines.waiting.length === 0 || lines.waiting[0]!.sequence > lastOf(got)) {
			return {received: [], forgotten: []};
		}

		const [received, waiting] = part(lines.waiting, entry => covers(got, entry.sequence) && matches(entry));
		for (const entry of received) {
			entry.state = {step: 'delivered'};
		}

		lines.waiting = waiting;
		lines.received.push(...received);
		const forgotten = lines.received.splice(0, Math.max(0, lines.received.length - maximumUnreadEntries));
		this.#forget(forgotten);
		return {received, forgotten};
	}

	/**
	Takes out what `recipient` had received, and of it has now read `seen`.
	*/
	read(recipient: string, lane: Lane, seen: Sequences, matches: (entry: KeptEntry) => boolean): readonly KeptEntry[] {
		const lines = this.#recipients.get(nameKey(recipient))?.get(lane);
		if (!lines || lines.received.length === 0 || lines.received[0]!.sequence > lastOf(seen)) {
			return [];
		}

		const [read, received] = part(lines.received, entry => covers(seen, entry.sequence) && matches(entry));
		lines.received = received;
		this.#forget(read);
		this.#tidy(recipient, lane);
		return read;
	}

	/**
	Takes out what `matches` among the lines that wait for `recipient` in one conversation.
	*/
	remove(recipient: string, lane: Lane, matches: (entry: KeptEntry) => boolean): readonly KeptEntry[] {
		const lines = this.#recipients.get(nameKey(recipient))?.get(lane);
		if (!lines) {
			return [];
		}

		const [removed, waiting] = part(lines.waiting, matches);
		lines.waiting = waiting;
		this.#forget(removed);
		this.#tidy(recipient, lane);
		return removed;
	}

	/**
	Takes out everything of one conversation: what waits in it, and what was received and will not be told read any more.
	*/
	removeLane(lane: Lane, matches: (entry: KeptEntry) => boolean): {readonly waiting: readonly KeptEntry[]; readonly received: readonly KeptEntry[]} {
		const recipients = this.#recipients.keys().toArray();
		return {
			waiting: recipients.flatMap(recipient => this.remove(recipient, lane, matches)),
			received: recipients.flatMap(recipient => this.read(recipient, lane, [[1, maximumSequence]], matches)),
		};
	}

	* [Symbol.iterator](): Generator<KeptEntry, void> {
		for (const lanes of this.#recipients.values()) {
			for (const {waiting, received} of lanes.values()) {
				yield * received;
				yield * waiting;
			}
		}
	}

	#forget(entries: readonly KeptEntry[]): void {
		for (const entry of entries) {
			const same = this.#byId.get(entry.id);
			if (same?.delete(entry) && same.size === 0) {
				this.#byId.delete(entry.id);
			}
		}
	}

	#tidy(recipient: string, lane: Lane): void {
		const lanes = this.#recipients.get(nameKey(recipient));
		const lines = lanes?.get(lane);
		if (!lanes || !lines || lines.waiting.length + lines.received.length > 0) {
			return;
		}

		lanes.delete(lane);
		if (lanes.size === 0) {
			this.#recipients.delete(nameKey(recipient));
		}
	}
}

/**
Those that match and those that don't, each in their order.
*/
function part(entries: readonly KeptEntry[], matches: (entry: KeptEntry) => boolean): [matching: KeptEntry[], others: KeptEntry[]] {
	const matching: KeptEntry[] = [];
	const others: KeptEntry[] = [];
	for (const entry of entries) {
		(matches(entry) ? matching : others).push(entry);
	}

	return [matching, others];
}
