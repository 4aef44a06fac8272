// The inbox: which lines were shown, so that each is shown exactly once, through repeats, crashes and restarts.
// Knows marks, one for each author's device and lane; refuses to know what a line says.
//
// Order: the mark is made durable, then the line is shown and its receipt sent, in one turn. A crash before the mark
// is on disk leaves the line in its author's outbox, and it comes again. What remains is a crash between mark and
// print: the author gets its receipt at the next meeting, and the line was not shown.
import type {Journal} from './journal.js';
import type {Lane} from './outbox.js';

type Mark = {stored: number; pending: number};

export class Inbox {
	readonly #journal: Journal;
	readonly #marks = new Map<string, Mark>();

	/**
	@param journal
	@param seen By `DEVICE LANE`.
	*/
	constructor(journal: Journal, seen: ReadonlyMap<string, number>) {
		this.#journal = journal;
		for (const [source, sequence] of seen) {
			this.#marks.set(source, {stored: sequence, pending: sequence});
		}
	}

	/**
	The last line of `device` in `lane` whose mark is on disk; 0 when there is none.
	*/
	seen(device: string, lane: Lane): number {
		return this.#marks.get(`${device} ${lane}`)?.stored ?? 0;
	}

	/**
	Takes a line in, unless it came before.

	@param device
	@param lane
	@param sequence
	@param show Called once the mark is durable.
	@returns `new`; `pending` when its mark is on the way to disk; `old` when it was shown.
	*/
	take(device: string, lane: Lane, sequence: number, show: (now: number) => void): 'new' | 'pending' | 'old' {
		const source = `${device} ${lane}`;
		const mark = this.#marks.get(source) ?? {stored: 0, pending: 0};
		if (sequence <= mark.pending) {
			return sequence <= mark.stored ? 'old' : 'pending';
		}

		this.#marks.set(source, mark);
		mark.pending = sequence;
		this.#journal.gatherLatest(source, {
			kind: 'seen', device, place: lane, sequence,
		}, now => {
			mark.stored = sequence;
			show(now);
		});
		return 'new';
	}
}
