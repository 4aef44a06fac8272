// Our own lines: from the command to the disk, with an id that is never used twice.
// Knows sequence numbers and who is to get a line; refuses to know how it gets there (delivery.ts).
import {maximumAudienceLength} from '../../protocol/limits.js';
import {encodeAudience, type ProvenLine} from '../../protocol/line-proof.js';
import {nameKey} from '../../protocol/names.js';
import {refuse, succeed, type OnDone} from '../context.js';
import type {Conversation} from '../conversations/conversation.js';
import type {HybridClock} from '../clock.js';
import type {LineProof, OutboxEntry, StoreWrite} from '../effects.js';
import type {MessengerEvent} from '../events.js';
import type {Journal} from '../journal.js';
import {maximumOutboxLines, sequenceBlock} from '../limits.js';
import type {Lane, Outbox} from './outbox.js';
import type {Progress} from './progress.js';

/**
Realm and name under which a line is said.
*/
type Author = {readonly realm: string; readonly from: string};

export class Speaker {
	readonly #device: string;
	readonly #journal: Journal;
	readonly #outbox: Outbox;
	readonly #clock: HybridClock;
	readonly #progress: Progress;
	readonly #emit: (event: MessengerEvent) => void;
	readonly #hasHistory: boolean;
	readonly #sign: (line: ProvenLine) => string;
	#next: number;
	#reserved: number;
	/**
	Lines on their way to disk, by recipient's name key.
	*/
	readonly #unstored = new Map<string, number>();
	/**
	The last of them in each lane (`laneKey`).
	*/
	readonly #lastUnstored = new Map<string, number>();

	constructor({device, journal, outbox, progress, clock, emit, sign, hasHistory, nextSequence}: {
		device: string; journal: Journal; outbox: Outbox; progress: Progress; clock: HybridClock; emit: (event: MessengerEvent) => void;
		sign: (line: ProvenLine) => string; hasHistory: boolean; nextSequence: number;
	}) {
		this.#sign = sign;
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
	say(conversation: Conversation, text: string, {realm, from}: Author, now: number, done: OnDone): void {
		const {kind, name, key, lane, log, recipients} = conversation;
		const full = recipients.find(to => this.#outbox.count(to) + (this.#unstored.get(nameKey(to)) ?? 0) >= maximumOutboxLines);
		if (full !== undefined) {
			done(refuse('outbox-full', `${maximumOutboxLines} lines wait for ${full} already, and that is the most; wait until some have arrived.`));
			return;
		}

		const sequence = this.#next++;
		const id = `${this.#device}-${sequence}`;
		const at = Math.floor(now);
		const clock = this.#clock.tick(now);
		const proof = this.#prove(conversation, recipients, {
			realm, from, sequence, at, clock, text,
		});
		const entries = recipients.map((to): OutboxEntry => ({
			id, sequence, realm, from, to, place: {kind, name}, text, at, clock, ...(proof && {proof}), state: {step: 'queued'},
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
		const lanes = recipients.map(to => laneKey(to, lane, {realm, from}));
		for (const each of lanes) {
			this.#lastUnstored.set(each, sequence);
		}

		this.#journal.write(writes, later => {
			this.#count(recipients, -1);
			for (const each of lanes) {
				if (this.#lastUnstored.get(each) === sequence) {
					this.#lastUnstored.delete(each);
				}
			}

			said(later);
		});
	}

	/**
	Signs a line of a room, where there is somebody who could pass it on to somebody.
	*/
	#prove({kind, lane, made}: Conversation, recipients: readonly string[], {realm, from, ...line}: Author & Pick<ProvenLine, 'sequence' | 'at' | 'clock' | 'text'>): LineProof | undefined {
		if (kind !== 'room' || made === undefined || recipients.length < 2) {
			return undefined;
		}

		const audience = encodeAudience(recipients.map(to => [nameKey(to), this.#lastFor(to, lane, {realm, from})]));
		const signature = (): string => this.#sign({
			realm, room: lane.slice('room:'.length), made, device: this.#device, audience, ...line,
		});
		return audience.length > maximumAudienceLength ? undefined : {made, audience, signature: signature()};
	}

	/**
	The last line that waits for somebody in a lane, on disk or on its way there.
	*/
	#lastFor(to: string, lane: Lane, author: Author): number {
		return this.#lastUnstored.get(laneKey(to, lane, author)) ?? this.#outbox.waiting(to, lane).findLast(({realm, from}) => realm === author.realm && from === author.from)?.sequence ?? 0;
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

function laneKey(to: string, lane: Lane, {realm, from}: Author): string {
	return `${realm}/${from} ${nameKey(to)} ${lane}`;
}
