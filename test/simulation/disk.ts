// The server's disk, that survives crashes but loses what it had not finished; the clients' is memory-profile.ts among the helpers.
// A write becomes durable first and is acknowledged a little later: a crash may fall in between.
import type {Write} from '../../server/core/actions.js';
import type {Account} from '../../server/core/accounts.js';
import type {StoredRoom} from '../../server/core/rooms.js';

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
