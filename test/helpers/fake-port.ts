// A messenger that does what a test says: answers commands from a function, tells events, leaves when asked.
import type {CommandReply, MessengerEvent} from '../../source/messenger/events.js';
import type {MessengerPort} from '../../source/messenger/port.js';
import type {MessengerView} from '../../source/messenger/view.js';
import {quietView} from './quiet-view.js';

export class FakePort implements MessengerPort {
	readonly executed: string[] = [];
	readonly reached: string[] = [];
	readonly finished: Promise<void>;
	view: MessengerView = quietView;
	/**
	Answers a command; `undefined` leaves it waiting.
	*/
	answer: (line: string) => CommandReply | undefined = line => ({command: line.split(' ', 1)[0]!, ok: true, fields: {}});
	readonly #subscribers = new Set<() => void>();
	readonly #listeners = new Set<(event: MessengerEvent) => void>();
	readonly #finish: () => void;

	constructor() {
		const {promise, resolve} = Promise.withResolvers<void>();
		this.finished = promise;
		this.#finish = resolve;
	}

	async execute(line: string): Promise<CommandReply> {
		this.executed.push(line);
		const reply = this.answer(line);
		if (line === 'x') {
			// Not before the reply, as in a real one.
			setImmediate(this.#finish);
		}

		return reply ?? Promise.withResolvers<CommandReply>().promise;
	}

	reach(conversation: string, end: 'oldest' | 'newest'): void {
		this.reached.push(`${conversation} ${end}`);
	}

	subscribe(listener: () => void): () => void {
		this.#subscribers.add(listener);
		return () => {
			this.#subscribers.delete(listener);
		};
	}

	onEvent(listener: (event: MessengerEvent) => void): () => void {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	async leave(): Promise<void> {
		this.#finish();
	}

	tell(event: MessengerEvent): void {
		for (const listener of this.#listeners) {
			listener(event);
		}
	}

	show(view: MessengerView): void {
		this.view = view;
		for (const listener of this.#subscribers) {
			listener();
		}
	}
}
