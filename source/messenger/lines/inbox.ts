// The inbox: which lines were shown and which were read, so that each is shown exactly once, through repeats, crashes and restarts.
// Knows marks, one for each author's device and lane of whoever is logged in; refuses to know what a line says.
//
// Order: the mark is made durable, then the line is shown and its receipt sent, in one turn. A crash before the mark
// is on disk leaves the line in its author's outbox, and it comes again. What remains is a crash between mark and
// print: the author gets its receipt at the next meeting, and the line was not shown.
import type {StoredState, StoreWrite} from '../effects.js';
import type {Journal} from '../journal.js';
import type {Lane} from './outbox.js';

type Show = (now: number) => void;

type Mark = {stored: number; pending: number; read: number; readStored: number};

export class Inbox {
	readonly #journal: Journal;
	readonly #owner: () => string;
	readonly #marks = new Map<string, Mark>();
	/**
	Marks whose `read` is to be written.
	*/
	readonly #dirty = new Map<Mark, {readonly device: string; readonly place: string}>();
	/**
	Lines whose mark became durable while somebody else than their reader was logged in, by owner.
	*/
	readonly #held = new Map<string, Show[]>();

	/**
	@param journal
	@param owner Realm and name that lines are for: two names of one device must not share marks.
	@param stored `seen` and `read` by `DEVICE PLACE`.
	@param stored.seen
	@param stored.read
	*/
	constructor(journal: Journal, owner: () => string, {seen, read}: Pick<StoredState, 'seen' | 'read'>) {
		this.#journal = journal;
		this.#owner = owner;
		for (const [source, sequence] of seen) {
			const readStored = read.get(source) ?? 0;
			this.#marks.set(source, {
				stored: sequence, pending: sequence, read: readStored, readStored,
			});
		}
	}

	/**
	The last line of `device` in `lane` whose mark is on disk; 0 when there is none.
	*/
	seen(device: string, lane: Lane): number {
		return this.#find(device, lane)?.stored ?? 0;
	}

	/**
	The last line whose mark is on disk or on its way there.
	*/
	taken(device: string, lane: Lane): number {
		return this.#find(device, lane)?.pending ?? 0;
	}

	/**
	By device, the last line taken in a lane.
	*/
	marksOf(lane: Lane): ReadonlyArray<readonly [device: string, sequence: number]> {
		const suffix = ` ${this.#placeOf(lane)}`;
		return this.#marks.entries().filter(([source]) => source.endsWith(suffix)).map(([source, {pending}]) => [source.slice(0, -suffix.length), pending] as const).toArray();
	}

	/**
	The last line that the user has read.
	*/
	read(device: string, lane: Lane): number {
		return this.#find(device, lane)?.read ?? 0;
	}

	/**
	Takes a line in, unless it came before.

	@param line
	@param line.device
	@param line.lane
	@param line.sequence
	@param writes What becomes durable together with the mark.
	@param show Called once the mark is durable; if somebody else has logged in by then, when the user of now is back.
	@returns `new`; `pending` when its mark is on the way to disk; `old` when it was shown.
	*/
	take({device, lane, sequence}: {device: string; lane: Lane; sequence: number}, writes: readonly StoreWrite[], show: Show): 'new' | 'pending' | 'old' {
		const place = this.#placeOf(lane);
		const source = `${device} ${place}`;
		const owner = this.#owner();
		const mark = this.#marks.get(source) ?? {
			stored: 0, pending: 0, read: 0, readStored: 0,
		};
		if (sequence <= mark.pending) {
			return sequence <= mark.stored ? 'old' : 'pending';
		}

		this.#marks.set(source, mark);
		mark.pending = sequence;
		this.#journal.gatherLatest(source, {
			kind: 'seen', device, place, sequence,
		}, now => {
			mark.stored = sequence;
			this.#showTo(owner, show, now);
		}, writes);
		return 'new';
	}

	/**
	The user has read the lines of `device` in `lane` up to `sequence`, which were shown. `isKept`: also after a restart, once `flush` was called.

	@returns Whether that was news.
	*/
	markRead(device: string, lane: Lane, sequence: number, {isKept}: {isKept: boolean}): boolean {
		const mark = this.#find(device, lane);
		if (!mark || mark.read >= Math.min(sequence, mark.stored)) {
			return false;
		}

		mark.read = Math.min(sequence, mark.stored);
		if (isKept) {
			this.#dirty.set(mark, {device, place: this.#placeOf(lane)});
		}

		return true;
	}

	/**
	Writes down what was read, each mark once however many lines that was.
	*/
	flush(): void {
		for (const [mark, {device, place}] of this.#dirty) {
			if (!(mark.read > mark.readStored)) {
				continue;
			}

			mark.readStored = mark.read;
			this.#journal.defer(`${device} ${place}`, {
				kind: 'read', device, place, sequence: mark.read,
			});
		}

		this.#dirty.clear();
	}

	/**
	Shows what became durable while somebody else was logged in. To be called when another user may have logged in.
	*/
	handleLoggedIn(now: number): void {
		const owner = this.#owner();
		const held = this.#held.get(owner) ?? [];
		this.#held.delete(owner);
		for (const show of held) {
			show(now);
		}
	}

	#showTo(owner: string, show: Show, now: number): void {
		if (owner === this.#owner()) {
			show(now);
			return;
		}

		const held = this.#held.get(owner) ?? [];
		this.#held.set(owner, held);
		held.push(show);
	}

	#find(device: string, lane: Lane): Mark | undefined {
		return this.#marks.get(`${device} ${this.#placeOf(lane)}`);
	}

	#placeOf(lane: Lane): string {
		return `${this.#owner()}/${lane}`;
	}
}
