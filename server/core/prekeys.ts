// Prekeys: what devices leave here so that mail can be sealed for them while they are away (X3DH, section 3.2).
// Knows how many each account's newest device has left; the keys themselves stay on disk, and what is done with them is the clients' business.
import type {Card} from '../../source/protocol/cards.js';
import {ProtocolError} from '../../source/protocol/errors.js';
import type {Reply, Request} from '../../source/protocol/messages.js';
import type {Account, Accounts} from './accounts.js';
import type {Cards} from './cards.js';
import {fewPrekeys} from './limits.js';
import type {Outbox} from './outbox.js';
import type {Presence} from './presence.js';
import {storageFailed} from './refusals.js';
import type {AskDisk, HeldPrekeys} from './storage.js';
import type {User} from './state.js';

export class Prekeys {
	readonly #outbox: Outbox;
	readonly #accounts: Accounts;
	readonly #presence: Presence;
	readonly #cards: Cards;
	readonly #disk: AskDisk;

	constructor({outbox, accounts, presence, cards, disk}: {
		outbox: Outbox; accounts: Accounts; presence: Presence; cards: Cards; disk: AskDisk;
	}) {
		this.#outbox = outbox;
		this.#accounts = accounts;
		this.#presence = presence;
		this.#cards = cards;
		this.#disk = disk;
	}

	/**
	Keeps what a device publishes.
	*/
	publish({key, device}: User, {signed, oneTime, replace = false}: Request<'publish'>, done: (outcome: Reply<'publish'> | ProtocolError) => void): void {
		this.#disk({
			kind: 'prekeys', user: key, device, signed, oneTime, isReplacing: replace,
		}, outcome => {
			if (!outcome.ok) {
				done(storageFailed());
				return;
			}

			this.#note(key, device, {...(signed && {signed: signed.id}), oneTime: outcome.answer});
			done({oneTime: outcome.answer});
		});
	}

	/**
	Hands out prekeys of a device, or of the account's newest one. What was handed out is off the disk before it is told, so that nobody else gets it.
	*/
	take(account: Account, {device = account.device, count}: Request<'bundle'>, now: number, done: (outcome: Reply<'bundle'> | ProtocolError) => void): void {
		this.#disk({
			kind: 'prekeys-taken', user: account.key, device, count, at: Math.floor(now),
		}, (outcome, at) => {
			if (!outcome.ok) {
				done(storageFailed());
			} else if (outcome.answer) {
				const {keys, signed, oneTime, left} = outcome.answer;
				done({
					user: account.name, card: this.#cards.issue(account.name, keys, at).text, signed, oneTime: [...oneTime],
				});
				this.#note(account.key, device, {oneTime: left});
				this.#warn(account.key, device, left);
			} else {
				done(new ProtocolError('no-prekeys', `Nothing can be kept for ${account.name} yet: that device has not published its keys for it. Wait until ${account.name} is here.`));
			}
		});
	}

	/**
	A card of the account's newest device, for whoever asks while it is away; `undefined` when the disk doesn't tell.
	*/
	card({key, name, device}: Account, done: (issued: {readonly card: Card; readonly text: string} | undefined) => void): void {
		this.#disk({kind: 'keys', user: key, device}, (outcome, now) => {
			done(outcome.ok && outcome.answer ? this.#cards.issue(name, outcome.answer, now) : undefined);
		});
	}

	#note(key: string, device: string, {signed, oneTime}: Partial<HeldPrekeys>): void {
		const account = this.#accounts.get(key);
		if (account.device !== device) {
			return;
		}

		account.signedPrekey = signed ?? account.signedPrekey;
		account.oneTimePrekeys = oneTime ?? account.oneTimePrekeys;
	}

	#warn(key: string, device: string, oneTime: number): void {
		const user = this.#presence.get(key);
		if (user?.device === device && oneTime < fewPrekeys) {
			this.#outbox.send(user.connection.id, {event: 'prekeys', oneTime});
		}
	}
}
