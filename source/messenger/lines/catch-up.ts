// Catching up: lines of a room that their authors can't bring us come from another member who has them.
// Knows whom to ask and when, and which of the lines that come may be taken in; refuses to know what is passed on to
// others (passing.ts), marks (inbox.ts) and what becomes of a line (reading.ts).
//
//   have marks, missing ──►       to one neighbour at a time: when one has come, again and again while there is no link to some
//                                 member, and now and then anyway, because somebody may be in the room whom we don't know there
//   ◄── pass (lines of ann)       taken in: her card, her signature, meant for us, nothing missing before
//   have marks', missing ──►      at once, as long as something comes …
//   ◄── pass ()
//   have …                 ──►    … then the next neighbour, after a pause that grows, or at once after
//   ◄── more                      it has come by another line of somebody we miss
import {verifyCard, type Card, type SignedCard} from '../../protocol/cards.js';
import {decodeBase64} from '../../protocol/keys.js';
import {mailLifetimeMs} from '../../protocol/limits.js';
import {afterFor, isProven} from '../../protocol/line-proof.js';
import {nameKey} from '../../protocol/names.js';
import {maximumSequence, type Sequences} from '../../protocol/sequences.js';
import type {Conversation} from '../conversations/conversation.js';
import type {Conversations} from '../conversations/conversations.js';
import type {StoreWrite} from '../effects.js';
import {
	askBackoffMs,
	askIdleMs,
	askPatienceMs,
	askSettleMs,
	maximumCheckedCards,
	maximumMarks,
	maximumMissing,
	maximumSkippedDevices,
	maximumUnstoredLines,
	moreGapMs,
	nextBackoff,
	passedLifetimeMs,
} from '../limits.js';
import type {Peers} from '../peers/peers.js';
import type {PassedLine, PeerRecord} from '../peers/records.js';
import type {Trust} from '../people/trust.js';
import type {ConversationKey} from '../view.js';
import type {Arrival} from './reading.js';
import type {Inbox} from './inbox.js';
import type {Delivery} from './delivery.js';

export type CatchUpListener = {
	/**
	Who reads: realm, its root key (base64url), and our name there; `undefined` for nobody.
	*/
	reader(): {readonly realm: string; readonly rootKey: string; readonly user: string} | undefined;
	/**
	What is to be made durable with the mark of a line that is taken in.
	*/
	recordLine(line: Arrival, now: number): readonly StoreWrite[];
	/**
	Its mark is durable.
	*/
	handleLine(line: Arrival, now: number): void;
};

type Parts = {
	readonly conversations: Conversations;
	readonly delivery: Pick<Delivery, 'visits'>;
	readonly peers: Pick<Peers, 'send'>;
	readonly inbox: Inbox;
	readonly trust: Pick<Trust, 'observe' | 'isTrusted' | 'isStopped'>;
	readonly listener: CatchUpListener;
};

/**
How asking goes in one room.
*/
type Search = {
	readonly conversation: Conversation;
	askAt: number;
	pauseMs: number | undefined;
	/**
	Who was asked and has not answered.
	*/
	asked: string | undefined;
	askedAt: number;
	/**
	Who was asked last; the next one is asked next.
	*/
	last: string | undefined;
	/**
	Who has given us something: asked before the others.
	*/
	preferred: string | undefined;
	/**
	How many more are asked soon although nobody is missing, because something has come: there is somebody we don't know of.
	*/
	round: number;
	/**
	Who says that there is something: asked at once.
	*/
	hinted: string | undefined;
	/**
	Devices whose lines the neighbour that is being asked has, and that we can't take from it.
	*/
	readonly skipped: Set<string>;
};

export class CatchUp {
	readonly #parts: Parts;
	readonly #searches = new Map<ConversationKey, Search>();
	/**
	Cards that were found good, by their text.
	*/
	readonly #cards = new Map<SignedCard, Card>();
	#unstored = 0;

	constructor(parts: Parts) {
		this.#parts = parts;
	}

	/**
	Somebody says on a link to be in the room: there is one more to ask.
	*/
	handleHere(conversation: Conversation, now: number): void {
		if (conversation.kind !== 'room') {
			return;
		}

		const known = this.#searches.get(conversation.key);
		if (known?.conversation === conversation) {
			this.#hurry(known, now);
			return;
		}

		this.#searches.set(conversation.key, {
			conversation, askAt: now + askSettleMs, pauseMs: undefined, asked: undefined, askedAt: -Infinity, last: undefined, preferred: undefined, round: 0, hinted: undefined, skipped: new Set(),
		});
	}

	/**
	The link to somebody has ended: what they say from now on may reach others only.
	*/
	handleLinkDown(peer: string, now: number): void {
		for (const search of this.#searches.values()) {
			if (search.asked === peer) {
				search.asked = undefined;
			}

			this.#hurry(search, now);
		}
	}

	/**
	A neighbour's answer. What nobody has asked for is not looked at.
	*/
	handlePass(peer: string, {shared, visit, card, lines}: PeerRecord & {kind: 'pass'}, now: number): void {
		const search = this.#searches.get(shared as ConversationKey);
		if (search?.asked !== peer || this.#parts.delivery.visits(peer, shared)?.ours !== visit) {
			return;
		}

		search.asked = undefined;
		if (lines.length === 0) {
			this.#rest(search, now);
			return;
		}

		const author = this.#check(card, now);
		const count = author ? this.#take(search.conversation, author, {card, lines}, now) : 0;
		if (count > 0) {
			search.preferred = peer;
			search.pauseMs = undefined;
			search.round = search.conversation.members.size + 1;
		} else if (author) {
			search.skipped.add(author.device);
		}

		if (author && search.skipped.size <= maximumSkippedDevices) {
			this.#ask(search, peer, now);
		} else {
			this.#rest(search, now);
		}
	}

	/**
	A neighbour has come by a line of somebody we miss.
	*/
	handleMore(peer: string, {shared, visit}: PeerRecord & {kind: 'more'}, now: number): void {
		const search = this.#searches.get(shared as ConversationKey);
		if (!(search && this.#parts.delivery.visits(peer, shared)?.ours === visit)) {
			return;
		}

		search.hinted = peer;
		this.#plan(search, Math.max(now, search.askedAt + moreGapMs));
	}

	pollTimeout(): number | undefined {
		let next = Infinity;
		for (const {askAt} of this.#searches.values()) {
			next = Math.min(next, askAt);
		}

		return Number.isFinite(next) ? next : undefined;
	}

	/**
	Asks whom it is time to ask. To be called at the end of each turn.
	*/
	flush(now: number): void {
		for (const [key, search] of this.#searches) {
			if (this.#parts.conversations.get(key) !== search.conversation) {
				this.#searches.delete(key);
			} else if (now >= search.askAt) {
				this.#askNext(search, now);
			}
		}
	}

	#hurry(search: Search, now: number): void {
		search.pauseMs = undefined;
		this.#plan(search, now + askSettleMs);
	}

	#plan(search: Search, at: number): void {
		if (search.asked !== undefined) {
			return;
		}

		search.askAt = Math.min(search.askAt, at);
	}

	/**
	This neighbour has nothing more for us.
	*/
	#rest(search: Search, now: number): void {
		search.pauseMs = nextBackoff(search.pauseMs, askBackoffMs);
		const pauseMs = search.round > 0 || this.#missing(search.conversation).length > 0 ? search.pauseMs : askIdleMs;
		search.round = Math.max(0, search.round - 1);
		search.askAt = search.hinted === undefined ? now + pauseMs : Math.max(now, search.askedAt + moreGapMs);
	}

	#askNext(search: Search, now: number): void {
		const {conversation, hinted, preferred} = search;
		const neighbours = conversation.members.keys().filter(peer => this.#isThere(peer, conversation) && !this.#parts.trust.isStopped(peer)).toArray();
		const next = [hinted, preferred].find(peer => peer !== undefined && neighbours.includes(peer)) ?? neighbours[(neighbours.indexOf(search.last ?? '') + 1) % neighbours.length];
		search.hinted = undefined;
		if (search.asked !== undefined) {
			search.asked = undefined;
			search.pauseMs = nextBackoff(search.pauseMs, askBackoffMs);
		}

		if (next === undefined) {
			search.askAt = now + askIdleMs;
			return;
		}

		search.preferred = undefined;
		search.last = next;
		search.skipped.clear();
		this.#ask(search, next, now);
	}

	#ask(search: Search, peer: string, now: number): void {
		const {conversation, skipped} = search;
		const visit = this.#parts.delivery.visits(peer, conversation.lane)?.theirs;
		if (visit === undefined || conversation.made === undefined) {
			this.#rest(search, now);
			return;
		}

		const all: Sequences = [[1, maximumSequence]];
		const marks = new Map([...this.#parts.inbox.marksOf(conversation.lane), ...[...skipped].map(device => [device, all] as const)]);
		this.#parts.peers.send(peer, {
			kind: 'have', shared: conversation.lane, visit, made: conversation.made, marks: cut([...marks]), missing: this.#missing(conversation).slice(0, maximumMissing),
		});
		search.asked = peer;
		search.askedAt = now;
		search.askAt = now + Math.max(search.pauseMs ?? 0, askPatienceMs);
	}

	#isThere(peer: string, {lane}: Conversation): boolean {
		return this.#parts.delivery.visits(peer, lane) !== undefined;
	}

	/**
	Members, present or absent, who can't speak to us directly.
	*/
	#missing(conversation: Conversation): string[] {
		const {members, away} = conversation;
		return [...new Set([...members.keys(), ...away.keys()])].filter(peer => !this.#isThere(peer, conversation));
	}

	/**
	The card of an author: good now, or until a week ago, when the oldest of the lines were said.
	*/
	#check(text: SignedCard, now: number): Card | undefined {
		const rootKey = decodeBase64(this.#parts.listener.reader()?.rootKey ?? '');
		const card = this.#cards.get(text) ?? verifyCard(text, rootKey, now) ?? verifyCard(text, rootKey, now - mailLifetimeMs);
		if (card && card.realm === this.#parts.listener.reader()?.realm) {
			this.#cards.delete(text);
			this.#cards.set(text, card);
			if (this.#cards.size > maximumCheckedCards) {
				this.#cards.delete(this.#cards.keys().next().value!);
			}

			return card;
		}

		return undefined;
	}

	/**
	Takes in what can be of an author's lines, up to the first that can't.

	@returns How many that were.
	*/
	#take(conversation: Conversation, author: Card, {card, lines}: {readonly card: SignedCard; readonly lines: readonly PassedLine[]}, now: number): number {
		const {realm, user} = this.#parts.listener.reader()!;
		const {inbox, trust, listener} = this.#parts;
		const {made, lane, key} = conversation;
		const {device, sign} = author;
		if (made === undefined || nameKey(author.user) === nameKey(user)) {
			return 0;
		}

		trust.observe(author, {isPassed: true});
		let count = 0;
		for (const {audience, signature, ...line} of trust.isTrusted(author) ? lines : []) {
			if (inbox.hasTaken(device, lane, line.sequence)) {
				continue;
			}

			const after = afterFor(audience, user);
			const said = {
				realm, room: lane.slice('room:'.length), made, device, audience, ...line,
			};
			if (after === undefined || !inbox.isNext(device, lane, line.sequence, after)
				|| line.at < now - passedLifetimeMs || this.#unstored >= maximumUnstoredLines || !isProven(said, signature, sign)) {
				break;
			}

			const arrival: Arrival = {
				peer: nameKey(author.user), key, lane, device, ...line, proof: {
					made, audience, signature, card,
				}, from: author.user, room: conversation.name, isMail: false,
			};
			this.#unstored++;
			count++;
			inbox.take({...arrival, after}, listener.recordLine(arrival, now), then => {
				this.#unstored--;
				listener.handleLine(arrival, then);
			});
		}

		return count;
	}
}

/**
As many of the last marks as a question may name.
*/
function cut(marks: ReadonlyArray<readonly [device: string, taken: Sequences]>): ReadonlyArray<readonly [device: string, taken: Sequences]> {
	let count = 0;
	const start = marks.findLastIndex(([, taken]) => {
		count += taken.length;
		return count > maximumMarks;
	});
	return marks.slice(start + 1);
}
