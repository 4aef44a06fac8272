// Everything client and server say to each other, as schemas: requests with their replies, and notices.
// Knows the shape of each message; refuses to know when one is allowed (server/core/commands.ts does).
// Wire: one JSON object a line. Request {id, op, …}; reply {id, ok: true, …} or {id, ok: false, error}; notice {event, …}.
import * as v from 'valibot';
import {isIpAddress} from './addresses.js';
import {maximumCardLength} from './cards.js';
import {
	maximumAddresses,
	maximumAwayMembers,
	maximumBundleKeys,
	maximumOneTimePrekeys,
	maximumPasswordBytes,
	maximumRoomMembers,
	maximumRowsPerLine,
	maximumSealedLength,
} from './limits.js';
import {nameProblem} from './names.js';

const name = v.pipe(v.string(), v.maxLength(128), v.rawCheck(({dataset, addIssue}) => {
	const problem = dataset.typed ? nameProblem(dataset.value) : undefined;
	if (problem !== undefined) {
		addIssue({message: problem});
	}
}));
const identifier = v.pipe(v.string(), v.regex(/^[\w\-]{1,64}$/v, 'An id is 1 to 64 letters, digits, "_" or "-".'));
const key = v.pipe(v.string(), v.regex(/^[\w\-]{43}$/v, 'A key is 32 bytes in base64url.'));
const secret = v.pipe(v.string(), v.regex(/^[\w\-]{22,86}$/v));
const punchId = v.pipe(v.string(), v.regex(/^[\da-f]{8}$/v));
const address = v.pipe(v.string(), v.maxLength(60), v.check(isIpAddress, 'An address is ip:port.'));
const card = v.pipe(v.string(), v.maxLength(maximumCardLength));
const text = v.pipe(v.string(), v.maxLength(500));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const token = v.pipe(v.string(), v.maxLength(1000));
const password = v.pipe(v.string(), v.minLength(1, 'A password is empty.'), v.maxBytes(maximumPasswordBytes, `A password has at most ${maximumPasswordBytes} bytes.`));
const device = v.object({sign: key, agree: key});
const deviceName = v.pipe(v.string(), v.regex(/^[\da-f]{16}$/v, 'A device id is 16 hex digits.'));
const prekeyId = v.pipe(count, v.maxValue(0xFF_FF_FF_FF));

const userRow = v.object({name, online: v.boolean()});
/**
`members` counts those present. A private room shows itself to its invited members only.
*/
const roomRow = v.object({
	name, creator: name, members: count, private: v.optional(v.boolean()),
});

/**
A device's X25519 prekeys, for mail to it while it is away (X3DH, section 3.2). The signed one carries the device's Ed25519 signature.
*/
const prekey = v.object({id: prekeyId, key});
const signedPrekey = v.object({id: prekeyId, key, signature: v.pipe(v.string(), v.regex(/^[\w\-]{86}$/v))});

/**
What waits for a user from one sender: lines to the session, or to one room; `since` in ms since the epoch.
*/
const waitingRow = v.object({
	user: name, room: v.optional(name), count, since: count,
});

/**
A mail as its reader gets it. `number` grows in the order in which the mails came.
*/
const mail = v.object({
	number: count, from: name, card, room: v.optional(name), slot: v.optional(identifier), at: count, sealed: v.string(),
});

/**
How to reach a peer: its card, where it may be found, and the secret that the two share for opening a path.
*/
const introduction = v.object({
	user: name,
	card,
	addresses: v.pipe(v.array(address), v.maxLength(2 * maximumAddresses)),
	punch: v.object({sid: punchId, secret}),
});
const introductions = v.pipe(v.array(introduction), v.maxLength(maximumRoomMembers));

/**
What a login brings, however it was proved.
*/
const loggedIn = {
	user: name,
	/**
	This device's card, signed by the realm's root.
	*/
	card,
	/**
	Proves the same user and device again without a password.
	*/
	token,
	/**
	Shows the server our UDP address: PUNCH datagrams to `udpPort` under this secret.
	*/
	punch: v.object({sid: punchId, secret}),
	/**
	What the server holds of this device's prekeys.
	*/
	prekeys: v.object({signed: v.optional(prekeyId), oneTime: count}),
};

const rows = {after: v.optional(v.string())};
const page = {more: v.boolean()};

/**
Each request with the fields it carries and the fields of its reply.
*/
export const operations = {
	hello: {
		request: {protocol: v.pipe(v.number(), v.integer()), program: text},
		reply: {
			protocol: v.pipe(v.number(), v.integer()), program: text, rootKey: key, udpPort: count, term: count,
		},
	},
	register: {request: {user: name, password, device}, reply: loggedIn},
	login: {request: {user: name, password, device}, reply: loggedIn},
	resume: {request: {token, device}, reply: loggedIn},
	/**
	All users, in pages ordered by name: ask again with `after` the last name while `more`.
	*/
	lu: {request: rows, reply: {users: v.array(userRow), ...page}},
	/**
	Connected users.
	*/
	lcu: {request: rows, reply: {users: v.array(userRow), ...page}},
	lr: {request: rows, reply: {rooms: v.array(roomRow), ...page}},
	lru: {request: {room: name}, reply: {room: name, users: v.array(name)}},
	whois: {
		request: {user: name}, reply: {
			user: name, online: v.boolean(), address: v.optional(address), fingerprint: v.optional(text), card: v.optional(card),
		},
	},
	/**
	The addresses this client believes it has, beside the one the server sees.
	*/
	announce: {request: {addresses: v.pipe(v.array(address), v.maxLength(maximumAddresses))}, reply: {}},
	/**
	Ask `user` for a session; what comes of it arrives as `session` notices with the same id.
	*/
	open: {request: {user: name}, reply: {session: identifier, expiresInMs: count}},
	/**
	Answer a `request` notice.
	*/
	answer: {request: {session: identifier, answer: v.picklist(['accept', 'decline', 'busy'])}, reply: {}},
	/**
	Leave a session, or withdraw a request for one. Who asks gets the reply, the other end the notice; so it is with rooms.
	`heard`: the other end has left, and said so on the link; the server may not know yet.
	*/
	close: {request: {session: identifier, heard: v.optional(v.boolean())}, reply: {}},
	/**
	Enter a room, creating it where there is none.
	*/
	enter: {
		request: {room: name}, reply: {
			room: name,
			creator: name,
			created: v.boolean(),
			/**
			When the room was made, ms since the epoch by the server's clock: one that was closed and made anew is another.
			*/
			made: v.optional(count),
			private: v.optional(v.boolean()),
			members: introductions,
			/**
			Members who are not here now but have not left: lines are kept for them.
			*/
			away: v.pipe(v.array(name), v.maxLength(maximumAwayMembers)),
		},
	},
	/**
	Leave a room for good. Whose connection just ends stays a member in absence.
	*/
	leave: {request: {room: name}, reply: {}},
	/**
	Close a room for everyone; its creator only.
	*/
	'close-room': {request: {room: name}, reply: {}},
	/**
	After a reconnect: the sessions that still stand between the peers. Rooms are entered again with `enter`.
	`restored` says whether the other end is here too; when it comes later, both get a `peer` notice then.
	*/
	restore: {request: {session: identifier, with: name}, reply: {restored: v.boolean()}},
	/**
	Makes a private room out of a session and invites `user`; the other side of the session is told with a `group` notice. Both sides belong to
	the room, away until they enter.
	*/
	group: {request: {session: identifier, user: name}, reply: {room: name, invitation: identifier, expiresInMs: count}},
	/**
	Asks `user` into a room one is in; `invitation-ended` tells what came of it.
	*/
	invite: {request: {room: name, user: name}, reply: {invitation: identifier, expiresInMs: count}},
	/**
	Answer an `invitation` notice. Who accepts may `enter` then.
	*/
	'answer-invitation': {request: {invitation: identifier, answer: v.picklist(['accept', 'decline', 'busy'])}, reply: {room: name}},
	/**
	Adds prekeys of this device; a signed one takes the place of the one before. A one-time prekey whose id was published before is passed over,
	and so are those beyond the 100th: the reply says how many there are. `replace`: the device has lost the private halves of the one-time
	prekeys that are held, which are dropped before.
	*/
	publish: {
		request: {signed: v.optional(signedPrekey), oneTime: v.pipe(v.array(prekey), v.maxLength(maximumOneTimePrekeys)), replace: v.optional(v.boolean())},
		reply: {oneTime: count},
	},
	/**
	What is needed to seal mail to a user: of `device`, or of the one that logged in last. Each one-time prekey is handed out once.
	*/
	bundle: {
		request: {user: name, device: v.optional(deviceName), count: v.pipe(count, v.maxValue(maximumBundleKeys))},
		reply: {
			user: name, card, signed: signedPrekey, oneTime: v.pipe(v.array(prekey), v.maxLength(maximumBundleKeys)),
		},
	},
	/**
	Keep a sealed mail for a device of `to`, the one that logged in last, else it is refused with `device-changed`; the reply says that it is
	durable. `mail` is the sender's own id for it: a repeated one is answered alike and kept once. With `slot` it takes the place of the sender's earlier mail in that slot, and no quota counts it.
	*/
	mail: {
		request: {
			to: name, device: deviceName, mail: identifier, room: v.optional(name), slot: v.optional(identifier), sealed: v.pipe(v.string(), v.regex(/^[\w\-]*$/v), v.maxLength(maximumSealedLength)),
		},
		reply: {at: count},
	},
	/**
	The mails that wait for this device, oldest first, after number `after`: all, those of one room, or with `slots` only those that have a slot.
	*/
	fetch: {
		request: {after: v.optional(count), room: v.optional(name), slots: v.optional(v.boolean())},
		reply: {mails: v.array(mail), ...page},
	},
	/**
	These mails are safe with their reader and are deleted.
	*/
	ack: {request: {mails: v.pipe(v.array(count), v.maxLength(maximumRowsPerLine))}, reply: {}},
	/**
	For the register: this user left at `at` (ms since the epoch) while the server was away.
	*/
	departed: {request: {at: count}, reply: {}},
	ping: {request: {}, reply: {}},
	/**
	A clean good-bye: sessions and rooms are left, then the connection ends. With `staying` only the connection is: what stands between
	the peers goes on.
	*/
	bye: {request: {staying: v.optional(v.boolean())}, reply: {}},
} as const;

/**
What the server says unasked.
*/
export const notices = {
	/**
	Users whose presence changed; right after login with `snapshot` those who are online, in as many lines as it takes.
	*/
	presence: {users: v.pipe(v.array(userRow), v.maxLength(maximumRowsPerLine)), snapshot: v.optional(v.boolean())},
	/**
	Rooms that changed and names of rooms that are gone; right after login with `snapshot`.
	*/
	rooms: {rooms: v.pipe(v.array(roomRow), v.maxLength(maximumRowsPerLine)), gone: v.pipe(v.array(name), v.maxLength(maximumRowsPerLine)), snapshot: v.optional(v.boolean())},
	/**
	Somebody asks us for a session.
	*/
	request: {session: identifier, from: name, expiresInMs: count},
	/**
	A request to us ended without our answer.
	*/
	withdrawn: {session: identifier, from: name, reason: v.picklist(['withdrawn', 'timeout', 'gone'])},
	/**
	What became of a session: `peer` comes with `open`.
	*/
	session: {
		session: identifier,
		with: name,
		state: v.picklist(['open', 'declined', 'unavailable', 'closed', 'gone']),
		reason: v.optional(text),
		peer: v.optional(introduction),
	},
	/**
	A room we are in: somebody entered (with `peer`), left, vanished without good-bye, or closed it.
	*/
	room: {
		room: name,
		change: v.picklist(['entered', 'left', 'gone', 'closed']),
		user: name,
		peer: v.optional(introduction),
		/**
		With `left` and `gone`: still a member, in absence.
		*/
		away: v.optional(v.boolean()),
	},
	/**
	A session we were in has become a private room, to which we belong: enter it.
	*/
	group: {session: identifier, room: name, from: name},
	/**
	Somebody asks us into a room.
	*/
	invitation: {
		invitation: identifier, room: name, from: name, expiresInMs: count,
	},
	/**
	To who asked: what became of an invitation. To who was asked, with `withdrawn`, `timeout` or `gone`: it no longer stands.
	*/
	'invitation-ended': {
		invitation: identifier, room: name, with: name, outcome: v.picklist(['accepted', 'declined', 'busy', 'timeout', 'gone', 'withdrawn']),
	},
	/**
	The whole picture of what waits for this device: after login when anything does, and whenever it grows.
	*/
	mail: {waiting: v.pipe(v.array(waitingRow), v.maxLength(maximumRowsPerLine)), slots: count},
	/**
	So few one-time prekeys of this device are left: publish more.
	*/
	prekeys: {oneTime: count},
	/**
	A partner in a session or room has a new address or card.
	*/
	peer: {peer: introduction},
	/**
	The UDP address under which the server sees us.
	*/
	address: {seen: address},
	/**
	The server ends this connection, or all of itself: why.
	*/
	closing: {code: v.picklist(['shutdown', 'replaced', 'slow-reader', 'flood', 'timeout', 'bad-request']), message: text},
} as const;

/**
The name of a request.
*/
export type Operation = keyof typeof operations;

type Fields<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>>;

/**
A request as the server gets it.
*/
export type Request<Name extends Operation = Operation> = {[N in Name]: {id: number; op: N} & Fields<(typeof operations)[N]['request']>}[Name];

/**
What a successful reply to `Name` carries.
*/
export type Reply<Name extends Operation = Operation> = {[N in Name]: Fields<(typeof operations)[N]['reply']>}[Name];

/**
The name of a notice.
*/
export type NoticeName = keyof typeof notices;

/**
A notice as the client gets it.
*/
export type Notice<Name extends NoticeName = NoticeName> = {[N in Name]: {event: N} & Fields<(typeof notices)[N]>}[Name];

/**
How to reach a peer.
*/
export type Introduction = v.InferOutput<typeof introduction>;
export type Prekey = v.InferOutput<typeof prekey>;
export type SignedPrekey = v.InferOutput<typeof signedPrekey>;
export type Mail = v.InferOutput<typeof mail>;
export type WaitingRow = v.InferOutput<typeof waitingRow>;
export type UserRow = v.InferOutput<typeof userRow>;
export type RoomRow = v.InferOutput<typeof roomRow>;
/**
A device's two public keys, raw 32 bytes in base64url.
*/
export type DeviceKeys = v.InferOutput<typeof device>;

/**
A reply as it stands on the wire; its fields are checked against the request it answers.
*/
export type ReplyEnvelope = {id: number; ok: true; [field: string]: unknown} | {id: number; ok: false; error: {code: string; message: string}};
