// A client's disk as plain collections: the naive twin of the profile database, for simulated clients and as its oracle.
// Knows what each write means and what each question asks; refuses to know crashes and delays (test/simulation/).
import type {
	HistoryLine,
	HistoryQuery,
	KnownKey,
	OutboxEntry,
	PrekeySecret,
	Recalled,
	RecallResult,
	StoredState,
	StoreWrite,
} from '../../source/messenger/effects.js';
import {mailLifetimeMs} from '../../source/protocol/limits.js';
import {takeable} from '../../source/protocol/line-proof.js';
import {beginRun, covers, type Sequences} from '../../source/protocol/sequences.js';

type Contact = StoredState['contacts'][number];

const keyOf = ({realm, owner, user}: Contact): string => `${realm} ${owner} ${user}`;

function isBefore(one: {clock: string; id: string}, other: {clock: string; id: string}): boolean {
	return one.clock < other.clock || (one.clock === other.clock && one.id < other.id);
}

export class MemoryProfile {
	outbox: OutboxEntry[] = [];
	seen = new Map<string, Sequences>();
	/**
	In the order in which the lines came.
	*/
	history: HistoryLine[] = [];
	nextSequence = 1;
	#read = new Map<string, Sequences>();
	#debts = new Map<string, {realm: string; owner: string; to: string}>();
	#pleas = new Map<string, {realm: string; owner: string; to: string}>();
	#takenMail = new Set<string>();
	#prekeys = new Map<number, PrekeySecret>();
	#contacts = new Map<string, Contact>();
	#knownKeys = new Map<string, KnownKey>();
	#departures = new Map<string, number>();
	#pins = new Map<string, {fingerprint: string; rootKey: string | undefined}>();
	#logins = new Map<string, {user: string; token: string}>();

	/**
	Why the history can't be read, where that is so.
	*/
	problem: string | undefined;

	apply(writes: readonly StoreWrite[]): void {
		for (const write of writes) {
			this.#applyOne(write);
		}
	}

	/**
	What the automatic backup holds once it was brought up to date (io/profile-backup.ts). The pins are not of the profile: all profiles of a machine share them.
	*/
	backUp(): MemoryProfile {
		const backup = this.#copy();
		backup.#prekeys = new Map([...this.#prekeys].filter(([, {kind}]) => kind === 'signed'));
		return backup;
	}

	/**
	The state that takes the place of this one, which is damaged: that of `backup`, made fit to be gone on from (io/profile-restoration.ts).

	@param backup
	@param now Ms since the epoch.
	*/
	restore(backup: MemoryProfile, now: number): MemoryProfile {
		backup.nextSequence = beginRun(backup.nextSequence, now);
		const fresh = backup.#copy();
		fresh.outbox = fresh.outbox.map(entry => entry.state.step === 'stored' ? {...entry, state: {step: 'queued'}} : entry);
		for (const [id, prekey] of fresh.#prekeys) {
			fresh.#prekeys.set(id, {...prekey, madeAt: Math.min(prekey.madeAt, Math.floor(now - mailLifetimeMs))});
		}

		fresh.#departures.clear();
		fresh.#pins = new Map(this.#pins);
		return fresh;
	}

	load(): StoredState {
		return {
			outbox: this.outbox.toSorted((one, other) => one.sequence - other.sequence),
			seen: new Map(this.seen),
			read: new Map(this.#read),
			debts: new Map(this.#debts),
			pleas: new Map(this.#pleas),
			takenMail: new Set(this.#takenMail),
			prekeys: this.#prekeys.values().toArray(),
			contacts: this.#contacts.values().toArray(),
			knownKeys: this.#knownKeys.values().toArray(),
			departures: new Map(this.#departures),
			unread: this.#unread(),
			nextSequence: this.nextSequence,
			pins: new Map(this.#pins),
			logins: new Map(this.#logins),
		};
	}

	/**
	What the core is told of a question.
	*/
	answer(query: HistoryQuery): RecallResult {
		return this.problem === undefined ? {ok: true, lines: this.recall(query)} : {ok: false, error: {code: 'history-unreadable', message: this.problem}};
	}

	/**
	Answers as the history on disk does.
	*/
	recall(query: HistoryQuery): Recalled[] {
		const own = this.history.filter(({realm, owner}) => realm === query.realm && owner === query.owner);
		const inPlace = (place: string) => own.filter(line => line.place === place).toSorted((one, other) => isBefore(one, other) ? -1 : 1);
		switch (query.kind) {
			case 'page': {
				return inPlace(query.place).filter(line => !query.before || isBefore(line, query.before)).slice(-query.limit);
			}

			case 'passable': {
				const {place, made, reader, marks, since, limit} = query;
				const proven = inPlace(place).filter(({proof}) => proof);
				for (const author of new Set(proven.map(({device}) => device).toSorted())) {
					const had = marks.get(author) ?? [];
					const lines = proven.filter(({device, sequence}) => device === author && !covers(had, sequence)).toSorted((one, other) => one.sequence - other.sequence);
					const end = lines.findLastIndex(({at, proof}) => at < since || proof!.made !== made);
					const found = takeable(lines.slice(end + 1).map(line => ({...line, audience: line.proof!.audience})), reader, had).slice(0, limit);
					if (found.length > 0) {
						return found.map(({audience: _, ...line}) => line);
					}
				}

				return [];
			}

			case 'search': {
				const terms = query.words.toLowerCase().match(/[\p{Letter}\p{Mark}\p{Number}]+/gv);
				const words = (text: string) => text.toLowerCase().match(/[\p{Letter}\p{Mark}\p{Number}]+/gv) ?? [];
				const found = (isWhole: boolean) => own.filter(({text}) => (terms ?? []).every((term, index) =>
					words(text).some(word => isWhole || index < terms!.length - 1 ? word === term : word.startsWith(term))));
				const whole = found(true);
				const hits = terms ? (whole.length < query.limit ? found(false) : whole).toReversed().slice(0, query.limit) : [];
				return hits.map(hit => {
					const around = inPlace(hit.place);
					const index = around.indexOf(hit);
					return {...hit, before: around.slice(Math.max(0, index - query.context), index), after: around.slice(index + 1, index + 1 + query.context)};
				});
			}
		}
	}

	has(id: string, to: string): boolean {
		return this.outbox.some(entry => entry.id === id && entry.to === to);
	}

	#copy(): MemoryProfile {
		const copy = new MemoryProfile();
		copy.outbox = [...this.outbox];
		copy.seen = new Map(this.seen);
		copy.history = [...this.history];
		copy.nextSequence = this.nextSequence;
		copy.#read = new Map(this.#read);
		copy.#debts = new Map(this.#debts);
		copy.#pleas = new Map(this.#pleas);
		copy.#takenMail = new Set(this.#takenMail);
		copy.#prekeys = new Map(this.#prekeys);
		copy.#contacts = new Map(this.#contacts);
		copy.#knownKeys = new Map(this.#knownKeys);
		copy.#departures = new Map(this.#departures);
		copy.#logins = new Map(this.#logins);
		return copy;
	}

	#unread(): StoredState['unread'] {
		const rows = new Map<string, {realm: string; owner: string; place: HistoryLine['place']; from: string; count: number; since: number}>();
		for (const {realm, owner, place, from, at, isUnread} of this.history) {
			const row = rows.get(`${realm} ${owner} ${place} ${from}`);
			if (isUnread) {
				rows.set(`${realm} ${owner} ${place} ${from}`, {
					realm, owner, place, from, count: (row?.count ?? 0) + 1, since: Math.min(at, row?.since ?? at),
				});
			}
		}

		return rows.values().toArray();
	}

	#change(matches: (line: HistoryLine) => boolean, change: Partial<HistoryLine>): void {
		for (const [index, line] of this.history.entries()) {
			if (matches(line)) {
				this.history[index] = {...line, ...change};
			}
		}
	}

	#applyOne(write: StoreWrite): void {
		switch (write.kind) {
			case 'outbox-add': {
				this.outbox.push(write.entry);
				break;
			}

			case 'outbox-state': {
				this.outbox = this.outbox.map(entry => entry.id === write.id && entry.to === write.to ? {...entry, state: write.state} : entry);
				break;
			}

			case 'outbox-remove': {
				this.outbox = this.outbox.filter(({id, to}) => id !== write.id || to !== write.to);
				break;
			}

			case 'history-add': {
				const {id, realm, owner} = write.line;
				if (this.history.every(line => !(line.id === id && line.realm === realm && line.owner === owner))) {
					this.history.push(write.line);
				}

				break;
			}

			case 'history-state': {
				this.#change(({id}) => id === write.id, {state: write.state});
				break;
			}

			case 'history-read': {
				this.#change(({realm, owner, place}) => realm === write.realm && owner === write.owner && place === write.place, {isUnread: false});
				break;
			}

			case 'seen':
			case 'read': {
				const marks = write.kind === 'seen' ? this.seen : this.#read;
				marks.set(`${write.device} ${write.place}`, write.sequences);
				break;
			}

			case 'owe': {
				if (write.debt) {
					this.#debts.set(`${write.device} ${write.place}`, write.debt);
				} else {
					this.#debts.delete(`${write.device} ${write.place}`);
				}

				break;
			}

			case 'plead': {
				if (write.plea) {
					this.#pleas.set(`${write.device} ${write.place}`, write.plea);
				} else {
					this.#pleas.delete(`${write.device} ${write.place}`);
				}

				break;
			}

			case 'mail-taken': {
				this.#takenMail.add(`${write.server} ${write.number}`);
				break;
			}

			case 'mail-forgotten': {
				this.#takenMail.delete(`${write.server} ${write.number}`);
				break;
			}

			case 'prekey-add': {
				this.#prekeys.set(write.prekey.id, write.prekey);
				break;
			}

			case 'prekey-remove': {
				this.#prekeys.delete(write.id);
				break;
			}

			case 'contact-add': {
				const {realm, owner, user} = write;
				this.#contacts.set(keyOf(write), {realm, owner, user});
				break;
			}

			case 'contact-remove': {
				this.#contacts.delete(keyOf(write));
				break;
			}

			case 'known-key': {
				this.#knownKeys.set(`${keyOf(write.key)} ${write.key.device}`, write.key);
				break;
			}

			case 'departure': {
				if (write.at === undefined) {
					this.#departures.delete(`${write.server} ${write.user}`);
				} else {
					this.#departures.set(`${write.server} ${write.user}`, write.at);
				}

				break;
			}

			case 'sequence': {
				this.nextSequence = Math.max(this.nextSequence, write.next);
				break;
			}

			case 'pin': {
				if (write.fingerprint === undefined) {
					this.#pins.delete(write.server);
				} else {
					this.#pins.set(write.server, {fingerprint: write.fingerprint, rootKey: write.rootKey});
				}

				break;
			}

			case 'login': {
				this.#logins.set(write.server, {user: write.user, token: write.token});
				break;
			}
		}
	}
}
