// What the server says of users and rooms: who is online, which rooms there are.
// Knows names and rows; refuses to know who is in a conversation with us.
import type {RoomRow, UserRow} from '../../protocol/messages.js';
import {nameKey} from '../../protocol/names.js';
import {maximumKnownRooms, maximumKnownUsers} from '../limits.js';
import type {RoomView} from '../view.js';

export class Directory {
	readonly #users = new Map<string, UserRow>();
	readonly #rooms = new Map<string, RoomRow>();
	#usersView: readonly UserRow[] | undefined;
	#roomsView: readonly RoomView[] | undefined;

	/**
	Forgets everything: another login begins, or there is none.
	*/
	clear(): void {
		this.#users.clear();
		this.#rooms.clear();
		this.changed();
	}

	/**
	A name as its owner spells it.
	*/
	spell(name: string): string {
		return this.#users.get(nameKey(name))?.name ?? name;
	}

	isOnline(name: string): boolean {
		return this.#users.get(nameKey(name))?.online === true;
	}

	/**
	@returns Whether that was news.
	*/
	setUser(row: UserRow): boolean {
		const key = nameKey(row.name);
		const before = this.#users.get(key);
		if (before?.online === row.online || (!before && this.#users.size >= maximumKnownUsers)) {
			return false;
		}

		this.#users.set(key, {name: row.name, online: row.online});
		this.#usersView = undefined;
		return before !== undefined || row.online;
	}

	setRoom({name, creator, members, private: isPrivate}: RoomRow): void {
		if (!(this.#rooms.has(nameKey(name)) || this.#rooms.size < maximumKnownRooms)) {
			return;
		}

		this.#rooms.set(nameKey(name), {
			name, creator, members, ...(isPrivate && {private: true}),
		});
		this.#roomsView = undefined;
	}

	removeRoom(name: string): void {
		this.#rooms.delete(nameKey(name));
		this.#roomsView = undefined;
	}

	/**
	Whether a room is entered has changed.
	*/
	changed(): void {
		this.#usersView = undefined;
		this.#roomsView = undefined;
	}

	/**
	Online first, then by name, without `own`; the same array until something changed.
	*/
	users(own: string | undefined): readonly UserRow[] {
		this.#usersView ??= this.#users.values().filter(({name}) => name !== own).toArray()
			.toSorted((one, other) => one.online === other.online ? compare(one.name, other.name) : Number(other.online) - Number(one.online));
		return this.#usersView;
	}

	/**
	By name; the same array until something changed.
	*/
	rooms(isEntered: (name: string) => boolean): readonly RoomView[] {
		this.#roomsView ??= this.#rooms.values().map(room => ({...room, isEntered: isEntered(room.name)})).toArray().toSorted((one, other) => compare(one.name, other.name));
		return this.#roomsView;
	}
}

function compare(one: string, other: string): number {
	return one < other ? -1 : Number(one > other);
}
