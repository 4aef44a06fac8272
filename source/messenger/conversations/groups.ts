// Groups: a session that becomes a private room, and invitations into rooms, ours and to us.
// Knows who is asked, what becomes of it, and how a session hands over to its group without being missed;
// refuses to know how rooms are entered (rooms.ts) and who is let in unasked (context.welcomes).
//
// The session goes on until we are in its group; then it ends at both sides without a word. What was under way in it still
// arrives, because its share stays for a moment.
import type {Notice} from '../../protocol/messages.js';
import {nameKey} from '../../protocol/names.js';
import {
	refuse,
	succeed,
	type Context,
	type OnDone,
} from '../context.js';
import type {InvitationState} from '../events.js';
import {groupHandoverMs} from '../limits.js';
import {wordInvitation} from '../narration.js';
import type {SharedName} from '../peers/records.js';
import type {RequestView} from '../view.js';
import type {Sessions} from './sessions.js';
import type {Arrival, Rooms} from './rooms.js';
import type {Conversation} from './conversation.js';

export class Groups {
	readonly #context: Context;
	readonly #sessions: Sessions;
	readonly #rooms: Rooms;
	/**
	Invitations to us that we have accepted and that the server has not confirmed.
	*/
	readonly #accepting = new Set<string>();
	/**
	Sessions that became groups, while lines said in them may still be under way.
	*/
	readonly #handovers: Array<{readonly peer: string; readonly shared: SharedName; readonly until: number}> = [];

	constructor(context: Context, {sessions, rooms}: {sessions: Sessions; rooms: Rooms}) {
		this.#context = context;
		this.#sessions = sessions;
		this.#rooms = rooms;
	}

	/**
	`add USER` in a session: makes a group of it and asks `user` in. Done when we are in the group.
	*/
	begin(session: Conversation, user: string, now: number, done: OnDone): void {
		const {control, conversations} = this.#context;
		if (conversations.get(session.key) !== session || session.state !== 'open' || session.session === undefined) {
			done(refuse('not-open', `The session with ${session.name} must be open before somebody else can be added to it.`));
			return;
		}

		control.request('group', {session: session.session, user}, now, (outcome, then) => {
			if (!outcome.ok) {
				done(outcome);
				return;
			}

			const {room, invitation} = outcome.reply;
			this.#rooms.enter(room, then, entered => {
				if (entered.ok) {
					this.#tell(room, user, 'asked', then);
				}

				done(entered.ok ? succeed({...entered.fields, user, invitation}) : entered);
			}, this.#handOver(session));
		});
	}

	/**
	`add USER` in a room.
	*/
	invite({name: room}: Conversation, user: string, now: number, done: OnDone): void {
		this.#context.control.request('invite', {room, user}, now, (outcome, then) => {
			if (outcome.ok) {
				this.#tell(room, user, 'asked', then);
			}

			done(outcome.ok ? succeed({room, user, invitation: outcome.reply.invitation}) : outcome);
		});
	}

	/**
	The other side of a session has made a group of it.
	*/
	handleGroup({session, room, from}: Notice<'group'>, now: number): void {
		const {control, conversations, emit} = this.#context;
		const conversation = conversations.find('session', from);
		if (conversation?.session !== session) {
			// Left while the server made a group of it.
			control.request('leave', {room}, now);
			return;
		}

		this.#rooms.enter(room, now, (outcome, then) => {
			if (outcome.ok || conversations.get(conversation.key) !== conversation) {
				return;
			}

			this.#dissolve(conversation, room, then);
			emit({type: 'notice', level: 'warn', text: `The session with ${from} has become the group ${room}, which could not be entered: ${outcome.error.message} Try again with: or ${room}`});
		}, this.#handOver(conversation));
	}

	/**
	Somebody asks us into a room.
	*/
	handleInvitation({invitation, room, from, expiresInMs}: Notice<'invitation'>, now: number): void {
		const {requests, control, conversations, emit, isBusy, mode, welcomes} = this.#context;
		const isTalking = [...conversations].some(({state}) => state === 'open');
		if (isBusy() || (mode === 'one' && isTalking) || requests.isFull) {
			control.request('answer-invitation', {invitation, answer: 'busy'}, now);
			emit({type: 'notice', level: 'info', text: `${from} asked you into ${room} and was told that you are busy.`});
		} else if (welcomes(from)) {
			this.#accept(invitation, now, () => {});
		} else {
			const expiresAt = now + expiresInMs;
			requests.add({
				id: invitation, kind: 'group', from, room, expiresAt,
			});
			emit({
				type: 'request', kind: 'group', from, id: invitation, room, expiresAt: new Date(expiresAt).toISOString(),
			});
		}
	}

	/**
	What became of an invitation of ours; or one to us no longer stands.
	*/
	handleEnded({invitation, room, with: name, outcome}: Notice<'invitation-ended'>, now: number): void {
		const {requests} = this.#context;
		const request = requests.find(invitation);
		if (request?.id === invitation) {
			this.#context.endRequest(request, outcome);
		} else if (!this.#accepting.has(invitation)) {
			this.#tell(room, name, outcome, now);
		}
	}

	/**
	`accept`, `decline` for an invitation.
	*/
	answer(answer: 'accept' | 'decline', {id, from}: RequestView, now: number, done: OnDone): void {
		this.#context.requests.remove(id);
		if (answer === 'accept') {
			this.#accept(id, now, done);
			return;
		}

		this.#context.control.request('answer-invitation', {invitation: id, answer}, now, outcome => {
			done(outcome.ok ? succeed({user: from, room: outcome.reply.room}) : outcome);
		});
	}

	pollTimeout(): number | undefined {
		return this.#handovers[0]?.until;
	}

	handleTimeout(now: number): void {
		while (this.#handovers[0] && this.#handovers[0].until <= now) {
			const {peer, shared} = this.#handovers.shift()!;
			this.#context.delivery.part(peer, shared, {isSaid: false}, now);
		}
	}

	#accept(invitation: string, now: number, done: OnDone): void {
		this.#accepting.add(invitation);
		this.#context.control.request('answer-invitation', {invitation, answer: 'accept'}, now, (outcome, then) => {
			this.#accepting.delete(invitation);
			if (outcome.ok) {
				this.#rooms.enter(outcome.reply.room, then, done, () => ({isWanted: true}));
			} else {
				done(outcome);
			}
		});
	}

	/**
	What happens when we are in the group: its session ends, and the user is where they were.
	*/
	#handOver(session: Conversation): Arrival {
		return (room, now) => {
			const {conversations} = this.#context;
			if (conversations.get(session.key) !== session) {
				return {isWanted: false};
			}

			const isFront = conversations.isFront(session);
			this.#dissolve(session, room, now);
			return {isWanted: true, isFront, news: `The session with ${session.name} has become this group.`};
		};
	}

	/**
	Ends a session that has become a group; what is under way in it is taken for a while.
	*/
	#dissolve(session: Conversation, room: string, now: number): void {
		const {shared} = session;
		this.#sessions.dissolve(session, room, now);
		if (shared !== undefined) {
			this.#handovers.push({peer: nameKey(session.name), shared, until: now + groupHandoverMs});
		}
	}

	#tell(room: string, user: string, state: InvitationState, now: number): void {
		const {conversations, directory, emit} = this.#context;
		const name = directory.spell(user);
		emit({
			type: 'invitation', room, user: name, state,
		});
		const conversation = conversations.find('room', room);
		if (conversation) {
			this.#context.tell(conversation, 'info', `${wordInvitation(name, state)}.`, now);
		}
	}
}
