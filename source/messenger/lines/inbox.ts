// The inbox: which lines were shown and which were read, so that each is shown exactly once, through repeats, crashes and restarts.
// Knows marks, the sequences taken of each author's device in each lane of whoever is logged in; refuses to know what a line says.
//
// Order: the mark is made durable, then the line is shown and its receipt sent, in one turn. A crash before the mark
// is on disk leaves the line in its author's outbox, and it comes again. What remains is a crash between mark and
// print: the author gets its receipt at the next meeting, and the line was not shown.
import {
	covers,
	encodeSequences,
	isNext,
	take,
	type Sequences,
} from '../../protocol/sequences.js';
import type {StoredState, StoreWrite} from '../effects.js';
import type {Journal} from '../journal.js';
import type {Lane} from './outbox.js';

type Show = (now: number) => void;

/**
`taken`: on disk or on its way there.
*/
type Mark = {stored: Sequences; taken: Sequences; read: Sequences; readStored: Sequences};

const nothing: Sequences = [];

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
		for (const [source, stored] of seen) {
			const readStored = read.get(source) ?? nothing;
			this.#marks.set(source, {
				stored, taken: stored, read: isSame(readStored, stored) ? stored : readStored, readStored,
			});
		}
	}

	/**
	The lines of `device` in `lane` whose mark is on disk.
	*/
	seen(device: string, lane: Lane): Sequences {
		return this.#find(device, lane)?.stored ?? nothing;
	}

	/**
	Whether the mark of some line is still on its way to disk.
	*/
	isWriting(device: string, lane: Lane): boolean {
		const mark = this.#find(device, lane);
		return mark !== undefined && !isSame(mark.taken, mark.stored);
	}

	/**
	Whether a line was taken in, its mark on disk or on its way there.
	*/
	hasTaken(device: string, lane: Lane, sequence: number): boolean {
		return covers(this.#find(device, lane)?.taken ?? nothing, sequence);
	}

	/**
	Whether a line can be taken in now that its author has said after `after`.
	*/
	isNext(device: string, lane: Lane, sequence: number, after: number): boolean {
		return isNext(this.#find(device, lane)?.taken ?? nothing, sequence, after);
	}

	/**
	By device, the lines taken in a lane.
	*/
	marksOf(lane: Lane): ReadonlyArray<readonly [device: string, taken: Sequences]> {
		const suffix = ` ${this.#placeOf(lane)}`;
		return this.#marks.entries().filter(([source]) => source.endsWith(suffix)).map(([source, {taken}]) => [source.slice(0, -suffix.length), taken] as const).toArray();
	}

	/**
	The lines that the user has read.
	*/
	read(device: string, lane: Lane): Sequences {
		return this.#find(device, lane)?.read ?? nothing;
	}

	/**
	Takes a line in, unless it came before.

	@param line
	@param line.device
	@param line.lane
	@param line.sequence
	@param line.after The line before it, among those said to this reader; not needed for one that comes on its author's link, where none is left out.
	@param writes What becomes durable together with the mark.
	@param show Called once the mark is durable; if somebody else has logged in by then, when the user of now is back.
	@returns `new`; `pending` when its mark is on the way to disk; `old` when it was shown.
	*/
	take({device, lane, sequence, after}: {device: string; lane: Lane; sequence: number; after?: number}, writes: readonly StoreWrite[], show: Show): 'new' | 'pending' | 'old' {
		const place = this.#placeOf(lane);
		const source = `${device} ${place}`;
		const owner = this.#owner();
		const mark = this.#marks.get(source) ?? {
			stored: nothing, taken: nothing, read: nothing, readStored: nothing,
		};
		if (covers(mark.taken, sequence)) {
			return covers(mark.stored, sequence) ? 'old' : 'pending';
		}

		this.#marks.set(source, mark);
		const taken = take(mark.taken, sequence, after);
		mark.taken = taken;
		this.#journal.gatherLatest(source, {
			kind: 'seen', device, place, sequences: taken,
		}, now => {
			mark.stored = taken;
			this.#showTo(owner, show, now);
		}, writes);
		return 'new';
	}

	/**
	The user has read all lines of `device` in `lane` that were shown. `isKept`: also after a restart, once `flush` was called.

	@returns Whether that was news.
	*/
	markRead(device: string, lane: Lane, {isKept}: {isKept: boolean}): boolean {
		const mark = this.#find(device, lane);
		if (!mark || mark.read === mark.stored) {
			return false;
		}

		mark.read = mark.stored;
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
			if (mark.read === mark.readStored) {
				continue;
			}

			mark.readStored = mark.read;
			this.#journal.defer(`${device} ${place}`, {
				kind: 'read', device, place, sequences: mark.read,
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

function isSame(one: Sequences, other: Sequences): boolean {
	return one === other || encodeSequences(one) === encodeSequences(other);
}
