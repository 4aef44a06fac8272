// What a server keeps, in memory and without any cleverness: plain lists, searched from end to end.
// Stands in for the store in tests of the core and in the simulator; what it answers is what the store must answer.
import type {Account} from '../../server/core/accounts.js';
import type {StoredRoom} from '../../server/core/room-list.js';
import type {StoredState} from '../../server/core/server-core.js';
import type {
	Query,
	RegisterRow,
	SentMail,
	StoredMail,
	TakenPrekeys,
	Waiting,
	Write,
} from '../../server/core/storage.js';
import type {DeviceKeys, Prekey, SignedPrekey} from '../../source/protocol/messages.js';
import {nameKey} from '../../source/protocol/names.js';

type Device = {readonly keys: DeviceKeys; signed: SignedPrekey | undefined; oneTime: Array<Prekey & {taken: number | undefined}>};

/**
Bytes of mail in one page.
*/
const pageBytes = 48 * 1024;

export class ServerDisk {
	readonly accounts = new Map<string, Account>();
	/**
	Hashes by name key.
	*/
	readonly passwords = new Map<string, string>();
	readonly rooms = new Map<string, {-readonly [Key in keyof StoredRoom]: StoredRoom[Key]}>();
	mails: Array<SentMail & {readonly number: number}> = [];
	readonly register: RegisterRow[] = [];
	lastAlive: number | undefined;
	readonly #devices = new Map<string, Device>();
	#lastMail = 0;

	load(): StoredState {
		return structuredClone({
			accounts: this.accounts.values().toArray(),
			rooms: this.rooms.values().toArray(),
			mailboxes: this.mails.map(({user, device}) => ({user, device})),
			register: this.register,
			lastAlive: this.lastAlive,
		});
	}

	lookUp(query: Query): unknown {
		switch (query.kind) {
			case 'keys': {
				return this.#devices.get(`${query.user} ${query.device}`)?.keys;
			}

			case 'waiting': {
				return this.#waiting(query.user, query.device);
			}

			case 'fetch': {
				return this.#fetch(query);
			}
		}
	}

	apply(write: Write): unknown {
		switch (write.kind) {
			case 'account': {
				this.accounts.set(write.key, {
					key: write.key, name: write.name, device: write.device, signedPrekey: undefined, oneTimePrekeys: 0,
				});
				this.passwords.set(write.key, write.hash);
				this.#bind(write.key, write.device, write.keys);
				return undefined;
			}

			case 'device': {
				this.#bind(write.key, write.device, write.keys);
				this.accounts.set(write.key, {...this.accounts.get(write.key)!, device: write.device});
				return this.#count(write.key, write.device);
			}

			case 'prekeys': {
				return this.#publish(write);
			}

			case 'prekeys-taken': {
				return this.#take(write);
			}

			case 'mail': {
				return this.#keep(write);
			}

			case 'mail-taken': {
				this.mails = this.mails.filter(mail => mail.user !== write.user || mail.device !== write.device || !write.numbers.includes(mail.number));
				return undefined;
			}

			case 'expired': {
				this.mails = this.mails.filter(({at}) => at >= write.at);
				for (const device of this.#devices.values()) {
					device.oneTime = device.oneTime.filter(({taken = Infinity}) => taken >= write.at);
				}

				return undefined;
			}

			case 'register': {
				this.register.push(write.row);
				return undefined;
			}

			case 'alive': {
				this.lastAlive = write.at;
				return undefined;
			}

			default: {
				this.#applyToRooms(write);
				return undefined;
			}
		}
	}

	#applyToRooms(write: Extract<Write, {kind: 'invited' | 'member' | 'member-away' | 'member-gone' | 'members-away' | 'room' | 'room-closed'}>): void {
		switch (write.kind) {
			case 'room': {
				const {key, name, creator, isPrivate, members, at} = write;
				this.rooms.set(key, {
					key, name, creator, isPrivate, made: at, members: members.map(user => ({user, away: isPrivate ? at : undefined})), invited: isPrivate ? members : [],
				});
				break;
			}

			case 'room-closed': {
				this.rooms.delete(write.key);
				break;
			}

			case 'member': {
				this.#changeMembers(write.room, members => [...members.filter(({user}) => user !== write.user), {user: write.user, away: undefined}]);
				break;
			}

			case 'member-away': {
				this.#changeMembers(write.room, members => members.map(member => member.user === write.user ? {...member, away: write.at} : member));
				break;
			}

			case 'members-away': {
				this.#sendAllAway(write.at);
				break;
			}

			case 'member-gone': {
				this.#changeMembers(write.room, members => members.filter(({user}) => user !== write.user));
				break;
			}

			case 'invited': {
				const room = this.rooms.get(write.room)!;
				room.invited = [...new Set([...room.invited, write.user])];
				break;
			}
		}
	}

	#sendAllAway(at: number): void {
		for (const room of this.rooms.values()) {
			room.members = room.members.map(({user, away = at}) => ({user, away}));
		}
	}

	#publish({user, device: name, signed, oneTime, isReplacing}: Extract<Write, {kind: 'prekeys'}>): number {
		const device = this.#devices.get(`${user} ${name}`)!;
		device.signed = signed ?? device.signed;
		if (isReplacing) {
			device.oneTime = device.oneTime.filter(({taken}) => taken !== undefined);
		}

		for (const key of oneTime) {
			if (!(this.#count(user, name).oneTime < 100 && device.oneTime.every(({id}) => id !== key.id))) {
				continue;
			}

			device.oneTime.push({...key, taken: undefined});
			device.oneTime.sort((one, other) => one.id - other.id);
		}

		return this.#count(user, name).oneTime;
	}

	#changeMembers(key: string, change: (members: StoredRoom['members']) => StoredRoom['members']): void {
		const room = this.rooms.get(key);
		if (room) {
			room.members = change(room.members);
		}
	}

	#bind(user: string, device: string, keys: DeviceKeys): void {
		this.#devices.set(`${user} ${device}`, {
			signed: undefined, oneTime: [], ...this.#devices.get(`${user} ${device}`), keys,
		});
	}

	#count(user: string, name: string): {signed: number | undefined; oneTime: number} {
		const device = this.#devices.get(`${user} ${name}`)!;
		const count = {signed: device.signed?.id, oneTime: device.oneTime.filter(({taken}) => taken === undefined).length};
		const account = this.accounts.get(user)!;
		if (account.device === name) {
			account.signedPrekey = count.signed;
			account.oneTimePrekeys = count.oneTime;
		}

		return count;
	}

	#take({user, device: name, count, at}: Extract<Write, {kind: 'prekeys-taken'}>): TakenPrekeys | undefined {
		const device = this.#devices.get(`${user} ${name}`);
		if (!device?.signed) {
			return undefined;
		}

		const taken = device.oneTime.filter(key => key.taken === undefined).slice(0, count);
		for (const key of taken) {
			key.taken = at;
		}

		return {
			keys: device.keys, signed: device.signed, oneTime: taken.map(({id, key}) => ({id, key})), left: this.#count(user, name).oneTime,
		};
	}

	#keep({kind: _, ...mail}: Extract<Write, {kind: 'mail'}>): {at: number; isNew: boolean} | undefined {
		const box = this.mails.filter(({user, device}) => user === mail.user && device === mail.device);
		const fromDevice = box.filter(({senderDevice}) => senderDevice === mail.senderDevice);
		const known = fromDevice.find(other => other.mail === mail.mail);
		if (known) {
			return {at: known.at, isNew: false};
		}

		const replaced = mail.slot === undefined ? undefined : fromDevice.find(({slot}) => slot === mail.slot);
		const isFull = mail.slot === undefined
			? box.filter(({slot}) => slot === undefined).length >= 1000
			: !replaced && fromDevice.filter(({slot}) => slot !== undefined).length >= 64;
		if (isFull) {
			return undefined;
		}

		this.#lastMail++;
		this.mails = [...this.mails.filter(other => other !== replaced), {...mail, number: this.#lastMail}];
		return {at: mail.at, isNew: true};
	}

	#waiting(userKey: string, deviceName: string): Waiting {
		const box = this.mails.filter(({user, device}) => user === userKey && device === deviceName);
		const rows = new Map<string, {user: string; room?: string; count: number; since: number}>();
		for (const {sender, room, slot, at} of box) {
			if (slot !== undefined) {
				continue;
			}

			const place = `${sender} ${room === undefined ? '' : nameKey(room)}`;
			const row = rows.get(place) ?? {
				user: sender, ...(room !== undefined && {room}), count: 0, since: at,
			};
			row.count++;
			rows.set(place, row);
		}

		return {rows: rows.values().toArray(), slots: box.filter(({slot}) => slot !== undefined).length};
	}

	#fetch(query: Extract<Query, {kind: 'fetch'}>): {mails: StoredMail[]; more: boolean} {
		const found = this.mails.filter(({user, device, number, room, slot}) => user === query.user && device === query.device && number > query.after
			&& (query.room === undefined || (room !== undefined && nameKey(room) === query.room)) && (!query.slots || slot !== undefined));
		const mails: StoredMail[] = [];
		let bytes = 0;
		for (const {number, sender, card, room, slot, at, sealed} of found) {
			bytes += sealed.length + card.length + 800;
			if (mails.length > 0 && (bytes > pageBytes || mails.length === 400)) {
				return {mails, more: true};
			}

			mails.push({
				number, sender, card, room, slot, at, sealed,
			});
		}

		return {mails, more: false};
	}
}
