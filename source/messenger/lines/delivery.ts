// Delivery: lines from the outbox to links, and from links to the inbox, with receipts both ways.
// Knows which conversations are shared with which peer and what each side has said of it on the link that stands;
// refuses to know why a conversation is shared (sessions.ts, rooms.ts).
//
//   here ──► (theirs)                       A line is sent once both sides have said `here` on this link. It carries the
//   ◄── here (ours, visit 1, seen 1-4)      visit of its receiver, so that a line sent before a good-bye can't be taken
//   say 5, say 6 (visit 1) ──►              for one after it: within a visit, lines arrive in order and without a gap.
//   ◄── got 1-6 read 1-5
//   bye ──►
import {lastOf, upTo, type Sequences} from '../../protocol/sequences.js';
import type {HistoryLine, StoreWrite} from '../effects.js';
import {
	earlyHoldMs,
	maximumClaims,
	maximumUnstoredLines,
	unstoredUnit,
} from '../limits.js';
import {linkEnds} from '../peers/link-codes.js';
import type {Peers} from '../peers/peers.js';
import type {PeerRecord, SharedName} from '../peers/records.js';
import type {ConversationKey} from '../view.js';
import {weightOf} from '../weight.js';
import type {Progress} from './progress.js';
import type {KeptEntry, Lane, Outbox} from './outbox.js';
import type {Inbox} from './inbox.js';

/**
A line as it came from `peer` (a name key), on a link or by mail. `at` is ms since the epoch.
*/
export type ReceivedLine = {
	readonly peer: string;
	readonly key: ConversationKey;
	readonly lane: Lane;
	readonly device: string;
	readonly sequence: number;
	readonly text: string;
	readonly at: number;
	readonly clock: string;
	/**
	What is needed to pass it on, where it can be.
	*/
	readonly proof: HistoryLine['proof'];
};

/**
How it stands with somebody in a conversation that is shared with them: whether they are present on a link, and since when (ms since the
epoch) that is so.
*/
export type Standing = {readonly isPresent: boolean; readonly since: number};

/**
What Delivery tells its owner. Peers go by their name key.
*/
export type DeliveryListener = {
	/**
	A line is new: what is to be kept of it together with its mark.
	*/
	recordLine(line: ReceivedLine): readonly StoreWrite[];
	/**
	Its mark is durable.
	*/
	handleLine(line: ReceivedLine, now: number): void;
	/**
	The peer says that it is in this conversation, on the link that stands.
	*/
	handleHere(peer: string, key: ConversationKey, now: number): void;
	/**
	The peer says so of a conversation that we don't share with it.
	*/
	handleClaim(peer: string, shared: SharedName, now: number): void;
	handleBye(peer: string, key: ConversationKey, now: number): void;
	handleRoomClosed(peer: string, key: ConversationKey, now: number): void;
	/**
	Whether we are in this conversation, or may be soon: the server's answer is under way.
	*/
	isExpecting(shared: SharedName): boolean;
	/**
	Whether nothing may be sent to the peer, because its key has changed.
	*/
	isStopped(peer: string): boolean;
	/**
	Whether an entry may go out under the identity of now.
	*/
	isOurs(entry: KeptEntry): boolean;
};

/**
What Delivery needs of the peers.
*/
export type Links = Pick<Peers, 'hold' | 'release' | 'isLinked' | 'canSend' | 'deviceOf' | 'signedCardOf' | 'send' | 'close'>;

type Share = {
	readonly key: ConversationKey;
	readonly lane: Lane;
	/**
	What we have said `here` with on this link.
	*/
	visit: number | undefined;
	/**
	What the peer has said `here` with on this link.
	*/
	theirs: number | undefined;
	/**
	Since when that is so, ms since the epoch.
	*/
	since: number;
	/**
	The last line sent under `theirs`.
	*/
	cursor: number;
	/**
	The last line that the peer had when it said `theirs`.
	*/
	known: number;
};

/**
A conversation of which the peer says that we share it, and we don't know of it yet.
*/
type Claim = {readonly visit: number; readonly seen: Sequences; readonly read: Sequences; until: number};

type Exchange = {
	readonly shares: Map<SharedName, Share>;
	readonly claims: Map<SharedName, Claim>;
	/**
	Where a receipt is due.
	*/
	readonly receipts: Set<SharedName>;
	visits: number;
	unstored: number;
};

export class Delivery {
	readonly #peers: Links;
	readonly #outbox: Outbox;
	readonly #inbox: Inbox;
	readonly #progress: Progress;
	readonly #listener: DeliveryListener;
	readonly #exchanges = new Map<string, Exchange>();

	constructor({peers, outbox, inbox, progress, listener}: {peers: Links; outbox: Outbox; inbox: Inbox; progress: Progress; listener: DeliveryListener}) {
		this.#peers = peers;
		this.#outbox = outbox;
		this.#inbox = inbox;
		this.#progress = progress;
		this.#listener = listener;
	}

	/**
	From now on the conversation `key`, which both sides call `shared`, is shared with `peer`: a link is wanted, lines may flow.
	*/
	join(peer: string, shared: SharedName, {key, lane}: {key: ConversationKey; lane: Lane}, now: number): void {
		const exchange = this.#get(peer);
		if (exchange.shares.has(shared)) {
			return;
		}

		const share: Share = {
			key, lane, visit: undefined, theirs: undefined, since: now, cursor: 0, known: 0,
		};
		exchange.shares.set(shared, share);
		// A link that comes now greets by itself.
		if (this.#peers.isLinked(peer)) {
			this.#greet(peer, shared, now);
		}

		this.#peers.hold(peer, shared, now);
	}

	/**
	The conversation is shared no more. With `isSaid` the peer is told.
	*/
	part(peer: string, shared: SharedName, {isSaid}: {isSaid: boolean}, now: number): void {
		const exchange = this.#exchanges.get(peer);
		const share = exchange?.shares.get(shared);
		if (!exchange || !share) {
			return;
		}

		exchange.shares.delete(shared);
		exchange.receipts.delete(shared);
		if (isSaid && share.visit !== undefined) {
			this.#peers.send(peer, {kind: 'bye', shared, visit: share.visit});
		}

		if (share.theirs !== undefined && exchange.claims.size < maximumClaims) {
			// They are still in it: should the server's news that made us part be old, their word need not come again.
			exchange.claims.set(shared, {
				visit: share.theirs, seen: [], read: [], until: now + earlyHoldMs,
			});
		}

		this.#peers.release(peer, shared, now);
		this.#tidy(peer, exchange);
	}

	/**
	Tells every member that the room, which we created, is closed for good.
	*/
	sayClosed(peer: string, shared: SharedName): void {
		const visit = this.#exchanges.get(peer)?.shares.get(shared)?.visit;
		if (visit !== undefined) {
			this.#peers.send(peer, {kind: 'close', shared, visit});
		}
	}

	/**
	Whether the peer has said, on the link that stands, that it is in this conversation.
	*/
	isPresent(peer: string, shared: SharedName): boolean {
		return this.#exchanges.get(peer)?.shares.get(shared)?.theirs !== undefined;
	}

	/**
	Under which visits we and the peer are in a conversation on the link that stands; `undefined` before both have said so.
	*/
	visits(peer: string, shared: SharedName): {readonly ours: number; readonly theirs: number} | undefined {
		const {visit: ours, theirs} = this.#exchanges.get(peer)?.shares.get(shared) ?? {};
		return ours === undefined || theirs === undefined ? undefined : {ours, theirs};
	}

	/**
	How it stands with a peer in a lane; `undefined` where no conversation with that lane is shared.
	*/
	standing(peer: string, lane: Lane): Standing | undefined {
		for (const share of this.#exchanges.get(peer)?.shares.values() ?? []) {
			if (share.lane === lane) {
				return {isPresent: share.theirs !== undefined, since: share.since};
			}
		}

		return undefined;
	}

	/**
	A receipt for the lines of a lane is due to the peer, if it is present on a link; a session may have a new name by now, and where
	we have left meanwhile the receipt goes with the next `here`.
	*/
	owe(peer: string, lane: Lane): void {
		const exchange = this.#exchanges.get(peer);
		for (const [shared, share] of exchange?.shares ?? []) {
			if (share.lane === lane && share.visit !== undefined) {
				exchange!.receipts.add(shared);
			}
		}
	}

	handleLinkUp(peer: string, now: number): void {
		const exchange = this.#get(peer);
		this.#forgetLink(exchange, now);
		for (const shared of exchange.shares.keys()) {
			this.#greet(peer, shared, now);
		}
	}

	handleLinkDown(peer: string, now: number): void {
		const exchange = this.#exchanges.get(peer);
		if (!exchange) {
			return;
		}

		this.#forgetLink(exchange, now);
		this.#tidy(peer, exchange);
	}

	handleRecord(peer: string, record: PeerRecord, now: number): void {
		const exchange = this.#get(peer);
		switch (record.kind) {
			case 'here': {
				this.#handleHere(peer, exchange, record, now);
				break;
			}

			case 'say': {
				this.#handleSay(peer, exchange, record, now);
				break;
			}

			case 'got': {
				const share = exchange.shares.get(record.shared);
				if (share?.theirs !== undefined) {
					this.#progress.confirm(peer, share.lane, {got: upTo(record.seen, Math.max(share.cursor, share.known)), read: record.read}, now);
				}

				break;
			}

			case 'bye': {
				this.#handleBye(peer, exchange, record, now);
				break;
			}

			case 'absent': {
				const share = exchange.shares.get(record.shared);
				if (share?.visit === record.visit) {
					markAbsent(share, now);
					this.#listener.handleBye(peer, share.key, now);
				}

				break;
			}

			case 'close': {
				const share = exchange.shares.get(record.shared);
				if (share?.theirs === record.visit) {
					markAbsent(share, now);
					this.#listener.handleRoomClosed(peer, share.key, now);
				}

				break;
			}

			default:
		}
	}

	/**
	Sends receipts and whatever lines the links take now.
	*/
	flush(now: number): void {
		for (const [peer, exchange] of this.#exchanges) {
			for (const shared of exchange.receipts) {
				this.#peers.send(peer, {kind: 'got', shared, ...this.#marks(peer, exchange.shares.get(shared)!.lane)});
			}

			exchange.receipts.clear();
			for (const [shared, share] of exchange.shares) {
				this.#sendLines(peer, shared, share, now);
			}
		}
	}

	/**
	Whether lines have gone out whose receipts may still come.
	*/
	get hasLinesInFlight(): boolean {
		for (const [peer, {shares}] of this.#exchanges) {
			for (const {theirs, lane} of shares.values()) {
				if (theirs !== undefined && !this.#listener.isStopped(peer) && this.#outbox.waiting(peer, lane).some(entry => this.#listener.isOurs(entry))) {
					return true;
				}
			}
		}

		return false;
	}

	pollTimeout(): number | undefined {
		let next = Infinity;
		for (const {claims} of this.#exchanges.values()) {
			for (const {until} of claims.values()) {
				next = Math.min(next, until);
			}
		}

		return Number.isFinite(next) ? next : undefined;
	}

	handleTimeout(now: number): void {
		for (const [peer, {claims}] of this.#exchanges) {
			for (const [shared, claim] of claims) {
				if (claim.until <= now) {
					this.#answerClaim(peer, claims, shared, now);
				}
			}
		}
	}

	/**
	A peer has waited long enough to hear whether we share what it thinks.
	*/
	#answerClaim(peer: string, claims: Exchange['claims'], shared: SharedName, now: number): void {
		const claim = claims.get(shared)!;
		if (this.#listener.isExpecting(shared)) {
			claim.until = now + earlyHoldMs;
			return;
		}

		claims.delete(shared);
		this.#peers.send(peer, {kind: 'absent', shared, visit: claim.visit});
	}

	#get(peer: string): Exchange {
		let exchange = this.#exchanges.get(peer);
		if (!exchange) {
			exchange = {
				shares: new Map(), claims: new Map(), receipts: new Set(), visits: 0, unstored: 0,
			};
			this.#exchanges.set(peer, exchange);
		}

		return exchange;
	}

	#tidy(peer: string, {shares, unstored}: Exchange): void {
		// While a link stands its visits must go on counting.
		if (unstored === 0 && shares.size === 0 && !this.#peers.isLinked(peer)) {
			this.#exchanges.delete(peer);
		}
	}

	#forgetLink(exchange: Exchange, now: number): void {
		exchange.claims.clear();
		exchange.receipts.clear();
		for (const share of exchange.shares.values()) {
			share.visit = undefined;
			markAbsent(share, now);
			share.cursor = 0;
		}
	}

	/**
	Says `here`, and takes the peer's own `here` if it came first.
	*/
	#greet(peer: string, shared: SharedName, now: number): void {
		const exchange = this.#get(peer);
		const share = exchange.shares.get(shared)!;
		share.visit = ++exchange.visits;
		this.#peers.send(peer, {
			kind: 'here', shared, visit: share.visit, ...this.#marks(peer, share.lane),
		});
		const claim = exchange.claims.get(shared);
		if (!claim) {
			return;
		}

		exchange.claims.delete(shared);
		this.#begin(peer, share, claim, now);
	}

	/**
	What we have of the peer's lines in a lane.
	*/
	#marks(peer: string, lane: Lane): {readonly seen: Sequences; readonly read: Sequences} {
		const device = this.#peers.deviceOf(peer) ?? '';
		return {seen: this.#inbox.seen(device, lane), read: this.#inbox.read(device, lane)};
	}

	#handleHere(peer: string, exchange: Exchange, {shared, visit, seen, read}: PeerRecord & {kind: 'here'}, now: number): void {
		const share = exchange.shares.get(shared);
		if (share) {
			this.#begin(peer, share, {visit, seen, read}, now);
		} else if (exchange.claims.size < maximumClaims) {
			exchange.claims.set(shared, {
				visit, seen, read, until: now + earlyHoldMs,
			});
			this.#listener.handleClaim(peer, shared, now);
		}
	}

	#begin(peer: string, share: Share, {visit, seen, read}: {visit: number; seen: Sequences; read: Sequences}, now: number): void {
		if (share.theirs === undefined) {
			share.since = now;
		}

		share.theirs = visit;
		share.cursor = 0;
		share.known = lastOf(seen);
		this.#progress.confirm(peer, share.lane, {got: seen, read}, now);
		this.#listener.handleHere(peer, share.key, now);
	}

	/**
	A good-bye to an earlier visit may come after the server has announced the next one: it means nothing any more.
	*/
	#handleBye(peer: string, exchange: Exchange, {shared, visit}: PeerRecord & {kind: 'bye'}, now: number): void {
		if (exchange.claims.get(shared)?.visit === visit) {
			exchange.claims.delete(shared);
		}

		const share = exchange.shares.get(shared);
		if (share?.theirs !== visit) {
			return;
		}

		markAbsent(share, now);
		this.#listener.handleBye(peer, share.key, now);
	}

	#handleSay(peer: string, exchange: Exchange, record: PeerRecord & {kind: 'say'}, now: number): void {
		const {shared, visit, sequence, text, at, clock, proof} = record;
		const share = exchange.shares.get(shared);
		const device = this.#peers.deviceOf(peer);
		if (device === undefined || share?.visit !== visit) {
			// Said before we left or to an earlier visit: it stays in its author's outbox.
			return;
		}

		if (exchange.unstored >= maximumUnstoredLines) {
			this.#peers.close(peer, linkEnds.flood, now);
			return;
		}

		const {key, lane} = share;
		const card = lane === 'session' ? undefined : this.#peers.signedCardOf(peer);
		const line: ReceivedLine = {
			peer, key, lane, device, sequence, text, at, clock, proof: proof && card !== undefined ? {...proof, card} : undefined,
		};
		const weight = weightOf(text, unstoredUnit);
		const writes = this.#inbox.hasTaken(device, lane, sequence) ? [] : this.#listener.recordLine(line);
		const fate = this.#inbox.take(line, writes, then => {
			exchange.unstored -= weight;
			this.#listener.handleLine(line, then);
			this.owe(peer, lane);
			this.#tidy(peer, exchange);
		});
		if (fate === 'new') {
			exchange.unstored += weight;
		} else if (fate === 'old') {
			this.owe(peer, lane);
		}
	}

	#sendLines(peer: string, shared: SharedName, share: Share, now: number): void {
		if (share.theirs === undefined || this.#listener.isStopped(peer) || !this.#peers.canSend(peer)) {
			return;
		}

		const waiting = this.#outbox.waiting(peer, share.lane);
		const last = waiting.at(-1);
		if (!last || last.sequence <= share.cursor) {
			return;
		}

		for (const entry of waiting) {
			if (!this.#peers.canSend(peer)) {
				return;
			}

			if (entry.sequence <= share.cursor || !this.#listener.isOurs(entry)) {
				continue;
			}

			const {sequence, text, at, clock, proof} = entry;
			this.#peers.send(peer, {
				kind: 'say', shared, visit: share.theirs, sequence, text, at, clock, ...(proof && {proof}),
			});
			share.cursor = sequence;
			this.#progress.send(entry, now);
		}
	}
}

/**
The peer is not present any more.
*/
function markAbsent(share: Share, now: number): void {
	if (share.theirs !== undefined) {
		share.since = now;
	}

	share.theirs = undefined;
}
