// The queue of actions that wait for the shell.
// Knows their order; refuses to know their meaning.
import type {Notice, ReplyEnvelope} from '../../source/protocol/messages.js';
import type {Action} from './actions.js';

export class Outbox {
	#actions: Action[] = [];
	#head = 0;

	push(action: Action): void {
		this.#actions.push(action);
	}

	send(connection: number, message: Notice | ReplyEnvelope): void {
		this.#actions.push({kind: 'send', connection, message});
	}

	poll(): Action | undefined {
		const action = this.#actions[this.#head];
		if (action === undefined) {
			this.#actions = [];
			this.#head = 0;
			return undefined;
		}

		this.#head += 1;
		return action;
	}
}
