// One open conversation: who is in it and how it stands.
// Knows its own data and how to show it; refuses to know why it changes (sessions.ts, rooms.ts).
import {nameKey} from '../../protocol/names.js';
import {laneOf, type Lane} from '../lines/outbox.js';
import type {SharedName} from '../peers/records.js';
import type {ConversationKey, ConversationView} from '../view.js';
import type {MessageLog} from './message-log.js';

/**
Somebody else in the conversation. `isLost`: no link stands, and that was told.
*/
export type Member = {readonly name: string; isLost: boolean};

/**
The key under which a conversation is found, whatever spelling of the name was typed.
*/
export function conversationKey(kind: 'session' | 'room', name: string): ConversationKey {
	return `${kind}:${nameKey(name)}`;
}

export class Conversation {
	readonly key: ConversationKey;
	readonly kind: 'session' | 'room';
	readonly name: string;
	readonly lane: Lane;
	readonly log: MessageLog;
	/**
	By name key, without ourselves.
	*/
	readonly members = new Map<string, Member>();
	/**
	Members of the room who are not there: names by name key.
	*/
	readonly away = new Map<string, string>();
	/**
	Whom the server has in the room, by name key: nearly always the members, but a good-bye or a crash may be known here first.
	*/
	readonly listed = new Set<string>();
	state: ConversationView['state'];
	creator: string | undefined;
	/**
	When the server made the room, ms since the epoch: one that was closed and made anew is another. `undefined` where the server does not say.
	*/
	made: number | undefined;
	/**
	A room that only those see who were asked in.
	*/
	isPrivate = false;
	/**
	The server's id of the session, or of the request for one.
	*/
	session: string | undefined;
	unread = 0;
	/**
	The first row that came while the user looked elsewhere, until he leaves the conversation again.
	*/
	unreadFrom: string | undefined;
	/**
	A room that was closed for everyone: what waits in it goes nowhere.
	*/
	isClosed = false;
	/**
	When a waiting session asks again by itself, and how long it waited before.
	*/
	askAt: number | undefined;
	askPauseMs: number | undefined;
	#view: ConversationView | undefined;

	constructor(kind: 'session' | 'room', name: string, {state, log}: {state: ConversationView['state']; log: MessageLog}) {
		this.key = conversationKey(kind, name);
		this.kind = kind;
		this.name = name;
		this.lane = laneOf({kind, name});
		this.log = log;
		this.state = state;
	}

	/**
	The name both ends have for it; `undefined` for a session the server knows nothing of.
	*/
	get shared(): SharedName | undefined {
		if (this.kind === 'room') {
			return this.lane;
		}

		return this.session === undefined ? undefined : `session:${this.session}`;
	}

	/**
	Everybody for whom a line said here is meant.
	*/
	get recipients(): readonly string[] {
		if (this.kind === 'session') {
			return [this.name];
		}

		const names = new Map([...this.away, ...this.members.entries().map(([key, {name}]) => [key, name] as const)]);
		return names.values().toArray();
	}

	/**
	The same object until something changed.

	@param own Our name.
	@param isLinked Whether a direct link to a member stands.
	*/
	view(own: string, isLinked: (name: string) => boolean): ConversationView {
		const {kind, name, state, creator, isPrivate, unread, unreadFrom, log} = this;
		const earlier = log.earlier === 'unknown' ? 'none' : log.earlier;
		const before = this.#view;
		const others = this.kind === 'session' ? [{name}] : this.members.values().toArray();
		const members = [{name: own, isLinked: true}, ...others.map(member => ({name: member.name, isLinked: isLinked(member.name)}))];
		const isSame = before?.state === state && before.creator === creator && before.isPrivate === isPrivate
			&& before.unread === unread && before.unreadFrom === unreadFrom && before.earlier === earlier && before.messages === log.view
			&& before.members.length === members.length && members.every((member, index) => member.name === before.members[index]!.name && member.isLinked === before.members[index]!.isLinked);
		if (!isSame) {
			this.#view = {
				key: `${kind}:${name}`, kind, name, state, members, creator, isPrivate, unread, unreadFrom, earlier, messages: log.view,
			};
		}

		return this.#view!;
	}
}
