// Our side of a handshake that we began: one INIT, sent to every candidate address until somebody answers it or time is up.
// Knows the two messages and their timers; refuses to know what the link is for.
import {Buffer} from 'node:buffer';
import {type CipherSuite} from './cipher.js';
import {minInitSize, type PeerConfig} from './config.js';
import {decodeHandshakePayload, encodeHandshakePayload, type LinkParameters} from './handshake-payload.js';
import {Handshake} from './noise.js';
import {
	deriveMacKey,
	encodeInit,
	initHeaderSize,
	initNoiseOverhead,
	macSize,
	type RespPacket,
} from './packet.js';
import {deriveKeys, type Address, type Session} from './session.js';
import {type AgreementKey} from './x25519.js';

/**
Both sides mix this into the handshake (Noise, section 6): a message of another protocol or version opens nothing here.
*/
export const prologue = Buffer.from('earshot peer link 1');

export type InitiationOptions = {
	config: PeerConfig;
	suite: CipherSuite;
	staticKey: AgreementKey;
	ephemeralKey: AgreementKey;
	remoteStatic: Uint8Array;
	candidates: readonly Address[];
	localCid: number;
	parameters: LinkParameters;
	credential: Uint8Array;
	/**
	Names the peer, or refuses it.
	*/
	authenticate(staticKey: Uint8Array, credential: Uint8Array, now: number): string | undefined;
};

export class Initiation {
	readonly remoteStatic: Uint8Array;
	readonly localCid: number;
	readonly #options: InitiationOptions;
	readonly #init: Uint8Array;
	/**
	The handshake after our message; reading an answer uses it up, so each answer gets a machine of its own.
	*/
	readonly #begin: () => Handshake;
	readonly #candidates: Address[] = [];
	readonly #failsAt: number;
	readonly #startedAt: number;
	#retryAt: number;
	#retry: number;
	/**
	Addresses that get the INIT with the next polls.
	*/
	#due: Address[] = [];
	#sends = 0;

	constructor(options: InitiationOptions, now: number) {
		const {config, staticKey, ephemeralKey, remoteStatic, localCid, parameters, credential} = options;
		this.#options = options;
		this.remoteStatic = remoteStatic;
		this.localCid = localCid;
		const payload = encodeHandshakePayload({scid: localCid, parameters, credential}, minInitSize - initHeaderSize - initNoiseOverhead - macSize);
		const begin = (): {handshake: Handshake; noise: Uint8Array} => {
			const handshake = new Handshake({
				pattern: 'IK', isInitiator: true, prologue, staticKey, ephemeralKey, remoteStatic,
			});
			return {handshake, noise: handshake.writeMessage(payload) ?? new Uint8Array(0)};
		};

		this.#begin = () => begin().handshake;
		this.#init = encodeInit({scid: localCid, noise: begin().noise}, deriveMacKey(remoteStatic));
		this.#startedAt = now;
		this.#failsAt = now + config.connectTimeout;
		this.#retry = config.initRetry;
		this.#retryAt = now + this.#retry;
		for (const candidate of options.candidates) {
			this.addCandidate(candidate);
		}
	}

	/**
	One more address to try, at once.
	*/
	addCandidate(address: Address): void {
		if (this.#candidates.includes(address) || !(this.#candidates.length < this.#options.config.maxCandidates)) {
			return;
		}

		this.#candidates.push(address);
		this.#due.push(address);
	}

	/**
	The peer's answer, from `from`; undefined when it is not authentic or the peer is refused.
	*/
	handleResponse({scid, noise}: RespPacket, from: Address, now: number): Session | undefined {
		const {config, suite, remoteStatic, localCid, authenticate} = this.#options;
		const handshake = this.#begin();
		const plaintext = handshake.readMessage(noise);
		const payload = plaintext && decodeHandshakePayload(plaintext, config.maxCredential);
		const peer = payload?.scid === scid ? authenticate(remoteStatic, payload.credential, now) : undefined;
		if (!payload || peer === undefined) {
			return undefined;
		}

		return {
			peer,
			publicKey: remoteStatic,
			address: from,
			isInitiator: true,
			localCid,
			remoteCid: scid,
			parameters: payload.parameters,
			rtt: this.#sends === 1 ? now - this.#startedAt : undefined,
			...deriveKeys(handshake, suite, config),
		};
	}

	/**
	True when nobody answered in time.
	*/
	handleTimeout(now: number): boolean {
		if (now >= this.#failsAt) {
			return true;
		}

		if (now >= this.#retryAt) {
			this.#retry = Math.min(this.#retry * 2, this.#options.config.initRetryMax);
			this.#retryAt = now + this.#retry;
			this.#due = [...this.#candidates];
		}

		return false;
	}

	pollTimeout(): number {
		return Math.min(this.#retryAt, this.#failsAt);
	}

	pollTransmit(): {to: Address; data: Uint8Array} | undefined {
		const to = this.#due.shift();
		if (to === undefined) {
			return undefined;
		}

		if (to === this.#candidates[0]) {
			this.#sends++;
		}

		return {to, data: this.#init};
	}
}
