// Our own prekeys, with which others seal mail for this device: made here, the public halves published, the private ones kept until used.
// Knows how many there must be and how long each is kept; refuses to know seals (sealing.ts) and mail (mailbox.ts).
//
// A private half is on disk before its public half leaves. A one-time prekey is erased in the batch that takes its mail in.
import type {KeyObject} from 'node:crypto';
import {
	encodeBase64,
	exportPublicKey,
	importPrivateKey,
} from '../../protocol/keys.js';
import type {Prekey} from '../../protocol/messages.js';
import type {ControlSession} from '../server/control-session.js';
import type {PrekeySecret, StoreWrite} from '../effects.js';
import type {Journal} from '../journal.js';
import {
	mailBackoffMs,
	maximumPrekeySecrets,
	oneTimePrekeys,
	replacedPrekeyMs,
	signedPrekeyMs,
	slowDownMs,
} from '../limits.js';
import {signPrekey} from './sealing.js';

export class Prekeys {
	readonly #control: Pick<ControlSession, 'request'>;
	readonly #journal: Journal;
	readonly #random: (size: number) => Uint8Array;
	readonly #signKey: KeyObject;
	/**
	Both kinds by id, oldest first.
	*/
	readonly #secrets = new Map<number, PrekeySecret>();
	/**
	What the server holds, as far as it has said; `undefined` while nobody is logged in.
	*/
	#held: {signed: number | undefined; oneTime: number; isLost: boolean} | undefined;
	#isPublishing = false;
	/**
	One-time prekeys that the server has refused so far.
	*/
	#fresh: PrekeySecret[] = [];
	#lookAt = Infinity;

	constructor({control, journal, random, signKey, secrets}: {control: Pick<ControlSession, 'request'>; journal: Journal; random: (size: number) => Uint8Array; signKey: KeyObject; secrets: readonly PrekeySecret[]}) {
		this.#control = control;
		this.#journal = journal;
		this.#random = random;
		this.#signKey = signKey;
		for (const secret of secrets.toSorted((one, other) => one.madeAt - other.madeAt)) {
			this.#secrets.set(secret.id, secret);
		}
	}

	/**
	The private half of a prekey, as long as it is kept.
	*/
	find(kind: PrekeySecret['kind'], id: number): KeyObject | undefined {
		const secret = this.#secrets.get(id);
		return secret?.kind === kind ? importPrivateKey('x25519', secret.secret) : undefined;
	}

	/**
	A one-time prekey has done its work.

	@returns What is to be made durable together with the mail it opened.
	*/
	use(id: number): StoreWrite[] {
		return this.#secrets.delete(id) ? [{kind: 'prekey-remove', id}] : [];
	}

	handleLoggedIn(held: {readonly signed?: number | undefined; readonly oneTime: number}, now: number): void {
		// More than we have the private halves of: ours is an older state, or the server's is, and there used ones would be handed out again.
		const own = this.#secrets.values().filter(({kind}) => kind === 'one-time').toArray().length;
		this.#held = {signed: held.signed, oneTime: held.oneTime, isLost: held.oneTime > own};
		this.#isPublishing = false;
		this.#fresh = [];
		this.#tend(now);
	}

	handleLoggedOut(): void {
		this.#held = undefined;
		this.#lookAt = Infinity;
	}

	/**
	The server has so few one-time prekeys left.
	*/
	handleFew(oneTime: number, now: number): void {
		if (!this.#held) {
			return;
		}

		this.#held.oneTime = oneTime;
		this.#tend(now);
	}

	/**
	Whether nothing is on its way to the server.
	*/
	get isIdle(): boolean {
		return !this.#held || !this.#isPublishing;
	}

	pollTimeout(): number | undefined {
		return Number.isFinite(this.#lookAt) ? this.#lookAt : undefined;
	}

	handleTimeout(now: number): void {
		if (this.#lookAt <= now) {
			this.#tend(now);
		}
	}

	/**
	Makes what is missing, publishes what the server lacks, erases what is past its time.
	*/
	#tend(now: number): void {
		if (!this.#held || this.#isPublishing) {
			return;
		}

		const writes: StoreWrite[] = [];
		let newest = this.#newestSigned();
		if (!newest || newest.madeAt + signedPrekeyMs <= now) {
			newest = this.#make('signed', now, writes);
		}

		const isSignedMissing = this.#held.signed !== newest.id;
		// Those beside another signed prekey may be of a state that is gone, as after a restoration, which makes us renew it.
		const isLost = this.#held.isLost || (isSignedMissing && this.#held.oneTime > 0);
		const usable = isLost ? 0 : this.#held.oneTime;
		const missing = usable < oneTimePrekeys / 2 ? oneTimePrekeys - usable : 0;
		while (this.#fresh.length < missing) {
			this.#fresh.push(this.#make('one-time', now, writes));
		}

		writes.push(...this.#expire(now));
		this.#lookAt = newest.madeAt + signedPrekeyMs;
		const fresh = this.#fresh.slice(0, missing);
		if (!isSignedMissing && fresh.length === 0) {
			this.#journal.gather(writes);
			return;
		}

		const held = this.#held;
		this.#isPublishing = true;
		const publish = (then: number): void => {
			const {id, secret} = newest;
			this.#control.request('publish', {
				...(isSignedMissing && {signed: signPrekey(id, publicHalf(secret), this.#signKey)}),
				oneTime: fresh.map((each): Prekey => ({id: each.id, key: encodeBase64(publicHalf(each.secret))})),
				...(isLost && {replace: true}),
			}, then, (outcome, later) => {
				if (this.#held !== held) {
					return;
				}

				this.#isPublishing = false;
				if (outcome.ok) {
					held.signed = newest.id;
					held.oneTime = outcome.reply.oneTime;
					held.isLost = false;
					this.#fresh = [];
				} else {
					this.#lookAt = later + (outcome.error.code === 'slow-down' ? slowDownMs : mailBackoffMs.longest);
				}
			});
		};

		if (writes.length === 0) {
			publish(now);
			return;
		}

		this.#journal.write(writes, then => {
			if (this.#held === held) {
				publish(then);
			}
		});
	}

	#newestSigned(): PrekeySecret | undefined {
		return this.#secrets.values().filter(({kind}) => kind === 'signed').toArray().at(-1);
	}

	#make(kind: PrekeySecret['kind'], now: number, writes: StoreWrite[]): PrekeySecret {
		let id = 0;
		while (id === 0 || this.#secrets.has(id)) {
			id = new DataView(Uint8Array.from(this.#random(4)).buffer).getUint32(0);
		}

		const prekey: PrekeySecret = {
			id, kind, secret: Uint8Array.from(this.#random(32)), madeAt: Math.floor(now),
		};
		this.#secrets.set(id, prekey);
		writes.push({kind: 'prekey-add', prekey});
		return prekey;
	}

	/**
	Signed prekeys that were replaced longer ago than mail lives, and one-time prekeys beyond what is kept.
	*/
	#expire(now: number): StoreWrite[] {
		const signed = this.#secrets.values().filter(({kind}) => kind === 'signed').toArray();
		const replaced = signed.filter((_secret, index) => index + 1 < signed.length && signed[index + 1]!.madeAt + replacedPrekeyMs <= now);
		const oneTime = this.#secrets.values().filter(({kind}) => kind === 'one-time').toArray();
		const surplus = oneTime.slice(0, Math.max(0, oneTime.length - maximumPrekeySecrets));
		return [...replaced, ...surplus].flatMap(({id}) => this.use(id));
	}
}

function publicHalf(secret: Uint8Array): Uint8Array {
	return exportPublicKey(importPrivateKey('x25519', secret));
}
