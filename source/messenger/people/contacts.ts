// Contacts: the people a user has put on the list, kept for each realm and owner.
// Knows names; refuses to know what being a contact brings (context.welcomes, the faces).
import {nameKey} from '../../protocol/names.js';
import type {StoredState} from '../effects.js';
import type {Journal} from '../journal.js';
import {maximumContacts} from '../limits.js';
import {ownerKey, type Owner} from '../lines/receipts.js';
import type {ContactView} from '../view.js';

/**
What is known of a contact beside the name.
*/
export type ContactFacts = {readonly isOnline: (name: string) => boolean; readonly isVerified: (name: string) => boolean};

export class Contacts {
	readonly #journal: Journal;
	readonly #owner: () => Owner;
	/**
	Names by name key, by owner.
	*/
	readonly #lists = new Map<string, Map<string, string>>();
	#view: readonly ContactView[] = [];

	constructor({journal, stored, owner}: {journal: Journal; stored: StoredState['contacts']; owner: () => Owner}) {
		this.#journal = journal;
		this.#owner = owner;
		for (const {realm, owner: name, user} of stored) {
			this.#list({realm, user: name}).set(nameKey(user), user);
		}
	}

	has(name: string): boolean {
		return this.#mine().has(nameKey(name));
	}

	get isFull(): boolean {
		return this.#mine().size >= maximumContacts;
	}

	/**
	Done once it is on disk.
	*/
	add(name: string, done: () => void): void {
		this.#mine().set(nameKey(name), name);
		this.#journal.write([{kind: 'contact-add', ...this.#keptBy(), user: name}], done);
	}

	/**
	Done once it is on disk. The name must be on the list.
	*/
	remove(name: string, done: (name: string) => void): void {
		const user = this.#mine().get(nameKey(name))!;
		this.#mine().delete(nameKey(name));
		this.#journal.write([{kind: 'contact-remove', ...this.#keptBy(), user}], () => {
			done(user);
		});
	}

	/**
	By name; the same array until something changed.
	*/
	view({isOnline, isVerified}: ContactFacts): readonly ContactView[] {
		const next = this.#mine().values().map(name => ({name, online: isOnline(name), verified: isVerified(name)}))
			.toArray().toSorted((one, other) => one.name < other.name ? -1 : Number(one.name > other.name));
		const isSame = next.length === this.#view.length && next.every(({name, online, verified}, index) => {
			const before = this.#view[index]!;
			return name === before.name && online === before.online && verified === before.verified;
		});
		if (!isSame) {
			this.#view = next;
		}

		return this.#view;
	}

	#keptBy(): {readonly realm: string; readonly owner: string} {
		const {realm, user} = this.#owner();
		return {realm, owner: user};
	}

	#mine(): Map<string, string> {
		return this.#list(this.#owner());
	}

	#list(owner: Owner): Map<string, string> {
		const key = ownerKey(owner);
		const list = this.#lists.get(key) ?? new Map<string, string>();
		this.#lists.set(key, list);
		return list;
	}
}
