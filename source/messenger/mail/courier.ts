// The courier: asks the server for somebody's prekeys, seals letters with them and hands them over.
// Knows cards, prekeys and the two requests; refuses to know what is in a letter and when one is due (mailing.ts, receipts.ts).
import {createHash, type KeyObject} from 'node:crypto';
import {verifyCard, type Card} from '../../protocol/cards.js';
import type {ErrorReport} from '../../protocol/errors.js';
import {decodeBase64, encodeBase64} from '../../protocol/keys.js';
import type {Prekey, SignedPrekey} from '../../protocol/messages.js';
import {nameKey} from '../../protocol/names.js';
import type {ControlSession} from '../server/control-session.js';
import {encodeLetter, type Letter} from './letters.js';
import {
	isPrekeyOf,
	seal,
	type Outside,
	type Party,
} from './sealing.js';

/**
Somebody's device with prekeys to seal for it; each letter takes a one-time prekey out as long as there are any.
*/
export type Bundle = {readonly card: Card; readonly signed: SignedPrekey; readonly oneTime: Prekey[]};

/**
Whom we write as: what our own card says, and its private X25519 key.
*/
export type Sender = {readonly party: Party; readonly agree: KeyObject};

export type BundleOutcome = {readonly ok: true; readonly bundle: Bundle} | {readonly ok: false; readonly error: ErrorReport};

export class Courier {
	readonly #control: Pick<ControlSession, 'request' | 'rootKey'>;
	readonly #sender: () => Sender | undefined;
	readonly #random: (size: number) => Uint8Array;
	readonly #onCard: (card: Card) => void;

	/**
	@param parts `onCard`: is told of each card that was checked against the root key.
	@param parts.control
	@param parts.sender
	@param parts.random
	@param parts.onCard
	*/
	constructor({control, sender, random, onCard}: {control: Pick<ControlSession, 'request' | 'rootKey'>; sender: () => Sender | undefined; random: (size: number) => Uint8Array; onCard: (card: Card) => void}) {
		this.#control = control;
		this.#sender = sender;
		this.#random = random;
		this.#onCard = onCard;
	}

	/**
	Asks for what is needed to write to somebody: to `device`, or to the one that logged in last, with up to `count` one-time prekeys.
	*/
	ask(to: string, {device, count}: {device?: string; count: number}, now: number, done: (outcome: BundleOutcome, now: number) => void): void {
		this.#control.request('bundle', {user: to, count, ...(device !== undefined && {device})}, now, (outcome, then) => {
			if (!outcome.ok) {
				done(outcome, then);
				return;
			}

			const {card: text, signed, oneTime} = outcome.reply;
			const card = verifyCard(text, decodeBase64(this.#control.rootKey ?? ''), then);
			const isTheirs = card !== undefined && nameKey(card.user) === nameKey(to) && (device === undefined || card.device === device) && isPrekeyOf(card, signed);
			if (isTheirs) {
				this.#onCard(card);
			}

			done(isTheirs
				? {ok: true, bundle: {card, signed, oneTime: [...oneTime]}}
				: {ok: false, error: {code: 'bad-prekeys', message: `The keys that the server shows for ${to} are not signed as they must be; nothing is sealed for them.`}}, then);
		});
	}

	/**
	Seals a letter and hands it to the server. `mail` names it: one that is repeated under its name is kept once. Done with `undefined` once it is durable there.
	*/
	send(bundle: Bundle, letter: Letter, {mail, ...outside}: Outside & {readonly mail: string}, now: number, done: (error: ErrorReport | undefined, now: number) => void): void {
		const sender = this.#sender();
		const {card, signed} = bundle;
		const sealed = sender && seal(
			encodeLetter(letter),
			sender,
			{party: card, keys: {signed, oneTime: bundle.oneTime.shift()}},
			outside,
			this.#random,
		);
		if (!sealed) {
			done({code: 'bad-prekeys', message: `Nothing can be sealed with the keys that the server shows for ${card.user}.`}, now);
			return;
		}

		this.#control.request('mail', {
			to: card.user, device: card.device, mail, sealed: encodeBase64(sealed), ...outside,
		}, now, (outcome, then) => {
			done(outcome.ok ? undefined : outcome.error, then);
		});
	}
}

/**
A short name made of `parts`, for ids that must come out alike after a restart.
*/
export function digest(...parts: readonly string[]): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
