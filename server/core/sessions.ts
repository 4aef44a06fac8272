// Sessions: two users who talk, from the request to the end.
// Knows requests, answers, timeouts and restoring; refuses to know what is said.
//
//   open ──► asking ──accept──► open ──close, bye──► (gone)
//              │ decline, busy,    │ one end drops        ▲
//              │ timeout, close    ▼                      │ 30 s
//              └──────► (gone)   open, one end missing ───┘
//                                  │ restore ──► open
import {ProtocolError} from '../../source/protocol/errors.js';
import {encodeBase64} from '../../source/protocol/keys.js';
import {requestTimeoutMs} from '../../source/protocol/limits.js';
import type {Notice, Reply} from '../../source/protocol/messages.js';
import type {Account} from './accounts.js';
import {Deadlines} from './deadlines.js';
import type {Introductions} from './introductions.js';
import type {Limits} from './limits.js';
import type {Outbox} from './outbox.js';
import type {Presence} from './presence.js';
import type {Party, Session, User} from './state.js';

function pairOf(one: string, other: string): string {
	return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function partyOf(user: User): Party {
	return {key: user.key, name: user.name, user};
}

function partnerOf(session: Session, user: User): Party {
	return session.caller.key === user.key ? session.callee : session.caller;
}

export class Sessions {
	readonly #byId = new Map<string, Session>();
	readonly #byPair = new Map<string, Session>();
	readonly #requests = new Deadlines<Session>(requestTimeoutMs);
	readonly #restores: Deadlines<Session>;
	readonly #outbox: Outbox;
	readonly #presence: Presence;
	readonly #introductions: Introductions;
	readonly #limits: Limits;
	readonly #random: (size: number) => Uint8Array;

	constructor({outbox, presence, introductions, limits, random}: {
		outbox: Outbox; presence: Presence; introductions: Introductions; limits: Limits; random: (size: number) => Uint8Array;
	}) {
		this.#outbox = outbox;
		this.#presence = presence;
		this.#introductions = introductions;
		this.#limits = limits;
		this.#random = random;
		this.#restores = new Deadlines(limits.restoreTimeoutMs);
	}

	/**
	Asks `account`'s user for a session. What comes of it follows as notices, after `reply` has been given the id.
	*/
	open(asker: User, account: Account, now: number, reply: (fields: Reply<'open'>) => void): void {
		if (account.key === asker.key) {
			throw self();
		}

		const standing = this.#byPair.get(pairOf(asker.key, account.key));
		if (standing && this.#isWhole(standing)) {
			reply({session: standing.id, expiresInMs: this.#requests.remainingMs(standing, now)});
			this.#openAgain(standing, asker);
			return;
		}

		if (standing) {
			this.#remove(standing);
		}

		this.#checkRoom(asker);
		const id = encodeBase64(this.#random(12));
		const callee = this.#presence.get(account.key);
		if (!callee) {
			reply({session: id, expiresInMs: 0});
			this.#tell(asker, {
				event: 'session', session: id, with: account.name, state: 'unavailable', reason: 'offline',
			});
			return;
		}

		this.#checkRoom(callee);
		const session: Session = {
			id, caller: partyOf(asker), callee: partyOf(callee), state: 'asking', isClaim: false, isBecomingGroup: false,
		};
		this.#add(session);
		this.#requests.start(session, now);
		reply({session: id, expiresInMs: requestTimeoutMs});
		this.#tell(callee, {
			event: 'request', session: id, from: asker.name, expiresInMs: requestTimeoutMs,
		});
	}

	/**
	Answers a request; what follows from it is told after `reply`.
	*/
	answer(user: User, id: string, answer: 'accept' | 'decline' | 'busy', reply: (fields: Reply<'answer'>) => void): void {
		const session = this.#byId.get(id);
		if (session?.state !== 'asking' || session.callee.key !== user.key) {
			throw new ProtocolError('no-such-request', 'That request no longer stands: it was answered, withdrawn or has timed out.');
		}

		reply({});
		if (answer === 'accept') {
			this.#establish(session);
			return;
		}

		this.#remove(session);
		this.#tell(session.caller.user, {
			event: 'session', session: id, with: user.name, ...(answer === 'busy' ? {state: 'unavailable', reason: 'busy'} : {state: 'declined', reason: 'declined'}),
		});
	}

	/**
	Ends a session or withdraws a request. Who asks gets the reply, the other end the notice.
	*/
	close(user: User, id: string): void {
		const session = this.#byId.get(id);
		if (!session || !user.sessions.has(session)) {
			throw new ProtocolError('no-such-session', 'That session does not stand any more.');
		}

		this.#leave(session, user, 'close');
	}

	/**
	A user is gone: with a good-bye, or its connection just broke.
	*/
	drop(user: User, how: 'bye' | 'gone', now: number): void {
		for (const session of user.sessions) {
			const partner = partnerOf(session, user);
			if (how === 'gone' && session.state === 'open' && partner.user) {
				this.#tell(partner.user, {
					event: 'session', session: session.id, with: user.name, state: 'gone', reason: 'connection lost',
				});
				this.#partyOf(session, user).user = undefined;
				user.sessions.delete(session);
				session.isClaim = false;
				this.#restores.start(session, now);
			} else {
				this.#leave(session, user, how);
			}
		}
	}

	/**
	One end says that a session stands between it and `account`. It stands here again once both have said so; then both are introduced anew.
	`reply` is told whether both ends are here now.
	*/
	restore(user: User, {id, account, now}: {readonly id: string; readonly account: Account; readonly now: number}, reply: (fields: Reply<'restore'>) => void): void {
		const session = this.#rejoin(user, id, account, now);
		const isRestored = session !== undefined && this.#isWhole(session);
		reply({restored: isRestored});
		if (!isRestored) {
			return;
		}

		this.#restores.stop(session);
		session.isClaim = false;
		this.#introduce(session);
	}

	/**
	Begins to make a group out of an open session.

	@returns The other end.
	@throws {ProtocolError} `no-such-session`, `busy-try-again`.
	*/
	beginGroup(user: User, id: string): User {
		const session = this.#byId.get(id);
		const partner = session && user.sessions.has(session) && session.state === 'open' ? partnerOf(session, user).user : undefined;
		if (!session || !partner) {
			throw new ProtocolError('no-such-session', 'That session does not stand any more.');
		}

		if (session.isBecomingGroup) {
			throw new ProtocolError('busy-try-again', `${partner.name} has just asked somebody in as well; wait a moment and add yours to the group.`);
		}

		session.isBecomingGroup = true;
		return partner;
	}

	/**
	The group is made, and its session ends without a word; or it could not be made, and nothing has changed.
	*/
	endGroup(id: string, isMade: boolean): void {
		const session = this.#byId.get(id);
		if (session && isMade) {
			this.#remove(session);
		} else if (session) {
			session.isBecomingGroup = false;
		}
	}

	/**
	Everybody whose session with `user` is open and who is here.
	*/
	* partners(user: User): Generator<User, void> {
		for (const session of user.sessions) {
			const partner = partnerOf(session, user).user;
			if (partner && session.state === 'open') {
				yield partner;
			}
		}
	}

	/**
	Open sessions with both ends, for the operator.
	*/
	list(): Array<{id: string; users: string[]}> {
		return this.#byId.values().filter(session => session.state === 'open' && this.#isWhole(session)).map(({id, caller, callee}) => ({id, users: (caller.key < callee.key ? [caller, callee] : [callee, caller]).map(({name}) => name)})).toArray();
	}

	pollTimeout(): number | undefined {
		const request = this.#requests.next();
		const restore = this.#restores.next();
		return request === undefined || restore === undefined ? request ?? restore : Math.min(request, restore);
	}

	handleTimeout(now: number): void {
		for (let session = this.#requests.poll(now); session; session = this.#requests.poll(now)) {
			this.#remove(session);
			this.#tell(session.caller.user, {
				event: 'session', session: session.id, with: session.callee.name, state: 'declined', reason: 'timeout',
			});
			this.#tell(session.callee.user, {
				event: 'withdrawn', session: session.id, from: session.caller.name, reason: 'timeout',
			});
		}

		for (let session = this.#restores.poll(now); session; session = this.#restores.poll(now)) {
			this.#remove(session);
			if (session.isClaim) {
				// The claimer has heard nothing yet; its own link to the peer decides what is shown.
				this.#tell(session.caller.user, {
					event: 'session', session: session.id, with: session.callee.name, state: 'gone', reason: 'not restored',
				});
			}
		}
	}

	/**
	The session a restoring user is now part of, or `undefined` when another one stands in its way.
	*/
	#rejoin(user: User, id: string, account: Account, now: number): Session | undefined {
		if (account.key === user.key) {
			throw self();
		}

		const standing = this.#byPair.get(pairOf(user.key, account.key));
		if (standing?.id === id && standing.state === 'open') {
			this.#partyOf(standing, user).user = user;
			user.sessions.add(standing);
			return standing;
		}

		if (this.#byId.has(id) || (standing && this.#isWhole(standing))) {
			return undefined;
		}

		if (standing) {
			// The ends claim different sessions: the newer claim waits for its own other end.
			this.#remove(standing);
		}

		this.#checkRoom(user);
		const claim: Session = {
			id, caller: partyOf(user), callee: {key: account.key, name: account.name, user: undefined}, state: 'open', isClaim: true, isBecomingGroup: false,
		};
		this.#add(claim);
		this.#restores.start(claim, now);
		return claim;
	}

	#openAgain(session: Session, asker: User): void {
		if (session.state === 'open') {
			const partner = partnerOf(session, asker).user!;
			this.#tell(asker, {
				event: 'session', session: session.id, with: partner.name, state: 'open', peer: this.#introductions.introduce(partner, asker),
			});
		} else if (session.callee.key === asker.key) {
			// Both asked each other: that is an answer.
			this.#establish(session);
		}
	}

	#establish(session: Session): void {
		this.#requests.stop(session);
		session.state = 'open';
		this.#bothWays(session, (user, peer) => {
			this.#tell(user, {
				event: 'session', session: session.id, with: peer.name, state: 'open', peer: this.#introductions.introduce(peer, user),
			});
		});
	}

	#introduce(session: Session): void {
		this.#bothWays(session, (user, peer) => {
			this.#tell(user, {event: 'peer', peer: this.#introductions.introduce(peer, user)});
		});
	}

	#bothWays({caller, callee}: Session, act: (user: User, peer: User) => void): void {
		act(caller.user!, callee.user!);
		act(callee.user!, caller.user!);
	}

	#leave(session: Session, user: User, how: 'close' | 'bye' | 'gone'): void {
		this.#remove(session);
		const partner = partnerOf(session, user).user;
		if (session.state === 'open') {
			this.#tell(partner, {
				event: 'session', session: session.id, with: user.name, state: how === 'gone' ? 'gone' : 'closed', reason: 'left',
			});
		} else if (session.caller.key === user.key) {
			this.#tell(partner, {
				event: 'withdrawn', session: session.id, from: user.name, reason: how === 'gone' ? 'gone' : 'withdrawn',
			});
		} else {
			this.#tell(partner, {
				event: 'session', session: session.id, with: user.name, ...(how === 'close' ? {state: 'declined', reason: 'declined'} : {state: 'unavailable', reason: 'offline'}),
			});
		}
	}

	#isWhole({caller, callee}: Session): boolean {
		return caller.user !== undefined && callee.user !== undefined;
	}

	#partyOf(session: Session, user: User): Party {
		return session.caller.key === user.key ? session.caller : session.callee;
	}

	#checkRoom(user: User): void {
		if (user.sessions.size >= this.#limits.sessionsPerUser) {
			throw new ProtocolError('too-many-sessions', `${user.name} has ${this.#limits.sessionsPerUser} sessions and requests already, and that is the most; close one first.`);
		}
	}

	#add(session: Session): void {
		this.#byId.set(session.id, session);
		this.#byPair.set(pairOf(session.caller.key, session.callee.key), session);
		session.caller.user?.sessions.add(session);
		session.callee.user?.sessions.add(session);
	}

	#remove(session: Session): void {
		this.#requests.stop(session);
		this.#restores.stop(session);
		this.#byId.delete(session.id);
		this.#byPair.delete(pairOf(session.caller.key, session.callee.key));
		session.caller.user?.sessions.delete(session);
		session.callee.user?.sessions.delete(session);
	}

	#tell(user: User | undefined, notice: Notice): void {
		if (user) {
			this.#outbox.send(user.connection.id, notice);
		}
	}
}

function self(): ProtocolError {
	return new ProtocolError('self', 'A session needs somebody else; that is your own name.');
}
