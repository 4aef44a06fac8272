// The register: who came and went, when and from where.
// Knows the newest rows, and how to close those that a crash left open; refuses to know what anybody did in between.
import {nameKey} from '../../source/protocol/names.js';
import {heartbeatMs, registerRows} from './limits.js';
import type {AskDisk, RegisterRow} from './storage.js';
import type {User} from './state.js';

/**
Rows that an operator is shown.
*/
const shownRows = 100;

export class Register {
	readonly #rows: RegisterRow[];
	readonly #disk: AskDisk;
	readonly #told = new WeakSet<User>();
	#isAnybodyHere = false;
	#nextBeat = -Infinity;

	/**
	@param rows As they stand on disk, oldest first.
	@param lastAlive When the server is last known to have lived: whoever was here then has left then.
	@param disk
	*/
	constructor(rows: Iterable<RegisterRow>, lastAlive: number, disk: AskDisk) {
		this.#rows = [...rows];
		this.#disk = disk;
		const newest = new Map(this.#rows.map(row => [nameKey(row.user), row]));
		for (const {user, event, address, at} of newest.values()) {
			if (event === 'login') {
				this.#add({
					at: Math.max(at, lastAlive), user, event: 'logout', address, how: 'crash',
				});
			}
		}
	}

	login(user: User, now: number): void {
		this.#isAnybodyHere = true;
		this.#add({
			at: Math.floor(now), user: user.name, event: 'login', address: user.connection.remote, how: undefined,
		});
	}

	/**
	Somebody goes; `isLast` when nobody else is here now.
	*/
	logout(user: User, now: number, {how, isLast}: {readonly how: 'bye' | 'lost' | 'shutdown'; readonly isLast: boolean}): void {
		this.#isAnybodyHere = !isLast;
		this.#add({
			at: Math.floor(now), user: user.name, event: 'logout', address: user.connection.remote, how,
		});
	}

	/**
	A user's word that it left while the server was away; heard once a login.
	*/
	depart(user: User, at: number, now: number): void {
		if (this.#told.has(user)) {
			return;
		}

		this.#told.add(user);
		this.#add({
			at: Math.min(at, Math.floor(now)), user: user.name, event: 'logout', address: user.connection.remote, how: 'departed',
		});
	}

	/**
	The newest rows, of all or of one user, in the order of their times.
	*/
	newest(name?: string): RegisterRow[] {
		const key = name === undefined ? undefined : nameKey(name);
		return this.#rows.filter(({user}) => key === undefined || nameKey(user) === key).toSorted((one, other) => one.at - other.at).slice(-shownRows);
	}

	pollTimeout(): number | undefined {
		return this.#isAnybodyHere ? this.#nextBeat : undefined;
	}

	/**
	While anybody is here, the disk is told that the server lives.
	*/
	handleTimeout(now: number): void {
		if (this.#isAnybodyHere && this.#nextBeat <= now) {
			this.beat(now);
		}
	}

	beat(now: number): void {
		this.#nextBeat = now + heartbeatMs;
		this.#disk({kind: 'alive', at: Math.floor(now)});
	}

	#add(row: RegisterRow): void {
		this.#rows.push(row);
		if (this.#rows.length > registerRows * 1.1) {
			this.#rows.splice(0, this.#rows.length - registerRows);
		}

		this.#disk({kind: 'register', row});
	}
}
