// The door of an endpoint: INITs are read, and answered where they are welcome.
// Knows what a stranger costs and who is let wait: cookies under load, a share for each host, whose handshake goes on where two cross;
// refuses to know links. Nothing it does before the first DATA has an effect that a replay could repeat.
import {type CipherSuite} from '../crypto/cipher.js';
import {type PeerConfig} from '../config.js';
import {type EndpointCounters} from '../events.js';
import {
	decodeInit,
	encodeReset,
	encodeRetry,
	type InitPacket,
} from '../packets/packet.js';
import {type Address} from '../session.js';
import {type AgreementKey} from '../crypto/x25519.js';
import {Cookies} from './cookies.js';
import {
	answerInit,
	HalfOpenTable,
	nameInit,
	readInit,
	type HalfOpen,
} from './half-open.js';
import {type LinkParameters} from './handshake-payload.js';
import {type StatelessReset} from './reset.js';

/**
Answers that wait to be polled; more are dropped, whoever asked will ask again.
*/
const maxResponses = 256;

/**
What the door asks of its house.
*/
export type ReceptionOptions = {
	readonly config: PeerConfig;
	readonly suite: CipherSuite;
	readonly staticKey: AgreementKey;
	readonly macKey: Uint8Array;
	readonly counters: EndpointCounters;
	readonly resets: StatelessReset;
	readonly random: (size: number) => Uint8Array;
	readonly credential: () => Uint8Array;
	readonly authenticate: (staticKey: Uint8Array, credential: Uint8Array, now: number) => string | undefined;
	readonly parameters: () => LinkParameters;
	readonly createEphemeralKey: () => AgreementKey;
	readonly createCid: () => number;
	/**
	Whether a link began with the INIT of that name.
	*/
	readonly hasBegun: (name: string) => boolean;
	/**
	Whether our own handshake with that peer, whom `from` belongs to, goes on in place of this one.
	*/
	readonly isOursFirst: (remoteStatic: Uint8Array, from: Address) => boolean;
	readonly onAnswered: (halfOpen: HalfOpen) => void;
};

export class Reception {
	/**
	Answered handshakes that wait for their first packet.
	*/
	readonly halfOpens: HalfOpenTable;
	readonly #options: ReceptionOptions;
	readonly #cookies: Cookies;
	readonly #responses: Array<{to: Address; data: Uint8Array}> = [];

	constructor(options: ReceptionOptions) {
		this.#options = options;
		this.halfOpens = new HalfOpenTable(options.config);
		this.#cookies = new Cookies(options.random);
	}

	/**
	The next answer to a stranger.
	*/
	pollTransmit(): {to: Address; data: Uint8Array} | undefined {
		return this.#responses.shift();
	}

	handleInit(data: Uint8Array, from: Address, now: number): void {
		const {counters, config, staticKey, macKey, hasBegun, createEphemeralKey, isOursFirst, authenticate} = this.#options;
		const init = decodeInit(data, macKey);
		if (!init) {
			counters.malformed++;
			return;
		}

		const name = nameInit(init);
		const known = this.halfOpens.find(name);
		if (known) {
			known.sends++;
			this.#respond(from, known.response);
			return;
		}

		if (hasBegun(name)) {
			counters.replayed++;
			return;
		}

		if (!this.#isWelcome(init, from, now)) {
			return;
		}

		const read = readInit(init, {staticKey, ephemeralKey: createEphemeralKey()}, config.maxCredential);
		if (!read) {
			counters.forged++;
			return;
		}

		if (isOursFirst(read.remoteStatic, from)) {
			return;
		}

		const peer = authenticate(read.remoteStatic, read.payload.credential, now);
		if (peer === undefined) {
			counters.refused++;
			return;
		}

		const {createCid, resets, parameters, credential, suite, onAnswered} = this.#options;
		const localCid = createCid();
		const halfOpen = answerInit(read, {
			name, peer, address: from, localCid, resetToken: resets.tokenOf(localCid), parameters: parameters(), credential: credential(), suite, config,
		}, now);
		if (!halfOpen) {
			return;
		}

		this.halfOpens.add(halfOpen);
		onAnswered(halfOpen);
		this.#respond(from, halfOpen.response);
	}

	/**
	DATA came for a connection that does not exist: its sender hears so, now and then.
	*/
	handleUnknown(cid: number, from: Address, now: number): void {
		const {counters, resets} = this.#options;
		counters.unknown++;
		if (resets.takeAllowance(now)) {
			this.#respond(from, encodeReset(resets.tokenOf(cid)));
		}
	}

	/**
	Whether an INIT is worth a handshake now. Under load it has to bring the cookie that is sent to where it says it comes from, and no
	host gets more than its share.
	*/
	#isWelcome(init: InitPacket, from: Address, now: number): boolean {
		const {counters, macKey} = this.#options;
		const isCrowded = this.halfOpens.isCrowded(now);
		if (isCrowded && !(init.cookie && this.#cookies.isRight(init.cookie, from, now))) {
			counters.retried++;
			this.#respond(from, encodeRetry({dcid: init.scid, cookie: this.#cookies.create(from, now), mac1: init.mac1}, macKey));
			return false;
		}

		if ((isCrowded && this.halfOpens.hasShare(from)) || !this.halfOpens.takeAllowance(now)) {
			counters.overload++;
			return false;
		}

		return true;
	}

	#respond(to: Address, data: Uint8Array): void {
		if (this.#responses.length < maxResponses) {
			this.#responses.push({to, data});
		}
	}
}
