// What the core asks of the disk: changes that are durable before anybody is told of them, and questions.
// Knows the shapes of both and of their answers; refuses to know tables. Names are keys (nameKey), times are ms since the epoch.
import type {
	DeviceKeys,
	Prekey,
	SignedPrekey,
	WaitingRow,
} from '../../source/protocol/messages.js';

/**
A login or logout as the register keeps it; `user` is the name as it is shown.
*/
export type RegisterRow = {
	readonly at: number;
	readonly user: string;
	readonly event: 'login' | 'logout';
	/**
	`ip:port` of the connection.
	*/
	readonly address: string;
	/**
	How a logout came: a good-bye, a broken connection, the server's own end or crash (`at` is then the last moment it is known to have lived),
	or the user's later word that it left while the server was away.
	*/
	readonly how: 'bye' | 'lost' | 'shutdown' | 'crash' | 'departed' | undefined;
};

/**
A mail on its way to disk.
*/
export type SentMail = {
	readonly user: string;
	readonly device: string;
	readonly sender: string;
	readonly senderDevice: string;
	/**
	The sender's own id for it.
	*/
	readonly mail: string;
	/**
	Name of the room as it is shown.
	*/
	readonly room: string | undefined;
	readonly slot: string | undefined;
	/**
	The sender's card.
	*/
	readonly card: string;
	readonly at: number;
	readonly sealed: string;
};

/**
A mail as it comes back from disk.
*/
export type StoredMail = Pick<SentMail, 'sender' | 'room' | 'slot' | 'card' | 'at' | 'sealed'> & {readonly number: number};

/**
Whose mail: a user's, by key, on one of its devices.
*/
export type MailboxName = {readonly user: string; readonly device: string};

/**
What waits for one device.
*/
export type Waiting = {
	/**
	By sender and room, oldest first; `user` is the sender's name key.
	*/
	readonly rows: readonly WaitingRow[];
	readonly slots: number;
};

/**
What the server holds of a device's prekeys.
*/
export type HeldPrekeys = {
	/**
	Id of the signed one.
	*/
	readonly signed: number | undefined;
	readonly oneTime: number;
};

/**
Prekeys that were handed out, and how many one-time ones are left.
*/
export type TakenPrekeys = {readonly keys: DeviceKeys; readonly signed: SignedPrekey; readonly oneTime: readonly Prekey[]; readonly left: number};

/**
A change that must be on disk before anybody is told of it.
*/
export type Write =
	| {readonly kind: 'account'; readonly key: string; readonly name: string; readonly hash: string; readonly device: string; readonly keys: DeviceKeys; readonly at: number}
	/**
	The account's newest device.
	*/
	| {readonly kind: 'device'; readonly key: string; readonly device: string; readonly keys: DeviceKeys; readonly at: number}
	/**
	A room with its first members: present ones, or, where `isPrivate`, those who are about to enter and count as away until then.
	*/
	| {readonly kind: 'room'; readonly key: string; readonly name: string; readonly creator: string; readonly isPrivate: boolean; readonly members: readonly string[]; readonly at: number}
	| {readonly kind: 'room-closed'; readonly key: string}
	| {readonly kind: 'member'; readonly room: string; readonly user: string}
	/**
	A member is not there any more, but stays one; changes nothing where it is none.
	*/
	| {readonly kind: 'member-away'; readonly room: string; readonly user: string; readonly at: number}
	/**
	Nobody is there: the server has just started.
	*/
	| {readonly kind: 'members-away'; readonly at: number}
	| {readonly kind: 'member-gone'; readonly room: string; readonly user: string}
	| {readonly kind: 'invited'; readonly room: string; readonly user: string; readonly at: number}
	| {readonly kind: 'prekeys'; readonly user: string; readonly device: string; readonly signed: SignedPrekey | undefined; readonly oneTime: readonly Prekey[]; readonly isReplacing: boolean}
	| {readonly kind: 'prekeys-taken'; readonly user: string; readonly device: string; readonly count: number; readonly at: number}
	| ({readonly kind: 'mail'} & SentMail)
	| {readonly kind: 'mail-taken'; readonly user: string; readonly device: string; readonly numbers: readonly number[]}
	/**
	Mail that came before `at`, and the memory of one-time prekeys handed out before then.
	*/
	| {readonly kind: 'expired'; readonly at: number}
	| {readonly kind: 'register'; readonly row: RegisterRow}
	/**
	The server lives.
	*/
	| {readonly kind: 'alive'; readonly at: number};

/**
A question. `fetch` gives a page of a device's mail, of all, of one room (by key), or of those with a slot.
*/
export type Query =
	| {readonly kind: 'keys'; readonly user: string; readonly device: string}
	| {readonly kind: 'waiting'; readonly user: string; readonly device: string}
	| {readonly kind: 'fetch'; readonly user: string; readonly device: string; readonly after: number; readonly room: string | undefined; readonly slots: boolean};

type Answers = {
	device: HeldPrekeys;
	/**
	One-time prekeys held now.
	*/
	prekeys: number;
	/**
	`undefined` when that device has none.
	*/
	'prekeys-taken': TakenPrekeys | undefined;
	/**
	When it came, and whether it is new; `undefined` when the box is full.
	*/
	mail: {readonly at: number; readonly isNew: boolean} | undefined;
	keys: DeviceKeys | undefined;
	waiting: Waiting;
	fetch: {readonly mails: readonly StoredMail[]; readonly more: boolean};
};

/**
What a write or query of this kind is answered with; most writes with nothing.
*/
export type Answer<Kind> = Kind extends keyof Answers ? Answers[Kind] : undefined;

/**
What became of a write or query: durable or found, or failed.
*/
export type Outcome<Kind> = {readonly ok: true; readonly answer: Answer<Kind>} | {readonly ok: false};

/**
Asks the disk; `done` comes when the answer is certain.
*/
export type AskDisk = <Request extends Query | Write>(request: Request, done?: (outcome: Outcome<Request['kind']>, now: number) => void) => void;
