// Rooms, their members and who is invited, on disk.
// Knows that closing a room takes its members along; refuses to know who is there.
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import type {StoredRoom} from '../core/room-list.js';
import type {Write} from '../core/storage.js';

type RoomWrite = Extract<Write, {kind: 'invited' | 'member' | 'member-away' | 'member-gone' | 'members-away' | 'room' | 'room-closed'}>;

export class RoomTables {
	readonly #database: DatabaseSync;
	readonly #statements: Record<'room' | 'close' | 'member' | 'away' | 'allAway' | 'gone' | 'invite', StatementSync>;

	constructor(database: DatabaseSync) {
		this.#database = database;
		this.#statements = {
			room: database.prepare('INSERT INTO room (key, name, creator, private, created) VALUES (?, ?, ?, ?, ?)'),
			close: database.prepare('DELETE FROM room WHERE key = ?'),
			member: database.prepare('INSERT INTO member (room, user, away) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET away = excluded.away'),
			away: database.prepare('UPDATE member SET away = ? WHERE room = ? AND user = ?'),
			allAway: database.prepare('UPDATE member SET away = ? WHERE away IS NULL'),
			gone: database.prepare('DELETE FROM member WHERE room = ? AND user = ?'),
			invite: database.prepare('INSERT INTO invited (room, user, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
		};
	}

	load(): StoredRoom[] {
		const rooms = new Map<string, {members: Array<{user: string; away: number | undefined}>; invited: string[]}>();
		const partsOf = (key: string) => {
			const parts = rooms.get(key) ?? {members: [], invited: []};
			rooms.set(key, parts);
			return parts;
		};

		for (const {room, user, away} of this.#database.prepare('SELECT room, user, away FROM member').all() as Array<{room: string; user: string; away: number | null}>) {
			partsOf(room).members.push({user, away: away ?? undefined});
		}

		for (const {room, user} of this.#database.prepare('SELECT room, user FROM invited').all() as Array<{room: string; user: string}>) {
			partsOf(room).invited.push(user);
		}

		const rows = this.#database.prepare('SELECT key, name, creator, private, created FROM room').all() as Array<{key: string; name: string; creator: string; private: number; created: number}>;
		return rows.map(({key, name, creator, private: isPrivate, created: made}) => ({
			key, name, creator, isPrivate: isPrivate === 1, made, members: [], invited: [], ...rooms.get(key),
		}));
	}

	apply(write: RoomWrite): void {
		const {room, close, member, away, allAway, gone, invite} = this.#statements;
		switch (write.kind) {
			case 'room': {
				room.run(write.key, write.name, write.creator, write.isPrivate ? 1 : 0, write.at);
				for (const user of write.members) {
					member.run(write.key, user, write.isPrivate ? write.at : null);
					if (write.isPrivate) {
						invite.run(write.key, user, write.at);
					}
				}

				break;
			}

			case 'room-closed': {
				close.run(write.key);
				break;
			}

			case 'member': {
				member.run(write.room, write.user, null);
				break;
			}

			case 'member-away': {
				away.run(write.at, write.room, write.user);
				break;
			}

			case 'members-away': {
				allAway.run(write.at);
				break;
			}

			case 'member-gone': {
				gone.run(write.room, write.user);
				break;
			}

			case 'invited': {
				invite.run(write.room, write.user, write.at);
				break;
			}
		}
	}
}
