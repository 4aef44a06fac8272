// Introductions: what one user is told so that it can reach another.
// Knows which addresses go to whom and the secret of each pair; refuses to know why two users are introduced.
import {createHmac} from 'node:crypto';
import {maximumAddresses} from '../../source/protocol/limits.js';
import {encodeBase64} from '../../source/protocol/keys.js';
import type {Introduction} from '../../source/protocol/messages.js';
import {isLoopbackAddress} from './reachable.js';
import type {User} from './state.js';

function isLocal(user: User): boolean {
	return user.connection.isLoopback || (user.observed !== undefined && isLoopbackAddress(user.observed));
}

export class Introductions {
	readonly #secret: Uint8Array;

	/**
	@param secret 32 random bytes of this run of the server.
	*/
	constructor(secret: Uint8Array) {
		this.#secret = secret;
	}

	/**
	How `viewer` may reach `subject`: the address the server sees first, then those the subject announced. Loopback addresses only help a viewer on the server's own machine.
	*/
	introduce(subject: User, viewer: User): Introduction {
		const isViewerLocal = isLocal(viewer);
		const addresses = new Set(subject.observed === undefined ? subject.announced : [subject.observed, ...subject.announced]);
		return {
			user: subject.name,
			card: subject.card,
			addresses: [...addresses].filter(address => isViewerLocal || !isLoopbackAddress(address)).slice(0, 2 * maximumAddresses),
			punch: this.#pairPunch(subject, viewer),
		};
	}

	/**
	The same for both ends, and for as long as the server runs.
	*/
	#pairPunch(one: User, other: User): Introduction['punch'] {
		const pair = one.device < other.device ? `${one.device} ${other.device}` : `${other.device} ${one.device}`;
		const secret = createHmac('sha256', this.#secret).update(`earshot pair ${pair}`).digest();
		const sid = createHmac('sha256', secret).update('earshot sid').digest('hex').slice(0, 8);
		return {sid, secret: encodeBase64(secret)};
	}
}
