// The links of an endpoint, found by id, by connection id and by peer, and the queue of those that may have something to send.
// Knows who is listed where; refuses to know handshakes and packets.
import {hex} from './packets/bytes.js';
import {type LinkId} from './events.js';
import {type Initiation} from './handshake/initiation.js';
import {type Link} from './link.js';

export type LinkEntry = {
	readonly id: LinkId;
	readonly link: Link;
	/**
	The peer's static key.
	*/
	readonly publicKey: Uint8Array;
	/**
	Our handshake, while it is unanswered.
	*/
	initiation: Initiation | undefined;
	/**
	The name of the INIT that the peer began this link with.
	*/
	initName: string | undefined;
	/**
	It stands in the queue of those that may have something to send; `LinkTable` alone changes this.
	*/
	isReady: boolean;
};

/**
Whether the user of a link may still act on it.
*/
export function isAlive({link}: LinkEntry): boolean {
	return link.state === 'opening' || link.state === 'open';
}

export class LinkTable {
	readonly #byId = new Map<LinkId, LinkEntry>();
	readonly #byCid = new Map<number, LinkEntry>();
	readonly #byResetToken = new Map<string, LinkEntry>();
	readonly #byPeer = new Map<string, LinkEntry>();
	readonly #ready: LinkEntry[] = [];
	#lastId = 0;

	get size(): number {
		return this.#byId.size;
	}

	/**
	An id for a link that may or may not come about.
	*/
	createId(): LinkId {
		return ++this.#lastId;
	}

	/**
	Lists a link; from now on it is the one to that peer.
	*/
	add(entry: LinkEntry): void {
		this.#byId.set(entry.id, entry);
		this.#byPeer.set(hex(entry.publicKey), entry);
		this.markReady(entry);
	}

	/**
	Lists a link under its connection id, and no other, and under what the peer will show when it has forgotten the link.
	*/
	bind(entry: LinkEntry, {localCid, resetToken}: {localCid: number; resetToken?: Uint8Array}): void {
		this.#unbind(entry);
		this.#byCid.set(localCid, entry);
		if (resetToken) {
			this.#byResetToken.set(hex(resetToken), entry);
		}
	}

	remove(entry: LinkEntry): void {
		this.#unbind(entry);
		this.#byId.delete(entry.id);
		if (entry.isReady) {
			this.#ready.splice(this.#ready.indexOf(entry), 1);
		}

		if (this.findPeer(entry.publicKey) === entry) {
			this.#byPeer.delete(hex(entry.publicKey));
		}
	}

	find(id: LinkId): LinkEntry | undefined {
		return this.#byId.get(id);
	}

	findCid(localCid: number): LinkEntry | undefined {
		return this.#byCid.get(localCid);
	}

	findResetToken(token: Uint8Array): LinkEntry | undefined {
		return this.#byResetToken.get(hex(token));
	}

	findPeer(publicKey: Uint8Array): LinkEntry | undefined {
		return this.#byPeer.get(hex(publicKey));
	}

	values(): MapIterator<LinkEntry> {
		return this.#byId.values();
	}

	/**
	The link may have something to send.
	*/
	markReady(entry: LinkEntry): void {
		if (entry.isReady) {
			return;
		}

		entry.isReady = true;
		this.#ready.push(entry);
	}

	/**
	The link whose turn it is; whoever finds that it has more to send marks it again, at the end of the queue.
	*/
	takeReady(): LinkEntry | undefined {
		const entry = this.#ready.shift();
		if (entry) {
			entry.isReady = false;
		}

		return entry;
	}

	#unbind({initiation, link}: LinkEntry): void {
		for (const localCid of [initiation?.localCid, link.session?.localCid]) {
			if (localCid !== undefined) {
				this.#byCid.delete(localCid);
			}
		}

		if (link.session) {
			this.#byResetToken.delete(hex(link.session.resetToken));
		}
	}
}
