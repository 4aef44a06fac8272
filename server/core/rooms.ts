// Rooms: who created them, who is in them, and what their members are told.
// Knows that a room is on disk before anybody enters and off it before anybody hears it closed; refuses to know what is said inside.
import {ProtocolError} from '../../source/protocol/errors.js';
import {maximumRoomMembers} from '../../source/protocol/limits.js';
import type {Notice, Reply, RoomRow} from '../../source/protocol/messages.js';
import {nameKey} from '../../source/protocol/names.js';
import type {Write} from './actions.js';
import type {Introductions} from './introductions.js';
import type {Limits} from './limits.js';
import type {Notices} from './notices.js';
import {OrderedNames} from './ordered-names.js';
import type {Outbox} from './outbox.js';
import type {User} from './presence.js';
import {Tally} from './tally.js';

/**
A room as the store loads it; creator and name as they are shown.
*/
export type StoredRoom = {readonly key: string; readonly name: string; readonly creator: string};

export type Room = StoredRoom & {
	readonly members: Map<string, User>;
	/**
	A room that is being written or erased lets nobody in: who wants to enter waits for the write.
	*/
	state: 'creating' | 'standing' | 'closing';
	readonly waiting: Array<(hasFailed: boolean) => void>;
};

/**
Takes the reply, or the refusal, now or when the write is durable.
*/
type Done<Name extends 'enter' | 'close-room'> = (outcome: Reply<Name> | ProtocolError) => void;

function storageFailed(): ProtocolError {
	return new ProtocolError('storage-failed', 'The server could not write to its disk; nothing was changed. Its operator must look at it.');
}

function roomFull({name}: Room): ProtocolError {
	return new ProtocolError('room-full', `The room ${name} has ${maximumRoomMembers} members, and that is the most; try again when one has left.`);
}

function tooManyCreated(count: number): ProtocolError {
	return new ProtocolError('too-many-rooms', `You have created ${count} rooms, and that is the most; close one first with "cr".`);
}

export class Rooms {
	/**
	Keys of standing rooms.
	*/
	readonly names: OrderedNames;
	readonly #byKey = new Map<string, Room>();
	readonly #created = new Tally();
	readonly #outbox: Outbox;
	readonly #introductions: Introductions;
	readonly #notices: Notices;
	readonly #limits: Limits;
	readonly #store: (write: Write, done: (ok: boolean) => void) => void;

	constructor(stored: Iterable<StoredRoom>, {outbox, introductions, notices, limits, store}: {
		outbox: Outbox; introductions: Introductions; notices: Notices; limits: Limits; store: (write: Write, done: (ok: boolean) => void) => void;
	}) {
		this.#outbox = outbox;
		this.#introductions = introductions;
		this.#notices = notices;
		this.#limits = limits;
		this.#store = store;
		for (const {key, name, creator} of stored) {
			this.#add({key, name, creator}, 'standing');
		}

		this.names = new OrderedNames(this.#byKey.keys());
	}

	/**
	The row of a standing room, as lists and notices show it.
	*/
	row(key: string): RoomRow | undefined {
		const room = this.#byKey.get(key);
		return room && room.state !== 'creating' ? {name: room.name, creator: room.creator, members: room.members.size} : undefined;
	}

	/**
	Names of those inside.

	@throws {ProtocolError} `no-such-room`.
	*/
	members(name: string): {room: string; users: string[]} {
		const room = this.#find(name);
		return {room: room.name, users: room.members.values().map(member => member.name).toArray()};
	}

	/**
	Lets `user` in, creating the room first where there is none. `done` may be called later.
	*/
	enter(user: User, name: string, now: number, done: Done<'enter'>): void {
		const room = this.#byKey.get(nameKey(name));
		if (!room) {
			this.#create(user, name, now, done);
		} else if (room.state === 'standing') {
			this.#admit(room, user, false, done);
		} else {
			room.waiting.push(hasFailed => {
				if (hasFailed && room.state === 'creating') {
					done(storageFailed());
				} else if (!user.connection.isClosed) {
					this.enter(user, name, now, done);
				}
			});
		}
	}

	/**
	Who asks gets the reply, the other members the notice.

	@throws {ProtocolError} `no-such-room`, `not-in-room`.
	*/
	leave(user: User, name: string): void {
		const room = this.#find(name);
		if (!room.members.has(user.key)) {
			throw new ProtocolError('not-in-room', `You are not in the room ${room.name}.`);
		}

		this.#part(room, user, 'left');
	}

	/**
	Closes a room for everyone, once its row is off the disk.
	*/
	close(user: User, name: string, done: Done<'close-room'>): void {
		const room = this.#find(name);
		if (nameKey(room.creator) !== user.key) {
			throw new ProtocolError('not-creator', `Only its creator ${room.creator} may close the room ${room.name}; leave it with "cs".`);
		}

		if (room.state === 'closing') {
			throw new ProtocolError('no-such-room', `The room ${room.name} is being closed already.`);
		}

		room.state = 'closing';
		this.#store({kind: 'room-closed', key: room.key}, ok => {
			if (ok) {
				this.#remove(room);
				this.#tell(room, user, {
					event: 'room', room: room.name, change: 'closed', user: user.name,
				});
				for (const member of room.members.values()) {
					member.rooms.delete(room);
				}

				done({});
			} else {
				room.state = 'standing';
				done(storageFailed());
			}

			this.#wake(room, !ok);
		});
	}

	/**
	A user is gone: with a good-bye (`left`), or its connection just broke (`gone`).
	*/
	drop(user: User, change: 'left' | 'gone'): void {
		for (const room of user.rooms) {
			this.#part(room, user, change);
		}
	}

	/**
	Everybody in a room with `user`, some perhaps more than once.
	*/
	* partners(user: User): Generator<User, void> {
		for (const room of user.rooms) {
			for (const member of room.members.values()) {
				if (member !== user) {
					yield member;
				}
			}
		}
	}

	#create(user: User, name: string, now: number, done: Done<'enter'>): void {
		const count = this.#created.count(user.key);
		const refusal = count < this.#limits.roomsPerCreator ? this.#refusal(user) : tooManyCreated(count);
		if (refusal) {
			done(refusal);
			return;
		}

		const stored: StoredRoom = {key: nameKey(name), name, creator: user.name};
		const room = this.#add(stored, 'creating');
		this.#store({kind: 'room', ...stored, at: Math.floor(now)}, ok => {
			if (ok) {
				room.state = 'standing';
				this.names.add(room.key);
				this.#notices.noteRoom(room.key, room.name);
				if (!user.connection.isClosed) {
					this.#admit(room, user, true, done);
				}

				this.#wake(room, false);
				return;
			}

			this.#remove(room);
			done(storageFailed());
			this.#wake(room, true);
		});
	}

	#admit(room: Room, user: User, created: boolean, done: Done<'enter'>): void {
		const others = room.members.values().filter(member => member !== user).toArray();
		if (!room.members.has(user.key)) {
			const refusal = room.members.size < maximumRoomMembers ? this.#refusal(user) : roomFull(room);
			if (refusal) {
				done(refusal);
				return;
			}

			room.members.set(user.key, user);
			user.rooms.add(room);
			this.#notices.noteRoom(room.key, room.name);
			for (const member of others) {
				this.#outbox.send(member.connection.id, {
					event: 'room', room: room.name, change: 'entered', user: user.name, peer: this.#introductions.introduce(user, member),
				});
			}
		}

		done({
			room: room.name, creator: room.creator, created, members: others.map(member => this.#introductions.introduce(member, user)),
		});
	}

	#part(room: Room, user: User, change: 'left' | 'gone'): void {
		room.members.delete(user.key);
		user.rooms.delete(room);
		this.#notices.noteRoom(room.key, room.name);
		this.#tell(room, user, {
			event: 'room', room: room.name, change, user: user.name,
		});
	}

	#tell(room: Room, except: User, notice: Notice<'room'>): void {
		for (const member of room.members.values()) {
			if (member !== except) {
				this.#outbox.send(member.connection.id, notice);
			}
		}
	}

	#find(name: string): Room {
		const room = this.#byKey.get(nameKey(name));
		if (!room || room.state === 'creating') {
			throw new ProtocolError('no-such-room', `There is no room ${name}; "lr" lists the rooms, "or ${name}" makes this one.`);
		}

		return room;
	}

	#refusal(user: User): ProtocolError | undefined {
		return user.rooms.size < this.#limits.roomsPerUser ? undefined : new ProtocolError('too-many-rooms', `You are in ${user.rooms.size} rooms, and that is the most; leave one first.`);
	}

	#add(stored: StoredRoom, state: Room['state']): Room {
		const room: Room = {
			...stored, members: new Map(), state, waiting: [],
		};
		this.#byKey.set(room.key, room);
		this.#created.add(nameKey(room.creator));
		return room;
	}

	#remove(room: Room): void {
		this.#byKey.delete(room.key);
		this.names.delete(room.key);
		this.#created.remove(nameKey(room.creator));
		this.#notices.noteRoom(room.key, room.name);
	}

	#wake(room: Room, hasFailed: boolean): void {
		for (const continuation of room.waiting.splice(0)) {
			continuation(hasFailed);
		}
	}
}
