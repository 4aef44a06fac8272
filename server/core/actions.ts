// What the server core wants done: effects as values, performed by the shell in the order they are polled.
// Knows their shapes; refuses to know sockets, disks and clocks.
import type {ErrorReport} from '../../source/protocol/errors.js';
import type {Notice, ReplyEnvelope} from '../../source/protocol/messages.js';
import type {Query, Write} from './storage.js';

/**
One query of a client, in the words a user would type: `o bob` is command `o` with argument `bob`.
*/
export type QueryEntry = {
	/**
	Ms since the epoch.
	*/
	readonly at: number;
	/**
	`ip:port` of the connection.
	*/
	readonly from: string;
	/**
	Who asked; `undefined` before login.
	*/
	readonly user: string | undefined;
	readonly command: string;
	readonly argument: string | undefined;
	readonly ok: boolean;
};

/**
An effect. `task` numbers are given back with the outcome.
*/
export type Action =
	| {readonly kind: 'send'; readonly connection: number; readonly message: Notice | ReplyEnvelope}
	/**
	End a connection, after everything sent before; `closing` says why, a clean good-bye needs none.
	*/
	| {readonly kind: 'cut'; readonly connection: number; readonly closing: Notice<'closing'> | undefined}
	/**
	The connection has logged in: longer lines are allowed from now on.
	*/
	| {readonly kind: 'trust'; readonly connection: number}
	/**
	Hash a new password; answered by `handleHashed`.
	*/
	| {readonly kind: 'hash'; readonly task: number; readonly password: string}
	/**
	Compare a password with the hash stored for an account, or, where there is no such account, with one that never fits, at the same cost; answered by `handleHashed`.
	*/
	| {readonly kind: 'verify'; readonly task: number; readonly password: string; readonly key: string}
	/**
	Make a change durable, or look something up; both are answered by `handleStored`.
	*/
	| {readonly kind: 'store'; readonly task: number; readonly write: Write}
	| {readonly kind: 'look-up'; readonly task: number; readonly query: Query}
	| {readonly kind: 'datagram'; readonly bytes: Uint8Array; readonly to: string}
	| {readonly kind: 'query'; readonly entry: QueryEntry}
	| {readonly kind: 'presence'; readonly user: string; readonly online: boolean; readonly at: number}
	/**
	The operator has ended the server: close everything after what was sent before.
	*/
	| {readonly kind: 'exit'};

/**
What became of hashing or comparing a password. `busy`: too many wait already.
*/
export type HashOutcome = {readonly kind: 'hash'; readonly hash: string} | {readonly kind: 'match'; readonly matches: boolean} | {readonly kind: 'busy'} | {readonly kind: 'failed'};

/**
The answer to an operator's command, as the json face prints it.
*/
export type OperatorReply =
	| {readonly command: string; readonly ok: true; readonly fields: Readonly<Record<string, unknown>>}
	| {readonly command: string; readonly ok: false; readonly error: ErrorReport};
