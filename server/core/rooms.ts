// Rooms: who belongs to them, who is in them now, and what their members are told. Which rooms there are, room-list.ts knows.
// Knows that a room is on disk before anybody enters and off it before anybody hears it closed; refuses to know what is said inside.
// A member whose connection ends stays one, away, until he leaves, the room is closed or a week has passed.
import {ProtocolError} from '../../source/protocol/errors.js';
import {maximumAwayMembers, maximumRoomMembers} from '../../source/protocol/limits.js';
import type {Notice, Reply} from '../../source/protocol/messages.js';
import {nameKey} from '../../source/protocol/names.js';
import type {Introductions} from './introductions.js';
import {awayLifetimeMs, maximumInvited, type Limits} from './limits.js';
import type {Notices} from './notices.js';
import type {Outbox} from './outbox.js';
import {groupName} from './group-name.js';
import {storageFailed} from './refusals.js';
import {
	isVisible,
	notInvited,
	RoomList,
	type StoredRoom,
} from './room-list.js';
import type {AskDisk} from './storage.js';
import type {Room, RoomIdentity, User} from './state.js';

/**
Takes the reply, or the refusal, now or when the write is durable.
*/
type Done<Name extends 'enter' | 'leave' | 'close-room'> = (outcome: Reply<Name> | ProtocolError) => void;

/**
What rooms need of the core around them.
*/
type Surroundings = {
	readonly outbox: Outbox;
	readonly introductions: Introductions;
	readonly notices: Notices;
	readonly limits: Limits;
	readonly disk: AskDisk;
	readonly nameOf: (key: string) => string;
	readonly onClosed: (room: Room) => void;
};

export class Rooms {
	readonly list: RoomList;
	readonly #outbox: Outbox;
	readonly #introductions: Introductions;
	readonly #notices: Notices;
	readonly #limits: Limits;
	readonly #disk: AskDisk;
	readonly #nameOf: (key: string) => string;
	readonly #onClosed: (room: Room) => void;

	/**
	@param stored
	@param lastAlive When the server is last known to have lived: members who were there then have been away since.
	@param around What rooms need of the core around them.
	*/
	constructor(stored: readonly StoredRoom[], lastAlive: number, around: Surroundings) {
		this.#outbox = around.outbox;
		this.#introductions = around.introductions;
		this.#notices = around.notices;
		this.#limits = around.limits;
		this.#disk = around.disk;
		this.#nameOf = around.nameOf;
		this.#onClosed = around.onClosed;
		this.list = new RoomList(stored);
		for (const {key, members, invited} of stored) {
			const room = this.list.get(key)!;
			// Who was there at the end has gone last.
			for (const {user, away} of members.toSorted((one, other) => (one.away ?? Infinity) - (other.away ?? Infinity))) {
				room.away.set(user, away ?? lastAlive);
			}

			for (const user of invited) {
				this.list.showTo(room, user);
			}

			this.#forgetOldest(room);
		}

		if (stored.some(({members}) => members.some(({away}) => away === undefined))) {
			this.#disk({kind: 'members-away', at: lastAlive});
		}
	}

	/**
	Names of those inside, as `viewer` may know them; the operator, who sees all, is nobody.

	@throws {ProtocolError} `no-such-room`, `not-invited`.
	*/
	members(name: string, viewer?: User): {room: string; users: string[]} {
		const room = this.list.find(name, viewer);
		return {room: room.name, users: room.members.keys().toArray().toSorted().map(key => room.members.get(key)!.name)};
	}

	/**
	A room that `user` is in.

	@throws {ProtocolError} `no-such-room`, `not-invited`, `not-in-room`.
	*/
	findEntered(user: User, name: string): Room {
		const room = this.list.find(name, user);
		if (!room.members.has(user.key)) {
			throw new ProtocolError('not-in-room', `You are not in the room ${room.name}.`);
		}

		return room;
	}

	/**
	Lets `user` in, creating the room first where there is none. `done` may be called later.
	*/
	enter(user: User, name: string, now: number, done: Done<'enter'>): void {
		const room = this.list.get(nameKey(name));
		if (!room) {
			this.#create(user, name, now, done);
		} else if (room.state === 'standing') {
			this.#admit(room, user, done);
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
	Ends a membership, present or away. Who asks gets the reply, the other members the notice.

	@throws {ProtocolError} `no-such-room`, `not-invited`, `not-in-room`.
	*/
	leave(user: User, name: string, now: number, done: Done<'leave'>): void {
		const room = this.list.find(name, user);
		const isInside = room.members.delete(user.key);
		const wasAway = room.away.delete(user.key);
		if (!isInside && !wasAway) {
			throw new ProtocolError('not-in-room', `You are not in the room ${room.name}.`);
		}

		if (isInside) {
			user.rooms.delete(room);
			this.#note(room);
		}

		this.#tell(room, user, {
			event: 'room', room: room.name, change: 'left', user: user.name,
		});
		this.#disk({kind: 'member-gone', room: room.key, user: user.key}, ({ok}) => {
			if (!ok && !room.members.has(user.key)) {
				room.away.set(user.key, now);
			}

			done(ok ? {} : new ProtocolError('storage-failed', `You have left the room ${room.name}, but the server could not write that down and still counts you as a member who is away. Its operator must look at its disk.`));
		});
	}

	/**
	Closes a room for everyone, once its row is off the disk.

	@throws {ProtocolError} `no-such-room`, `not-invited`, `not-creator`.
	*/
	close(user: User, name: string, done: Done<'close-room'>): void {
		const room = this.list.find(name, user);
		if (nameKey(room.creator) !== user.key) {
			throw new ProtocolError('not-creator', `Only its creator ${room.creator} may close the room ${room.name}; leave it with "cs".`);
		}

		if (room.state === 'closing') {
			throw new ProtocolError('no-such-room', `The room ${room.name} is being closed already.`);
		}

		room.state = 'closing';
		this.#disk({kind: 'room-closed', key: room.key}, ({ok}) => {
			if (ok) {
				this.list.remove(room);
				this.#note(room);
				this.#tell(room, user, {
					event: 'room', room: room.name, change: 'closed', user: user.name,
				});
				for (const member of room.members.values()) {
					member.rooms.delete(room);
				}

				this.#onClosed(room);
				done({});
			} else {
				room.state = 'standing';
				done(storageFailed());
			}

			this.#wake(room, !ok);
		});
	}

	/**
	A user is gone: with a good-bye (`left`), or its connection just broke (`gone`). It stays a member of its rooms, away.
	*/
	drop(user: User, change: 'left' | 'gone', now: number): void {
		const at = Math.floor(now);
		for (const room of user.rooms) {
			room.members.delete(user.key);
			room.away.set(user.key, at);
			this.#disk({
				kind: 'member-away', room: room.key, user: user.key, at,
			});
			this.#note(room);
			this.#tell(room, user, {
				event: 'room', room: room.name, change, user: user.name, away: true,
			});
			this.#forgetOldest(room);
		}

		user.rooms.clear();
	}

	/**
	Members who have been away too long are members no more.
	*/
	expire(now: number): void {
		for (const room of this.list.all()) {
			for (const [member, at] of room.away) {
				if (at <= now - awayLifetimeMs) {
					this.#forget(room, member);
				}
			}
		}
	}

	/**
	Makes a private room of which `creator` and `partner` are members, away until they enter.
	*/
	createPrivate(creator: User, partner: User, guest: string, {now, done}: {readonly now: number; readonly done: (outcome: Room | ProtocolError) => void}): void {
		const refusal = this.#creationRefusal(creator);
		if (refusal) {
			done(refusal);
			return;
		}

		const name = groupName([creator.name, partner.name, guest], candidate => this.list.has(candidate));
		this.#write({
			key: nameKey(name), name, creator: creator.name, isPrivate: true, made: Math.floor(now),
		}, [creator, partner], room => {
			done(room ?? storageFailed());
		});
	}

	/**
	Whether `user` could still be asked in.
	*/
	invitationRefusal(room: Room, {key, name}: User): ProtocolError | undefined {
		if (room.members.has(key)) {
			return new ProtocolError('already-member', `${name} is in ${room.name} already.`);
		}

		const isFull = room.members.size >= maximumRoomMembers || (room.isPrivate && !room.invited.has(key) && room.invited.size >= maximumInvited);
		return isFull ? roomFull(room) : undefined;
	}

	/**
	From now on `user` may enter; `done` is told whether that is on disk.
	*/
	invite(room: Room, user: User, now: number, done: (ok: boolean) => void): void {
		if (!room.isPrivate || room.invited.has(user.key)) {
			done(true);
			return;
		}

		this.#disk({
			kind: 'invited', room: room.key, user: user.key, at: Math.floor(now),
		}, ({ok}) => {
			if (ok && this.list.get(room.key) === room) {
				this.list.showTo(room, user.key);
				this.#note(room);
			}

			done(ok);
		});
	}

	/**
	Whether a room still stands.
	*/
	isStanding(room: Room): boolean {
		return this.list.get(room.key) === room && room.state === 'standing';
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
		const refusal = this.#creationRefusal(user) ?? this.#entryRefusal(user);
		if (refusal) {
			done(refusal);
			return;
		}

		this.#write({
			key: nameKey(name), name, creator: user.name, isPrivate: false, made: Math.floor(now),
		}, [user], room => {
			if (!room) {
				done(storageFailed());
			} else if (user.connection.isClosed) {
				room.away.set(user.key, Math.floor(now));
				this.#disk({
					kind: 'member-away', room: room.key, user: user.key, at: Math.floor(now),
				});
			} else {
				this.#place(room, user);
				done(this.#reply(room, user, true));
			}
		});
	}

	/**
	Writes a new room down. Who wants to enter waits for the write.
	*/
	#write(identity: RoomIdentity, members: readonly User[], done: (room: Room | undefined) => void): void {
		const room = this.list.add(identity, 'creating');
		const {made: at, ...named} = identity;
		this.#disk({
			kind: 'room', ...named, members: members.map(({key}) => key), at,
		}, ({ok}) => {
			if (ok) {
				room.state = 'standing';
				this.list.show(room);
				if (room.isPrivate) {
					for (const {key} of members) {
						this.list.showTo(room, key);
						room.away.set(key, at);
					}
				}
			} else {
				this.list.remove(room);
			}

			this.#note(room);
			done(ok ? room : undefined);
			this.#wake(room, !ok);
		});
	}

	#admit(room: Room, user: User, done: Done<'enter'>): void {
		if (!isVisible(room, user)) {
			done(notInvited(room));
			return;
		}

		if (room.members.has(user.key)) {
			done(this.#reply(room, user, false));
			return;
		}

		const refusal = room.members.size < maximumRoomMembers ? this.#entryRefusal(user) : roomFull(room);
		if (refusal) {
			done(refusal);
			return;
		}

		const wasMember = room.away.delete(user.key);
		this.#place(room, user);
		this.#disk({kind: 'member', room: room.key, user: user.key}, ({ok}) => {
			// That he belongs here is on disk before he is told, the first time.
			if (wasMember) {
				return;
			}

			if (ok) {
				done(this.#reply(room, user, false));
			} else {
				this.#displace(room, user);
				done(storageFailed());
			}
		});
		if (wasMember) {
			done(this.#reply(room, user, false));
		}
	}

	#place(room: Room, user: User): void {
		for (const member of room.members.values()) {
			this.#outbox.send(member.connection.id, {
				event: 'room', room: room.name, change: 'entered', user: user.name, peer: this.#introductions.introduce(user, member),
			});
		}

		room.members.set(user.key, user);
		user.rooms.add(room);
		this.#note(room);
	}

	#displace(room: Room, user: User): void {
		room.away.delete(user.key);
		if (room.members.get(user.key) === user) {
			room.members.delete(user.key);
			user.rooms.delete(room);
		}

		this.#note(room);
		this.#tell(room, user, {
			event: 'room', room: room.name, change: 'left', user: user.name,
		});
	}

	#reply(room: Room, user: User, created: boolean): Reply<'enter'> {
		return {
			room: room.name,
			creator: room.creator,
			created,
			made: room.made,
			...(room.isPrivate && {private: true}),
			members: room.members.values().filter(member => member !== user).map(member => this.#introductions.introduce(member, user)).toArray(),
			away: room.away.keys().map(key => this.#nameOf(key)).toArray(),
		};
	}

	#forgetOldest(room: Room): void {
		for (const member of room.away.keys().take(Math.max(0, room.away.size - maximumAwayMembers))) {
			this.#forget(room, member);
		}
	}

	#forget(room: Room, member: string): void {
		room.away.delete(member);
		this.#disk({kind: 'member-gone', room: room.key, user: member});
		this.#tell(room, undefined, {
			event: 'room', room: room.name, change: 'left', user: this.#nameOf(member),
		});
	}

	#tell(room: Room, except: User | undefined, notice: Notice<'room'>): void {
		for (const member of room.members.values()) {
			if (member !== except) {
				this.#outbox.send(member.connection.id, notice);
			}
		}
	}

	#note(room: Room): void {
		this.#notices.noteRoom(room.key, room.name, room.isPrivate ? room.invited : undefined);
	}

	#entryRefusal(user: User): ProtocolError | undefined {
		return user.rooms.size < this.#limits.roomsPerUser ? undefined : new ProtocolError('too-many-rooms', `You are in ${user.rooms.size} rooms, and that is the most; leave one first.`);
	}

	#creationRefusal(user: User): ProtocolError | undefined {
		const count = this.list.countCreated(user.key);
		return count < this.#limits.roomsPerCreator ? undefined : new ProtocolError('too-many-rooms', `You have created ${count} rooms, and that is the most; close one first with "cr".`);
	}

	#wake(room: Room, hasFailed: boolean): void {
		for (const continuation of room.waiting.splice(0)) {
			continuation(hasFailed);
		}
	}
}

function roomFull({name}: Room): ProtocolError {
	return new ProtocolError('room-full', `The room ${name} is full: it holds ${maximumRoomMembers} members at once, and a private one invites ${maximumInvited} people.`);
}
