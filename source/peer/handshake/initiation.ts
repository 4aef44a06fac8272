// Our side of a handshake that we began: one INIT, sent to every candidate address until somebody answers it or time is up.
// Knows the two messages and their timers; refuses to know what the link is for.
import {Buffer} from 'node:buffer';
import {type CipherSuite} from '../crypto/cipher.js';
import {minInitSize, type PeerConfig} from '../config.js';
import {
	deriveMacKey,
	encodeInit,
	initHeaderSize,
	initNoiseOverhead,
	macSize,
	openRetry,
	type RespPacket,
} from '../packets/packet.js';
import {deriveKeys, type Address, type Session} from '../session.js';
import {type AgreementKey} from '../crypto/x25519.js';
import {Handshake} from './noise.js';
import {decodeHandshakePayload, encodeHandshakePayload, type LinkParameters} from './handshake-payload.js';

/**
Both sides mix this into the handshake (Noise, section 6): a message of another protocol or version opens nothing here.
*/
export const prologue = Buffer.from('earshot peer link 1');

/**
RETRYs that one address may answer with: what comes after these is no honest peer.
*/
const maxRetries = 3;

export type InitiationOptions = {
	config: PeerConfig;
	suite: CipherSuite;
	staticKey: AgreementKey;
	ephemeralKey: AgreementKey;
	remoteStatic: Uint8Array;
	candidates: readonly Address[];
	localCid: number;
	resetToken: Uint8Array;
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
	readonly #noise: Uint8Array;
	readonly #macKey: Uint8Array;
	readonly #init: Uint8Array;
	/**
	The INIT with a cookie, for the candidates that asked for one.
	*/
	readonly #initsWithCookie = new Map<Address, {data: Uint8Array; retries: number}>();
	/**
	The handshake after our message; each answer is read by a copy.
	*/
	readonly #handshake: Handshake;
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
		const {
			config, staticKey, ephemeralKey, remoteStatic, localCid, resetToken, parameters, credential,
		} = options;
		this.#options = options;
		this.remoteStatic = remoteStatic;
		this.localCid = localCid;
		const payload = encodeHandshakePayload({
			scid: localCid, resetToken, parameters, credential,
		}, minInitSize - initHeaderSize - initNoiseOverhead - macSize);
		this.#handshake = new Handshake({
			pattern: 'IK', isInitiator: true, prologue, staticKey, ephemeralKey, remoteStatic,
		});
		this.#noise = this.#handshake.writeMessage(payload) ?? new Uint8Array(0);
		this.#macKey = deriveMacKey(remoteStatic);
		this.#init = encodeInit({scid: localCid, noise: this.#noise}, this.#macKey);
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
		const handshake = this.#handshake.fork();
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
			resetToken: payload.resetToken,
			parameters: payload.parameters,
			rtt: this.#sends === 1 ? now - this.#startedAt : undefined,
			...deriveKeys(handshake, suite, payload.parameters, config),
		};
	}

	/**
	The peer is under load and wants the INIT again with a cookie, at once. False when the RETRY is not its answer to what we sent it.
	*/
	handleRetry(packet: Uint8Array, from: Address): boolean {
		const known = this.#initsWithCookie.get(from);
		const retries = (known?.retries ?? 0) + 1;
		if (retries > maxRetries || !this.#candidates.includes(from)) {
			return false;
		}

		for (const init of [known?.data, this.#init]) {
			const cookie = init && openRetry(packet, init.subarray(-macSize), this.#macKey);
			if (cookie) {
				this.#initsWithCookie.set(from, {data: encodeInit({scid: this.localCid, noise: this.#noise, cookie}, this.#macKey), retries});
				this.#due.push(from);
				return true;
			}
		}

		return false;
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

		return {to, data: this.#initsWithCookie.get(to)?.data ?? this.#init};
	}
}
