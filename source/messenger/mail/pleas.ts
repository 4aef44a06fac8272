// Pleas: who has mailed us what we can't open is asked to mail it again, for the prekeys of now.
// Knows who is to be asked and when it makes sense; refuses to know why a mail could not be opened (mailbox.ts) and what is sent again (mailing.ts).
//
// They are in memory only: where one is lost, the author mails again what has had no receipt for as long as the server keeps mail.
import type {Inbox} from '../lines/inbox.js';
import {
	mailBackoffMs,
	maximumPleas,
	nextBackoff,
	receiptDelayMs,
	slowDownMs,
} from '../limits.js';
import type {Author} from '../lines/receipts.js';
import {digest, type Courier} from './courier.js';

type Plea = Author & {dueAt: number; pauseMs: number | undefined; isInFlight: boolean};

export class Pleas {
	readonly #inbox: Pick<Inbox, 'seen'>;
	readonly #courier: Pick<Courier, 'ask' | 'send'>;
	readonly #isReady: () => boolean;
	readonly #pleas = new Map<string, Plea>();
	/**
	Realm and name for whom they are.
	*/
	#owner = '';
	#isLoggedIn = false;
	#lookAt = Infinity;

	/**
	@param parts `isReady`: whether what can't be opened is off the server and our prekeys of now are there; else the same would come again.
	@param parts.inbox
	@param parts.courier
	@param parts.isReady
	*/
	constructor({inbox, courier, isReady}: {inbox: Pick<Inbox, 'seen'>; courier: Pick<Courier, 'ask' | 'send'>; isReady: () => boolean}) {
		this.#inbox = inbox;
		this.#courier = courier;
		this.#isReady = isReady;
	}

	/**
	@param owner Realm and name of now.
	@param now
	*/
	handleLoggedIn(owner: string, now: number): void {
		if (owner !== this.#owner) {
			this.#pleas.clear();
		}

		this.#owner = owner;
		this.#isLoggedIn = true;
		for (const plea of this.#pleas.values()) {
			plea.isInFlight = false;
		}

		this.#lookAt = now + receiptDelayMs;
	}

	handleLoggedOut(): void {
		this.#isLoggedIn = false;
		this.#lookAt = Infinity;
	}

	/**
	Mail of an author can't be opened.

	@returns Whether the author is asked for the first time.
	*/
	add({device, lane, to}: Author, now: number): boolean {
		const name = `${device} ${lane}`;
		if (this.#pleas.has(name) || this.#pleas.size >= maximumPleas) {
			return false;
		}

		this.#pleas.set(name, {
			device, lane, to, dueAt: now + receiptDelayMs, pauseMs: undefined, isInFlight: false,
		});
		this.#lookAt = Math.min(this.#lookAt, now + receiptDelayMs);
		return true;
	}

	/**
	Whether nothing is on its way to the server, and nothing is about to be.
	*/
	isIdle(now: number): boolean {
		return !this.#isLoggedIn || this.#pleas.values().every(({isInFlight, dueAt}) => !isInFlight && dueAt > now + receiptDelayMs);
	}

	pollTimeout(): number | undefined {
		return Number.isFinite(this.#lookAt) ? this.#lookAt : undefined;
	}

	/**
	Asks whoever is to be asked now. To be called at the end of each turn.
	*/
	flush(now: number): void {
		if (!this.#isLoggedIn || now < this.#lookAt) {
			return;
		}

		if (!this.#isReady()) {
			this.#lookAt = this.#pleas.size > 0 ? now + receiptDelayMs : Infinity;
			return;
		}

		this.#lookAt = Infinity;
		for (const [name, plea] of this.#pleas) {
			if (plea.isInFlight) {
				continue;
			}

			if (plea.dueAt <= now) {
				this.#send(name, plea, now);
			} else {
				this.#lookAt = Math.min(this.#lookAt, plea.dueAt);
			}
		}
	}

	#send(name: string, plea: Plea, now: number): void {
		const {device, lane, to} = plea;
		plea.isInFlight = true;
		this.#courier.ask(to, {device, count: 0}, now, (outcome, then) => {
			if (!outcome.ok) {
				this.#retry(name, plea, outcome.error.code, then);
				return;
			}

			const slot = `plea-${digest(this.#owner, lane)}`;
			this.#courier.send(outcome.bundle, {kind: 'plea', lane, got: this.#inbox.seen(device, lane)}, {mail: `${slot}-${Math.floor(then)}`, slot}, then, (error, later) => {
				if (error) {
					this.#retry(name, plea, error.code, later);
				} else {
					this.#pleas.delete(name);
				}
			});
		});
	}

	#retry(name: string, plea: Plea, code: string, now: number): void {
		plea.isInFlight = false;
		if (code === 'device-changed' || code === 'no-such-user') {
			// Where these lines were said nobody asks for them any more.
			this.#pleas.delete(name);
			return;
		}

		plea.pauseMs = code === 'slow-down' ? slowDownMs : nextBackoff(plea.pauseMs, mailBackoffMs);
		plea.dueAt = now + plea.pauseMs;
		this.#lookAt = Math.min(this.#lookAt, plea.dueAt);
	}
}
