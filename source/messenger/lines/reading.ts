// Reading: lines that have arrived, however they came: what is kept of them, where they are shown, and which of them the user has read.
// Knows the face's way of reading and what came by mail and was not looked at; refuses to know links, mail and receipts.
import {nameKey} from '../../protocol/names.js';
import type {HybridClock} from '../clock.js';
import type {Conversation} from '../conversations/conversation.js';
import type {Conversations} from '../conversations/conversations.js';
import type {StoredState, StoreWrite} from '../effects.js';
import type {MessengerEvent, Place} from '../events.js';
import type {Journal} from '../journal.js';
import type {ConversationKey} from '../view.js';
import {ownerKey, type Author, type Owner} from './receipts.js';
import type {Inbox} from './inbox.js';
import type {ReceivedLine} from './delivery.js';

/**
How a face's lines are read: `printed`, all of them, as they are shown; `active`, those of the conversation that is in front.
*/
export type ReadingPolicy = 'printed' | 'active';

/**
A line and how it came. `from`: the author's name; `room`: its spelling, for a room.
*/
export type Arrival = ReceivedLine & {readonly from: string; readonly room: string | undefined; readonly isMail: boolean};

/**
Lines of one author that came by mail to a conversation and were not looked at since. `since` in ms since the epoch.
*/
type UnreadRow = {readonly owner: string; readonly key: ConversationKey; readonly from: string; readonly count: number; readonly since: number};

export type ReadingListener = {
	/**
	The author's lines were read up to the last one shown.
	*/
	handleRead(author: Author, now: number): void;
	/**
	The user looks at a conversation now that they did not look at before.
	*/
	handleFront(conversation: Conversation, now: number): void;
};

export class Reading {
	readonly #policy: ReadingPolicy;
	readonly #hasHistory: boolean;
	readonly #journal: Journal;
	readonly #inbox: Inbox;
	readonly #conversations: Conversations;
	readonly #clock: HybridClock;
	readonly #emit: (event: MessengerEvent) => void;
	readonly #owner: () => Owner;
	readonly #listener: ReadingListener;
	/**
	Whose lines were shown in a conversation and not read yet, by device.
	*/
	readonly #authors = new Map<ConversationKey, Map<string, Author>>();
	#unread: readonly UnreadRow[];
	#front: Conversation | undefined;

	constructor({policy, hasHistory, journal, inbox, conversations, clock, emit, owner, listener, unread}: {
		policy: ReadingPolicy; hasHistory: boolean; journal: Journal; inbox: Inbox; conversations: Conversations; clock: HybridClock;
		emit: (event: MessengerEvent) => void; owner: () => Owner; listener: ReadingListener; unread: StoredState['unread'];
	}) {
		this.#policy = policy;
		this.#hasHistory = hasHistory;
		this.#journal = journal;
		this.#inbox = inbox;
		this.#conversations = conversations;
		this.#clock = clock;
		this.#emit = emit;
		this.#owner = owner;
		this.#listener = listener;
		this.#unread = policy === 'printed'
			? []
			: unread.map(({realm, owner: user, place, from, count, since}) => ({
				owner: ownerKey({realm, user}), key: place, from, count, since,
			}));
	}

	/**
	What came by mail to the name of now and was not looked at; the same array until something changed.
	*/
	get unread(): readonly UnreadRow[] {
		return this.#unread;
	}

	/**
	When the first line came by mail to a conversation and was not looked at, ms since the epoch.
	*/
	unreadSince(key: ConversationKey): number | undefined {
		const owner = ownerKey(this.#owner());
		const times = this.#unread.filter(row => row.owner === owner && row.key === key).map(({since}) => since);
		return times.length === 0 ? undefined : Math.min(...times);
	}

	/**
	What is to be made durable with the mark of a new line.
	*/
	record(line: Arrival): StoreWrite[] {
		if (!this.#hasHistory) {
			return [];
		}

		const {realm, user} = this.#owner();
		const {key, device, sequence, from, text, at, clock, proof} = line;
		return [{
			kind: 'history-add', line: {
				realm,
				owner: user,
				place: key,
				id: `${device}-${sequence}`,
				device,
				sequence,
				from,
				text,
				at,
				clock,
				state: undefined,
				isUnread: line.isMail && !this.#isReadAtOnce(key),
				proof,
			},
		}];
	}

	/**
	Shows a line whose mark is durable.
	*/
	show(line: Arrival, now: number): void {
		const {key, lane, device, sequence, from, text, at, clock, isMail} = line;
		const id = `${device}-${sequence}`;
		this.#clock.follow(clock, now);
		const conversation = this.#conversations.get(key);
		const place: Place = line.room === undefined ? {session: from} : {room: conversation?.name ?? line.room};
		this.#conversations.logOf(key).addLine({
			id, from, text, at, clock,
		});
		const isInFront = this.#conversations.front?.key === key;
		if (!isInFront) {
			this.#conversations.noteUnread(key, id);
		}

		if (isMail && !isInFront) {
			this.#count(key, from, at);
		}

		if (this.#isReadAtOnce(key)) {
			this.#inbox.markRead(device, lane, {isKept: this.#policy === 'active'});
		} else {
			const authors = this.#authors.get(key) ?? new Map<string, Author>();
			this.#authors.set(key, authors);
			authors.set(device, {device, lane, to: from});
		}

		this.#emit({
			type: 'message', id, from, ...place, text, at: new Date(at).toISOString(), pending: isMail,
		});
	}

	/**
	The user has read `author`'s lines up to the last one shown.
	*/
	read(author: Author, now: number): void {
		const {device, lane} = author;
		if (this.#inbox.markRead(device, lane, {isKept: this.#policy === 'active'})) {
			this.#listener.handleRead(author, now);
		}
	}

	/**
	Takes note of what the user looks at. To be called at the end of each turn.
	*/
	flush(now: number): void {
		const {front} = this.#conversations;
		if (front && front !== this.#front) {
			this.#listener.handleFront(front, now);
		}

		this.#front = front;
		if (front && this.#authors.has(front.key)) {
			for (const author of this.#authors.get(front.key)!.values()) {
				this.read(author, now);
			}

			this.#authors.delete(front.key);
		}

		if (front && this.#unread.length > 0) {
			this.#lookedAt(front.key);
		}

		this.#inbox.flush();
	}

	#isReadAtOnce(key: ConversationKey): boolean {
		return this.#policy === 'printed' || this.#conversations.front?.key === key;
	}

	#count(key: ConversationKey, from: string, at: number): void {
		const owner = ownerKey(this.#owner());
		const before = this.#unread.find(row => row.owner === owner && row.key === key && nameKey(row.from) === nameKey(from));
		const row = before
			? {...before, count: before.count + 1, since: Math.min(before.since, at)}
			: {
				owner, key, from, count: 1, since: at,
			};
		this.#unread = [...this.#unread.filter(other => other !== before), row];
	}

	#lookedAt(key: ConversationKey): void {
		const {realm, user} = this.#owner();
		const owner = ownerKey({realm, user});
		const unread = this.#unread.filter(row => row.owner !== owner || row.key !== key);
		if (unread.length === this.#unread.length) {
			return;
		}

		this.#unread = unread;
		if (this.#hasHistory) {
			this.#journal.gather([{
				kind: 'history-read', realm, owner: user, place: key,
			}]);
		}
	}
}
