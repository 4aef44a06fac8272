// What the server tells without being asked, taken to whom it concerns.
// Knows who that is for each kind of notice; refuses to know what they make of it.
import type {Notice} from '../../protocol/messages.js';
import {nameKey} from '../../protocol/names.js';
import type {Context} from '../context.js';
import type {Groups} from '../conversations/groups.js';
import type {Mailbox} from '../mail/mailbox.js';
import type {Mailing} from '../mail/mailing.js';
import type {Prekeys} from '../mail/prekeys.js';
import type {Rendezvous} from '../peers/rendezvous.js';
import type {Rooms} from '../conversations/rooms.js';
import type {Sessions} from '../conversations/sessions.js';
import type {Directory} from './directory.js';

type Parts = Pick<Context, 'peers' | 'own' | 'rootKey' | 'emit'> & {
	readonly directory: Directory;
	readonly rendezvous: Rendezvous;
	readonly sessions: Sessions;
	readonly rooms: Rooms;
	readonly groups: Groups;
	readonly prekeys: Prekeys;
	readonly mailing: Mailing;
	readonly mailbox: Mailbox;
};

export class ServerNews {
	readonly #parts: Parts;

	constructor(parts: Parts) {
		this.#parts = parts;
	}

	handleNotice(notice: Notice, now: number): void {
		switch (notice.event) {
			case 'presence': {
				this.#handlePresence(notice, now);
				break;
			}

			case 'rooms': {
				for (const row of notice.rooms) {
					this.#parts.directory.setRoom(row);
				}

				for (const name of notice.gone) {
					this.#parts.directory.removeRoom(name);
					this.#parts.rooms.handleGone(name, now);
				}

				break;
			}

			case 'request': {
				this.#parts.sessions.handleRequest(notice, now);
				break;
			}

			case 'withdrawn': {
				this.#parts.sessions.handleWithdrawn(notice);
				break;
			}

			case 'group': {
				this.#parts.groups.handleGroup(notice, now);
				break;
			}

			case 'invitation': {
				this.#parts.groups.handleInvitation(notice, now);
				break;
			}

			case 'invitation-ended': {
				this.#parts.groups.handleEnded(notice, now);
				break;
			}

			case 'session': {
				this.#parts.sessions.handleNotice(notice, now);
				break;
			}

			case 'room': {
				this.#parts.rooms.handleNotice(notice, now);
				break;
			}

			case 'peer': {
				this.#parts.peers.introduce(notice.peer, this.#parts.rootKey(), now);
				break;
			}

			case 'address': {
				this.#parts.rendezvous.confirm();
				break;
			}

			case 'mail': {
				this.#parts.mailbox.handleNotice(notice);
				break;
			}

			case 'prekeys': {
				this.#parts.prekeys.handleFew(notice.oneTime, now);
				break;
			}

			default:
		}
	}

	#handlePresence({users, snapshot}: Notice<'presence'>, now: number): void {
		for (const row of users) {
			const {name, online} = row;
			const isNews = this.#parts.directory.setUser(row);
			if (!isNews || nameKey(name) === nameKey(this.#parts.own())) {
				continue;
			}

			this.#parts.emit({
				type: 'presence', user: name, online, ...(snapshot && {snapshot}),
			});
			this.#parts.sessions.handlePresence(name, online, now);
			if (online) {
				this.#parts.mailing.handleOnline(name, now);
			}
		}
	}
}
