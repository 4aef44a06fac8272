// Who is connected: one entry a logged-in user.
// Knows users, their devices and addresses; refuses to know what they talk about.
import {encodeBase64} from '../../source/protocol/keys.js';
import {nameKey} from '../../source/protocol/names.js';
import {OrderedNames} from './ordered-names.js';
import type {User} from './state.js';

export class Presence {
	readonly names = new OrderedNames();
	readonly #byKey = new Map<string, User>();
	readonly #bySid = new Map<string, User>();

	get size(): number {
		return this.#byKey.size;
	}

	find(name: string): User | undefined {
		return this.#byKey.get(nameKey(name));
	}

	get(key: string): User | undefined {
		return this.#byKey.get(key);
	}

	findBySid(sid: string): User | undefined {
		return this.#bySid.get(sid);
	}

	users(): IterableIterator<User> {
		return this.#byKey.values();
	}

	/**
	A secret for showing an address, under an id that no connected user has.
	*/
	makePunch(random: (size: number) => Uint8Array): User['punch'] {
		for (;;) {
			const sid = [...random(4)].map(byte => byte.toString(16).padStart(2, '0')).join('');
			if (!this.#bySid.has(sid)) {
				return {sid, secret: random(32)};
			}
		}
	}

	add(user: User): void {
		this.#byKey.set(user.key, user);
		this.#bySid.set(user.punch.sid, user);
		this.names.add(user.key);
	}

	remove(user: User): void {
		this.#byKey.delete(user.key);
		this.#bySid.delete(user.punch.sid);
		this.names.delete(user.key);
	}
}

/**
A user's own punch secret as it stands in the reply to a login.
*/
export function punchFields({punch}: User): {sid: string; secret: string} {
	return {sid: punch.sid, secret: encodeBase64(punch.secret)};
}
