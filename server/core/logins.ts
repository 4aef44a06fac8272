// Register, login and resume: how a connection becomes a user.
// Knows the order of proof, disk and admission; refuses to know passwords' hashes and tables.
import {Buffer} from 'node:buffer';
import {deviceFingerprint, deviceId} from '../../source/protocol/cards.js';
import {ProtocolError} from '../../source/protocol/errors.js';
import {decodeBase64} from '../../source/protocol/keys.js';
import type {DeviceKeys, Reply, Request} from '../../source/protocol/messages.js';
import {nameKey} from '../../source/protocol/names.js';
import type {Account, Accounts} from './accounts.js';
import type {HashOutcome} from './actions.js';
import type {Cards} from './cards.js';
import type {Limits} from './limits.js';
import {punchFields, type Presence} from './presence.js';
import {RecentTransactions} from './recent-transactions.js';
import type {AskDisk} from './storage.js';
import {issueToken, readToken} from './tokens.js';
import type {Connection, User} from './state.js';

/**
Takes the reply, or the refusal, when it is certain.
*/
type Done = (outcome: Reply<'login'> | ProtocolError) => void;

/**
A password to be hashed, or compared with the hash of an account.
*/
export type Hashing = {readonly kind: 'hash'; readonly password: string} | {readonly kind: 'verify'; readonly password: string; readonly key: string};

/**
What logins need of the core around them.
*/
export type Surroundings = {
	readonly accounts: Accounts;
	readonly presence: Presence;
	readonly limits: Limits;
	readonly cards: Cards;
	readonly tokenSecret: Uint8Array;
	readonly random: (size: number) => Uint8Array;
	readonly hash: (hashing: Hashing, done: (outcome: HashOutcome, now: number) => void) => void;
	readonly disk: AskDisk;
	/**
	A user has come.
	*/
	readonly welcome: (user: User, now: number) => void;
	/**
	An older connection of the same user and device gives way.
	*/
	readonly replace: (user: User, now: number) => void;
};

/**
Who has proved to be whom, from which device.
*/
type Proven = {readonly connection: Connection; readonly account: Account; readonly keys: DeviceKeys};

const badCredentials = () => new ProtocolError('bad-credentials', 'That name and password do not go together; check both, or "register" first.');
const busy = () => new ProtocolError('busy-try-again', 'The server has more logins to check than it can; try again in a moment.');

export class Logins {
	readonly #around: Surroundings;

	constructor(surroundings: Surroundings) {
		this.#around = surroundings;
	}

	register(connection: Connection, {user: name, password, device: keys}: Request<'register'>, done: Done): void {
		this.#checkAdmission(connection);
		const {accounts, hash, disk} = this.#around;
		const key = nameKey(name);
		if (!accounts.reserve(key)) {
			throw new ProtocolError('name-taken', `The name ${name}, or one that looks like it, is taken; choose another, or "login" if it is yours.`);
		}

		const finish = this.#begin(connection, done);
		hash({kind: 'hash', password}, (outcome, now) => {
			if (connection.isClosed || outcome.kind !== 'hash') {
				accounts.release(key);
				finish(outcome.kind === 'busy' ? busy() : failed());
				return;
			}

			const account: Account = {
				key, name, device: deviceOf(keys), signedPrekey: undefined, oneTimePrekeys: 0,
			};
			disk({
				kind: 'account', key, name, hash: outcome.hash, device: account.device, keys, at: Math.floor(now),
			}, ({ok}, at) => {
				if (!ok) {
					accounts.release(key);
					finish(failed());
					return;
				}

				accounts.add(account);
				finish(this.#admit({connection, account, keys}, at));
			});
		});
	}

	/**
	Who is here already, by a token, may show the password as well: the login stands as it was.
	*/
	login(connection: Connection, {user: name, password, device: keys}: Request<'login'>, done: Done): void {
		const isHere = connection.user?.key === nameKey(name) && connection.user.device === deviceOf(keys);
		if (!isHere) {
			this.#checkAdmission(connection);
		}

		const {accounts, presence, hash, replace} = this.#around;
		const finish = this.#begin(connection, done);
		hash({kind: 'verify', password, key: nameKey(name)}, (outcome, now) => {
			const account = accounts.find(name);
			const present = account && presence.get(account.key);
			if (outcome.kind !== 'match') {
				finish(outcome.kind === 'busy' ? busy() : failed());
			} else if (!account || !outcome.matches) {
				finish(badCredentials());
			} else if (isHere) {
				finish(connection.user && !connection.isClosed ? this.#describe(connection.user, {account, keys}, now) : failed());
			} else if (present && present.device !== deviceOf(keys)) {
				finish(alreadyOnline(account.name));
			} else {
				if (present && !connection.isClosed) {
					// The same device has lost its older connection, and we have not noticed yet.
					replace(present, now);
				}

				this.#bind({connection, account, keys}, now, finish);
			}
		});
	}

	resume(connection: Connection, {token, device: keys}: Request<'resume'>, now: number): Reply<'resume'> {
		this.#checkAdmission(connection, true);
		const {accounts, presence, tokenSecret, replace} = this.#around;
		const claim = readToken(token, keys, tokenSecret, now);
		const account = claim && accounts.find(claim.user);
		if (!claim || account?.device !== claim.device) {
			throw new ProtocolError('bad-token', 'This login can\'t be resumed: its token has expired, or the account was used from another device since. Log in with the password.');
		}

		const older = presence.get(account.key);
		if (older && older.device !== claim.device) {
			throw alreadyOnline(account.name);
		}

		if (older) {
			replace(older, now);
		}

		const outcome = this.#admit({connection, account, keys}, now);
		if (outcome instanceof ProtocolError) {
			throw outcome;
		}

		return outcome;
	}

	/**
	What can be refused before anything is computed.
	*/
	#checkAdmission(connection: Connection, isResuming = false): void {
		const {presence, limits} = this.#around;
		if (connection.user) {
			throw new ProtocolError('already-logged-in', `This connection is logged in as ${connection.user.name}; disconnect first with "d".`);
		}

		if (connection.isLoggingIn) {
			throw new ProtocolError('busy-try-again', 'A login on this connection is still being checked; wait for its answer.');
		}

		if (!isResuming && presence.size >= limits.users) {
			throw serverFull(limits.users);
		}
	}

	#begin(connection: Connection, done: Done): Done {
		connection.isLoggingIn = true;
		return outcome => {
			connection.isLoggingIn = false;
			done(outcome);
		};
	}

	/**
	The newest login decides which device counts; a change is written before it is told.
	*/
	#bind({connection, account, keys}: Proven, now: number, finish: Done): void {
		const device = deviceOf(keys);
		if (account.device === device) {
			finish(this.#admit({connection, account, keys}, now));
			return;
		}

		this.#around.disk({
			kind: 'device', key: account.key, device, keys, at: Math.floor(now),
		}, (outcome, at) => {
			if (!outcome.ok) {
				finish(failed());
				return;
			}

			account.device = device;
			account.signedPrekey = outcome.answer.signed;
			account.oneTimePrekeys = outcome.answer.oneTime;
			finish(this.#admit({connection, account, keys}, at));
		});
	}

	#admit({connection, account, keys}: Proven, now: number): Reply<'login'> | ProtocolError {
		const {presence, limits, cards, random, welcome} = this.#around;
		if (connection.isClosed) {
			return failed();
		}

		if (presence.get(account.key)) {
			return alreadyOnline(account.name);
		}

		if (presence.size >= limits.users) {
			return serverFull(limits.users);
		}

		const {card, text} = cards.issue(account.name, keys, now);
		const user: User = {
			key: account.key,
			name: account.name,
			connection,
			device: card.device,
			card: text,
			fingerprint: deviceFingerprint(card),
			punch: presence.makePunch(random),
			punches: new RecentTransactions(),
			observed: undefined,
			announced: [],
			sessions: new Set(),
			rooms: new Set(),
			invitations: new Set(),
		};
		connection.user = user;
		presence.add(user);
		welcome(user, now);
		return this.#describe(user, {account, keys}, now);
	}

	/**
	What a user is told of the login, with a fresh token.
	*/
	#describe(user: User, {account, keys}: Pick<Proven, 'account' | 'keys'>, now: number): Reply<'login'> {
		return {
			user: user.name,
			card: user.card,
			token: issueToken(user.name, keys, this.#around.tokenSecret, now),
			punch: punchFields(user),
			prekeys: {...(account.signedPrekey !== undefined && {signed: account.signedPrekey}), oneTime: account.oneTimePrekeys},
		};
	}
}

function deviceOf(keys: DeviceKeys): string {
	return deviceId(Buffer.from(decodeBase64(keys.sign)));
}

function alreadyOnline(name: string): ProtocolError {
	return new ProtocolError('already-online', `${name} is logged in already; one login a name. Leave there first.`);
}

function serverFull(users: number): ProtocolError {
	return new ProtocolError('server-full', `The server serves at most ${users} users at once, and they are here; try again later.`);
}

function failed(): ProtocolError {
	return new ProtocolError('storage-failed', 'The server could not finish the login; nothing was changed. Try again; if it stays so, its operator must look at it.');
}
