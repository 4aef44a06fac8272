// Every operation a client may ask for: who may, how the query log calls it, what it does.
// The policy stands in one table and is checked once (server-core.ts); what an operation means is told by source/protocol/messages.ts.
import {deviceFingerprint} from '../../source/protocol/cards.js';
import {maximumAddresses, protocolVersion} from '../../source/protocol/limits.js';
import {ProtocolError} from '../../source/protocol/errors.js';
import type {Operation, Reply, Request} from '../../source/protocol/messages.js';
import {nameKey} from '../../source/protocol/names.js';
import type {Account, Accounts} from './accounts.js';
import type {AddressBuckets} from './buckets.js';
import type {Invitations} from './invitations.js';
import type {Logins} from './logins.js';
import type {Mailbox} from './mailbox.js';
import type {Notices} from './notices.js';
import type {Prekeys} from './prekeys.js';
import type {Presence} from './presence.js';
import {isReachable} from './reachable.js';
import type {Register} from './register.js';
import type {Rooms} from './rooms.js';
import type {Sessions} from './sessions.js';
import type {Connection, User} from './state.js';

/**
What commands work on.
*/
export type House = {
	readonly accounts: Accounts;
	readonly presence: Presence;
	readonly sessions: Sessions;
	readonly rooms: Rooms;
	readonly invitations: Invitations;
	readonly mailbox: Mailbox;
	readonly prekeys: Prekeys;
	readonly register: Register;
	readonly logins: Logins;
	readonly notices: Notices;
	/**
	The realm's public root key.
	*/
	readonly rootKey: string;
	readonly loginBuckets: AddressBuckets;
	readonly program: string;
	readonly term: number;
	udpPort: number;
};

/**
One request on its way. Its answer is given once: by what `run` returns or throws, or later by `reply` or `settle`.
*/
export type Call<Name extends Operation = Operation> = {
	readonly now: number;
	readonly reply: (fields: Reply<Name>) => void;
	readonly settle: (outcome: Reply<Name> | ProtocolError) => void;
};

type Policy<Name extends Operation> = {
	/**
	Tokens it takes from the login bucket of the address.
	*/
	readonly loginCost?: number;
	/**
	Its name in the query log, as a user types it; absent for what no user types.
	*/
	readonly word?: string | ((request: Request<Name>) => string | undefined);
	readonly argument?: (request: Request<Name>) => string | undefined;
};

type Result<Name extends Operation> = Reply<Name> | undefined;

/**
A row of the table. `undefined` from `run` means that the answer comes later.
*/
export type Command<Name extends Operation> = Policy<Name> & (
	| {readonly needs: 'nothing' | 'hello'; run(house: House, connection: Connection, request: Request<Name>, call: Call<Name>): Result<Name>}
	| {readonly needs: 'login'; run(house: House, user: User, request: Request<Name>, call: Call<Name>): Result<Name>}
);

function accountOf({accounts}: House, name: string): Account {
	const account = accounts.find(name);
	if (!account) {
		throw new ProtocolError('no-such-user', `There is no user ${name}; "lu" lists them.`);
	}

	return account;
}

function logOnce(word: string) {
	return ({after}: {readonly after?: string | undefined}) => after === undefined ? word : undefined;
}

const userArgument = ({user}: {readonly user: string}) => user;
const roomArgument = ({room}: {readonly room: string}) => room;

/**
The table.
*/
export const commands: {readonly [Name in Operation]: Command<Name>} = {
	hello: {
		needs: 'nothing',
		run({rootKey, program, term, udpPort}, connection, {protocol}) {
			if (protocol !== protocolVersion) {
				throw new ProtocolError('protocol-version', `This server speaks version ${protocolVersion} of the protocol, the client version ${protocol}; update the older of the two.`);
			}

			connection.hasGreeted = true;
			return {
				protocol: protocolVersion, program, rootKey, udpPort, term,
			};
		},
	},
	register: {
		needs: 'hello', loginCost: 1, word: 'register', argument: userArgument,
		run({logins}, connection, request, {settle}) {
			logins.register(connection, request, settle);
			return undefined;
		},
	},
	login: {
		needs: 'hello', loginCost: 1, word: 'login', argument: userArgument,
		run({logins}, connection, request, {settle}) {
			logins.login(connection, request, settle);
			return undefined;
		},
	},
	resume: {
		needs: 'hello', loginCost: 0.1, word: 'resume',
		run: ({logins}, connection, request, {now}) => logins.resume(connection, request, now),
	},
	lu: {
		needs: 'login', word: logOnce('lu'),
		run({accounts, presence}, _user, {after}) {
			const {rows: users, more} = accounts.names.page(after, key => ({name: accounts.get(key).name, online: presence.get(key) !== undefined}));
			return {users, more};
		},
	},
	lcu: {
		needs: 'login', word: logOnce('lcu'),
		run({accounts, presence}, _user, {after}) {
			const {rows: users, more} = presence.names.page(after, key => ({name: accounts.get(key).name, online: true}));
			return {users, more};
		},
	},
	lr: {
		needs: 'login', word: logOnce('lr'),
		run({rooms}, user, {after}) {
			const {rows, more} = rooms.list.page(user, after);
			return {rooms: rows, more};
		},
	},
	lru: {
		needs: 'login', word: 'lru', argument: roomArgument,
		run: ({rooms}, user, {room}) => rooms.members(room, user),
	},
	whois: {
		needs: 'login', word: 'whois', argument: userArgument,
		run(house, _user, {user: name}, {settle}) {
			const account = accountOf(house, name);
			const user = house.presence.get(account.key);
			if (user) {
				return {
					user: user.name, online: true, address: user.observed ?? user.connection.remote, fingerprint: user.fingerprint, card: user.card,
				};
			}

			house.prekeys.card(account, issued => {
				settle({user: account.name, online: false, ...(issued && {fingerprint: deviceFingerprint(issued.card), card: issued.text})});
			});
			return undefined;
		},
	},
	announce: {
		needs: 'login',
		run({notices}, user, {addresses}) {
			const usable = addresses.filter(address => isReachable(address)).slice(0, maximumAddresses);
			if (usable.join(' ') !== user.announced.join(' ')) {
				user.announced = usable;
				notices.noteMoved(user);
			}

			return {};
		},
	},
	open: {
		needs: 'login', word: 'o', argument: userArgument,
		run(house, user, {user: name}, {now, reply}) {
			house.sessions.open(user, accountOf(house, name), now, reply);
			return undefined;
		},
	},
	answer: {
		needs: 'login', word: ({answer}) => answer === 'busy' ? undefined : answer,
		run({sessions}, user, {session, answer}, {reply}) {
			sessions.answer(user, session, answer, reply);
			return undefined;
		},
	},
	close: {
		needs: 'login', word: ({heard}) => heard ? undefined : 'cs',
		run({sessions}, user, {session}) {
			sessions.close(user, session);
			return {};
		},
	},
	enter: {
		needs: 'login', word: 'or', argument: roomArgument,
		run({rooms}, user, {room}, {now, settle}) {
			rooms.enter(user, room, now, settle);
			return undefined;
		},
	},
	leave: {
		needs: 'login', word: 'cs', argument: roomArgument,
		run({rooms, invitations}, user, {room}, {now, settle}) {
			for (const left of user.rooms) {
				if (left.key === nameKey(room)) {
					invitations.dropRoom(left, user);
				}
			}

			rooms.leave(user, room, now, settle);
			return undefined;
		},
	},
	'close-room': {
		needs: 'login', word: 'cr', argument: roomArgument,
		run({rooms}, user, {room}, {settle}) {
			rooms.close(user, room, settle);
			return undefined;
		},
	},
	restore: {
		needs: 'login',
		run(house, user, {session, with: name}, {now, reply}) {
			house.sessions.restore(user, {id: session, account: accountOf(house, name), now}, reply);
			return undefined;
		},
	},
	group: {
		needs: 'login', word: 'add', argument: userArgument,
		run(house, user, {session, user: name}, {now, settle}) {
			house.invitations.group(user, {session, account: accountOf(house, name), now}, settle);
			return undefined;
		},
	},
	invite: {
		needs: 'login', word: 'add', argument: userArgument,
		run(house, user, {room, user: name}, {now, reply}) {
			house.invitations.invite(user, {room, account: accountOf(house, name), now}, reply);
			return undefined;
		},
	},
	'answer-invitation': {
		needs: 'login', word: ({answer}) => answer === 'busy' ? undefined : answer,
		run({invitations}, user, request, {now, settle}) {
			invitations.answer(user, request, now, settle);
			return undefined;
		},
	},
	publish: {
		needs: 'login',
		run({prekeys}, user, request, {settle}) {
			prekeys.publish(user, request, settle);
			return undefined;
		},
	},
	bundle: {
		needs: 'login',
		run(house, _user, request, {now, settle}) {
			house.prekeys.take(accountOf(house, request.user), request, now, settle);
			return undefined;
		},
	},
	mail: {
		// A receipt, which comes in a slot, is nothing that a user does.
		needs: 'login', word: ({slot}) => slot === undefined ? 'mail' : undefined, argument: ({to}) => to,
		run(house, user, request, {now, settle}) {
			house.mailbox.keep(user, accountOf(house, request.to), {request, now}, settle);
			return undefined;
		},
	},
	fetch: {
		needs: 'login',
		run({mailbox}, user, request, {settle}) {
			mailbox.fetch(user, request, settle);
			return undefined;
		},
	},
	ack: {
		needs: 'login',
		run({mailbox}, user, request, {settle}) {
			mailbox.acknowledge(user, request, settle);
			return undefined;
		},
	},
	departed: {
		needs: 'login',
		run({register}, user, {at}, {now}) {
			register.depart(user, at, now);
			return {};
		},
	},
	ping: {
		needs: 'nothing',
		run: () => ({}),
	},
	bye: {
		needs: 'nothing', word: 'd',
		run: () => ({}),
	},
};

