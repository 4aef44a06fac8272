// What the messenger tells its faces: the events that the json face prints as they are.
// Knows their fields, on which scripts rely: fields may be added, none renamed. Refuses to know how a face shows them.
import type {ErrorReport} from '../protocol/errors.js';

/**
State of the way to the control server. `closed` is what the user asked for, `lost` is not.
*/
export type ConnectionState = 'connected' | 'lost' | 'retrying' | 'electing' | 'closed';

/**
What a session can be said to be.
*/
export type SessionState = 'asking' | 'open' | 'declined' | 'unavailable' | 'closed' | 'lost';

/**
What can happen in a room.
*/
export type RoomChange = 'created' | 'entered' | 'left' | 'closed' | 'lost';

/**
What can wait for the user's answer.
*/
export type RequestKind = 'session' | 'file' | 'group' | 'key';

/**
What becomes of an invitation.
*/
export type InvitationState = 'asked' | 'accepted' | 'declined' | 'busy' | 'timeout' | 'gone' | 'withdrawn';

/**
How far a line has come towards one recipient; it only moves to the right, or to `failed`.
*/
export type DeliveryState = 'queued' | 'sent' | 'stored' | 'delivered' | 'read' | 'failed';

/**
Where a line belongs: exactly one of the two names. `session` names the other person.
*/
export type Place = {readonly session: string; readonly room?: never} | {readonly room: string; readonly session?: never};

/**
A line as it is told: when it comes, and when it is looked up in the history. Own lines that are looked up carry their state.
*/
export type SaidLine = Place & {readonly type: 'message'; readonly id: string; readonly from: string; readonly text: string; readonly at: string; readonly pending: boolean; readonly state?: DeliveryState};

/**
Everything that happens. Times are ISO 8601 in UTC.
*/
export type MessengerEvent =
	| SaidLine
	/**
	A conversation has been opened in which there were lines before this run: the last of them, oldest first.
	*/
	| ({readonly type: 'history'; readonly messages: readonly SaidLine[]} & Place)
	| {readonly type: 'connection'; readonly state: ConnectionState; readonly server: string | null; readonly term: number; readonly reason?: string; readonly retryInMs?: number}
	/**
	`snapshot` marks those who were there before us.
	*/
	| {readonly type: 'presence'; readonly user: string; readonly online: boolean; readonly snapshot?: true}
	/**
	`group`: into `room`. `key`: another device speaks for `from` than before (`wasVerified`: than the one the user had verified); it waits as long as it takes.
	*/
	| {readonly type: 'request'; readonly kind: RequestKind; readonly from: string; readonly id: string; readonly room?: string; readonly wasVerified?: boolean; readonly expiresAt?: string}
	/**
	A request to us ended before we answered it.
	*/
	| {readonly type: 'request-ended'; readonly kind: RequestKind; readonly from: string; readonly id: string; readonly room?: string; readonly reason: string}
	/**
	`room`: the group that a closed session has become.
	*/
	| {readonly type: 'session'; readonly with: string; readonly state: SessionState; readonly reason?: string; readonly room?: string}
	/**
	Somebody was asked into a room that we are in, by us, and what became of it.
	*/
	| {readonly type: 'invitation'; readonly room: string; readonly user: string; readonly state: InvitationState}
	| {readonly type: 'room'; readonly room: string; readonly change: RoomChange; readonly user: string; readonly reason?: string}
	| {readonly type: 'delivery'; readonly id: string; readonly to: string; readonly state: DeliveryState}
	/**
	`pending`: lines that had to wait are shown next.
	*/
	| {readonly type: 'notice'; readonly level: 'info' | 'warn' | 'error'; readonly text: string; readonly pending?: {readonly from: string; readonly room?: string; readonly count: number; readonly since: string}};

/**
The one answer to a command; `fields` stand beside `ok` in the json face's reply.
*/
export type CommandReply =
	| {readonly command: string; readonly ok: true; readonly fields: Readonly<Record<string, unknown>>}
	| {readonly command: string; readonly ok: false; readonly error: ErrorReport};
