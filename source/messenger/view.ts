// What the messenger shows: one immutable snapshot a face can draw from.
// Every slice is replaced when it changes and only then, so `===` tells whether a pane must be drawn again.
// Refuses to know about panes, focus and colours.
import type {RoomRow, UserRow} from '../protocol/messages.js';
import type {DeliveryState, RequestKind} from './events.js';

/**
The way to the control server. Times are ms since the epoch.
*/
export type ConnectionView = {
	readonly state: 'closed' | 'connecting' | 'connected' | 'retrying';
	/**
	`host:port` of the server that is meant, connected or not.
	*/
	readonly server: string | undefined;
	/**
	The name we are logged in as.
	*/
	readonly user: string | undefined;
	/**
	The login was taken up again without a password.
	*/
	readonly isResumed: boolean;
	/**
	Failed attempts since the connection last stood, and when the next one is due.
	*/
	readonly attempts: number;
	readonly retryAt: number | undefined;
	/**
	Why it does not stand, as a sentence.
	*/
	readonly reason: string | undefined;
};

/**
`session:bob` or `room:den`.
*/
export type ConversationKey = `session:${string}` | `room:${string}`;

/**
One line of a conversation: somebody's words, or something that happened.
*/
export type MessageRow =
	| {
		readonly kind: 'line';
		readonly id: string;
		readonly from: string;
		readonly isOwn: boolean;
		readonly text: string;
		readonly at: number;
		/**
		The least advanced state over all recipients; `undefined` for others' lines.
		*/
		readonly delivery: DeliveryState | undefined;
		/**
		Counts changes of this row, for caches keyed by (id, revision).
		*/
		readonly revision: number;
	}
	| {
		readonly kind: 'notice';
		readonly id: string;
		readonly tone: 'join' | 'leave' | 'info' | 'warn';
		readonly text: string;
		readonly at: number;
		readonly revision: number;
	};

/**
An open conversation.
*/
export type ConversationView = {
	readonly key: ConversationKey;
	readonly kind: 'session' | 'room';
	/**
	The other person, or the room.
	*/
	readonly name: string;
	/**
	`asking`: they have not answered; `waiting`: they are away, lines wait; `lost`: their end vanished;
	`closed`: somebody else ended it (only ever in `ended`).
	*/
	readonly state: 'asking' | 'open' | 'waiting' | 'lost' | 'closed';
	/**
	Everyone in it, ourselves included, with whether a direct link stands.
	*/
	readonly members: ReadonlyArray<{readonly name: string; readonly isLinked: boolean}>;
	readonly creator: string | undefined;
	/**
	A room that only those see who were asked in.
	*/
	readonly isPrivate: boolean;
	readonly unread: number;
	/**
	Id of the first row that came while the user looked elsewhere: what is above it has been read.
	*/
	readonly unreadFrom: string | undefined;
	/**
	Whether the history has lines before the first row here; `reach` brings some.
	*/
	readonly earlier: 'none' | 'some' | 'loading';
	/**
	Newest last; the newest 2000, or more while the reader has scrolled up.
	*/
	readonly messages: readonly MessageRow[];
};

/**
Something waits for our answer: somebody wants a session, or asks us into the room `room`, or shows another key than before.
*/
export type RequestView = {readonly id: string; readonly kind: Exclude<RequestKind, 'file'>; readonly from: string; readonly room?: string; readonly expiresAt: number | undefined};

/**
Somebody the user has put on the list.
*/
export type ContactView = {readonly name: string; readonly online: boolean; readonly verified: boolean};

/**
A room of the server, and whether we are in it.
*/
export type RoomView = RoomRow & {readonly isEntered: boolean};

/**
Lines of somebody that wait for the user: at the server, or here and not looked at. `room`: those said in a room; `since` in ms since the epoch.
*/
export type PendingView = {readonly user: string; readonly room: string | undefined; readonly count: number; readonly since: number};

export type MessengerView = {
	readonly connection: ConnectionView;
	/**
	Online first, then by name; without ourselves.
	*/
	readonly users: readonly UserRow[];
	readonly rooms: readonly RoomView[];
	/**
	By name.
	*/
	readonly contacts: readonly ContactView[];
	/**
	In the order in which they were opened.
	*/
	readonly conversations: readonly ConversationView[];
	/**
	Where `s` goes.
	*/
	readonly active: ConversationKey | undefined;
	/**
	The conversation that somebody else ended while we looked at it: its last words can be read until another opens.
	*/
	readonly ended: ConversationView | undefined;
	/**
	Oldest first.
	*/
	readonly requests: readonly RequestView[];
	/**
	By sender, oldest first.
	*/
	readonly pending: readonly PendingView[];
	/**
	The user wants to be left alone: requests are answered busy, mail waits.
	*/
	readonly isBusy: boolean;
	/**
	A server runs inside this program, or is being started there.
	*/
	readonly isHosting: boolean;
	/**
	What happened outside conversations (connection, sign-in, refusals), newest last, the newest 200.
	*/
	readonly log: readonly MessageRow[];
};
