// The other side of a handshake: INITs that were answered and wait for their first DATA.
// Message 1 can be replayed, so an entry here changes nothing else; the table is small, each peer has a few places, all expire.
// Knows how to read an INIT and write its RESP; refuses to know links.
import {type CipherSuite} from '../crypto/cipher.js';
import {type PeerConfig} from '../config.js';
import {hex} from '../packets/bytes.js';
import {deriveMacKey, encodeResp, type InitPacket} from '../packets/packet.js';
import {
	deriveKeys,
	hostOf,
	type Address,
	type Session,
} from '../session.js';
import {keySize, type AgreementKey} from '../crypto/x25519.js';
import {Handshake} from './noise.js';
import {prologue} from './initiation.js';
import {
	decodeHandshakePayload,
	encodeHandshakePayload,
	type HandshakePayload,
	type LinkParameters,
} from './handshake-payload.js';

/**
Places one peer may take at once; several are needed only while a peer restarts.
*/
const placesPerPeer = 4;

/**
An INIT that was read: who sent it is proven, that it is not a replay is not.
*/
export type ReadInit = {handshake: Handshake; remoteStatic: Uint8Array; payload: HandshakePayload};

/**
Reads an INIT addressed to us, or returns undefined when it is not authentic. `ephemeralKey` will be used by the answer.
*/
export function readInit({scid, noise}: Pick<InitPacket, 'scid' | 'noise'>, keys: {staticKey: AgreementKey; ephemeralKey: AgreementKey}, maxCredential: number): ReadInit | undefined {
	const handshake = new Handshake({
		pattern: 'IK', isInitiator: false, prologue, ...keys,
	});
	const plaintext = handshake.readMessage(noise);
	const payload = plaintext && decodeHandshakePayload(plaintext, maxCredential);
	const {remoteStatic} = handshake;
	return remoteStatic && payload?.scid === scid ? {handshake, remoteStatic, payload} : undefined;
}

/**
The part of an INIT that is different in each handshake: its ephemeral key, as a map key.
*/
export function nameInit({noise}: Pick<InitPacket, 'noise'>): string {
	return hex(noise.subarray(0, keySize));
}

export type HalfOpen = {
	/**
	The name of the INIT that was answered.
	*/
	name: string;
	session: Session;
	response: Uint8Array;
	sentAt: number;
	sends: number;
	expiresAt: number;
};

/**
Writes the answer to an INIT.
*/
export function answerInit({handshake, remoteStatic, payload}: ReadInit, options: {
	name: string;
	peer: string;
	address: Address;
	localCid: number;
	resetToken: Uint8Array;
	parameters: LinkParameters;
	credential: Uint8Array;
	suite: CipherSuite;
	config: PeerConfig;
}, now: number): HalfOpen | undefined {
	const {
		name, peer, address, localCid, resetToken, parameters, credential, suite, config,
	} = options;
	const noise = handshake.writeMessage(encodeHandshakePayload({
		scid: localCid, resetToken, parameters, credential,
	}));
	if (!noise) {
		return undefined;
	}

	return {
		name,
		session: {
			peer,
			publicKey: remoteStatic,
			address,
			isInitiator: false,
			localCid,
			remoteCid: payload.scid,
			resetToken: payload.resetToken,
			parameters: payload.parameters,
			rtt: undefined,
			...deriveKeys(handshake, suite, payload.parameters, config),
		},
		response: encodeResp({dcid: payload.scid, scid: localCid, noise}, deriveMacKey(remoteStatic)),
		sentAt: now,
		sends: 1,
		expiresAt: now + config.halfOpenTimeout,
	};
}

/**
All half-open handshakes, oldest first.
*/
export class HalfOpenTable {
	readonly #config: PeerConfig;
	readonly #byName = new Map<string, HalfOpen>();
	/**
	Handshakes that may still be computed, refilled with time.
	*/
	#allowance: number;
	#refilledAt = -Infinity;

	constructor(config: PeerConfig) {
		this.#config = config;
		this.#allowance = config.maxHandshakesPerSecond;
	}

	get size(): number {
		return this.#byName.size;
	}

	/**
	Half of the places or of this second's handshakes are taken: from now on an INIT has to show that it comes from where it says.
	*/
	isCrowded(now: number): boolean {
		this.#refill(now);
		return this.#byName.size * 2 >= this.#config.maxHalfOpen || this.#allowance * 2 < this.#config.maxHandshakesPerSecond;
	}

	/**
	One host has taken its share of the places, a quarter.
	*/
	hasShare(address: Address): boolean {
		const host = hostOf(address);
		let places = 0;
		for (const {session} of this.#byName.values()) {
			places += hostOf(session.address) === host ? 1 : 0;
		}

		return places * 4 >= this.#config.maxHalfOpen;
	}

	/**
	Counts a handshake that is about to be computed; false when there were too many in the last second.
	*/
	takeAllowance(now: number): boolean {
		this.#refill(now);
		if (this.#allowance < 1) {
			return false;
		}

		this.#allowance--;
		return true;
	}

	find(name: string): HalfOpen | undefined {
		return this.#byName.get(name);
	}

	findByCid(localCid: number): HalfOpen | undefined {
		return this.#byName.values().find(({session}) => session.localCid === localCid);
	}

	add(halfOpen: HalfOpen): void {
		const key = hex(halfOpen.session.publicKey);
		const places = this.#byName.values().filter(({session}) => hex(session.publicKey) === key).toArray();
		if (places.length >= placesPerPeer) {
			this.remove(places[0]!);
		} else if (this.#byName.size >= this.#config.maxHalfOpen) {
			this.remove(this.#byName.values().next().value!);
		}

		this.#byName.set(halfOpen.name, halfOpen);
	}

	remove({name}: HalfOpen): void {
		this.#byName.delete(name);
	}

	/**
	Forgets what one peer began.
	*/
	removePeer(publicKey: Uint8Array): void {
		const key = hex(publicKey);
		for (const halfOpen of this.#byName.values()) {
			if (hex(halfOpen.session.publicKey) === key) {
				this.remove(halfOpen);
			}
		}
	}

	expire(now: number): void {
		for (const halfOpen of this.#byName.values()) {
			if (now >= halfOpen.expiresAt) {
				this.remove(halfOpen);
			}
		}
	}

	pollTimeout(): number | undefined {
		return this.#byName.values().next().value?.expiresAt;
	}

	#refill(now: number): void {
		const {maxHandshakesPerSecond} = this.#config;
		const refill = Math.max(0, now - this.#refilledAt) * maxHandshakesPerSecond / 1000;
		this.#allowance = Math.min(maxHandshakesPerSecond, this.#allowance + refill);
		this.#refilledAt = now;
	}
}
