// By which way something goes: on a link, or by mail.
// Knows for lines how long a link is waited for, for receipts where their author is, for mail whether it is for now;
// refuses to know how either way works (delivery.ts, mailing.ts, mailbox.ts, receipts.ts).
import {nameKey} from '../../protocol/names.js';
import {conversationKey, type Conversation} from '../conversations/conversation.js';
import type {Conversations} from '../conversations/conversations.js';
import type {Journal} from '../journal.js';
import {directPatienceMs} from '../limits.js';
import type {Peers} from '../peers/peers.js';
import type {Lane} from './outbox.js';
import type {Delivery, Standing} from './delivery.js';
import type {Author, Receipts} from './receipts.js';

type Parts = {
	readonly conversations: Conversations;
	readonly delivery: Delivery;
	readonly journal: Journal;
	readonly peers: Peers;
	readonly receipts: Receipts;
	readonly mode: 'one' | 'many';
	readonly isBusy: () => boolean;
	readonly isLeaving: () => boolean;
};

export class Ways {
	readonly #parts: Parts;

	constructor(parts: Parts) {
		this.#parts = parts;
	}

	/**
	How it stands with an author's device on a link.
	*/
	standing({device, lane, to}: Author): Standing | undefined {
		return this.#parts.peers.deviceOf(to) === device ? this.#parts.delivery.standing(nameKey(to), lane) : undefined;
	}

	/**
	There is more to tell an author than before.
	*/
	handleRead(author: Author, now: number): void {
		if (this.standing(author)?.isPresent) {
			this.#parts.delivery.owe(nameKey(author.to), author.lane);
			this.#parts.receipts.refresh(author, now);
			return;
		}

		const writes = this.#parts.receipts.owe(author, now);
		if (writes.length > 0) {
			this.#parts.journal.gather(writes);
		}
	}

	/**
	Whether mail of somebody, or of a room, is for now; without both, whether all mail is.
	*/
	admits(from: string | undefined, room: string | undefined): boolean {
		if (this.#isFree) {
			return true;
		}

		return room === undefined
			? from !== undefined && this.#parts.conversations.find('session', from)?.state === 'open'
			: this.#parts.conversations.find('room', room) !== undefined;
	}

	/**
	The rooms, or the partners of the sessions, that are open.
	*/
	namesOf(kind: Conversation['kind']): readonly string[] {
		return [...this.#parts.conversations].filter(conversation => conversation.kind === kind && conversation.state === 'open').map(({name}) => name);
	}

	/**
	Until when lines to somebody are left to a link, because one stands or is about to. Who leaves will not be here for what is about to.
	*/
	directUntil(peer: string, lane: Lane): number {
		const standing = this.#parts.delivery.standing(peer, lane);
		if (standing?.isPresent) {
			return Infinity;
		}

		if (this.#parts.isLeaving()) {
			return -Infinity;
		}

		const conversation = this.#parts.conversations.get(lane === 'session' ? conversationKey('session', peer) : lane);
		if (conversation?.kind === 'session' && conversation.state === 'asking') {
			return Infinity;
		}

		const isExpected = conversation?.kind === 'room' ? conversation.members.get(peer)?.isLost === false : conversation?.state === 'open';
		return standing && isExpected ? standing.since + directPatienceMs : -Infinity;
	}

	get #isFree(): boolean {
		const {mode, isBusy, conversations} = this.#parts;
		return !isBusy() && (mode === 'many' || [...conversations].every(({state}) => state !== 'open'));
	}
}
