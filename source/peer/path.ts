// Where the peer is: the address in use, and another one that its packets began to come from, which is asked before it is used
// (RFC 9000, section 9): a packet that was caught and sent on from elsewhere must not turn the link there.
// Knows addresses and tokens; refuses to know packets. What goes to an unproven address is one small packet at a time.
import {compareBytes} from './bytes.js';
import {type PathFrame} from './frame.js';
import {type Address} from './session.js';

const tokenSize = 8;
/**
A challenge is sent so often, with this pause (ms), before the new address is given up.
*/
const challengeSends = 4;
const challengeInterval = 250;

/**
Answers that wait at once; a peer has no need of more.
*/
const maxResponses = 4;

type Probe = {to: Address; frame: PathFrame};

export class Path {
	/**
	Where packets go.
	*/
	address: Address;
	readonly #random: (size: number) => Uint8Array;
	#candidate: {address: Address; token: Uint8Array; sendsLeft: number; sendAt: number} | undefined;
	readonly #responses: Probe[] = [];

	constructor(address: Address, random: (size: number) => Uint8Array) {
		this.address = address;
		this.#random = random;
	}

	/**
	An authentic packet came from `from`. Only the newest says where the peer is now.
	*/
	handlePacket(from: Address, isNewest: boolean, now: number): void {
		if (!isNewest || from === this.#candidate?.address) {
			return;
		}

		this.#candidate = from === this.address
			? undefined
			: {
				address: from, token: this.#random(tokenSize), sendsLeft: challengeSends, sendAt: now,
			};
	}

	/**
	The peer asks whether we are at the address it sent `token` to; the answer goes to where it asked from.
	*/
	handleChallenge(token: Uint8Array, from: Address): void {
		if (this.#responses.length < maxResponses) {
			this.#responses.push({to: from, frame: {type: 'pathResponse', token: new Uint8Array(token)}});
		}
	}

	/**
	The peer answers a challenge. Whoever knows the token was reached at the new address, which is used from now on.
	*/
	handleResponse(token: Uint8Array): void {
		if (!(this.#candidate && compareBytes(token, this.#candidate.token) === 0)) {
			return;
		}

		this.address = this.#candidate.address;
		this.#candidate = undefined;
	}

	/**
	The next challenge or answer, which needs a packet of its own.
	*/
	pollProbe(now: number): Probe | undefined {
		const response = this.#responses.shift();
		if (response) {
			return response;
		}

		const candidate = this.#candidate;
		if (!candidate || candidate.sendsLeft === 0 || now < candidate.sendAt) {
			return undefined;
		}

		candidate.sendsLeft--;
		candidate.sendAt = now + challengeInterval;
		return {to: candidate.address, frame: {type: 'pathChallenge', token: candidate.token}};
	}

	pollTimeout(): number | undefined {
		return this.#candidate && this.#candidate.sendsLeft > 0 ? this.#candidate.sendAt : undefined;
	}
}
