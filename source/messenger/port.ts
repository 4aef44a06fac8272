// What a face needs of a running messenger; screen, plain face and their tests know no more than this.
// Refuses to know whether sockets or a simulation stand behind it.
import type {CommandReply, MessengerEvent} from './events.js';
import type {ConversationKey, MessengerView} from './view.js';

/**
What a face needs of a running messenger; the screen and its tests know no more than this.
*/
export type MessengerPort = {
	/**
	Performs one command line (bare, without a slash). Never rejects.
	*/
	execute(line: string): Promise<CommandReply>;
	/**
	The reader has come to one end of the rows in memory: to the oldest, where earlier ones are wanted, or back to the newest.
	*/
	reach(conversation: ConversationKey, end: 'oldest' | 'newest'): void;
	/**
	The current snapshot; the same object until something changed.
	*/
	readonly view: MessengerView;
	/**
	Calls `listener` after the view changed, at most once a turn and not again before somebody has looked at `view`; returns how to stop.
	*/
	subscribe(listener: () => void): () => void;
	/**
	Calls `listener` for each event; returns how to stop.
	*/
	onEvent(listener: (event: MessengerEvent) => void): () => void;
	/**
	Leaves like `x`; resolves when all sockets are closed. Safe to call twice.
	*/
	leave(): Promise<void>;
	/**
	Resolves when the messenger has left, for whatever reason.
	*/
	readonly finished: Promise<void>;
};
