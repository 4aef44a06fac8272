// Which rooms there are, and who sees them: all see a public one, only who was invited a private one.
// Knows rows, pages and visibility; refuses to know who comes and goes (rooms.ts does).
import {ProtocolError} from '../../source/protocol/errors.js';
import type {RoomRow} from '../../source/protocol/messages.js';
import {nameKey} from '../../source/protocol/names.js';
import {OrderedNames} from './ordered-names.js';
import {Tally} from './tally.js';
import type {Room, RoomIdentity, User} from './state.js';

/**
A room as the store loads it. `away` of a member is when he went, `undefined` when he was there at the server's end.
*/
export type StoredRoom = RoomIdentity & {
	readonly members: ReadonlyArray<{readonly user: string; readonly away: number | undefined}>;
	/**
	Keys of those who may enter a private room.
	*/
	readonly invited: readonly string[];
};

export class RoomList {
	/**
	Keys of standing rooms that everybody sees.
	*/
	readonly names: OrderedNames;
	readonly #privateNames: OrderedNames;
	/**
	Keys of the private rooms that a user sees, by the user's.
	*/
	readonly #privateNamesOf = new Map<string, OrderedNames>();
	readonly #byKey = new Map<string, Room>();
	readonly #created = new Tally();

	/**
	@param identities Rooms that stand already.
	*/
	constructor(identities: Iterable<RoomIdentity>) {
		for (const {key, name, creator, isPrivate, made} of identities) {
			this.add({
				key, name, creator, isPrivate, made,
			}, 'standing');
		}

		// Sorted once: one by one 100 000 names would take a while.
		this.names = new OrderedNames(this.#keys(false));
		this.#privateNames = new OrderedNames(this.#keys(true));
	}

	/**
	Whether there is a room by that name, or will be in a moment.
	*/
	has(name: string): boolean {
		return this.#byKey.has(nameKey(name));
	}

	/**
	A room in any state.
	*/
	get(key: string): Room | undefined {
		return this.#byKey.get(key);
	}

	all(): IterableIterator<Room> {
		return this.#byKey.values();
	}

	/**
	A room that `viewer` may know of; the operator, who sees all, is nobody.

	@throws {ProtocolError} `no-such-room`, `not-invited`.
	*/
	find(name: string, viewer?: User): Room {
		const room = this.#byKey.get(nameKey(name));
		if (!room || room.state === 'creating') {
			throw new ProtocolError('no-such-room', `There is no room ${name}; "lr" lists the rooms, "or ${name}" makes this one.`);
		}

		if (viewer && !isVisible(room, viewer)) {
			throw notInvited(room);
		}

		return room;
	}

	/**
	How many rooms a user has created.
	*/
	countCreated(userKey: string): number {
		return this.#created.count(userKey);
	}

	/**
	The row of a standing room, as lists and notices show it.
	*/
	row(key: string): RoomRow | undefined {
		const room = this.#byKey.get(key);
		return room && room.state !== 'creating'
			? {
				name: room.name, creator: room.creator, members: room.members.size, ...(room.isPrivate && {private: true}),
			}
			: undefined;
	}

	/**
	A page of the rooms that a user sees.
	*/
	page(user: User, after: string | undefined): {rows: RoomRow[]; more: boolean} {
		return this.names.page(after, key => this.row(key)!, undefined, this.#privateNamesOf.get(user.key));
	}

	/**
	The private rooms among them.
	*/
	privateRows(userKey: string): RoomRow[] {
		return [...this.#privateNamesOf.get(userKey) ?? []].map(key => this.row(key)!);
	}

	/**
	All rooms, for the operator.
	*/
	rows(): RoomRow[] {
		return [...new OrderedNames([...this.names, ...this.#privateNames])].map(key => this.row(key)!);
	}

	/**
	A room that is not in lists before it is shown.
	*/
	add(identity: RoomIdentity, state: Room['state']): Room {
		const room: Room = {
			...identity, members: new Map(), away: new Map(), invited: new Set(), state, waiting: [],
		};
		this.#byKey.set(room.key, room);
		this.#created.add(nameKey(room.creator));
		return room;
	}

	show(room: Room): void {
		(room.isPrivate ? this.#privateNames : this.names).add(room.key);
	}

	/**
	Shows a private room to one user more.
	*/
	showTo(room: Room, userKey: string): void {
		room.invited.add(userKey);
		const names = this.#privateNamesOf.get(userKey) ?? new OrderedNames();
		names.add(room.key);
		this.#privateNamesOf.set(userKey, names);
	}

	remove(room: Room): void {
		this.#byKey.delete(room.key);
		this.names.delete(room.key);
		this.#privateNames.delete(room.key);
		for (const user of room.invited) {
			const names = this.#privateNamesOf.get(user)!;
			names.delete(room.key);
			if (names.size === 0) {
				this.#privateNamesOf.delete(user);
			}
		}

		this.#created.remove(nameKey(room.creator));
	}

	* #keys(isPrivate: boolean): Generator<string, void> {
		for (const room of this.#byKey.values()) {
			if (room.isPrivate === isPrivate) {
				yield room.key;
			}
		}
	}
}

export function isVisible(room: Room, {key}: User): boolean {
	return !room.isPrivate || room.invited.has(key);
}

export function notInvited({name}: Room): ProtocolError {
	return new ProtocolError('not-invited', `The room ${name} is private; somebody inside must invite you with "add".`);
}
