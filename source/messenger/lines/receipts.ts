// Receipts by mail: what we have and have read of the lines of authors who are not present on a link.
// Knows who must still be told of what; refuses to know how lines came (mailbox.ts, delivery.ts) and what counts as read (reading.ts).
//
// A debt stands on disk from the batch that takes a line in until its author has been told that all of it was read; telling it
// twice does no harm, because a receipt tells of all lines that we have.
import {nameKey} from '../../protocol/names.js';
import {encodeSequences, type Sequences} from '../../protocol/sequences.js';
import {digest, type Courier} from '../mail/courier.js';
import type {StoredState, StoreWrite} from '../effects.js';
import type {Journal} from '../journal.js';
import {
	heardMs,
	mailBackoffMs,
	maximumDebts,
	nextBackoff,
	receiptDelayMs,
	slowDownMs,
} from '../limits.js';
import type {Inbox} from './inbox.js';
import type {Standing} from './delivery.js';
import {isLane, type Lane} from './outbox.js';

/**
An author's device in a lane, and the author's name.
*/
export type Author = {readonly device: string; readonly lane: Lane; readonly to: string};

/**
Whose lines these are: realm and our name there.
*/
export type Owner = {readonly realm: string; readonly user: string};

type Debt = Author & {
	readonly place: string;
	readonly owner: string;
	/**
	What the author has heard of, as `tell` has it.
	*/
	told: string;
	/**
	When there was last something new to tell.
	*/
	plannedAt: number;
	dueAt: number;
	pauseMs: number | undefined;
	isInFlight: boolean;
};

export type ReceiptsListener = {
	/**
	How it stands with the author's device on a link.
	*/
	standing(author: Author): Standing | undefined;
};

export class Receipts {
	readonly #inbox: Inbox;
	readonly #journal: Journal;
	readonly #courier: Courier;
	readonly #listener: ReceiptsListener;
	readonly #debts = new Map<string, Debt>();
	#owner: Owner | undefined;
	#isLoggedIn = false;
	#lookAt = Infinity;

	constructor({inbox, journal, courier, listener, debts}: {inbox: Inbox; journal: Journal; courier: Courier; listener: ReceiptsListener; debts: StoredState['debts']}) {
		this.#inbox = inbox;
		this.#journal = journal;
		this.#courier = courier;
		this.#listener = listener;
		for (const [source, {realm, owner, to}] of debts) {
			const [device = '', place = ''] = source.split(' ', 2);
			const lane = place.slice(ownerKey({realm, user: owner}).length + 1);
			if (isLane(lane)) {
				this.#add({device, lane, to}, {realm, user: owner}, 0);
			}
		}
	}

	handleLoggedIn(owner: Owner, now: number): void {
		this.#owner = owner;
		this.#isLoggedIn = true;
		for (const debt of this.#debts.values()) {
			debt.dueAt = now + receiptDelayMs;
			debt.pauseMs = undefined;
			debt.isInFlight = false;
		}

		this.#lookAt = this.#debts.size > 0 ? now + receiptDelayMs : Infinity;
	}

	handleLoggedOut(): void {
		this.#isLoggedIn = false;
		this.#lookAt = Infinity;
	}

	/**
	A line of an author who is not present is being taken in, or was read: what is to be made durable for that.
	*/
	owe(author: Author, now: number): StoreWrite[] {
		const owner = this.#owner!;
		const debt = this.#debts.get(sourceOf(author, owner));
		if (debt) {
			this.#plan(debt, now);
			return [];
		}

		const writes: StoreWrite[] = [];
		if (this.#debts.size >= maximumDebts) {
			const [oldest] = this.#debts.values();
			this.#debts.delete(`${oldest!.device} ${oldest!.place}`);
			writes.push({
				kind: 'owe', device: oldest!.device, place: oldest!.place, debt: undefined,
			});
		}

		const {device, place} = this.#add(author, owner, now + receiptDelayMs);
		this.#look(now + receiptDelayMs);
		writes.push({
			kind: 'owe', device, place, debt: {realm: owner.realm, owner: owner.user, to: author.to},
		});
		return writes;
	}

	/**
	There may be more to tell an author than before.
	*/
	refresh(author: Author, now: number): void {
		const debt = this.#owner && this.#debts.get(sourceOf(author, this.#owner));
		if (debt) {
			this.#plan(debt, now);
		}
	}

	/**
	Authors who wait to hear that their lines were read, in a room or in the session with `peer` (a name key).
	*/
	waitingFor(lane: Lane, peer: string | undefined): readonly Author[] {
		const owner = this.#owner && ownerKey(this.#owner);
		return this.#debts.values().filter(debt => debt.owner === owner && debt.lane === lane && (peer === undefined || nameKey(debt.to) === peer)).toArray();
	}

	/**
	Whether nothing is on its way to the server, and nothing is about to be.
	*/
	isIdle(now: number): boolean {
		return !this.#isLoggedIn || (this.#lookAt > now + receiptDelayMs && this.#debts.values().every(({isInFlight}) => !isInFlight));
	}

	pollTimeout(): number | undefined {
		return Number.isFinite(this.#lookAt) ? this.#lookAt : undefined;
	}

	/**
	Tells what is due. To be called at the end of each turn.
	*/
	flush(now: number): void {
		if (!this.#isLoggedIn || now < this.#lookAt) {
			return;
		}

		this.#lookAt = Infinity;
		const owner = ownerKey(this.#owner!);
		for (const debt of this.#debts.values()) {
			if (debt.owner === owner && !debt.isInFlight) {
				this.#pay(debt, now);
			}
		}
	}

	#add({device, lane, to}: Author, owner: Owner, dueAt: number): Debt {
		const debt: Debt = {
			device, lane, to, place: `${ownerKey(owner)}/${lane}`, owner: ownerKey(owner), told: tell([], []), plannedAt: dueAt, dueAt, pauseMs: undefined, isInFlight: false,
		};
		this.#debts.set(`${device} ${debt.place}`, debt);
		return debt;
	}

	#look(at: number): void {
		// Without a server there is nobody to tell; the next login looks at all debts.
		if (this.#isLoggedIn) {
			this.#lookAt = Math.min(this.#lookAt, at);
		}
	}

	#plan(debt: Debt, now: number): void {
		debt.plannedAt = now;
		debt.dueAt = Math.max(debt.dueAt, now + receiptDelayMs);
		this.#look(debt.dueAt);
	}

	#pay(debt: Debt, now: number): void {
		const {device, lane, to} = debt;
		if (this.#inbox.isWriting(device, lane)) {
			// The disk has not said yet that it is safe.
			this.#plan(debt, now);
			return;
		}

		const [got, read] = [this.#inbox.seen(device, lane), this.#inbox.read(device, lane)];
		const told = tell(got, read);
		if (debt.told === told) {
			this.#settle(debt);
			return;
		}

		const standing = this.#listener.standing(debt);
		const dueAt = standing?.isPresent ? Math.max(standing.since, debt.plannedAt) + heardMs : debt.dueAt;
		if (now < dueAt) {
			this.#look(dueAt);
			return;
		}

		if (standing?.isPresent) {
			// They were told on their link as it happened, and it has proved since to be alive.
			debt.told = told;
			this.#settle(debt);
			return;
		}

		debt.isInFlight = true;
		this.#courier.ask(to, {device, count: 0}, now, (outcome, then) => {
			if (!outcome.ok) {
				this.#retry(debt, outcome.error.code, then);
				return;
			}

			const names = {mail: `receipt-${digest(debt.owner, lane, nameKey(to), device)}-${digest(told)}`, slot: `receipt-${digest(debt.owner, lane)}`};
			this.#courier.send(outcome.bundle, {
				kind: 'receipt', lane, got, read,
			}, names, then, (error, later) => {
				if (error) {
					this.#retry(debt, error.code, later);
					return;
				}

				debt.isInFlight = false;
				debt.pauseMs = undefined;
				debt.told = told;
				this.#plan(debt, later);
			});
		});
	}

	#retry(debt: Debt, code: string, now: number): void {
		debt.isInFlight = false;
		if (code === 'device-changed' || code === 'no-such-user') {
			// Where these lines were said nobody asks for them any more.
			this.#drop(debt);
			return;
		}

		debt.pauseMs = code === 'slow-down' ? slowDownMs : nextBackoff(debt.pauseMs, mailBackoffMs);
		debt.dueAt = now + debt.pauseMs;
		this.#look(debt.dueAt);
	}

	/**
	The author has heard of everything; once that was read too, there is nothing more to say.
	*/
	#settle(debt: Debt): void {
		const got = this.#inbox.seen(debt.device, debt.lane);
		if (debt.told === tell(got, got)) {
			this.#drop(debt);
		}
	}

	#drop(debt: Debt): void {
		this.#debts.delete(`${debt.device} ${debt.place}`);
		this.#journal.gather([{
			kind: 'owe', device: debt.device, place: debt.place, debt: undefined,
		}]);
	}
}

/**
Realm and name as they stand in marks and debts.
*/
export function ownerKey({realm, user}: Owner): string {
	return `${realm}/${nameKey(user)}`;
}

function tell(got: Sequences, read: Sequences): string {
	return `${encodeSequences(got)}, read ${encodeSequences(read)}`;
}

function sourceOf({device, lane}: Author, owner: Owner): string {
	return `${device} ${ownerKey(owner)}/${lane}`;
}
