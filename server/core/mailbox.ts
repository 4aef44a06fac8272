// Mail for who is away or busy: sealed letters that wait on disk until their reader has them.
// Knows who may have mail waiting and whom to tell; refuses to hold, open or understand a letter.
import {maximumWaitingMails, noticeBatchMs} from '../../source/protocol/limits.js';
import {ProtocolError} from '../../source/protocol/errors.js';
import type {Mail, Reply, Request} from '../../source/protocol/messages.js';
import {nameKey} from '../../source/protocol/names.js';
import type {Account, Accounts} from './accounts.js';
import {pagesOf} from './ordered-names.js';
import type {Outbox} from './outbox.js';
import type {Presence} from './presence.js';
import {storageFailed} from './refusals.js';
import type {
	AskDisk,
	MailboxName,
	StoredMail,
	Waiting,
} from './storage.js';
import type {User} from './state.js';

export class Mailbox {
	readonly #outbox: Outbox;
	readonly #accounts: Accounts;
	readonly #presence: Presence;
	readonly #disk: AskDisk;
	/**
	Boxes in which something may wait: a look on the disk decides.
	*/
	readonly #filled: Set<string>;
	/**
	Who is to be told what waits.
	*/
	readonly #untold = new Set<User>();
	#lastTellingAt = -Infinity;

	constructor({filled, outbox, accounts, presence, disk}: {
		filled: Iterable<MailboxName>; outbox: Outbox; accounts: Accounts; presence: Presence; disk: AskDisk;
	}) {
		this.#filled = new Set(Iterator.from(filled).map(box => keyOf(box)));
		this.#outbox = outbox;
		this.#accounts = accounts;
		this.#presence = presence;
		this.#disk = disk;
	}

	/**
	Keeps a mail; `done` when it is durable.

	@throws {ProtocolError} `self`, `device-changed`.
	*/
	keep(sender: User, account: Account, {request, now}: {readonly request: Request<'mail'>; readonly now: number}, done: (outcome: Reply<'mail'> | ProtocolError) => void): void {
		const {device, mail, room, slot, sealed} = request;
		if (account.key === sender.key) {
			throw new ProtocolError('self', 'Mail needs somebody else; that is your own name.');
		}

		if (account.device !== device) {
			throw new ProtocolError('device-changed', `${account.name} does not use that device any more; seal the mail for the newest one.`);
		}

		this.#disk({
			kind: 'mail', user: account.key, device, sender: sender.key, senderDevice: sender.device, mail, room, slot, card: sender.card, at: Math.floor(now), sealed,
		}, outcome => {
			if (!outcome.ok) {
				done(storageFailed());
			} else if (outcome.answer) {
				done({at: outcome.answer.at});
				if (outcome.answer.isNew) {
					this.#filled.add(keyOf({user: account.key, device}));
					this.greet(this.#presence.get(account.key));
				}
			} else {
				done(new ProtocolError('mailbox-full', `${account.name}'s mailbox is full (${maximumWaitingMails} lines wait there); yours stays with you and is tried again.`));
			}
		});
	}

	/**
	One page of what waits for a device.
	*/
	fetch({key, device}: User, {after = 0, room, slots = false}: Request<'fetch'>, done: (outcome: Reply<'fetch'> | ProtocolError) => void): void {
		this.#disk({
			kind: 'fetch', user: key, device, after, room: room === undefined ? undefined : nameKey(room), slots,
		}, outcome => {
			done(outcome.ok ? {mails: outcome.answer.mails.map(mail => this.#shown(mail)), more: outcome.answer.more} : storageFailed());
		});
	}

	/**
	Deletes what its reader has.
	*/
	acknowledge({key, device}: User, {mails}: Request<'ack'>, done: (outcome: Reply<'ack'> | ProtocolError) => void): void {
		this.#disk({
			kind: 'mail-taken', user: key, device, numbers: mails,
		}, ({ok}) => {
			done(ok ? {} : storageFailed());
		});
	}

	/**
	Tells a user, within the next batch, what waits for it, if anything does.
	*/
	greet(user: User | undefined): void {
		if (user && this.#filled.has(keyOf({user: user.key, device: user.device}))) {
			this.#untold.add(user);
		}
	}

	pollTimeout(): number | undefined {
		return this.#untold.size === 0 ? undefined : this.#lastTellingAt + noticeBatchMs;
	}

	handleTimeout(now: number): void {
		const at = this.pollTimeout();
		if (at === undefined || at > now) {
			return;
		}

		this.#lastTellingAt = now;
		for (const user of this.#untold) {
			if (!user.connection.isClosed) {
				this.#disk({kind: 'waiting', user: user.key, device: user.device}, outcome => {
					if (outcome.ok) {
						this.#tell(user, outcome.answer);
					}
				});
			}
		}

		this.#untold.clear();
	}

	#tell(user: User, {rows, slots}: Waiting): void {
		if (slots === 0 && rows.length === 0) {
			this.#filled.delete(keyOf({user: user.key, device: user.device}));
			return;
		}

		if (user.connection.isClosed) {
			return;
		}

		// What one line can't hold is shown when some of it has been fetched and new mail comes.
		const [waiting = []] = pagesOf(rows.map(row => ({...row, user: this.#accounts.get(row.user).name})));
		this.#outbox.send(user.connection.id, {event: 'mail', waiting, slots});
	}

	#shown({number, sender, card, room, slot, at, sealed}: StoredMail): Mail {
		return {
			number, from: this.#accounts.get(sender).name, card, room, slot, at, sealed,
		};
	}
}

// A device has mail of its own: when one of them has read all, another of the same user may not have.
function keyOf({user, device}: MailboxName): string {
	return `${device} ${user}`;
}
