// The UDP side: a user shows the server where its datagrams come from, and a stranger asks whether a server is here.
// Knows PUNCH and DISCOVER and their answers, none longer than its question; refuses to carry anything for anybody.
import {Buffer} from 'node:buffer';
import {answerDiscovery} from '../../source/protocol/discovery.js';
import {decodePunch, encodePunch, isPunchAuthentic} from '../../source/protocol/punch.js';
import type {Notices} from './notices.js';
import type {Outbox} from './outbox.js';
import type {Presence} from './presence.js';
import type {User} from './state.js';

export class Rendezvous {
	/**
	What DISCOVER is told; 0 answers nobody.
	*/
	tcpPort = 0;
	readonly #outbox: Outbox;
	readonly #presence: Presence;
	readonly #notices: Notices;

	constructor(outbox: Outbox, presence: Presence, notices: Notices) {
		this.#outbox = outbox;
		this.#presence = presence;
		this.#notices = notices;
	}

	/**
	Answers an authentic ask and takes its source (`ip:port`) for the user's address. Anything else is silence.
	*/
	handleDatagram(bytes: Uint8Array, from: string): void {
		const discovered = this.tcpPort === 0 ? undefined : answerDiscovery(bytes, this.tcpPort);
		if (discovered) {
			this.#outbox.push({kind: 'datagram', bytes: discovered, to: from});
			return;
		}

		const punch = decodePunch(bytes);
		const user = punch?.kind === 'ask' ? this.#presence.findBySid(Buffer.from(punch.sid).toString('hex')) : undefined;
		if (!punch || !user || !isPunchAuthentic(bytes, user.punch.secret) || isReplay(user, punch.txid, from)) {
			return;
		}

		this.#outbox.push({kind: 'datagram', bytes: encodePunch({...punch, kind: 'answer'}, user.punch.secret), to: from});
		if (user.observed === from) {
			return;
		}

		user.observed = from;
		this.#outbox.send(user.connection.id, {event: 'address', seen: from});
		this.#notices.noteMoved(user);
	}
}

/**
A recorded ask, played again from elsewhere, must not move the user there; its own sender may repeat it.
*/
function isReplay(user: User, txid: Uint8Array, from: string): boolean {
	return user.punches.hasSeen(txid) && user.observed !== from;
}
