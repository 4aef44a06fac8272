// Notices about everybody: presence and rooms, gathered and sent as one line to all.
// Knows what has changed since the last line and who still waits for a snapshot; refuses to know why it changed.
import {noticeBatchMs} from '../../source/protocol/limits.js';
import type {Notice, RoomRow, UserRow} from '../../source/protocol/messages.js';
import {
	batchMsPerListener,
	maximumBatchMs,
	snapshotPageBytes,
	snapshotPagesPerBatch,
} from './limits.js';
import {pagesOf, type OrderedNames} from './ordered-names.js';
import type {Outbox} from './outbox.js';
import type {User} from './state.js';

/**
What the notices report on, asked at the moment of sending.
*/
export type Reported = {
	readonly users: () => Iterable<User>;
	readonly user: (key: string) => User | undefined;
	readonly onlineNames: OrderedNames;
	readonly nameOf: (key: string) => string;
	readonly roomNames: () => OrderedNames;
	readonly roomRow: (key: string) => RoomRow | undefined;
	/**
	The private rooms that a user sees.
	*/
	readonly privateRooms: (userKey: string) => RoomRow[];
	/**
	Everybody who talks with `user`, and what each is told of its new address.
	*/
	readonly partners: (user: User) => Iterable<User>;
	readonly introduce: (subject: User, viewer: User) => Notice<'peer'>;
};

type Snapshot = {readonly user: User; kind: 'presence' | 'rooms'; after: string | undefined};

/**
At most one batch every 50 ms, the first at once; rarer when there are more than 400 to be told. Messages that go to many are one object, so that the shell writes them out once.
*/
export class Notices {
	readonly #outbox: Outbox;
	readonly #reported: Reported;
	readonly #changedUsers = new Set<string>();
	/**
	Names by key; private rooms with the keys of those who see them.
	*/
	readonly #changedRooms = new Map<string, string>();
	readonly #changedPrivateRooms = new Map<string, {readonly name: string; readonly viewers: ReadonlySet<string>}>();
	readonly #moved = new Set<User>();
	#newcomers: Snapshot[] = [];
	#lastBatchAt = -Infinity;

	constructor(outbox: Outbox, reported: Reported) {
		this.#outbox = outbox;
		this.#reported = reported;
	}

	noteUser(key: string): void {
		this.#changedUsers.add(key);
	}

	/**
	A room has changed; `viewers` are the keys of those who see a private one.
	*/
	noteRoom(key: string, name: string, viewers?: ReadonlySet<string>): void {
		if (viewers) {
			this.#changedPrivateRooms.set(key, {name, viewers});
		} else {
			this.#changedRooms.set(key, name);
		}
	}

	/**
	A user's addresses have changed.
	*/
	noteMoved(user: User): void {
		this.#moved.add(user);
	}

	/**
	A user has logged in and is told how things stand.
	*/
	addNewcomer(user: User): void {
		this.#newcomers.push({user, kind: 'presence', after: undefined});
	}

	pollTimeout(): number | undefined {
		const isIdle = this.#changedUsers.size === 0 && this.#changedRooms.size === 0 && this.#changedPrivateRooms.size === 0 && this.#newcomers.length === 0 && this.#moved.size === 0;
		const gatheringMs = Math.max(noticeBatchMs, Math.min(maximumBatchMs, this.#reported.onlineNames.size * batchMsPerListener));
		return isIdle ? undefined : this.#lastBatchAt + gatheringMs;
	}

	handleTimeout(now: number): void {
		const at = this.pollTimeout();
		if (at === undefined || at > now) {
			return;
		}

		this.#lastBatchAt = now;
		this.#sendSnapshots();
		this.#sendChanges();
		this.#sendPrivateChanges();
		this.#sendMoves();
	}

	#sendChanges(): void {
		const {nameOf, roomRow} = this.#reported;
		const users: UserRow[] = [...this.#changedUsers].map(key => ({name: nameOf(key), online: this.#reported.user(key) !== undefined}));
		const rooms: RoomRow[] = [];
		const gone: Array<{name: string}> = [];
		for (const [key, name] of this.#changedRooms) {
			const row = roomRow(key);
			if (row && !row.private) {
				rooms.push(row);
			} else {
				gone.push({name});
			}
		}

		this.#changedUsers.clear();
		this.#changedRooms.clear();
		const lines: Notice[] = [
			...pagesOf(users).map(page => ({event: 'presence' as const, users: page})),
			...pagesOf(rooms).map(page => ({event: 'rooms' as const, rooms: page, gone: []})),
			...pagesOf(gone).map(page => ({event: 'rooms' as const, rooms: [], gone: page.map(({name}) => name)})),
		];
		for (const line of lines) {
			for (const user of this.#reported.users()) {
				this.#outbox.send(user.connection.id, line);
			}
		}
	}

	/**
	After the changes that all hear, because a room's name may have gone from one kind to the other.
	*/
	#sendPrivateChanges(): void {
		for (const [key, {name, viewers}] of this.#changedPrivateRooms) {
			const row = this.#reported.roomRow(key);
			const line: Notice = {event: 'rooms', rooms: row ? [row] : [], gone: row ? [] : [name]};
			for (const viewer of viewers) {
				const user = this.#reported.user(viewer);
				if (user) {
					this.#outbox.send(user.connection.id, line);
				}
			}
		}

		this.#changedPrivateRooms.clear();
	}

	#sendSnapshots(): void {
		// Who logged in within one batch gets the same pages.
		const pages = new Map<string, {line: Notice; last: string | undefined; more: boolean}>();
		for (let sent = 0; sent < snapshotPagesPerBatch; sent++) {
			for (const newcomer of this.#newcomers) {
				if (!newcomer.user.connection.isClosed) {
					this.#sendSnapshotPage(newcomer, pages);
				}
			}

			this.#newcomers = this.#newcomers.filter(({user, kind, after}) => !user.connection.isClosed && !(kind === 'rooms' && after === ''));
		}
	}

	#sendSnapshotPage(newcomer: Snapshot, pages: Map<string, {line: Notice; last: string | undefined; more: boolean}>): void {
		const id = `${newcomer.kind} ${newcomer.after ?? ''}`;
		let page = pages.get(id);
		if (!page) {
			page = newcomer.kind === 'presence' ? this.#presencePage(newcomer.after) : this.#roomsPage(newcomer.after);
			pages.set(id, page);
		}

		this.#outbox.send(newcomer.user.connection.id, page.line);
		if (page.more) {
			newcomer.after = page.last;
		} else if (newcomer.kind === 'presence') {
			newcomer.kind = 'rooms';
			newcomer.after = undefined;
		} else {
			newcomer.after = '';
			for (const rooms of pagesOf(this.#reported.privateRooms(newcomer.user.key))) {
				this.#outbox.send(newcomer.user.connection.id, {event: 'rooms', rooms, gone: []});
			}
		}
	}

	#presencePage(after: string | undefined): {line: Notice; last: string | undefined; more: boolean} {
		const {onlineNames, nameOf} = this.#reported;
		const {rows, last, more} = onlineNames.page(after, key => ({name: nameOf(key), online: true}), snapshotPageBytes);
		return {line: {event: 'presence', users: rows, snapshot: true}, last, more};
	}

	#roomsPage(after: string | undefined): {line: Notice; last: string | undefined; more: boolean} {
		const {roomNames, roomRow} = this.#reported;
		const {rows, last, more} = roomNames().page(after, key => roomRow(key)!, snapshotPageBytes);
		return {
			line: {
				event: 'rooms', rooms: rows, gone: [], snapshot: true,
			}, last, more,
		};
	}

	#sendMoves(): void {
		for (const user of this.#moved) {
			if (!user.connection.isClosed) {
				for (const partner of new Set(this.#reported.partners(user))) {
					this.#outbox.send(partner.connection.id, this.#reported.introduce(user, partner));
				}
			}
		}

		this.#moved.clear();
	}
}
