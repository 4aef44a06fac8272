// What the server remembers of the moment: connections, users, sessions, rooms and invitations, as they refer to each other.
// Knows shapes only; refuses to know the rules (presence.ts, sessions.ts, rooms.ts, invitations.ts).
import {parseHostPort} from '../../source/protocol/addresses.js';
import type {SignedCard} from '../../source/protocol/cards.js';
import {TokenBucket} from './buckets.js';
import type {Limits} from './limits.js';
import {isLoopback} from './reachable.js';
import type {RecentTransactions} from './recent-transactions.js';

/**
One client connection as the core sees it: what has been proved on it.
*/
export class Connection {
	readonly id: number;
	/**
	`ip:port` of the other end.
	*/
	readonly remote: string;
	readonly host: string;
	readonly isLoopback: boolean;
	readonly bucket: TokenBucket;
	hasGreeted = false;
	/**
	A password is being hashed or a login written; no second login may start.
	*/
	isLoggingIn = false;
	/**
	The connection has been cut or has gone: nothing is said on it any more.
	*/
	isClosed = false;
	user: User | undefined;

	constructor(id: number, remote: string, limits: Limits, now: number) {
		this.id = id;
		this.remote = remote;
		this.host = parseHostPort(remote)?.host ?? remote;
		this.isLoopback = isLoopback(this.host);
		this.bucket = new TokenBucket(limits.requestRate, limits.requestBurst, now);
	}
}

/**
A logged-in user.
*/
export type User = {
	readonly key: string;
	readonly name: string;
	readonly connection: Connection;
	readonly device: string;
	readonly card: SignedCard;
	readonly fingerprint: string;
	/**
	Under this secret the user shows its UDP address; `sid` is 8 hex digits.
	*/
	readonly punch: {readonly sid: string; readonly secret: Uint8Array};
	readonly punches: RecentTransactions;
	/**
	UDP address under which the server sees the user.
	*/
	observed: string | undefined;
	/**
	Addresses the user says it has.
	*/
	announced: readonly string[];
	readonly sessions: Set<Session>;
	readonly rooms: Set<Room>;
	/**
	Invitations of others, and to others.
	*/
	readonly invitations: Set<Invitation>;
};

export type RoomIdentity = {
	readonly key: string;
	/**
	As it is shown, like the creator's.
	*/
	readonly name: string;
	readonly creator: string;
	/**
	Only who was invited sees and enters it.
	*/
	readonly isPrivate: boolean;
	/**
	When it was made, ms since the epoch: one that was closed and made anew is another room.
	*/
	readonly made: number;
};

export type Room = RoomIdentity & {
	readonly members: Map<string, User>;
	/**
	When each member who is not here went, by name key, the earliest first.
	*/
	readonly away: Map<string, number>;
	readonly invited: Set<string>;
	/**
	A room that is being written or erased lets nobody in: who wants to enter waits for the write.
	*/
	state: 'creating' | 'standing' | 'closing';
	readonly waiting: Array<(hasFailed: boolean) => void>;
};

/**
One end of a session; `user` is missing while its connection is.
*/
export type Party = {readonly key: string; readonly name: string; user: User | undefined};

export type Session = {
	readonly id: string;
	readonly caller: Party;
	readonly callee: Party;
	state: 'asking' | 'open';
	/**
	Made by a `restore` that the other end has not joined yet.
	*/
	isClaim: boolean;
	/**
	A private room is being made of it.
	*/
	isBecomingGroup: boolean;
};

/**
`host` asks `guest` into a room.
*/
export type Invitation = {readonly id: string; readonly room: Room; readonly host: User; readonly guest: User};
