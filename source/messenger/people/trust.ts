// Trust: which device keys a name was seen with, which of them the user has compared, and whether anything may be sent to it.
// Knows keys by realm, owner and name, and the question that a changed key raises; refuses to know links and mail, which ask `isStopped`.
//
//   first seen ──► trusted ──verify──► verified
//   another ─────► changed ──accept──► trusted      nothing is sent to the name until this is answered
//                     └──decline──► refused         nothing is sent to this device, unless the user verifies it after all
import type {Card} from '../../protocol/cards.js';
import {nameKey} from '../../protocol/names.js';
import {refuse, succeed, type OnDone} from '../context.js';
import type {KnownKey, StoredState} from '../effects.js';
import type {MessengerEvent} from '../events.js';
import type {Journal} from '../journal.js';
import {maximumKnownDevices, maximumRequests} from '../limits.js';
import {ownerKey, type Owner} from '../lines/receipts.js';
import type {Requests} from '../conversations/requests.js';
import type {RequestView} from '../view.js';
import {safetyNumber} from './safety-number.js';

/**
What `verify USER` says. `safetyNumber`: twelve groups of five digits, separated by spaces.
*/
export type Verification = {readonly user: string; readonly device: string; readonly safetyNumber: string; readonly trust: KnownKey['trust']; readonly verified: boolean};

type DeviceKeys = {readonly sign: string; readonly agree: string};

export type TrustListener = {
	emit(event: MessengerEvent): void;
	/**
	The user has answered for a key of `name`: what waited for that may go.
	*/
	handleSettled(name: string, now: number): void;
};

export class Trust {
	readonly #journal: Journal;
	readonly #requests: Requests;
	readonly #owner: () => Owner;
	readonly #listener: TrustListener;
	readonly #ownKeys: DeviceKeys;
	/**
	By owner and name key, then by device; the one that was seen last stands last.
	*/
	readonly #people = new Map<string, Map<string, KnownKey>>();
	/**
	Of which device the user was last shown the safety number, by name key: only what was shown can have been compared.
	*/
	readonly #shown = new Map<string, string>();
	#askedAs = '';

	constructor({journal, requests, stored, owner, ownKeys, listener}: {
		journal: Journal; requests: Requests; stored: StoredState['knownKeys']; owner: () => Owner; ownKeys: DeviceKeys; listener: TrustListener;
	}) {
		this.#journal = journal;
		this.#requests = requests;
		this.#owner = owner;
		this.#ownKeys = ownKeys;
		this.#listener = listener;
		for (const key of stored) {
			this.#devices({realm: key.realm, user: key.owner}, key.user).set(key.device, key);
		}
	}

	/**
	A card, checked against the realm's root key, was shown for a name; `isPassed`: with lines that somebody else passed on, so that it
	says nothing about which device is the newest.
	*/
	observe({user, device, sign, agree}: Pick<Card, 'user' | 'device' | 'sign' | 'agree'>, {isPassed = false} = {}): void {
		const owner = this.#owner();
		if (nameKey(user) === nameKey(owner.user)) {
			return;
		}

		const devices = this.#devices(owner, user);
		const known = devices.get(device);
		if (known) {
			if (!isPassed) {
				// The last one seen stands last.
				devices.delete(device);
				devices.set(device, known);
			}

			return;
		}

		if (devices.size >= maximumKnownDevices) {
			this.#forgetOne(devices);
		}

		const isFirst = devices.size === 0;
		const wasVerified = devices.values().some(({trust}) => trust === 'verified');
		const key: KnownKey = {
			realm: owner.realm, owner: owner.user, user, device, sign, agree, trust: isFirst ? 'trusted' : 'changed',
		};
		this.#set(key);
		if (isFirst) {
			return;
		}

		this.#warn(user, wasVerified);
		this.#raise(key, wasVerified);
	}

	/**
	Whether nothing may be sent to this name: its key has changed, and the user has not said that it may be trusted.
	*/
	isStopped(name: string): boolean {
		const keys = this.#keysOf(name);
		return keys.at(-1)?.trust === 'refused' || keys.some(({trust}) => trust === 'changed');
	}

	/**
	Whether this device may speak for its name as far as the user is concerned: it was the first, or was accepted or verified.
	*/
	isTrusted({user, device}: Pick<Card, 'user' | 'device'>): boolean {
		const trust = this.#people.get(personKey(this.#owner(), user))?.get(device)?.trust;
		return trust === 'trusted' || trust === 'verified';
	}

	isVerified(name: string): boolean {
		return this.#keysOf(name).at(-1)?.trust === 'verified';
	}

	/**
	We have a name (again): what was not answered for it is asked again.
	*/
	handleLoggedIn(): void {
		const {realm, user} = this.#owner();
		if (this.#askedAs === ownerKey({realm, user})) {
			return;
		}

		this.#askedAs = ownerKey({realm, user});
		this.#endRequests('another login');
		this.#shown.clear();
		for (const key of this.#people.values().flatMap(devices => devices.values())) {
			if (key.trust === 'changed' && key.realm === realm && nameKey(key.owner) === nameKey(user)) {
				this.#raise(key, this.#keysOf(key.user).some(({trust}) => trust === 'verified'));
			}
		}
	}

	/**
	`accept`, `decline` for a changed key.
	*/
	answer(answer: 'accept' | 'decline', request: RequestView, now: number, done: OnDone): void {
		this.#requests.remove(request.id);
		const key = this.#keysOf(request.from).find(({device}) => requestId(device) === request.id);
		if (!key) {
			done(refuse('no-request', `No key of ${request.from} waits for your answer any more.`));
			return;
		}

		const trust = answer === 'accept' ? 'trusted' : 'refused';
		this.#set({...key, trust}, () => {
			done(succeed({user: key.user, device: key.device, trust}));
		});
		this.#listener.emit({
			type: 'notice', level: 'info', text: answer === 'accept'
				? `The new key of ${key.user} is trusted; what waited goes on its way. To be sure, compare numbers with: verify ${key.user}`
				: `The new key of ${key.user} is not trusted: nothing is sent to it. To change your mind: verify ${key.user}`,
		});
		this.#listener.handleSettled(key.user, now);
	}

	/**
	The number to compare with somebody whose card was seen, for the device seen last; `undefined` when none was.
	*/
	show(name: string): Verification | undefined {
		const key = this.#keysOf(name).at(-1);
		if (key) {
			this.#shown.set(nameKey(name), key.device);
		}

		return key && this.#describe(key);
	}

	/**
	`verify USER yes`: the user has compared the number that was shown.
	*/
	confirm(name: string, now: number, done: OnDone): void {
		const key = this.#keysOf(name).at(-1);
		const shown = this.#shown.get(nameKey(name));
		if (!key || shown === undefined) {
			done(refuse('not-compared', `Compare the numbers first: verify ${name}`));
		} else if (shown === key.device) {
			this.#set({...key, trust: 'verified'}, () => {
				done(succeed(this.#describe({...key, trust: 'verified'})));
			});
			this.#endRequests('verified', requestId(key.device));
			this.#listener.handleSettled(key.user, now);
		} else {
			done(refuse('key-changed', `${key.user} shows another key than the one you compared. Compare again: verify ${key.user}`));
		}
	}

	#describe(key: KnownKey): Verification {
		const {realm, user: own} = this.#owner();
		const {user, device, trust} = key;
		return {
			user, device, safetyNumber: safetyNumber({realm, user: own, ...this.#ownKeys}, key), trust, verified: trust === 'verified',
		};
	}

	#warn(user: string, wasVerified: boolean): void {
		const loud = wasVerified ? `WARNING: you had verified ${user}, and ${user} now shows another key. Either ${user} uses a new device, or somebody else speaks under that name.` : `${user} shows another key than before: a new device, or somebody else under that name.`;
		this.#listener.emit({
			type: 'notice', level: wasVerified ? 'error' : 'warn', text: `${loud} Nothing more is sent to ${user} until you answer: "accept ${user}" trusts the new key, "decline ${user}" does not. Compare numbers first: verify ${user}`,
		});
	}

	#raise({user, device}: KnownKey, wasVerified: boolean): void {
		if (this.#requests.view.filter(({kind}) => kind === 'key').length >= maximumRequests) {
			return;
		}

		const id = requestId(device);
		this.#requests.add({
			id, kind: 'key', from: user, expiresAt: undefined,
		});
		this.#listener.emit({
			type: 'request', kind: 'key', from: user, id, ...(wasVerified && {wasVerified}),
		});
	}

	/**
	Takes back the question about a key, or all of them.
	*/
	#endRequests(reason: string, id?: string): void {
		for (const request of this.#requests.view) {
			if (!(request.kind === 'key' && (id === undefined || request.id === id))) {
				continue;
			}

			this.#requests.remove(request.id);
			this.#listener.emit({
				type: 'request-ended', kind: 'key', from: request.from, id: request.id, reason,
			});
		}
	}

	#set(key: KnownKey, onStored?: () => void): void {
		this.#devices({realm: key.realm, user: key.owner}, key.user).set(key.device, key);
		this.#journal.write([{kind: 'known-key', key}], onStored);
	}

	/**
	Room for one more device of a name: the oldest for which the user has never answered goes, or else the oldest.
	*/
	#forgetOne(devices: Map<string, KnownKey>): void {
		const least = devices.values().find(({trust}) => trust === 'changed' || trust === 'refused') ?? devices.values().next().value!;
		devices.delete(least.device);
		this.#endRequests('forgotten', requestId(least.device));
	}

	#keysOf(name: string): KnownKey[] {
		return this.#people.get(personKey(this.#owner(), name))?.values().toArray() ?? [];
	}

	#devices(owner: Owner, name: string): Map<string, KnownKey> {
		const key = personKey(owner, name);
		const devices = this.#people.get(key) ?? new Map<string, KnownKey>();
		this.#people.set(key, devices);
		return devices;
	}
}

function personKey(owner: Owner, name: string): string {
	return `${ownerKey(owner)} ${nameKey(name)}`;
}

function requestId(device: string): string {
	return `key-${device}`;
}
