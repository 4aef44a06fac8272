// The rows of one conversation as they are shown: lines in the order of their clocks, and what happened in between.
// Knows order, delivery states and which part of a long conversation is in memory; refuses to know where a line came from.
import {nameKey} from '../../protocol/names.js';
import type {HistoryLine} from '../effects.js';
import type {DeliveryState} from '../events.js';
import {maximumPagedRows, rowUnit} from '../limits.js';
import type {MessageRow} from '../view.js';
import {weightOf} from '../weight.js';

type Notice = MessageRow & {kind: 'notice'};

/**
What is known of the lines before the oldest one here. `unknown`: nobody has asked yet.
*/
export type Earlier = 'unknown' | 'loading' | 'some' | 'none';

const order: readonly DeliveryState[] = ['failed', 'queued', 'sent', 'stored', 'delivered', 'read'];

export class MessageLog {
	readonly #limit: number;
	readonly #rows: MessageRow[] = [];
	/**
	The clock of each row, at the same index.
	*/
	readonly #clocks: string[] = [];
	/**
	For each own line, how far it has come towards each recipient (by name key).
	*/
	readonly #deliveries = new Map<string, Map<string, DeliveryState>>();
	#notices = 0;
	#view: readonly MessageRow[] | undefined;
	/**
	What the rows count for, and what they may: `limit`, or more while a reader has scrolled up.
	*/
	#weight = 0;
	#allowance: number;
	#earlier: Earlier = 'unknown';

	constructor(limit: number) {
		this.#limit = limit;
		this.#allowance = limit;
	}

	/**
	Whether the history has lines before the oldest one here.
	*/
	get earlier(): Earlier {
		return this.#earlier;
	}

	/**
	Where the lines here begin, for asking for those before.
	*/
	get oldestLine(): {clock: string; id: string} | undefined {
		const index = this.#rows.findIndex(({kind}) => kind === 'line');
		return index === -1 ? undefined : {clock: this.#clocks[index]!, id: this.#rows[index]!.id};
	}

	/**
	Earlier lines have been asked for.
	*/
	awaitEarlier(): void {
		this.#earlier = 'loading';
	}

	/**
	Takes lines from the history in, oldest first. `isEnd`: there are no more before them.

	@returns Those that were not here yet.
	*/
	addEarlier(lines: readonly HistoryLine[], {isEnd}: {isEnd: boolean}): readonly HistoryLine[] {
		const known = new Set(this.#rows.map(({id}) => id));
		const news = lines.filter(({id}) => !known.has(id));
		const weight = this.#weight + news.reduce((sum, {text}) => sum + weightOf(text, rowUnit), 0);
		this.#allowance = Math.min(maximumPagedRows, Math.max(this.#allowance, weight));
		this.#earlier = isEnd || weight >= maximumPagedRows ? 'none' : 'some';
		for (const {id, from, owner, text, at, clock, state} of news) {
			this.#insert(clock, {
				kind: 'line', id, from, isOwn: from === owner, text, at, delivery: state, revision: 0,
			});
		}

		this.#view = undefined;
		return news;
	}

	/**
	The reader is back at the newest line: what was brought back for him may go.
	*/
	trim(): void {
		this.#allowance = this.#limit;
		this.#dropSurplus();
	}

	/**
	Newest last; the same array until something changed.
	*/
	get view(): readonly MessageRow[] {
		this.#view ??= [...this.#rows];
		return this.#view;
	}

	addNotice(tone: Notice['tone'], text: string, {clock, at}: {clock: string; at: number}): void {
		this.#insert(clock, {
			kind: 'notice', id: `notice-${++this.#notices}`, tone, text, at, revision: 0,
		});
	}

	addLine({id, from, text, at, clock}: {id: string; from: string; text: string; at: number; clock: string}): void {
		this.#insert(clock, {
			kind: 'line', id, from, isOwn: false, text, at, delivery: undefined, revision: 0,
		});
	}

	addOwnLine({id, from, text, at, clock, recipients}: {id: string; from: string; text: string; at: number; clock: string; recipients: readonly string[]}): void {
		if (recipients.length > 0) {
			this.#deliveries.set(id, new Map(recipients.map(name => [nameKey(name), 'queued'])));
		}

		this.#insert(clock, {
			kind: 'line', id, from, isOwn: true, text, at, delivery: recipients.length > 0 ? 'queued' : undefined, revision: 0,
		});
	}

	/**
	An own line has come further towards one recipient. `overall`: how far it is with the one furthest behind, where that is not known here
	because the line is of an earlier run.
	*/
	setDelivery(id: string, to: string, state: DeliveryState, overall: DeliveryState = state): void {
		const index = this.#rows.findLastIndex(row => row.id === id);
		const row = this.#rows[index];
		if (row?.kind !== 'line' || !row.isOwn) {
			return;
		}

		const states = this.#deliveries.get(id);
		states?.set(nameKey(to), state);
		const delivery = states ? order.find(candidate => states.values().toArray().includes(candidate)) : overall;
		if (delivery === row.delivery) {
			return;
		}

		this.#rows[index] = {...row, delivery, revision: row.revision + 1};
		this.#view = undefined;
	}

	#insert(clock: string, row: MessageRow): void {
		let index = this.#rows.length;
		while (index > 0 && this.#clocks[index - 1]! > clock) {
			index--;
		}

		this.#rows.splice(index, 0, row);
		this.#clocks.splice(index, 0, clock);
		this.#weight += weightOf(row.text, rowUnit);
		this.#dropSurplus();
		this.#view = undefined;
	}

	/**
	In a long log several at a time, because all that stay are moved.
	*/
	#dropSurplus(): void {
		if (this.#weight <= this.#allowance + Math.floor(this.#limit / 20)) {
			return;
		}

		let surplus = 0;
		while (this.#weight > this.#allowance && surplus < this.#rows.length - 1) {
			const {id, text} = this.#rows[surplus++]!;
			this.#weight -= weightOf(text, rowUnit);
			this.#deliveries.delete(id);
		}

		if (surplus === 0) {
			return;
		}

		this.#rows.splice(0, surplus);
		this.#clocks.splice(0, surplus);
		this.#view = undefined;
		if (this.#earlier === 'none' && this.#allowance < maximumPagedRows) {
			this.#earlier = 'some';
		}
	}
}
