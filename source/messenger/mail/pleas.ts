// Pleas: who has mailed us what we can't open is asked to mail it again, for the prekeys of now.
// Knows who is to be asked and when it makes sense; refuses to know why a mail could not be opened (mailbox.ts) and what is sent again (mailing.ts).
//
// A plea stands on disk from the batch that gives such a mail up until the author has been asked.
import type {StoredState, StoreWrite} from '../effects.js';
import type {Journal} from '../journal.js';
import type {Inbox} from '../lines/inbox.js';
import {
	mailBackoffMs,
	maximumPleas,
	nextBackoff,
	receiptDelayMs,
	slowDownMs,
} from '../limits.js';
import {isLane} from '../lines/outbox.js';
import {ownerKey, type Author, type Owner} from '../lines/receipts.js';
import {digest, type Courier} from './courier.js';

type Plea = Author & {
	readonly place: string;
	/**
	Realm and name for whom it is.
	*/
	readonly owner: string;
	dueAt: number;
	pauseMs: number | undefined;
	isInFlight: boolean;
	/**
	Whether more could not be opened while it was on its way.
	*/
	isDueAgain: boolean;
};

export class Pleas {
	readonly #inbox: Pick<Inbox, 'seen'>;
	readonly #journal: Journal;
	readonly #courier: Pick<Courier, 'ask' | 'send'>;
	readonly #isReady: () => boolean;
	readonly #pleas = new Map<string, Plea>();
	#owner: Owner | undefined;
	#isLoggedIn = false;
	#lookAt = Infinity;

	/**
	@param parts `isReady`: whether what can't be opened is off the server and our prekeys of now are there; else the same would come again.
	@param parts.inbox
	@param parts.journal
	@param parts.courier
	@param parts.isReady
	@param parts.pleas
	*/
	constructor({inbox, journal, courier, isReady, pleas}: {inbox: Pick<Inbox, 'seen'>; journal: Journal; courier: Pick<Courier, 'ask' | 'send'>; isReady: () => boolean; pleas: StoredState['pleas']}) {
		this.#inbox = inbox;
		this.#journal = journal;
		this.#courier = courier;
		this.#isReady = isReady;
		for (const [source, {realm, owner: user, to}] of pleas) {
			const [device = '', place = ''] = source.split(' ', 2);
			const lane = place.slice(ownerKey({realm, user}).length + 1);
			if (isLane(lane)) {
				this.#add({device, lane, to}, {realm, user}, 0);
			}
		}
	}

	/**
	@param owner Realm and name of now.
	@param now
	*/
	handleLoggedIn(owner: Owner, now: number): void {
		this.#owner = owner;
		this.#isLoggedIn = true;
		for (const plea of this.#pleas.values()) {
			plea.isInFlight = false;
			plea.pauseMs = undefined;
			plea.dueAt = now + receiptDelayMs;
		}

		this.#lookAt = now + receiptDelayMs;
	}

	handleLoggedOut(): void {
		this.#isLoggedIn = false;
		this.#lookAt = Infinity;
	}

	/**
	Mail of an author can't be opened.

	@returns What is to be made durable when the mail is given up; nothing where its author is about to be asked already.
	*/
	add(author: Author, now: number): StoreWrite[] {
		const {realm, user} = this.#owner!;
		const known = this.#pleas.get(`${author.device} ${ownerKey({realm, user})}/${author.lane}`);
		if (known) {
			known.isDueAgain = known.isInFlight;
			return [];
		}

		if (this.#pleas.size >= maximumPleas) {
			return [];
		}

		const {device, place, to} = this.#add(author, {realm, user}, now + receiptDelayMs);
		this.#lookAt = Math.min(this.#lookAt, now + receiptDelayMs);
		return [{
			kind: 'plead', device, place, plea: {realm, owner: user, to},
		}];
	}

	/**
	Whether nothing is on its way to the server, and nothing is about to be.
	*/
	isIdle(now: number): boolean {
		const owner = this.#owner && ownerKey(this.#owner);
		return !this.#isLoggedIn || this.#pleas.values().every(plea => plea.owner !== owner || (!plea.isInFlight && plea.dueAt > now + receiptDelayMs));
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
		const owner = ownerKey(this.#owner!);
		for (const plea of this.#pleas.values()) {
			if (plea.isInFlight || plea.owner !== owner) {
				continue;
			}

			if (plea.dueAt <= now) {
				this.#send(plea, now);
			} else {
				this.#lookAt = Math.min(this.#lookAt, plea.dueAt);
			}
		}
	}

	#add({device, lane, to}: Author, user: Owner, dueAt: number): Plea {
		const owner = ownerKey(user);
		const plea: Plea = {
			device, lane, to, place: `${owner}/${lane}`, owner, dueAt, pauseMs: undefined, isInFlight: false, isDueAgain: false,
		};
		this.#pleas.set(`${device} ${plea.place}`, plea);
		return plea;
	}

	#drop({device, place}: Plea): void {
		this.#pleas.delete(`${device} ${place}`);
		this.#journal.gather([{
			kind: 'plead', device, place, plea: undefined,
		}]);
	}

	#send(plea: Plea, now: number): void {
		const {device, lane, to} = plea;
		plea.isInFlight = true;
		plea.isDueAgain = false;
		this.#courier.ask(to, {device, count: 0}, now, (outcome, then) => {
			if (!outcome.ok) {
				this.#retry(plea, outcome.error.code, then);
				return;
			}

			const slot = `plea-${digest(plea.owner, lane)}`;
			this.#courier.send(outcome.bundle, {kind: 'plea', lane, got: this.#inbox.seen(device, lane)}, {mail: `${slot}-${Math.floor(then)}`, slot}, then, (error, later) => {
				if (error) {
					this.#retry(plea, error.code, later);
				} else if (plea.isDueAgain) {
					plea.isInFlight = false;
					plea.dueAt = later + receiptDelayMs;
					this.#lookAt = Math.min(this.#lookAt, plea.dueAt);
				} else {
					this.#drop(plea);
				}
			});
		});
	}

	#retry(plea: Plea, code: string, now: number): void {
		plea.isInFlight = false;
		if (code === 'device-changed' || code === 'no-such-user') {
			// Where these lines were said nobody asks for them any more.
			this.#drop(plea);
			return;
		}

		plea.pauseMs = code === 'slow-down' ? slowDownMs : nextBackoff(plea.pauseMs, mailBackoffMs);
		plea.dueAt = now + plea.pauseMs;
		this.#lookAt = Math.min(this.#lookAt, plea.dueAt);
	}
}
