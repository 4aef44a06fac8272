// Who is registered: names and the device that each last logged in from.
// Knows no password: hashes stay in the store, which compares them. Refuses to know who is connected.
import {nameKey} from '../../source/protocol/names.js';
import {OrderedNames} from './ordered-names.js';

/**
An account as the store loads it. `device` is the id of the newest device; its prekeys wait on disk.
*/
export type Account = {
	readonly key: string;
	readonly name: string;
	device: string;
	/**
	Id of the signed prekey.
	*/
	signedPrekey: number | undefined;
	oneTimePrekeys: number;
};

export class Accounts {
	readonly names: OrderedNames;
	readonly #byKey = new Map<string, Account>();
	readonly #reserved = new Set<string>();

	constructor(accounts: Iterable<Account>) {
		for (const account of accounts) {
			this.#byKey.set(account.key, account);
		}

		this.names = new OrderedNames(this.#byKey.keys());
	}

	find(name: string): Account | undefined {
		return this.#byKey.get(nameKey(name));
	}

	get(key: string): Account {
		return this.#byKey.get(key)!;
	}

	/**
	Holds a name while its password is hashed and its row is written.

	@returns Whether it was free.
	*/
	reserve(key: string): boolean {
		if (this.#byKey.has(key) || this.#reserved.has(key)) {
			return false;
		}

		this.#reserved.add(key);
		return true;
	}

	release(key: string): void {
		this.#reserved.delete(key);
	}

	add(account: Account): void {
		this.#reserved.delete(account.key);
		this.#byKey.set(account.key, account);
		this.names.add(account.key);
	}
}
