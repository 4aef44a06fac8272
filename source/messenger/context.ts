// What the rooms' and sessions' rules share: the parts of the client they work with.
// Knows only which parts there are; client.ts makes them.
import type {ErrorReport} from '../protocol/errors.js';
import type {ControlSession} from './server/control-session.js';
import type {Conversation} from './conversations/conversation.js';
import type {Conversations} from './conversations/conversations.js';
import type {Delivery} from './lines/delivery.js';
import type {Directory} from './server/directory.js';
import type {MessengerEvent} from './events.js';
import type {Peers} from './peers/peers.js';
import type {Progress} from './lines/progress.js';
import type {Requests} from './conversations/requests.js';
import type {MessageRow, RequestView} from './view.js';

/**
Who is let in without asking.
*/
export type AcceptPolicy = 'ask' | 'contacts' | 'everyone';

/**
The outcome of a command: the fields of its reply, or the error.
*/
export type CommandOutcome =
	| {readonly ok: true; readonly fields: Readonly<Record<string, unknown>>}
	| {readonly ok: false; readonly error: ErrorReport};

/**
Called once when a command is done.
*/
export type OnDone = (outcome: CommandOutcome) => void;

export type Context = {
	readonly control: ControlSession;
	readonly peers: Peers;
	readonly delivery: Delivery;
	readonly progress: Progress;
	readonly conversations: Conversations;
	readonly directory: Directory;
	readonly requests: Requests;
	readonly mode: 'one' | 'many';
	/**
	Whether somebody's requests are accepted without asking the user.
	*/
	readonly welcomes: (name: string) => boolean;
	/**
	Takes a request out that ended without the user's answer, and tells.
	*/
	readonly endRequest: (request: RequestView, reason: string) => void;
	/**
	Whether the user wants to be left alone.
	*/
	readonly isBusy: () => boolean;
	/**
	Our name.
	*/
	readonly own: () => string;
	/**
	The realm's root public key in base64url.
	*/
	readonly rootKey: () => string;
	readonly emit: (event: MessengerEvent) => void;
	/**
	Adds a row about something that happened to a conversation.
	*/
	readonly tell: (conversation: Conversation, tone: (MessageRow & {kind: 'notice'})['tone'], text: string, now: number) => void;
	/**
	With `--sessions one`: leaves every conversation but one.
	*/
	readonly makeWay: (exception: Conversation | undefined, now: number) => void;
};

export function succeed(fields: Readonly<Record<string, unknown>> = {}): CommandOutcome {
	return {ok: true, fields};
}

export function refuse(code: string, message: string): CommandOutcome {
	return {ok: false, error: {code, message}};
}
