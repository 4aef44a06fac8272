// Invitations into rooms, and the groups that begin with one.
// Knows who has asked whom where, until it is answered, taken back or 30 s old; refuses to know what a room does with who comes.
import {ProtocolError} from '../../source/protocol/errors.js';
import {encodeBase64} from '../../source/protocol/keys.js';
import {requestTimeoutMs} from '../../source/protocol/limits.js';
import type {Notice, Reply, Request} from '../../source/protocol/messages.js';
import type {Account} from './accounts.js';
import {Deadlines} from './deadlines.js';
import type {Limits} from './limits.js';
import type {Outbox} from './outbox.js';
import type {Presence} from './presence.js';
import {storageFailed, userOffline} from './refusals.js';
import type {Rooms} from './rooms.js';
import type {Sessions} from './sessions.js';
import type {Invitation, Room, User} from './state.js';

type Ending = Notice<'invitation-ended'>['outcome'];

export class Invitations {
	readonly #byId = new Map<string, Invitation>();
	readonly #deadlines = new Deadlines<Invitation>(requestTimeoutMs);
	readonly #outbox: Outbox;
	readonly #presence: Presence;
	readonly #sessions: Sessions;
	readonly #rooms: Rooms;
	readonly #limits: Limits;
	readonly #random: (size: number) => Uint8Array;

	constructor({outbox, presence, sessions, rooms, limits, random}: {
		outbox: Outbox; presence: Presence; sessions: Sessions; rooms: Rooms; limits: Limits; random: (size: number) => Uint8Array;
	}) {
		this.#outbox = outbox;
		this.#presence = presence;
		this.#sessions = sessions;
		this.#rooms = rooms;
		this.#limits = limits;
		this.#random = random;
	}

	/**
	Turns a session into a private room and asks somebody in.

	@throws {ProtocolError} `no-such-session`, `busy-try-again`, `self`, `already-member`, `user-offline`, `too-many-invitations`.
	*/
	group(host: User, {session, account, now}: {readonly session: string; readonly account: Account; readonly now: number}, done: (outcome: Reply<'group'> | ProtocolError) => void): void {
		const partner = this.#sessions.beginGroup(host, session);
		try {
			if (account.key === partner.key) {
				throw new ProtocolError('already-member', `${partner.name} is in this conversation already.`);
			}

			const guest = this.#findGuest(host, account);
			this.#rooms.createPrivate(host, partner, guest.name, {
				now,
				done: room => {
					this.#sessions.endGroup(session, !(room instanceof ProtocolError));
					if (room instanceof ProtocolError) {
						done(room);
						return;
					}

					const invitation = this.#add(room, host, guest, now);
					done({room: room.name, invitation: invitation.id, expiresInMs: requestTimeoutMs});
					this.#tell(partner, {
						event: 'group', session, room: room.name, from: host.name,
					});
					if (host.connection.isClosed || guest.connection.isClosed) {
						this.#end(invitation, 'gone');
					} else {
						this.#ask(invitation);
					}
				},
			});
		} catch (error) {
			this.#sessions.endGroup(session, false);
			throw error;
		}
	}

	/**
	Asks somebody into a room that `host` is in; the same again is the same invitation.

	@throws {ProtocolError} `no-such-room`, `not-invited`, `not-in-room`, `self`, `already-member`, `user-offline`, `room-full`, `too-many-invitations`.
	*/
	invite(host: User, {room: name, account, now}: {readonly room: string; readonly account: Account; readonly now: number}, reply: (fields: Reply<'invite'>) => void): void {
		const room = this.#rooms.findEntered(host, name);
		const standing = host.invitations.values().find(invitation => invitation.host === host && invitation.room === room && invitation.guest.key === account.key);
		if (standing) {
			reply({invitation: standing.id, expiresInMs: this.#deadlines.remainingMs(standing, now)});
			return;
		}

		const guest = this.#findGuest(host, account);
		const refusal = this.#rooms.invitationRefusal(room, guest);
		if (refusal) {
			throw refusal;
		}

		const invitation = this.#add(room, host, guest, now);
		reply({invitation: invitation.id, expiresInMs: requestTimeoutMs});
		this.#ask(invitation);
	}

	/**
	Who accepts may enter once the reply is there.

	@throws {ProtocolError} `no-such-invitation`, `no-such-room`.
	*/
	answer(guest: User, {invitation: id, answer}: Request<'answer-invitation'>, now: number, done: (outcome: Reply<'answer-invitation'> | ProtocolError) => void): void {
		const invitation = this.#byId.get(id);
		if (invitation?.guest !== guest) {
			throw new ProtocolError('no-such-invitation', 'That invitation no longer stands: it was answered, withdrawn or has timed out.');
		}

		this.#remove(invitation);
		const {room} = invitation;
		if (answer !== 'accept') {
			done({room: room.name});
			this.#tellHost(invitation, answer === 'busy' ? 'busy' : 'declined');
			return;
		}

		if (!this.#rooms.isStanding(room)) {
			this.#tellHost(invitation, 'gone');
			throw new ProtocolError('no-such-room', `The room ${room.name} is being closed.`);
		}

		this.#rooms.invite(room, guest, now, ok => {
			done(ok ? {room: room.name} : storageFailed());
			this.#tellHost(invitation, ok ? 'accepted' : 'gone');
		});
	}

	/**
	A user is gone: with a good-bye, or its connection just broke.
	*/
	drop(user: User, how: 'bye' | 'gone'): void {
		for (const invitation of user.invitations) {
			this.#end(invitation, how === 'bye' && invitation.host === user ? 'withdrawn' : 'gone');
		}
	}

	/**
	Who leaves a room takes back his invitations into it; when it is closed, all of them end.
	*/
	dropRoom(room: Room, host?: User): void {
		for (const invitation of (host ? host.invitations.values() : this.#byId.values()).filter(invitation => invitation.room === room && (!host || invitation.host === host))) {
			this.#end(invitation, host ? 'withdrawn' : 'gone');
		}
	}

	pollTimeout(): number | undefined {
		return this.#deadlines.next();
	}

	handleTimeout(now: number): void {
		for (let invitation = this.#deadlines.poll(now); invitation; invitation = this.#deadlines.poll(now)) {
			this.#end(invitation, 'timeout');
		}
	}

	#findGuest(host: User, {key, name}: Account): User {
		if (key === host.key) {
			throw new ProtocolError('self', 'An invitation needs somebody else; that is your own name.');
		}

		const guest = this.#presence.get(key);
		if (!guest) {
			throw userOffline(name);
		}

		for (const {name: party, invitations} of [host, guest]) {
			if (invitations.size >= this.#limits.invitationsPerUser) {
				throw new ProtocolError('too-many-invitations', `${party} has ${invitations.size} invitations waiting, and that is the most; try again in half a minute.`);
			}
		}

		return guest;
	}

	#add(room: Room, host: User, guest: User, now: number): Invitation {
		const invitation: Invitation = {
			id: encodeBase64(this.#random(12)), room, host, guest,
		};
		this.#byId.set(invitation.id, invitation);
		host.invitations.add(invitation);
		guest.invitations.add(invitation);
		this.#deadlines.start(invitation, now);
		return invitation;
	}

	#remove(invitation: Invitation): void {
		this.#byId.delete(invitation.id);
		invitation.host.invitations.delete(invitation);
		invitation.guest.invitations.delete(invitation);
		this.#deadlines.stop(invitation);
	}

	#end(invitation: Invitation, outcome: Ending): void {
		this.#remove(invitation);
		this.#tellHost(invitation, outcome);
		this.#tell(invitation.guest, {
			event: 'invitation-ended', invitation: invitation.id, room: invitation.room.name, with: invitation.host.name, outcome,
		});
	}

	#ask({id, room, host, guest}: Invitation): void {
		this.#tell(guest, {
			event: 'invitation', invitation: id, room: room.name, from: host.name, expiresInMs: requestTimeoutMs,
		});
	}

	#tellHost({id, room, host, guest}: Invitation, outcome: Ending): void {
		this.#tell(host, {
			event: 'invitation-ended', invitation: id, room: room.name, with: guest.name, outcome,
		});
	}

	#tell(user: User, notice: Notice): void {
		if (!user.connection.isClosed) {
			this.#outbox.send(user.connection.id, notice);
		}
	}
}
