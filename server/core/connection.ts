// One client connection as the core sees it.
// Knows what has been proved on it; refuses to know its socket.
import {parseHostPort} from '../../source/protocol/addresses.js';
import {TokenBucket} from './buckets.js';
import type {Limits} from './limits.js';
import type {User} from './presence.js';
import {isLoopback} from './reachable.js';

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
