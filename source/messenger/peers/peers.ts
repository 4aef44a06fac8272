// Peers: who must have a link, and the links they have.
// Knows introductions, who dials, redialling, links that come early or are needed no more, and records as bytes;
// refuses to know conversations: it is told who is needed, and tells of links and records.
//
// The peer with the smaller device id dials at once, the other one only when no link has come by itself.
import {verifyCard, type Card, type SignedCard} from '../../protocol/cards.js';
import {ProtocolError} from '../../protocol/errors.js';
import {decodeBase64, encodeBase64} from '../../protocol/keys.js';
import type {Introduction} from '../../protocol/messages.js';
import {nameKey} from '../../protocol/names.js';
import type {
	Endpoint,
	EndpointEvent,
	LinkId,
	LinkStatistics,
} from '../../peer/endpoint.js';
import {
	earlyHoldMs,
	lingerMs,
	maximumHeldBytes,
	maximumHeldLinks,
	nextBackoff,
	redialBackoffMs,
} from '../limits.js';
import {linkEnds, type LinkEnd} from './link-codes.js';
import {
	encodeRecord,
	RecordDecoder,
	recordStream,
	type PeerRecord,
} from './records.js';
import type {Rendezvous} from './rendezvous.js';

/**
What Peers tells its owner. Peers go by their name key.
*/
export type PeersListener = {
	/**
	A card for a peer was checked against the root key.
	*/
	handleCard(card: Card): void;
	handleLinkUp(peer: string, now: number): void;
	/**
	`isStranger`: the peer says that it shares no conversation with us.
	*/
	handleLinkDown(peer: string, how: {readonly isStranger: boolean}, now: number): void;
	handleRecord(peer: string, record: PeerRecord, now: number): void;
	/**
	The peer at `address` keeps us waiting: its system should be asked whether the port is still open.
	*/
	handleSilence(address: string): void;
	/**
	Whether somebody may still turn out to be needed, because an answer of the server is under way.
	*/
	isExpecting(): boolean;
};

type Peer = {
	readonly key: string;
	card: Card | undefined;
	signedCard: SignedCard | undefined;
	addresses: readonly string[];
	punch: Introduction['punch'] | undefined;
	readonly needs: Set<string>;
	unneededAt: number | undefined;
	link: LinkId | undefined;
	isOpen: boolean;
	address: string | undefined;
	decoder: RecordDecoder;
	backlog: Uint8Array[];
	dialAt: number | undefined;
	pauseMs: number | undefined;
};

/**
A link that came before its peer was needed.
*/
type Held = {readonly key: string; readonly device: string; readonly address: string; until: number; readonly chunks: Uint8Array[]; bytes: number};

/**
Addresses of a peer that are remembered beside those the server gave.
*/
const maximumFound = 16;

/**
The larger device id gives the smaller one this much time to dial.
*/
const patienceMs = 2000;

export class Peers {
	readonly #endpoint: Endpoint;
	readonly #rendezvous: Rendezvous;
	readonly #listener: PeersListener;
	/**
	Our own device id.
	*/
	readonly #device: string;
	readonly #peers = new Map<string, Peer>();
	readonly #byLink = new Map<LinkId, Peer>();
	readonly #held = new Map<LinkId, Held>();
	/**
	What came on links before they were wanted; it is taken at the end of the turn, not in the middle of what wants them.
	*/
	readonly #early: Array<{readonly link: LinkId; readonly chunks: readonly Uint8Array[]}> = [];
	#downs: Array<{readonly peer: Peer; readonly isStranger: boolean}> = [];

	constructor({endpoint, rendezvous, listener, device}: {endpoint: Endpoint; rendezvous: Rendezvous; listener: PeersListener; device: string}) {
		this.#endpoint = endpoint;
		this.#rendezvous = rendezvous;
		this.#listener = listener;
		this.#device = device;
	}

	/**
	Takes what the server says about how to reach a peer, if its card is signed by the realm's root key (base64url).
	*/
	introduce(introduction: Introduction, rootKey: string, now: number): boolean {
		const card = verifyCard(introduction.card, decodeBase64(rootKey), now);
		if (!card || nameKey(card.user) !== nameKey(introduction.user)) {
			return false;
		}

		this.#listener.handleCard(card);
		const peer = this.#get(card.user);
		if (peer.card && peer.card.device !== card.device && peer.link !== undefined) {
			this.#endpoint.close(peer.link, linkEnds.done.code, linkEnds.done.reason, now);
		}

		peer.card = card;
		peer.signedCard = introduction.card;
		peer.punch = introduction.punch;
		peer.addresses = [...new Set([...introduction.addresses, ...peer.addresses])].slice(0, maximumFound);
		if (peer.isOpen) {
			this.#rendezvous.expect(peer.key, introduction.punch, peer.addresses, false, now);
		} else if (peer.needs.size > 0) {
			this.#want(peer, now);
		}

		if (peer.needs.size === 0) {
			peer.unneededAt ??= now;
		}

		return true;
	}

	/**
	A link to the peer is needed for `need` from now on.
	*/
	hold(name: string, need: string, now: number): void {
		const peer = this.#get(name);
		const wasNeeded = peer.needs.size > 0;
		peer.needs.add(need);
		peer.unneededAt = undefined;
		if (wasNeeded || peer.isOpen) {
			return;
		}

		peer.pauseMs = undefined;
		this.#want(peer, now);
	}

	release(name: string, need: string, now: number): void {
		const peer = this.#peers.get(nameKey(name));
		if (!(peer?.needs.delete(need) && peer.needs.size === 0)) {
			return;
		}

		peer.unneededAt = now;
		peer.dialAt = undefined;
		this.#rendezvous.forget(peer.key);
	}

	isLinked(name: string): boolean {
		return this.#peers.get(nameKey(name))?.isOpen === true;
	}

	/**
	Whether a long record may be sent now without piling up behind others.
	*/
	canSend(name: string): boolean {
		const peer = this.#peers.get(nameKey(name));
		return peer?.isOpen === true && peer.backlog.length === 0;
	}

	/**
	The device id on the peer's card.
	*/
	deviceOf(name: string): string | undefined {
		return this.#peers.get(nameKey(name))?.card?.device;
	}

	/**
	The peer's card as the realm's root has signed it.
	*/
	signedCardOf(name: string): SignedCard | undefined {
		return this.#peers.get(nameKey(name))?.signedCard;
	}

	/**
	The peer's name as its card spells it.
	*/
	nameOf(name: string): string {
		return this.#peers.get(nameKey(name))?.card?.user ?? name;
	}

	/**
	Where the link to the peer leads, `ip:port`.
	*/
	addressOf(name: string): string | undefined {
		const peer = this.#peers.get(nameKey(name));
		return peer?.isOpen ? peer.address : undefined;
	}

	/**
	What is known of the link to the peer, if one stands.
	*/
	statisticsOf(name: string): LinkStatistics | undefined {
		const peer = this.#peers.get(nameKey(name));
		return peer?.isOpen && peer.link !== undefined ? this.#endpoint.statistics(peer.link) : undefined;
	}

	/**
	Sends a record if a link stands.
	*/
	send(name: string, record: PeerRecord): void {
		const peer = this.#peers.get(nameKey(name));
		if (!peer?.isOpen) {
			return;
		}

		peer.backlog.push(encodeRecord(record));
		this.#write(peer);
	}

	/**
	A hint that the peer may be gone.

	@returns Whether there is a link to ask.
	*/
	probe(name: string, now: number): boolean {
		const peer = this.#peers.get(nameKey(name));
		if (peer?.isOpen && peer.link !== undefined) {
			this.#endpoint.probe(peer.link, now);
			return true;
		}

		return false;
	}

	/**
	Our way out may have changed: every link is asked whether it still stands, every missing one dialled.
	*/
	refresh(now: number): void {
		for (const peer of this.#peers.values()) {
			if (peer.isOpen) {
				this.probe(peer.key, now);
			} else if (peer.needs.size > 0) {
				peer.pauseMs = undefined;
				this.#want(peer, now);
			}
		}
	}

	close(name: string, {code, reason}: LinkEnd, now: number): void {
		const peer = this.#peers.get(nameKey(name));
		if (peer?.link !== undefined) {
			this.#endpoint.close(peer.link, code, reason, now);
		}
	}

	closeAll({code, reason}: LinkEnd, now: number): void {
		for (const link of [...this.#byLink.keys(), ...this.#held.keys()]) {
			this.#endpoint.close(link, code, reason, now);
		}
	}

	/**
	Bytes that were written to a link and that its peer has not acknowledged, over all links.
	*/
	bytesInFlight(): number {
		let bytes = 0;
		for (const {link, isOpen, backlog} of this.#peers.values()) {
			if (isOpen && link !== undefined) {
				bytes += (this.#endpoint.statistics(link)?.bytesWaiting ?? 0) + backlog.length;
			}
		}

		return bytes;
	}

	/**
	Takes everything the endpoint has to tell.
	*/
	handleEvents(now: number): void {
		for (const {link, chunks} of this.#early.splice(0)) {
			for (const chunk of chunks) {
				this.#handleLinkData(link, chunk, now);
			}
		}

		for (let event = this.#endpoint.pollEvent(); event; event = this.#endpoint.pollEvent()) {
			this.#handleEvent(event, now);
		}

		this.#handleFound(now);
		// Only now is it known whether a lost link has been replaced already.
		const downs = this.#downs;
		this.#downs = [];
		for (const {peer, isStranger} of downs) {
			if (!peer.isOpen) {
				this.#listener.handleLinkDown(peer.key, {isStranger}, now);
			}
		}
	}

	pollTimeout(): number | undefined {
		let next = Infinity;
		for (const {until} of this.#held.values()) {
			next = Math.min(next, until);
		}

		for (const {dialAt, unneededAt} of this.#peers.values()) {
			next = Math.min(next, dialAt ?? Infinity, unneededAt === undefined ? Infinity : unneededAt + lingerMs);
		}

		return Number.isFinite(next) ? next : undefined;
	}

	handleTimeout(now: number): void {
		for (const [link, held] of this.#held) {
			if (held.until <= now) {
				if (this.#listener.isExpecting()) {
					held.until = now + earlyHoldMs;
				} else {
					this.#endpoint.close(link, linkEnds.stranger.code, linkEnds.stranger.reason, now);
				}
			}
		}

		for (const peer of this.#peers.values()) {
			if (peer.unneededAt !== undefined && peer.unneededAt + lingerMs <= now) {
				this.#drop(peer, now);
			} else if (peer.dialAt !== undefined && peer.dialAt <= now) {
				this.#dial(peer, now);
			}
		}
	}

	#get(name: string): Peer {
		const key = nameKey(name);
		let peer = this.#peers.get(key);
		if (!peer) {
			peer = {
				key,
				card: undefined,
				signedCard: undefined,
				addresses: [],
				punch: undefined,
				needs: new Set(),
				unneededAt: undefined,
				link: undefined,
				isOpen: false,
				address: undefined,
				decoder: new RecordDecoder(),
				backlog: [],
				dialAt: undefined,
				pauseMs: undefined,
			};
			this.#peers.set(key, peer);
		}

		return peer;
	}

	/**
	Takes a link that has come already, or sees that one comes.
	*/
	#want(peer: Peer, now: number): void {
		const {card, punch} = peer;
		if (!card || !punch) {
			return;
		}

		for (const [link, held] of this.#held) {
			if (held.key === peer.key && held.device === card.device) {
				this.#held.delete(link);
				this.#attach(peer, link, held.address, now);
				this.#early.push({link, chunks: held.chunks});
				return;
			}
		}

		this.#rendezvous.expect(peer.key, punch, peer.addresses, true, now);
		if (peer.link === undefined) {
			const patience = this.#device < card.device ? 0 : patienceMs;
			peer.dialAt = Math.min(peer.dialAt ?? Infinity, now + patience);
		} else {
			// An attempt that has waited long asks rarely; with news of the peer a fresh one is quicker.
			this.#forsake(peer, now);
			peer.dialAt = now;
		}
	}

	/**
	Gives up an attempt, without a word to anybody.
	*/
	#forsake(peer: Peer, now: number): void {
		const link = peer.link!;
		this.#detach(link);
		this.#endpoint.close(link, linkEnds.done.code, linkEnds.done.reason, now);
	}

	#dial(peer: Peer, now: number): void {
		peer.dialAt = undefined;
		if (!peer.card || peer.link !== undefined || peer.needs.size === 0) {
			return;
		}

		const link = this.#endpoint.connect({publicKey: decodeBase64(peer.card.agree), candidates: peer.addresses}, now);
		if (this.#held.has(link)) {
			return;
		}

		peer.link = link;
		this.#byLink.set(link, peer);
	}

	#addCandidates({link}: Peer, addresses: readonly string[], now: number): void {
		for (const address of addresses) {
			this.#endpoint.addCandidate(link!, address, now);
		}
	}

	#handleFound(now: number): void {
		for (let found = this.#rendezvous.pollFound(); found; found = this.#rendezvous.pollFound()) {
			const peer = this.#peers.get(found.name);
			if (!peer || peer.isOpen || peer.addresses.includes(found.address)) {
				continue;
			}

			peer.addresses = [found.address, ...peer.addresses].slice(0, maximumFound);
			if (peer.link !== undefined) {
				this.#addCandidates(peer, [found.address], now);
			}
		}
	}

	#handleEvent(event: EndpointEvent, now: number): void {
		switch (event.type) {
			case 'open': {
				this.#handleOpen(event, now);
				break;
			}

			case 'data': {
				if (event.stream === recordStream) {
					this.#handleLinkData(event.link, event.data, now);
				}

				break;
			}

			case 'closed': {
				this.#handleEnd(event.link, now, {isStranger: event.by === 'peer' && event.code === linkEnds.stranger.code});
				break;
			}

			case 'lost':
			case 'failed': {
				this.#handleEnd(event.link, now);
				break;
			}

			case 'silent': {
				this.#listener.handleSilence(event.address);
				break;
			}

			case 'writable': {
				const peer = this.#byLink.get(event.link);
				if (peer) {
					this.#write(peer);
				}

				break;
			}

			default:
		}
	}

	#handleOpen({link, peer: who, address}: EndpointEvent & {type: 'open'}, now: number): void {
		const [user = '', device = ''] = who.split('/', 2);
		const key = nameKey(user);
		const peer = this.#byLink.get(link) ?? this.#peers.get(key);
		if (peer?.key === key && peer.card?.device === device && peer.needs.size > 0) {
			this.#attach(peer, link, address, now);
		} else if (this.#held.size < maximumHeldLinks) {
			this.#detach(link);
			this.#held.set(link, {
				key, device, address, until: now + earlyHoldMs, chunks: [], bytes: 0,
			});
		} else {
			this.#endpoint.close(link, linkEnds.stranger.code, linkEnds.stranger.reason, now);
		}
	}

	#attach(peer: Peer, link: LinkId, address: string, now: number): void {
		if (peer.link !== undefined && peer.link !== link) {
			this.#byLink.delete(peer.link);
			this.#endpoint.close(peer.link, linkEnds.done.code, linkEnds.done.reason, now);
		}

		peer.link = link;
		peer.isOpen = true;
		peer.address = address;
		peer.dialAt = undefined;
		peer.pauseMs = undefined;
		peer.decoder = new RecordDecoder();
		peer.backlog = [];
		this.#byLink.set(link, peer);
		this.#rendezvous.rest(peer.key);
		this.#listener.handleLinkUp(peer.key, now);
	}

	#detach(link: LinkId): void {
		const peer = this.#byLink.get(link);
		this.#byLink.delete(link);
		if (!peer) {
			return;
		}

		peer.link = undefined;
		peer.isOpen = false;
		peer.backlog = [];
	}

	#handleEnd(link: LinkId, now: number, {isStranger = false} = {}): void {
		this.#held.delete(link);
		const peer = this.#byLink.get(link);
		if (!peer) {
			return;
		}

		this.#detach(link);
		this.#downs.push({peer, isStranger});
		if (peer.needs.size === 0) {
			return;
		}

		peer.pauseMs = nextBackoff(peer.pauseMs, redialBackoffMs);
		peer.dialAt = now + peer.pauseMs;
		if (peer.punch) {
			this.#rendezvous.expect(peer.key, peer.punch, peer.addresses, true, now);
		}
	}

	#handleLinkData(link: LinkId, data: Uint8Array, now: number): void {
		const peer = this.#byLink.get(link);
		if (peer) {
			this.#handleData(peer, data, now);
			return;
		}

		const held = this.#held.get(link);
		if (!held) {
			return;
		}

		held.bytes += data.length;
		held.chunks.push(new Uint8Array(data));
		if (held.bytes > maximumHeldBytes) {
			this.#endpoint.close(link, linkEnds.flood.code, linkEnds.flood.reason, now);
		}
	}

	#handleData(peer: Peer, data: Uint8Array, now: number): void {
		try {
			for (const record of peer.decoder.push(data)) {
				this.#listener.handleRecord(peer.key, record, now);
				if (!peer.isOpen) {
					return;
				}
			}
		} catch (error) {
			if (!(error instanceof ProtocolError)) {
				throw error;
			}

			this.close(peer.key, linkEnds.badRecord, now);
		}
	}

	#write(peer: Peer): void {
		while (peer.isOpen && peer.link !== undefined && peer.backlog.length > 0) {
			const first = peer.backlog[0]!;
			const taken = this.#endpoint.write(peer.link, recordStream, first);
			if (taken < first.length) {
				peer.backlog[0] = first.subarray(taken);
				return;
			}

			peer.backlog.shift();
		}
	}

	#drop(peer: Peer, now: number): void {
		this.#peers.delete(peer.key);
		if (peer.link === undefined) {
			return;
		}

		this.#byLink.delete(peer.link);
		this.#endpoint.close(peer.link, linkEnds.done.code, linkEnds.done.reason, now);
		this.#listener.handleLinkDown(peer.key, {isStranger: false}, now);
	}
}

/**
Who speaks on a link: the card it shows must be signed by the realm's root key and name the key that the handshake proved.

@returns `NAME/DEVICE`, or `undefined` for anybody else.
*/
export function authenticatePeer(rootKey: string | undefined, staticKey: Uint8Array, credential: Uint8Array, now: number): string | undefined {
	const card = rootKey === undefined ? undefined : verifyCard(new TextDecoder().decode(credential), decodeBase64(rootKey), now);
	return card?.agree === encodeBase64(staticKey) ? `${card.user}/${card.device}` : undefined;
}
