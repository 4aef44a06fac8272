// Our own lines: from the command to the disk, with an id that is never used twice.
// Knows sequence numbers and who is to get a line; refuses to know how it gets there (delivery.ts).
import {nameKey} from '../protocol/names.js';
import {refuse, succeed, type OnDone} from './context.js';
import type {Conversation} from './conversation.js';
import type {HybridClock} from './clock.js';
import type {OutboxEntry, StoreWrite} from './effects.js';
import type {MessengerEvent} from './events.js';
import type {Journal} from './journal.js';
import {maximumOutboxLines, sequenceBlock} from './limits.js';
import type {Outbox} from './outbox.js';
import type {Progress} from './progress.js';

export class Speaker {
	readonly #device: string;
	readonly #journal: Journal;
	readonly #outbox: Outbox;
	readonly #clock: HybridClock;
	readonly #progress: Progress;
	readonly #emit: (event: MessengerEvent) => void;
	readonly #hasHistory: boolean;
	#next: number;
	#reserved: number;
	/**
	Lines on their way to disk, by recipient's name key.
	*/
	readonly #unstored = new Map<string, number>();

	constructor({device, journal, outbox, progress, clock, emit, hasHistory, nextSequence}: {
		device: string; journal: Journal; outbox: Outbox; progress: Progress; clock: HybridClock; emit: (event: MessengerEvent) => void; hasHistory: boolean; nextSequence: number;
	}) {
		this.#device = device;
		this.#journal = journal;
		this.#outbox = outbox;
		this.#progress = progress;
		this.#clock = clock;
		this.#emit = emit;
		this.#hasHistory = hasHistory;
		this.#next = Math.max(1, nextSequence);
		this.#reserved = this.#next;
	}

	/**
	Says `text` in a conversation. Done once it is durable for every recipient.
	*/
	say(conversation: Conversation, text: string, {realm, from}: {realm: string; from: string}, now: number, done: OnDone): void {
		const {kind, name, key, log, recipients} = conversation;
		const full = recipients.find(to => this.#outbox.count(to) + (this.#unstored.get(nameKey(to)) ?? 0) >= maximumOutboxLines);
		if (full !== undefined) {
			done(refuse('outbox-full', `${maximumOutboxLines} lines wait for ${full} already, and that is the most; wait until some have arrived.`));
			return;
		}

		const sequence = this.#next++;
		const id = `${this.#device}-${sequence}`;
		const at = Math.floor(now);
		const clock = this.#clock.tick(now);
		const entries = recipients.map((to): OutboxEntry => ({
			id, sequence, realm, from, to, place: {kind, name}, text, at, clock, state: {step: 'queued'},
		}));
		const writes: StoreWrite[] = entries.map(entry => ({kind: 'outbox-add', entry}));
		if (this.#hasHistory) {
			writes.push({
				kind: 'history-add', line: {
					realm, owner: from, place: key, id, device: this.#device, sequence, from, text, at, clock, state: recipients.length > 0 ? 'queued' : undefined, isUnread: false, proof: undefined,
				},
			});
		}

		if (sequence >= this.#reserved) {
			this.#reserved = sequence + sequenceBlock;
			writes.unshift({kind: 'sequence', next: this.#reserved});
		}

		const said = (later: number): void => {
			log.addOwnLine({
				id, from, text, at, clock, recipients,
			});
			this.#queue(entries);
			done(succeed({id}));
			if (conversation.isClosed) {
				this.#giveUp(entries, conversation, later);
			}
		};

		if (writes.length === 0) {
			// Nobody else is in the room, and there is no history: there is nothing to keep.
			said(now);
			return;
		}

		this.#count(recipients, 1);
		this.#journal.write(writes, later => {
			this.#count(recipients, -1);
			said(later);
		});
	}

	#queue(entries: readonly OutboxEntry[]): void {
		for (const entry of entries) {
			this.#outbox.add(entry);
			this.#emit({
				type: 'delivery', id: entry.id, to: entry.to, state: 'queued',
			});
		}
	}

	/**
	The room was closed while the disk was busy.
	*/
	#giveUp(entries: readonly OutboxEntry[], {lane}: Conversation, now: number): void {
		for (const {id, to} of entries) {
			this.#progress.failAll(this.#outbox.remove(to, lane, entry => entry.id === id), now);
		}
	}

	#count(recipients: readonly string[], change: number): void {
		for (const name of recipients) {
			const key = nameKey(name);
			const count = (this.#unstored.get(key) ?? 0) + change;
			if (count === 0) {
				this.#unstored.delete(key);
			} else {
				this.#unstored.set(key, count);
			}
		}
	}
}
