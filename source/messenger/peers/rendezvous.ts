// Rendezvous: PUNCH datagrams that show the server our address and open the paths to peers.
// Knows when to send one and whom an authentic one proves; refuses to know links (peers.ts gets the addresses found).
import {Buffer} from 'node:buffer';
import type {Introduction} from '../../protocol/messages.js';
import {
	decodePunch,
	encodePunch,
	isPunchAuthentic,
	type Punch,
} from '../../protocol/punch.js';
import {decodeBase64} from '../../protocol/keys.js';
import {rendezvousIntervalMs} from '../../protocol/limits.js';
import {nextBackoff, punchBackoffMs, showAddressMs} from '../limits.js';

type Secret = Introduction['punch'];

/**
A datagram to be sent to `ip:port`.
*/
export type Transmit = {readonly to: string; readonly data: Uint8Array};

type Target = {
	readonly sid: Uint8Array;
	readonly secret: Uint8Array;
	addresses: readonly string[];
	/**
	When to ask next; `undefined` while there is no need.
	*/
	askAt: number | undefined;
	pauseMs: number | undefined;
};

/**
Unconfirmed asks to the server before it is left at the slow rhythm: UDP seems to be blocked.
*/
const eagerAsks = 10;

function targetOf({sid, secret}: Secret, addresses: readonly string[], now: number): Target {
	return {
		sid: Buffer.from(sid, 'hex'), secret: decodeBase64(secret), addresses, askAt: now, pauseMs: undefined,
	};
}

export class Rendezvous {
	readonly #random: (size: number) => Uint8Array;
	#server: Target | undefined;
	#isConfirmed = false;
	#asks = 0;
	readonly #peers = new Map<string, Target>();
	readonly #bySid = new Map<string, string>();
	readonly #transmits: Transmit[] = [];
	readonly #found: Array<{readonly name: string; readonly address: string}> = [];

	constructor(random: (size: number) => Uint8Array) {
		this.#random = random;
	}

	/**
	Shows our address to the server at `address` under the secret it gave us, until the next call or `leaveServer`.
	*/
	showServer(address: string, secret: Secret, now: number): void {
		this.#server = targetOf(secret, [address], now);
		this.#isConfirmed = false;
		this.#asks = 0;
	}

	/**
	The server has told us under which address it sees us.
	*/
	confirm(): void {
		this.#isConfirmed = true;
	}

	/**
	Shows our address anew, because ours may have changed.
	*/
	refresh(now: number): void {
		this.#isConfirmed = false;
		this.#asks = 0;
		for (const target of [this.#server, ...this.#peers.values()]) {
			if (target?.askAt === undefined) {
				continue;
			}

			target.askAt = now;
			target.pauseMs = undefined;
		}
	}

	leaveServer(): void {
		this.#server = undefined;
	}

	/**
	Answers the asks of a peer from now on; with `isWanted` also asks it at all `addresses`, again and again.
	*/
	expect(name: string, secret: Secret, addresses: readonly string[], isWanted: boolean, now: number): void {
		const sidText = secret.sid;
		const before = this.#peers.get(name);
		if (before && Buffer.from(before.sid).toString('hex') === sidText) {
			before.addresses = addresses;
			before.askAt = isWanted ? Math.min(before.askAt ?? now, now + punchBackoffMs.first) : undefined;
			return;
		}

		this.forget(name);
		const target = targetOf(secret, addresses, now);
		this.#peers.set(name, target);
		this.#bySid.set(sidText, name);
		if (!isWanted) {
			target.askAt = undefined;
		}
	}

	/**
	The link to a peer stands: no more asking.
	*/
	rest(name: string): void {
		const target = this.#peers.get(name);
		if (!target) {
			return;
		}

		target.askAt = undefined;
		target.pauseMs = undefined;
	}

	forget(name: string): void {
		const target = this.#peers.get(name);
		if (!target) {
			return;
		}

		this.#peers.delete(name);
		this.#bySid.delete(Buffer.from(target.sid).toString('hex'));
	}

	/**
	Takes a datagram that begins with the PUNCH byte; anything not authentic is silence.
	*/
	handleDatagram(bytes: Uint8Array, from: string): void {
		const punch = decodePunch(bytes);
		const name = punch && this.#bySid.get(Buffer.from(punch.sid).toString('hex'));
		const target = name === undefined ? undefined : this.#peers.get(name);
		if (!punch || name === undefined || !target || !isPunchAuthentic(bytes, target.secret)) {
			return;
		}

		if (punch.kind === 'ask') {
			this.#send({...punch, kind: 'answer'}, target.secret, from);
		}

		// An answer proves the way there and back; an ask alone is worth a try.
		this.#found.push({name, address: from});
	}

	/**
	An address from which a peer has spoken.
	*/
	pollFound(): {readonly name: string; readonly address: string} | undefined {
		return this.#found.shift();
	}

	pollTransmit(): Transmit | undefined {
		return this.#transmits.shift();
	}

	pollTimeout(): number | undefined {
		let next = this.#server?.askAt;
		for (const {askAt} of this.#peers.values()) {
			if (askAt !== undefined && (next === undefined || askAt < next)) {
				next = askAt;
			}
		}

		return next;
	}

	handleTimeout(now: number): void {
		if (this.#server?.askAt !== undefined && this.#server.askAt <= now) {
			this.#ask(this.#server);
			this.#asks++;
			this.#server.askAt = now + (this.#isConfirmed || this.#asks >= eagerAsks ? rendezvousIntervalMs : showAddressMs);
		}

		for (const target of this.#peers.values()) {
			if (target.askAt === undefined || !(target.askAt <= now)) {
				continue;
			}

			this.#ask(target);
			target.pauseMs = nextBackoff(target.pauseMs, punchBackoffMs);
			target.askAt = now + target.pauseMs;
		}
	}

	#ask({sid, secret, addresses}: Target): void {
		const txid = this.#random(12);
		for (const address of addresses) {
			this.#send({sid, txid, kind: 'ask'}, secret, address);
		}
	}

	#send(punch: Punch, secret: Uint8Array, to: string): void {
		this.#transmits.push({to, data: encodePunch(punch, secret)});
	}
}
