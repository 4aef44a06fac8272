// Where the peer is: the address in use, and another one that its packets began to come from, which is asked before it is used
// (RFC 9000, section 9): a packet that was caught and sent on from elsewhere must not turn the link there.
// Knows addresses and tokens; refuses to know packets. What goes to an unproven address is one small packet at a time.
import {compareBytes} from './packets/bytes.js';
import {type PathFrame} from './packets/frame.js';
import {type Address} from './session.js';

const tokenSize = 8;
/**
A DATA packet with a challenge and nothing else.
*/
const challengePacketSize = 37;
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
	/**
	`allowance` is how many bytes may still go there: three times what came from it (RFC 9000, section 8).
	*/
	#candidate: {address: Address; token: Uint8Array; sendsLeft: number; sendAt: number; allowance: number} | undefined;
	readonly #responses: Probe[] = [];

	constructor(address: Address, random: (size: number) => Uint8Array) {
		this.address = address;
		this.#random = random;
	}

	/**
	An authentic packet of `size` bytes came from `from`. Only the newest says where the peer is now.
	*/
	handlePacket({from, size, isNewest}: {from: Address; size: number; isNewest: boolean}, now: number): void {
		if (this.#candidate && from === this.#candidate.address) {
			this.#candidate.allowance += 3 * size;
			return;
		}

		if (!isNewest) {
			return;
		}

		this.#candidate = from === this.address
			? undefined
			: {
				address: from, token: this.#random(tokenSize), sendsLeft: challengeSends, sendAt: now, allowance: 3 * size,
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
	The peer answers a challenge. Whoever knows the token was reached at the new address, which is used from now on: then true.
	*/
	handleResponse(token: Uint8Array): boolean {
		if (!(this.#candidate && compareBytes(token, this.#candidate.token) === 0)) {
			return false;
		}

		this.address = this.#candidate.address;
		this.#candidate = undefined;
		return true;
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
		if (!candidate || candidate.sendsLeft === 0 || candidate.allowance < challengePacketSize || now < candidate.sendAt) {
			return undefined;
		}

		candidate.sendsLeft--;
		candidate.allowance -= challengePacketSize;
		candidate.sendAt = now + challengeInterval;
		return {to: candidate.address, frame: {type: 'pathChallenge', token: candidate.token}};
	}

	pollTimeout(): number | undefined {
		const candidate = this.#candidate;
		return candidate && candidate.sendsLeft > 0 && candidate.allowance >= challengePacketSize ? candidate.sendAt : undefined;
	}
}
