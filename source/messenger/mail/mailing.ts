// Mailing: lines that can't go to their reader directly are sealed and stored at the server, in order, until the reader's own receipt.
// Knows which lines go by mail and when, refusals, and what must be sealed anew; refuses to know seals (courier.ts) and links.
//
// Within a lane lines go out in their order. One that is refused holds up the rest; those that were under way with it may have been
// stored, and their reader waits with them for the one before (`after`).
import {nameKey} from '../../protocol/names.js';
import {mailLifetimeMs, maximumBundleKeys} from '../../protocol/limits.js';
import type {ErrorReport} from '../../protocol/errors.js';
import {covers, type Sequences} from '../../protocol/sequences.js';
import type {MessengerEvent} from '../events.js';
import {
	bundleLifetimeMs,
	freshAccountMs,
	mailBackoffMs,
	mailingIntervalMs,
	mailsInFlight,
	mailSweepMs,
	newPrekeysMs,
	nextBackoff,
	pleaPauseMs,
	slowDownMs,
} from '../limits.js';
import type {KeptEntry, Lane, Outbox} from '../lines/outbox.js';
import type {Progress} from '../lines/progress.js';
import {digest, type Bundle, type Courier} from './courier.js';

export type MailingListener = {
	/**
	Until when lines to `peer` (a name key) in a lane are left to a direct link, ms since the epoch; `Infinity` while one stands.
	*/
	directUntil(peer: string, lane: Lane): number;
	isOurs(entry: KeptEntry): boolean;
	/**
	Whether nothing may be sealed for `peer` (a name key), because its key has changed.
	*/
	isStopped(peer: string): boolean;
	emit(event: MessengerEvent): void;
};

/**
How mail to one person does.
*/
type Box = {
	bundle: Bundle | undefined;
	askedAt: number;
	/**
	Whether the server may hold more one-time prekeys than it gave.
	*/
	hasMoreKeys: boolean;
	isAsking: boolean;
	/**
	Whether they may have another device now than the one that stored lines were sealed for, or other prekeys.
	*/
	isDeviceOpen: boolean;
	/**
	When that is to be looked at again.
	*/
	checkAt: number;
	inFlight: number;
	/**
	By lane, the last line that was handed to the server.
	*/
	readonly cursors: Map<Lane, number>;
	retryAt: number;
	pauseMs: number | undefined;
	/**
	When they last appeared.
	*/
	onlineAt: number;
	/**
	By lane, when they last asked for everything again.
	*/
	readonly pleadedAt: Map<Lane, number>;
	/**
	Of which refusal the user was told.
	*/
	told: string | undefined;
};

type Due = {readonly lane: Lane; readonly entry: KeptEntry; readonly after: number};

/**
Refusals that say nothing about the mail: the connection has ended, and everything begins anew with the next login.
*/
const interruptions: ReadonlySet<string> = new Set(['not-connected', 'connection-lost', 'disconnected', 'superseded']);

export class Mailing {
	readonly #outbox: Outbox;
	readonly #progress: Progress;
	readonly #courier: Courier;
	readonly #listener: MailingListener;
	readonly #boxes = new Map<string, Box>();
	#isLoggedIn = false;
	#lookAt = Infinity;
	#lookedAt = -Infinity;
	#sweepAt = Infinity;

	constructor({outbox, progress, courier, listener}: {outbox: Outbox; progress: Progress; courier: Courier; listener: MailingListener}) {
		this.#outbox = outbox;
		this.#progress = progress;
		this.#courier = courier;
		this.#listener = listener;
	}

	handleLoggedIn(now: number): void {
		this.#isLoggedIn = true;
		this.#boxes.clear();
		for (const {recipient, waiting} of this.#outbox.lanes()) {
			this.#get(recipient).isDeviceOpen ||= waiting.some(({state}) => state.step === 'stored');
		}

		this.#sweepAt = now + mailSweepMs;
		this.#lookAt = now;
	}

	handleLoggedOut(): void {
		this.#isLoggedIn = false;
		this.#boxes.clear();
		this.#sweepAt = Infinity;
		this.#lookAt = Infinity;
	}

	/**
	Somebody is here (again): their mailbox may have room, their device may be another.
	*/
	handleOnline(name: string, now: number): void {
		const box = this.#boxes.get(nameKey(name));
		if (!box) {
			return;
		}

		box.onlineAt = now;
		box.pauseMs = undefined;
		box.retryAt = now;
		box.bundle = undefined;
		box.isDeviceOpen = true;
		box.checkAt = now + newPrekeysMs;
		this.#lookAt = now;
	}

	/**
	More may go by mail than a moment ago.
	*/
	lookAgain(now: number): void {
		if (this.#isLoggedIn) {
			this.#lookAt = now;
		}
	}

	/**
	`peer` (a name key) can't open what the server has of our lines in a lane beyond `got`: it is sealed again.
	*/
	handlePlea(peer: string, lane: Lane, got: Sequences, now: number): void {
		const box = this.#get(peer);
		const lost = this.#outbox.waiting(peer, lane).filter(entry => !covers(got, entry.sequence) && entry.state.step === 'stored' && this.#listener.isOurs(entry));
		if (!this.#isLoggedIn || lost.length === 0) {
			return;
		}

		// Who asks too often waits, for all mail.
		const at = Math.max(now, (box.pleadedAt.get(lane) ?? -Infinity) + pleaPauseMs);
		box.pleadedAt.set(lane, at);
		box.retryAt = Math.max(box.retryAt, at);
		// The prekeys in it may be the lost ones.
		box.bundle = undefined;
		box.cursors.delete(lane);
		this.#progress.reopen(lost);
		this.#lookAt = now;
	}

	/**
	Whether nothing is on its way to the server, and nothing is about to be.
	*/
	isIdle(now: number): boolean {
		return !this.#isLoggedIn || (this.#lookAt > now + mailingIntervalMs && this.#boxes.values().every(({isAsking, inFlight}) => !isAsking && inFlight === 0));
	}

	pollTimeout(): number | undefined {
		const next = Math.min(this.#lookAt, this.#sweepAt);
		return Number.isFinite(next) ? next : undefined;
	}

	/**
	Sends what is due. To be called at the end of each turn; it looks only now and then.
	*/
	flush(now: number): void {
		if (!this.#isLoggedIn) {
			return;
		}

		if (now < this.#lookedAt + mailingIntervalMs && now < this.#lookAt) {
			this.#lookAt = Math.min(this.#lookAt, this.#lookedAt + mailingIntervalMs);
			return;
		}

		this.#lookedAt = now;
		this.#lookAt = Infinity;
		if (now >= this.#sweepAt) {
			this.#sweepAt = now + mailSweepMs;
			for (const {cursors} of this.#boxes.values()) {
				cursors.clear();
			}
		}

		for (const box of this.#boxes.values()) {
			if (box.checkAt <= now) {
				box.checkAt = Infinity;
				box.bundle = undefined;
				box.isDeviceOpen = true;
			}

			this.#lookAt = Math.min(this.#lookAt, box.checkAt);
		}

		const due = new Map<string, Due[]>();
		for (const {recipient, lane, waiting} of this.#outbox.lanes()) {
			const until = this.#listener.directUntil(recipient, lane);
			if (until <= now) {
				this.#collect(recipient, lane, waiting, due, now);
			} else if (until < Infinity) {
				this.#lookAt = Math.min(this.#lookAt, until);
			}
		}

		for (const [recipient, lines] of due) {
			this.#serve(recipient, lines, now);
		}
	}

	#get(recipient: string): Box {
		let box = this.#boxes.get(recipient);
		if (!box) {
			box = {
				bundle: undefined,
				askedAt: -Infinity,
				hasMoreKeys: true,
				isAsking: false,
				isDeviceOpen: false,
				checkAt: Infinity,
				inFlight: 0,
				cursors: new Map(),
				retryAt: -Infinity,
				pauseMs: undefined,
				onlineAt: -Infinity,
				pleadedAt: new Map(),
				told: undefined,
			};
			this.#boxes.set(recipient, box);
		}

		return box;
	}

	/**
	What of a lane is to be handed over.
	*/
	#collect(recipient: string, lane: Lane, waiting: readonly KeptEntry[], due: Map<string, Due[]>, now: number): void {
		const box = this.#get(recipient);
		const cursor = box.cursors.get(lane) ?? 0;
		if (box.isAsking || this.#listener.isStopped(recipient) || (waiting.at(-1)!.sequence <= cursor && !box.isDeviceOpen)) {
			return;
		}

		if (now < box.retryAt) {
			this.#lookAt = Math.min(this.#lookAt, box.retryAt);
			return;
		}

		const lines = due.get(recipient) ?? [];
		due.set(recipient, lines);
		let after = 0;
		for (const entry of waiting) {
			if (lines.length >= maximumBundleKeys) {
				return;
			}

			if (!this.#listener.isOurs(entry)) {
				continue;
			}

			if (entry.sequence > cursor && needsMail(entry, box.bundle, now)) {
				lines.push({lane, entry, after});
			}

			after = entry.sequence;
		}
	}

	#serve(recipient: string, lines: readonly Due[], now: number): void {
		const box = this.#get(recipient);
		if (!box.bundle || box.isDeviceOpen || now >= box.askedAt + bundleLifetimeMs) {
			if (lines.length > 0 || box.isDeviceOpen) {
				this.#ask(recipient, box, lines, now);
			}

			return;
		}

		for (const [index, line] of lines.entries()) {
			if (box.inFlight >= mailsInFlight || this.#listener.isStopped(recipient)) {
				return;
			}

			if (box.hasMoreKeys && box.bundle.oneTime.length === 0) {
				this.#ask(recipient, box, lines.slice(index), now);
				return;
			}

			this.#send(box, line, now);
		}
	}

	#ask(recipient: string, box: Box, lines: readonly Due[], now: number): void {
		const name = lines[0]?.entry.to ?? recipient;
		const known = box.bundle;
		const isCheck = lines.length === 0;
		box.isAsking = true;
		box.isDeviceOpen = false;
		box.askedAt = now;
		const count = Math.min(lines.length, maximumBundleKeys);
		this.#courier.ask(name, {count}, now, (outcome, then) => {
			if (this.#boxes.get(recipient) !== box) {
				return;
			}

			box.isAsking = false;
			this.#lookAt = then;
			if (isCheck && !outcome.ok) {
				// Nothing is due that the user would have to hear of.
				box.isDeviceOpen = true;
				box.pauseMs = nextBackoff(box.pauseMs, backoffAfter(outcome.error.code, box, then));
				box.retryAt = then + box.pauseMs;
				return;
			}

			if (!outcome.ok) {
				this.#refuse(name, box, outcome.error, then);
				return;
			}

			if (isCheck) {
				box.pauseMs = undefined;
			}

			box.bundle = outcome.bundle;
			box.hasMoreKeys = isCheck || outcome.bundle.oneTime.length >= count;
			if (known?.card.device !== outcome.bundle.card.device || known.signed.id !== outcome.bundle.signed.id) {
				// What was sealed for another device, or for prekeys that may be lost, is sealed again, from the first line on.
				box.cursors.clear();
			}
		});
	}

	#send(box: Box, {lane, entry, after}: Due, now: number): void {
		const {bundle} = box;
		const {sequence, text, at, clock, place, proof} = entry;
		const recipient = nameKey(entry.to);
		const {card: {device}, signed: {id: prekey}} = bundle!;
		box.inFlight++;
		box.cursors.set(lane, sequence);
		this.#courier.send(bundle!, {
			kind: 'line', sequence, after, at, clock, text, ...(proof && {proof}),
		}, {mail: `line-${sequence}-${digest(recipient, device, String(prekey))}`, ...(place.kind === 'room' && {room: place.name})}, now, (error, then) => {
			if (!error) {
				this.#progress.store(entry, {device, prekey}, then);
			}

			if (this.#boxes.get(recipient) !== box) {
				return;
			}

			box.inFlight--;
			this.#lookAt = then;
			if (error) {
				box.cursors.set(lane, Math.min(box.cursors.get(lane) ?? Infinity, after));
				this.#refuse(entry.to, box, error, then);
			} else {
				box.pauseMs = undefined;
				box.told = undefined;
			}
		});
	}

	/**
	What the server refuses stays here and is tried again; the user hears of it once.
	*/
	#refuse(name: string, box: Box, {code, message}: ErrorReport, now: number): void {
		if (interruptions.has(code)) {
			return;
		}

		if (code === 'device-changed') {
			box.isDeviceOpen = true;
			return;
		}

		if (code === 'slow-down') {
			box.retryAt = Math.max(box.retryAt, now + slowDownMs);
			return;
		}

		const backoff = backoffAfter(code, box, now);
		if (now >= box.retryAt) {
			box.pauseMs = nextBackoff(box.pauseMs, backoff);
			box.retryAt = now + box.pauseMs;
		}

		if (box.told === code || (box.pauseMs ?? 0) < Math.min(mailBackoffMs.first, backoff.first * 8)) {
			return;
		}

		box.told = code;
		this.#listener.emit({type: 'notice', level: 'warn', text: `What you wrote to ${name} is kept here and will be tried again: ${message}`});
	}
}

/**
The pauses after a refusal. They begin short where a new account, or a new device, is about to publish prekeys, and where somebody who has just come is about to
empty their mailbox.
*/
function backoffAfter(code: string, {onlineAt}: Box, now: number): {readonly first: number; readonly longest: number} {
	const isPassing = code === 'no-prekeys' || (code === 'mailbox-full' && now < onlineAt + bundleLifetimeMs);
	return isPassing ? {...mailBackoffMs, first: freshAccountMs} : mailBackoffMs;
}

/**
Whether a line must be handed to the server; `bundle` is of the reader's device, where it is known.
*/
function needsMail({state}: KeptEntry, bundle: Bundle | undefined, now: number): boolean {
	const isOfOthers = state.step === 'stored' && bundle !== undefined && (state.device !== bundle.card.device || state.prekey !== bundle.signed.id);
	return state.step === 'queued' || (state.step === 'stored' && (isOfOthers || state.at + mailLifetimeMs <= now));
}
