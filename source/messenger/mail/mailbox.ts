// The mailbox: mail that waits for us at the server is fetched, opened, taken in exactly once, and acknowledged so that it is deleted.
// Knows what waits, which of it is for now, the order within a lane, and when a mail is done with; refuses to know seals
// (sealing.ts), marks (inbox.ts) and what is done with a line that was taken in (reading.ts).
//
//   notice mail ──► fetch ──► opened ──► one batch: mark, history, one-time prekey erased, debt of a receipt, mail taken
//                               │                    └──► durable: shown, ack ──► answered: mail forgotten
//                               └─ the line before it is missing: parked in memory, still at the server
//
// A crash anywhere repeats harmlessly: what was taken is only acknowledged again, what was not is opened again.
import type {KeyObject} from 'node:crypto';
import {verifyCard, type Card} from '../../protocol/cards.js';
import {decodeBase64} from '../../protocol/keys.js';
import {mailLifetimeMs, maximumRowsPerLine} from '../../protocol/limits.js';
import type {Mail, Notice, WaitingRow} from '../../protocol/messages.js';
import {nameKey} from '../../protocol/names.js';
import type {ControlSession} from '../server/control-session.js';
import {conversationKey} from '../conversations/conversation.js';
import type {StoredState, StoreWrite} from '../effects.js';
import type {MessengerEvent} from '../events.js';
import type {Inbox} from '../lines/inbox.js';
import type {Journal} from '../journal.js';
import {
	freshMailMs,
	mailSweepMs,
	maximumParkedMails,
	parkedLifetimeMs,
	slowDownMs,
} from '../limits.js';
import {laneOf} from '../lines/outbox.js';
import type {Arrival} from '../lines/reading.js';
import type {Author} from '../lines/receipts.js';
import type {Prekeys} from './prekeys.js';
import {
	decodeLetter,
	type LineLetter,
	type PleaLetter,
	type ReceiptLetter,
} from './letters.js';
import {open, type Party} from './sealing.js';

export type MailboxListener = {
	/**
	A mail was sealed by the device of this card.
	*/
	handleCard(card: Card): void;
	/**
	Whether somebody's lines, or those of a room, are for now. With neither: whether lines of anybody are.
	*/
	admits(from: string | undefined, room: string | undefined): boolean;
	/**
	Rooms that we are in.
	*/
	rooms(): readonly string[];
	/**
	Names of those whose session with us is open.
	*/
	partners(): readonly string[];
	/**
	What is to be made durable with the mark of a line that is taken in.
	*/
	recordLine(line: Arrival, now: number): readonly StoreWrite[];
	/**
	Its mark is durable.
	*/
	handleLine(line: Arrival, now: number): void;
	/**
	A line came that we have: its author does not know that.
	*/
	handleRepeated(line: Arrival, now: number): readonly StoreWrite[];
	/**
	Somebody, by name key, has our lines. What that changes is gathered in the journal before this returns.
	*/
	handleReceipt(peer: string, receipt: ReceiptLetter, now: number): void;
	/**
	Somebody, by name key, can't open what we have mailed.
	*/
	handlePlea(peer: string, plea: PleaLetter, now: number): void;
	/**
	A mail with a line of an author can't be opened.

	@returns What is to be made durable when it is given up; nothing where that is no news.
	*/
	handleUnreadable(author: Author, now: number): readonly StoreWrite[];
	/**
	Lines of one sender are about to be shown that had to wait. `since` is ms since the epoch.
	*/
	announce(batch: {readonly from: string; readonly room: string | undefined; readonly count: number; readonly since: number}): void;
	emit(event: MessengerEvent): void;
};

/**
Who reads: what our own card says, and its private X25519 key.
*/
export type Reader = {readonly party: Party; readonly agree: KeyObject};

/**
Lines of one sender in one place that are shown together. `expected`: how many there are in all, as long as not all of them have come.
*/
type Group = {readonly from: string; readonly room: string | undefined; count: number; expected: number; since: number; isTold: boolean};

type Parked = {readonly number: number; readonly at: number; readonly line: Arrival; readonly after: number; readonly oneTime: number | undefined; readonly group: Group};

/**
A part of what waits that is fetched by itself.
*/
type Scope = {readonly name: string; readonly fields: {readonly room?: string; readonly slots?: boolean}};

/**
A mail that needs no more than its acknowledgement.
*/
type Taken = Pick<Mail, 'number' | 'from' | 'room' | 'slot'>;

/**
One fetch of a scope, page by page: whose lines it has brought, and which numbers are still at the server.
*/
type Run = {readonly scope: Scope; readonly groups: Map<string, Group>; readonly numbers: Set<number>};

/**
Fetched after a login where something was taken of which it is not known whether the server has deleted it, and every hour.
*/
const reconciliation: Scope = {name: 'reconciliation', fields: {}};

export class Mailbox {
	readonly #control: Pick<ControlSession, 'request' | 'rootKey' | 'server'>;
	readonly #journal: Journal;
	readonly #inbox: Inbox;
	readonly #prekeys: Prekeys;
	readonly #listener: MailboxListener;
	/**
	`server number` of what was taken in and may still be at the server.
	*/
	readonly #taken: Set<string>;
	/**
	Those of them that are not on our disk yet.
	*/
	readonly #unstored = new Set<string>();
	#reader: Reader | undefined;
	/**
	What is at the server.
	*/
	#waiting: readonly WaitingRow[] = [];
	#slots = 0;
	#view: readonly WaitingRow[] | undefined;
	/**
	What was fetched since the server's last word.
	*/
	readonly #fetched = new Set<string>();
	#isFetching = false;
	#isReconciling = false;
	/**
	Whether something was passed over because we were busy: counts may be a moment old, this is not.
	*/
	#isHeldBack = false;
	#retryAt = -Infinity;
	/**
	Mails on their way to disk or to their acknowledgement.
	*/
	readonly #inHand = new Set<number>();
	readonly #parked = new Map<number, Parked>();
	#toAcknowledge: Taken[] = [];
	/**
	Mails that are safe here and that the server has not said to be deleted.
	*/
	readonly #safe = new Map<number, Taken>();
	#acknowledging = 0;
	#sweepAt = Infinity;

	constructor({control, journal, inbox, prekeys, listener, taken}: {
		control: Pick<ControlSession, 'request' | 'rootKey' | 'server'>; journal: Journal; inbox: Inbox; prekeys: Prekeys; listener: MailboxListener; taken: StoredState['takenMail'];
	}) {
		this.#control = control;
		this.#journal = journal;
		this.#inbox = inbox;
		this.#prekeys = prekeys;
		this.#listener = listener;
		this.#taken = new Set(taken);
	}

	/**
	What waits at the server and was not taken in yet; the same array until something changed.
	*/
	get waiting(): readonly WaitingRow[] {
		this.#view ??= without(this.#waiting, this.#safe.values().toArray());
		return this.#view;
	}

	handleLoggedIn(reader: Reader, now: number): void {
		this.#reader = reader;
		this.#isReconciling = this.#takenHere().length > 0;
		this.#sweepAt = now + mailSweepMs;
	}

	handleLoggedOut(): void {
		this.#reader = undefined;
		this.#waiting = [];
		this.#slots = 0;
		this.#isFetching = false;
		this.#retryAt = -Infinity;
		this.#isHeldBack = false;
		this.#fetched.clear();
		this.#parked.clear();
		this.#inHand.clear();
		this.#toAcknowledge = [];
		this.#safe.clear();
		this.#acknowledging = 0;
		this.#sweepAt = Infinity;
		this.#view = undefined;
	}

	handleNotice({waiting, slots}: Notice<'mail'>): void {
		this.#waiting = waiting;
		this.#slots = slots;
		this.#view = undefined;
		this.#fetched.clear();
	}

	/**
	Whether nothing is under way between us, the disk and the server.
	*/
	get isIdle(): boolean {
		return !this.#isFetching && this.#acknowledging === 0 && this.#toAcknowledge.length === 0 && this.#inHand.size === 0;
	}

	pollTimeout(): number | undefined {
		const next = Math.min(this.#sweepAt, this.#retryAt === -Infinity ? Infinity : this.#retryAt);
		return Number.isFinite(next) ? next : undefined;
	}

	/**
	Takes in what can be, acknowledges what is safe, fetches what is for now. To be called at the end of each turn.
	*/
	flush(now: number): void {
		if (!this.#reader) {
			return;
		}

		if (now >= this.#sweepAt) {
			this.#sweepAt = now + mailSweepMs;
			this.#fetched.clear();
			this.#isReconciling = true;
		}

		if (now >= this.#retryAt) {
			this.#retryAt = -Infinity;
		}

		this.#takeParked(now);
		this.#acknowledge(now);
		if (this.#isFetching || now < this.#retryAt || (this.#waiting.length === 0 && this.#slots === 0 && !this.#isReconciling && !this.#isHeldBack)) {
			return;
		}

		const scope = this.#scopes().find(({name}) => !this.#fetched.has(name));
		if (!scope) {
			return;
		}

		this.#fetched.add(scope.name);
		this.#isFetching = true;
		this.#fetch({scope, groups: new Map(), numbers: new Set()}, undefined, now);
	}

	/**
	What is to be fetched: everything when we are free, else receipts and what belongs to open conversations.
	*/
	#scopes(): Scope[] {
		if (this.#isReconciling) {
			return [reconciliation];
		}

		if (this.#listener.admits(undefined, undefined)) {
			return [{name: 'all', fields: {}}];
		}

		// What is passed over now is fetched again when we are free.
		this.#fetched.delete('all');
		this.#isHeldBack ||= this.#waiting.length > 0;
		const waits = (from: string, room?: string): boolean => this.#waiting.some(row => (room !== undefined || nameKey(row.user) === nameKey(from)) && isSameRoom(row.room, room));
		return [
			...(this.#slots > 0 ? [{name: 'slots', fields: {slots: true}}] : []),
			...this.#listener.rooms().filter(room => waits('', room)).map(room => ({name: `room ${nameKey(room)}`, fields: {room}})),
			...this.#listener.partners().filter(name => waits(name)).map(name => ({name: `partner ${nameKey(name)}`, fields: {}})),
		];
	}

	#fetch(run: Run, after: number | undefined, now: number): void {
		const reader = this.#reader;
		const {scope} = run;
		this.#control.request('fetch', {...scope.fields, ...(after !== undefined && {after})}, now, (outcome, then) => {
			if (this.#reader !== reader) {
				return;
			}

			if (!outcome.ok) {
				this.#isFetching = false;
				this.#fetched.delete(scope.name);
				this.#retryAt = then + slowDownMs;
				return;
			}

			const {mails, more} = outcome.reply;
			const isLast = !more || mails.length === 0;
			this.#takePage(run, mails, {isLast}, then);
			if (!isLast) {
				this.#fetch(run, mails.at(-1)!.number, then);
				return;
			}

			this.#isFetching = false;
			this.#isHeldBack &&= scope.name !== 'all';
			if (scope === reconciliation) {
				this.#reconcile(run.numbers);
			}
		});
	}

	/**
	What was taken and is not at the server any more need not be remembered.
	*/
	#reconcile(numbers: ReadonlySet<number>): void {
		this.#isReconciling = false;
		const gone = this.#takenHere().filter(number => !numbers.has(number) && !this.#inHand.has(number));
		this.#forget(gone.map(number => ({number, from: ''})));
	}

	/**
	Numbers of what this reader took of this server.
	*/
	#takenHere(): number[] {
		const prefix = this.#nameOf(0).slice(0, -1);
		return [...this.#taken].filter(name => name.startsWith(prefix)).map(name => Number(name.slice(prefix.length)));
	}

	#takePage({groups, numbers}: Run, mails: readonly Mail[], {isLast}: {isLast: boolean}, now: number): void {
		for (const mail of mails) {
			const {number, from, room, slot} = mail;
			numbers.add(number);
			if (this.#inHand.has(number) || this.#parked.has(number) || this.#unstored.has(this.#nameOf(number))) {
				continue;
			}

			if (this.#taken.has(this.#nameOf(number))) {
				this.#finish(mail);
			} else if (slot !== undefined || this.#listener.admits(from, room)) {
				const name = `${nameKey(from)} ${room === undefined ? '' : nameKey(room)}`;
				const group = groups.get(name) ?? {
					from, room, count: 0, expected: 0, since: Infinity, isTold: mail.at > now - freshMailMs && this.#isOpen(from, room),
				};
				groups.set(name, group);
				this.#take(mail, group, now);
			}
		}

		for (const group of groups.values()) {
			const row = isLast ? undefined : this.#waiting.find(({user, room}) => nameKey(user) === nameKey(group.from) && isSameRoom(room, group.room));
			group.expected = row?.count ?? 0;
		}
	}

	#isOpen(from: string, room: string | undefined): boolean {
		return room === undefined
			? this.#listener.partners().some(name => nameKey(name) === nameKey(from))
			: this.#listener.rooms().some(name => nameKey(name) === nameKey(room));
	}

	#take(mail: Mail, group: Group, now: number): void {
		const {party, agree} = this.#reader!;
		// The card must have been valid when the server took the mail, which may be days ago.
		const sentAt = Math.min(now, Math.max(mail.at, now - mailLifetimeMs));
		const card = verifyCard(mail.card, decodeBase64(this.#control.rootKey ?? ''), sentAt);
		const opened = card && nameKey(card.user) === nameKey(mail.from)
			? open(decodeBase64(mail.sealed), card, {
				party, keys: {
					agree, signed: id => this.#prekeys.find('signed', id), oneTime: id => this.#prekeys.find('one-time', id),
				},
			}, mail)
			: undefined;
		if (opened?.ok) {
			this.#listener.handleCard(card!);
		}

		const letter = opened?.ok ? decodeLetter(opened.plaintext) : undefined;
		if (!letter || !opened?.ok) {
			this.#discard(mail, card && nameKey(card.user) === nameKey(mail.from) ? card : undefined, now);
			return;
		}

		if (letter.kind !== 'line') {
			if (letter.kind === 'receipt') {
				this.#listener.handleReceipt(nameKey(card!.user), letter, now);
			} else {
				this.#listener.handlePlea(nameKey(card!.user), letter, now);
			}

			this.#complete(mail, this.#erase(opened.oneTime));
			return;
		}

		const parked = this.#read(mail, card!, letter, {oneTime: opened.oneTime, group});
		if (this.#isDue(parked, now)) {
			this.#takeInOrder(parked, now);
		} else if (this.#parked.size < maximumParkedMails) {
			this.#parked.set(mail.number, parked);
		}
	}

	#read({number, at, room, card: signedCard}: Mail, card: Card, letter: LineLetter, {oneTime, group}: {oneTime: number | undefined; group: Group}): Parked {
		const {sequence, after, text, clock, proof} = letter;
		const key = room === undefined ? conversationKey('session', card.user) : conversationKey('room', room);
		const lane = laneOf(room === undefined ? {kind: 'session', name: card.user} : {kind: 'room', name: room});
		return {
			number,
			at,
			after,
			oneTime,
			group,
			line: {
				peer: nameKey(card.user),
				key,
				lane,
				device: card.device,
				sequence,
				text,
				at: letter.at,
				clock,
				proof: proof && room !== undefined ? {...proof, card: signedCard} : undefined,
				from: card.user,
				room,
				isMail: true,
			},
		};
	}

	#takeLine({number, at, line, after, oneTime, group}: Parked, now: number): void {
		const mail = {number, from: line.from, room: line.room};
		const {device, lane, sequence} = line;
		if (this.#inbox.hasTaken(device, lane, sequence)) {
			this.#complete(mail, [...this.#erase(oneTime), ...this.#listener.handleRepeated(line, now)]);
			return;
		}

		group.count++;
		group.since = Math.min(group.since, at);
		const finish = this.#markTaken(mail);
		this.#inbox.take({...line, after}, [...this.#listener.recordLine(line, now), ...this.#erase(oneTime), this.#takenWrite(number)], then => {
			if (!group.isTold) {
				group.isTold = true;
				this.#listener.announce({...group, count: Math.max(group.count, group.expected)});
			}

			this.#listener.handleLine(line, then);
			finish();
		});
	}

	/**
	Whether a line may be taken in: the one before it was, or will not come any more.
	*/
	#isDue({at, after, line: {device, lane, sequence}}: Parked, now: number): boolean {
		return at + parkedLifetimeMs <= now || this.#inbox.isNext(device, lane, sequence, after);
	}

	/**
	Looks again at what waited for an earlier line.
	*/
	#takeParked(now: number): void {
		for (const parked of this.#parkedInOrder(() => true)) {
			if (this.#parked.has(parked.number) && this.#isDue(parked, now)) {
				this.#takeInOrder(parked, now);
			}
		}
	}

	/**
	Takes a line in, and before it the earlier ones that wait in its lane: the line says that its author waits for no receipt of what they wait for,
	so that never comes. After it they would count as repeated.
	*/
	#takeInOrder(due: Parked, now: number): void {
		const {device, lane, sequence} = due.line;
		const earlier = this.#parkedInOrder(({line}) => line.device === device && line.lane === lane && line.sequence < sequence);
		for (const parked of earlier) {
			this.#parked.delete(parked.number);
			this.#takeLine(parked, now);
		}

		this.#parked.delete(due.number);
		this.#takeLine(due, now);
	}

	#parkedInOrder(isMeant: (parked: Parked) => boolean): Parked[] {
		return this.#parked.values().filter(isMeant).toArray().toSorted((one, other) => one.line.sequence - other.line.sequence);
	}

	/**
	What can't be opened now never can be: it is not asked for again, but its author, who gets no receipt, keeps the line and is asked to seal it again.
	*/
	#discard(mail: Mail, card: Card | undefined, now: number): void {
		if (card && mail.slot === undefined) {
			const lane = laneOf(mail.room === undefined ? {kind: 'session', name: card.user} : {kind: 'room', name: mail.room});
			const writes = this.#listener.handleUnreadable({device: card.device, lane, to: card.user}, now);
			this.#complete(mail, writes);
			if (writes.length > 0) {
				this.#listener.emit({type: 'notice', level: 'warn', text: `Mail of ${card.user} can't be opened: it was sealed for keys that this device does not have any more, or changed on its way. The messenger of ${card.user} is asked to send it again.`});
			}

			return;
		}

		this.#complete(mail, []);
		if (mail.slot !== undefined) {
			return;
		}

		this.#listener.emit({type: 'notice', level: 'warn', text: `A message of ${mail.from} can't be opened: it was sealed for keys that this device does not have, or changed on its way. Ask ${mail.from} to send it again.`});
	}

	/**
	A mail without a line to be shown is done with once that is durable.
	*/
	#complete(mail: Taken, writes: readonly StoreWrite[]): void {
		this.#journal.gather([...writes, this.#takenWrite(mail.number)], this.#markTaken(mail));
	}

	/**
	Returns what is to be done once that a mail was taken is durable. If somebody has logged in anew by then, its number may mean another mail to the
	server of now: it is fetched again instead, and found among those taken.
	*/
	#markTaken(mail: Taken): () => void {
		const name = this.#nameOf(mail.number);
		const reader = this.#reader;
		this.#inHand.add(mail.number);
		this.#taken.add(name);
		this.#unstored.add(name);
		return () => {
			this.#unstored.delete(name);
			if (this.#reader === reader) {
				this.#finish(mail);
			} else {
				this.#fetched.clear();
			}
		};
	}

	/**
	A mail is safe here and may be deleted there.
	*/
	#finish(mail: Taken): void {
		this.#inHand.add(mail.number);
		this.#safe.set(mail.number, mail);
		this.#view = undefined;
		this.#toAcknowledge.push(mail);
	}

	#acknowledge(now: number): void {
		while (this.#toAcknowledge.length > 0) {
			const mails = this.#toAcknowledge.splice(0, maximumRowsPerLine);
			const reader = this.#reader;
			this.#acknowledging++;
			this.#control.request('ack', {mails: mails.map(({number}) => number)}, now, outcome => {
				if (this.#reader !== reader) {
					return;
				}

				this.#acknowledging--;
				for (const {number} of mails) {
					this.#inHand.delete(number);
					this.#safe.delete(number);
				}

				if (outcome.ok) {
					this.#forget(mails);
				}
			});
		}
	}

	#forget(mails: readonly Taken[]): void {
		const server = this.#server;
		this.#journal.gather(mails.map(({number}) => ({kind: 'mail-forgotten', server, number})));
		for (const {number} of mails) {
			this.#taken.delete(this.#nameOf(number));
		}

		this.#slots = Math.max(0, this.#slots - mails.filter(({slot}) => slot !== undefined).length);
		this.#waiting = without(this.#waiting, mails);
		this.#view = undefined;
	}

	#erase(oneTime: number | undefined): StoreWrite[] {
		return oneTime === undefined ? [] : this.#prekeys.use(oneTime);
	}

	#takenWrite(number: number): StoreWrite {
		return {kind: 'mail-taken', server: this.#server, number};
	}

	/**
	Numbers are a realm's at an address: either may come to mean something else. And each user of this device is told only of their own.
	*/
	get #server(): string {
		const {realm = '', user = ''} = this.#reader?.party ?? {};
		return `${this.#control.server ?? ''}/${realm}/${user}`;
	}

	#nameOf(number: number): string {
		return `${this.#server} ${number}`;
	}
}

/**
What waits beside these mails.
*/
function without(rows: readonly WaitingRow[], mails: readonly Taken[]): readonly WaitingRow[] {
	const isOf = (row: WaitingRow) => ({from, room, slot}: Taken) => slot === undefined && nameKey(from) === nameKey(row.user) && isSameRoom(room, row.room);
	return rows.map(row => ({...row, count: row.count - mails.filter(isOf(row)).length})).filter(({count}) => count > 0);
}

function isSameRoom(one: string | undefined, other: string | undefined): boolean {
	return one === undefined || other === undefined ? one === other : nameKey(one) === nameKey(other);
}
