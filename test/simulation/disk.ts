// Disks that survive crashes but lose what they had not finished.
// A write becomes durable first and is acknowledged a little later: a crash may fall in between.
import type {OutboxEntry, StoredState, StoreWrite} from '../../source/messenger/effects.js';
import type {Write} from '../../server/core/actions.js';
import type {Account} from '../../server/core/accounts.js';
import type {StoredRoom} from '../../server/core/rooms.js';

/**
What a client keeps.
*/
export class ClientDisk {
	outbox: OutboxEntry[] = [];
	readonly seen = new Map<string, number>();
	nextSequence = 1;
	readonly pins = new Map<string, {fingerprint: string; rootKey: string | undefined}>();
	readonly logins = new Map<string, {user: string; token: string}>();

	apply(writes: readonly StoreWrite[]): void {
		for (const write of writes) {
			this.#applyOne(write);
		}
	}

	load(): StoredState {
		return {
			outbox: this.outbox.toSorted((one, other) => one.sequence - other.sequence),
			seen: new Map(this.seen),
			nextSequence: this.nextSequence,
			pins: new Map(this.pins),
			logins: new Map(this.logins),
		};
	}

	has(id: string, to: string): boolean {
		return this.outbox.some(entry => entry.id === id && entry.to === to);
	}

	#applyOne(write: StoreWrite): void {
		switch (write.kind) {
			case 'outbox-add': {
				this.outbox.push(write.entry);
				break;
			}

			case 'outbox-remove': {
				this.outbox = this.outbox.filter(({id, to}) => id !== write.id || to !== write.to);
				break;
			}

			case 'seen': {
				this.seen.set(`${write.device} ${write.place}`, write.sequence);
				break;
			}

			case 'sequence': {
				this.nextSequence = write.next;
				break;
			}

			case 'pin': {
				if (write.fingerprint === undefined) {
					this.pins.delete(write.server);
				} else {
					this.pins.set(write.server, {fingerprint: write.fingerprint, rootKey: write.rootKey});
				}

				break;
			}

			case 'login': {
				this.logins.set(write.server, {user: write.user, token: write.token});
				break;
			}
		}
	}
}

/**
What the server keeps.
*/
export class ServerDisk {
	readonly accounts = new Map<string, Account>();
	readonly passwords = new Map<string, string>();
	readonly rooms = new Map<string, StoredRoom>();

	apply(write: Write): void {
		switch (write.kind) {
			case 'account': {
				this.accounts.set(write.key, {key: write.key, name: write.name, device: write.device});
				this.passwords.set(write.key, write.hash);
				break;
			}

			case 'device': {
				this.accounts.set(write.key, {...this.accounts.get(write.key)!, device: write.device});
				break;
			}

			case 'room': {
				this.rooms.set(write.key, {key: write.key, name: write.name, creator: write.creator});
				break;
			}

			case 'room-closed': {
				this.rooms.delete(write.key);
				break;
			}
		}
	}
}
