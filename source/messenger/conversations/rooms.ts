// Rooms we are in: entering, leaving, closing, and who else is there.
// Knows the server's word and the members' own, and how to make them agree after a break;
// refuses to know how lines travel (delivery.ts). Whom the server lists is in; whom it does not list is in as long as
// a standing link says so, because the server may have lost somebody who is still there.
import {nameKey} from '../../protocol/names.js';
import type {Introduction, Notice, Reply} from '../../protocol/messages.js';
import {
	refuse,
	succeed,
	type CommandOutcome,
	type Context,
	type OnDone,
} from '../context.js';
import type {RoomChange} from '../events.js';
import type {SharedName} from '../peers/records.js';
import type {ConversationKey} from '../view.js';
import type {Conversation, Member} from './conversation.js';

/**
Rooms left while the server was away that it still has to be told of.
*/
const maximumFarewells = 64;

/**
What happens as soon as we are in a room that we were asked into, before other conversations make way:
whether it is still wanted, whether the user is to look at it, and what is to be said there.
*/
export type Arrival = (room: string, now: number) => {readonly isWanted: boolean; readonly isFront?: boolean; readonly news?: string};

export class Rooms {
	readonly #context: Context;
	readonly #entering = new Map<string, number>();
	/**
	Rooms that we have left while the server was away, by their name's key.
	*/
	readonly #farewells = new Map<string, string>();
	/**
	How often we have asked the server to let us out: an answer to `enter` that was under way meanwhile is out of date.
	*/
	#departures = 0;
	readonly #lastDeparture = new Map<string, number>();

	constructor(context: Context) {
		this.#context = context;
	}

	get isExpecting(): boolean {
		return this.#entering.size > 0;
	}

	/**
	`or ROOM`; or, with `arrive`, a room that we were asked into, which must stand already.
	*/
	enter(name: string, now: number, done: (outcome: CommandOutcome, now: number) => void, arrive?: Arrival): void {
		const {conversations, control} = this.#context;
		const standing = conversations.find('room', name);
		if (standing) {
			arrive?.(standing.name, now);
			this.#context.makeWay(standing, now);
			conversations.activate(standing);
			done(succeed({...describe(standing), created: false}), now);
			return;
		}

		this.#countEntering(name, 1);
		control.request('enter', {room: name}, now, (outcome, then) => {
			this.#countEntering(name, -1);
			if (!outcome.ok) {
				this.#sayFarewells(then);
				done(outcome, then);
				return;
			}

			this.#farewells.delete(nameKey(name));

			const {room, creator, created, made, members, away} = outcome.reply;
			if (arrive && created) {
				control.request('close-room', {room}, then);
				done(refuse('no-such-room', `The room ${room} has been closed meanwhile.`), then);
				return;
			}

			const {isWanted, isFront, news} = {isFront: true, news: undefined, ...(arrive?.(room, then) ?? {isWanted: true})};
			if (!isWanted) {
				this.#sayFarewell(room, then);
				done(refuse('left', `You have left before ${room} was entered.`), then);
				return;
			}

			this.#context.makeWay(conversations.find('room', room), then);
			if (created) {
				// What still waited in an older room of this name has nowhere to go.
				this.#context.progress.fail(`room:${nameKey(room)}`, then);
			}

			const conversation = conversations.find('room', room) ?? conversations.open('room', room, 'open');
			conversation.creator = creator;
			conversation.made = made;
			conversation.isPrivate = outcome.reply.private === true;
			if (isFront) {
				conversations.activate(conversation);
			}

			this.#context.directory.changed();
			this.#announce(conversation, created ? 'created' : 'entered', this.#context.own());
			this.#context.tell(conversation, 'join', created ? `You have created the room ${room}.` : `You have entered the room ${room}.`, then);
			if (news !== undefined) {
				this.#context.tell(conversation, 'info', news, then);
			}

			this.#setAway(conversation, away);
			for (const member of members) {
				this.#admit(conversation, member, then);
			}

			done(succeed({...describe(conversation), created}), then);
		});
	}

	/**
	`cr ROOM`.
	*/
	close(name: string, now: number, done: OnDone): void {
		this.#context.control.request('close-room', {room: name}, now, (outcome, then) => {
			if (!outcome.ok) {
				done(outcome);
				return;
			}

			const conversation = this.#context.conversations.find('room', name);
			if (conversation) {
				for (const member of conversation.members.keys()) {
					this.#context.delivery.sayClosed(member, conversation.shared!);
				}

				this.#end(conversation, this.#context.own(), then);
			}

			this.#context.progress.fail(`room:${nameKey(name)}`, then);
			done(succeed({room: conversation?.name ?? name}));
		});
	}

	/**
	`cs`, or making way for another conversation. `isForGood`: else we stay a member in absence, for whom lines are kept.
	*/
	leave(conversation: Conversation, now: number, {isForGood = true} = {}): void {
		if (isForGood) {
			this.#sayFarewell(conversation.name, now);
		}

		this.#part(conversation, {isSaid: true}, now);
		this.#announce(conversation, 'left', this.#context.own());
		this.#context.tell(conversation, 'leave', 'You have left the room.', now);
		this.#remove(conversation, {isOurWish: true});
	}

	handleNotice({room, change, user, peer, away}: Notice<'room'>, now: number): void {
		const conversation = this.#context.conversations.find('room', room);
		const member = conversation?.members.get(nameKey(user));
		if (!conversation) {
			return;
		}

		if (away) {
			conversation.away.set(nameKey(user), user);
		} else {
			conversation.away.delete(nameKey(user));
		}

		switch (change) {
			case 'entered': {
				if (peer) {
					this.#admit(conversation, peer, now, {isNews: true});
				}

				break;
			}

			case 'left': {
				conversation.listed.delete(nameKey(user));
				if (member) {
					this.#dismiss(conversation, member, 'left', now);
				}

				break;
			}

			case 'gone': {
				conversation.listed.delete(nameKey(user));
				if (member && !this.#context.peers.probe(member.name, now)) {
					this.#dismiss(conversation, member, 'lost', now);
				}

				break;
			}

			case 'closed': {
				this.#closed(conversation, user, now);
				break;
			}

			default:
		}
	}

	/**
	The server has no such room any more.
	*/
	handleGone(name: string, now: number): void {
		if (!this.#context.conversations.find('room', name)) {
			this.#context.progress.fail(`room:${nameKey(name)}`, now);
		}
	}

	/**
	We are logged in again: every room is entered again, and its members are compared.
	*/
	handleLoggedIn(now: number): void {
		this.#sayFarewells(now);
		for (const conversation of this.#context.conversations) {
			if (conversation.kind === 'room') {
				this.#enterAgain(conversation, now);
			}
		}
	}

	handleLinkDown(peer: string, now: number): void {
		for (const conversation of this.#context.conversations) {
			const member = conversation.kind === 'room' ? conversation.members.get(peer) : undefined;
			if (member && !conversation.listed.has(peer)) {
				this.#dismiss(conversation, member, 'lost', now);
			} else if (member && !member.isLost) {
				member.isLost = true;
				this.#announce(conversation, 'lost', member.name);
				this.#context.tell(conversation, 'warn', `${member.name} does not answer any more.`, now);
			}
		}
	}

	handleHere(conversation: Conversation, peer: string, now: number): void {
		const member = conversation.members.get(peer);
		if (!member?.isLost) {
			return;
		}

		member.isLost = false;
		this.#announce(conversation, 'entered', member.name);
		this.#context.tell(conversation, 'join', `${member.name} is back.`, now);
	}

	/**
	Somebody who is no member says on a link to be in the room. The server's word decides; it is believed here when a late
	good-bye of an earlier visit has put them out.
	*/
	handleClaim(peer: string, shared: SharedName, now: number): void {
		const {conversations, delivery, peers} = this.#context;
		const conversation = conversations.get(shared as ConversationKey);
		if (!conversation?.listed.has(peer) || conversation.members.has(peer)) {
			return;
		}

		const name = peers.nameOf(peer);
		conversation.members.set(peer, {name, isLost: false});
		delivery.join(peer, shared, conversation, now);
		this.#tellEntered(conversation, name, now);
	}

	/**
	A member has left, said on its link.
	*/
	handleBye(conversation: Conversation, peer: string, now: number): void {
		const member = conversation.members.get(peer);
		if (member) {
			this.#dismiss(conversation, member, 'left', now);
		}
	}

	/**
	A member says that the room is closed; its creator may.
	*/
	handleClosedBy(conversation: Conversation, peer: string, now: number): void {
		if (conversation.creator !== undefined && nameKey(conversation.creator) === peer) {
			this.#closed(conversation, conversation.creator, now);
		}
	}

	#enterAgain(conversation: Conversation, now: number): void {
		const {control, conversations, emit} = this.#context;
		const room = conversation.name;
		const departures = this.#departures;
		this.#countEntering(room, 1);
		control.request('enter', {room}, now, (outcome, then) => {
			this.#countEntering(room, -1);
			if (conversations.get(conversation.key) !== conversation) {
				if (outcome.ok) {
					this.#undoEntering(outcome.reply, departures, then);
				}
			} else if (outcome.ok) {
				this.#reconcile(conversation, outcome.reply, then);
			} else if (control.user !== undefined) {
				emit({type: 'notice', level: 'warn', text: `The server did not let us into the room ${room} again: ${outcome.error.message}`});
				this.leave(conversation, then);
			}
		});
	}

	/**
	We have left while we were being let in again.
	*/
	#undoEntering({room, created}: Reply<'enter'>, departures: number, now: number): void {
		const {control, conversations} = this.#context;
		if (this.#entering.has(nameKey(room)) || conversations.find('room', room)) {
			return;
		}

		if (created) {
			control.request('close-room', {room}, now);
		} else if ((this.#lastDeparture.get(nameKey(room)) ?? 0) <= departures) {
			control.request('leave', {room}, now);
		}
	}

	#reconcile(conversation: Conversation, {room, creator, created, made, members, away}: Reply<'enter'>, now: number): void {
		if (created || creator !== conversation.creator || (conversation.made ?? made) !== made) {
			// The room we were in was closed while we were away; another one by its name is none of ours.
			this.#context.control.request(created ? 'close-room' : 'leave', {room}, now);
			this.#closed(conversation, conversation.creator!, now);
			return;
		}

		conversation.made = made;
		this.#setAway(conversation, away);
		conversation.listed.clear();
		for (const {user} of members) {
			conversation.listed.add(nameKey(user));
		}

		for (const [key, member] of conversation.members) {
			if (!conversation.listed.has(key) && !this.#context.delivery.isPresent(key, conversation.shared!)) {
				this.#dismiss(conversation, member, 'left', now);
			}
		}

		for (const member of members) {
			this.#admit(conversation, member, now, {isNews: true});
		}
	}

	#admit(conversation: Conversation, introduction: Introduction, now: number, {isNews = false} = {}): void {
		const {peers, delivery, emit} = this.#context;
		const {user} = introduction;
		const key = nameKey(user);
		if (!peers.introduce(introduction, this.#context.rootKey(), now)) {
			emit({type: 'notice', level: 'error', text: `The card that the server shows for ${user} is not signed by its root key; no link is made.`});
		}

		conversation.listed.add(key);
		conversation.away.delete(key);
		if (conversation.members.has(key)) {
			return;
		}

		conversation.members.set(key, {name: user, isLost: false});
		delivery.join(key, conversation.shared!, conversation, now);
		if (isNews) {
			this.#tellEntered(conversation, user, now);
		}
	}

	#setAway(conversation: Conversation, names: readonly string[]): void {
		const own = nameKey(this.#context.own());
		conversation.away.clear();
		for (const name of names) {
			if (nameKey(name) !== own) {
				conversation.away.set(nameKey(name), name);
			}
		}
	}

	#tellEntered(conversation: Conversation, user: string, now: number): void {
		this.#announce(conversation, 'entered', user);
		this.#context.tell(conversation, 'join', `${user} has entered.`, now);
	}

	#dismiss(conversation: Conversation, member: Member, change: 'left' | 'lost', now: number): void {
		const key = nameKey(member.name);
		conversation.members.delete(key);
		this.#context.delivery.part(key, conversation.shared!, {isSaid: false}, now);
		if (change !== 'left' && member.isLost) {
			return;
		}

		this.#announce(conversation, change, member.name);
		this.#context.tell(conversation, change === 'left' ? 'leave' : 'warn', change === 'left' ? `${member.name} has left.` : `${member.name} does not answer any more.`, now);
	}

	#closed(conversation: Conversation, by: string, now: number): void {
		this.#end(conversation, by, now);
		this.#context.progress.fail(conversation.lane, now);
	}

	#end(conversation: Conversation, user: string, now: number): void {
		conversation.isClosed = true;
		this.#part(conversation, {isSaid: false}, now);
		this.#announce(conversation, 'closed', user);
		this.#context.tell(conversation, 'leave', `${user} has closed the room.`, now);
		this.#remove(conversation, {isOurWish: nameKey(user) === nameKey(this.#context.own())});
	}

	#remove(conversation: Conversation, how: {isOurWish: boolean}): void {
		this.#context.conversations.remove(conversation, how);
		this.#context.directory.changed();
	}

	#part(conversation: Conversation, how: {isSaid: boolean}, now: number): void {
		for (const member of conversation.members.keys()) {
			this.#context.delivery.part(member, conversation.shared!, how, now);
		}
	}

	#sayFarewell(room: string, now: number): void {
		const {control} = this.#context;
		this.#departures++;
		this.#lastDeparture.set(nameKey(room), this.#departures);
		if (control.user !== undefined) {
			control.request('leave', {room}, now, () => {
				if (this.#entering.size === 0) {
					this.#lastDeparture.clear();
				}
			});
		} else if (this.#farewells.size < maximumFarewells) {
			this.#farewells.set(nameKey(room), room);
		}
	}

	/**
	Tells the server what we have left while it was away. Whoever has asked to enter again is not put out: what comes of that decides.
	*/
	#sayFarewells(now: number): void {
		const {control, conversations} = this.#context;
		if (control.user === undefined) {
			return;
		}

		for (const [key, room] of this.#farewells) {
			if (this.#entering.has(key)) {
				continue;
			}

			this.#farewells.delete(key);
			if (!conversations.find('room', room)) {
				control.request('leave', {room}, now);
			}
		}
	}

	#countEntering(room: string, change: number): void {
		const key = nameKey(room);
		const count = (this.#entering.get(key) ?? 0) + change;
		if (count === 0) {
			this.#entering.delete(key);
		} else {
			this.#entering.set(key, count);
		}
	}

	#announce(conversation: Conversation, change: RoomChange, user: string): void {
		this.#context.emit({
			type: 'room', room: conversation.name, change, user,
		});
	}
}

function describe({name, creator, members, isPrivate}: Conversation): Readonly<Record<string, unknown>> {
	return {
		room: name, creator, members: members.size + 1, ...(isPrivate && {private: true}),
	};
}
