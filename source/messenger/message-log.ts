// The rows of one conversation as they are shown: lines in the order of their clocks, and what happened in between.
// Knows order, delivery states and how many rows are kept; refuses to know where a line came from.
import {nameKey} from '../protocol/names.js';
import type {DeliveryState} from './events.js';
import type {MessageRow} from './view.js';

type Notice = MessageRow & {kind: 'notice'};

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

	constructor(limit: number) {
		this.#limit = limit;
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

	setDelivery(id: string, to: string, state: DeliveryState): void {
		const states = this.#deliveries.get(id);
		const index = states ? this.#rows.findLastIndex(row => row.id === id) : -1;
		const row = this.#rows[index];
		if (!states || row?.kind !== 'line') {
			return;
		}

		states.set(nameKey(to), state);
		const delivery = order.find(candidate => states.values().toArray().includes(candidate));
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
		if (this.#rows.length > this.#limit) {
			this.#deliveries.delete(this.#rows.shift()!.id);
			this.#clocks.shift();
		}

		this.#view = undefined;
	}
}
