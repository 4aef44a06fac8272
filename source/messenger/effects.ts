// What goes in and out of the client core beside datagrams: the world performs the effects and feeds back the inputs.
// Knows their shapes; refuses to know who performs them (runtime/ in a program, test/simulation/ in a test).
import type {HostPort} from '../protocol/addresses.js';
import type {ErrorReport} from '../protocol/errors.js';
import type {Sequences} from '../protocol/sequences.js';
import type {CommandReply, DeliveryState, MessengerEvent} from './events.js';
import type {ConversationKey} from './view.js';

/**
The control connection as the core hears of it.
*/
export type ControlEvent =
	/**
	TLS stands. `fingerprint`: SHA-256 of the server's certificate, hex. `remoteAddress`: the server's IP, whose UDP port hears our PUNCH.
	*/
	| {readonly type: 'opened'; readonly fingerprint: string; readonly remoteAddress: string}
	| {readonly type: 'data'; readonly chunk: Uint8Array}
	/**
	It ended, or never stood. `code`: `unreachable`, `not-tls`, `lost`; `message` is for people.
	*/
	| {readonly type: 'closed'; readonly code: string; readonly message: string};

/**
What came of a `host` effect: the port of the server that now runs inside this process and its certificate, or why there is none.
*/
export type HostedResult =
	| {readonly ok: true; readonly port: number; readonly fingerprint: string}
	| {readonly ok: false; readonly error: ErrorReport};

/**
What came of an `export` effect.
*/
export type ExportResult = {readonly ok: true; readonly lines: number} | {readonly ok: false; readonly error: ErrorReport};

/**
How far an outbox entry has come, as the disk knows it. `stored`: sealed for `device`, with the signed prekey `prekey`, and at the server since `at`.
*/
export type EntryState =
	| {readonly step: 'queued'}
	| {readonly step: 'stored'; readonly device: string; readonly prekey: number; readonly at: number}
	/**
	Received, not read yet: kept so that its reading can be told.
	*/
	| {readonly step: 'delivered'};

/**
What lets others pass a line of a room on (source/protocol/line-proof.ts).
*/
export type LineProof = {
	/**
	When the room was made: a later one of its name is another.
	*/
	readonly made: number;
	/**
	Those for whom the line is meant, each with the line they must have before it.
	*/
	readonly audience: string;
	/**
	By the author's device, base64url.
	*/
	readonly signature: string;
};

/**
A line on its way to one recipient, as the disk keeps it until the recipient has read it.
*/
export type OutboxEntry = {
	readonly id: string;
	/**
	Grows by one with each line of this device.
	*/
	readonly sequence: number;
	/**
	Realm and name under which it was said: it goes out only under the same.
	*/
	readonly realm: string;
	readonly from: string;
	readonly to: string;
	/**
	The conversation it was said in; a session is named after the recipient.
	*/
	readonly place: {readonly kind: 'session' | 'room'; readonly name: string};
	readonly text: string;
	/**
	Ms since the epoch.
	*/
	readonly at: number;
	/**
	Hybrid logical clock of the line.
	*/
	readonly clock: string;
	/**
	In a room with two others at least, where the server says when it was made.
	*/
	readonly proof?: LineProof | undefined;
	readonly state: EntryState;
};

/**
A line in the history of a person (`realm`, `owner`): everybody's own and received ones.
*/
export type HistoryLine = {
	readonly realm: string;
	readonly owner: string;
	/**
	Keyed by the name's key, as conversations are.
	*/
	readonly place: ConversationKey;
	/**
	`DEVICE-SEQUENCE`.
	*/
	readonly id: string;
	readonly device: string;
	readonly sequence: number;
	readonly from: string;
	readonly text: string;
	/**
	Author's wall time, ms since the epoch.
	*/
	readonly at: number;
	readonly clock: string;
	/**
	Own lines: the least advanced state over all recipients. Others': undefined.
	*/
	readonly state: DeliveryState | undefined;
	/**
	Others' lines that came by mail: whether the user has seen them.
	*/
	readonly isUnread: boolean;
	/**
	Others' lines in rooms, for passing them on: the author's proof, which nobody has checked, and card.
	*/
	readonly proof: (LineProof & {readonly card: string}) | undefined;
};

/**
What is asked of the history; answered by `handleRecalled` with lines oldest first (`search`: newest first).
*/
export type HistoryQuery =
	/**
	The `limit` lines before `before` (exclusive; a clock and an id), or the last ones.
	*/
	| {readonly kind: 'page'; readonly realm: string; readonly owner: string; readonly place: ConversationKey; readonly before: {readonly clock: string; readonly id: string} | undefined; readonly limit: number}
	/**
	Lines with all of `words`, each with up to `context` lines before and after it in its conversation.
	*/
	| {readonly kind: 'search'; readonly realm: string; readonly owner: string; readonly words: string; readonly limit: number; readonly context: number}
	/**
	Lines of one author's device in a room made at `made`, by sequence, that `reader` (a name key) can take one after the other: said since `since` (ms
	since the epoch), and not marked for the device. Of the first device, by its name, that has any.
	*/
	| {readonly kind: 'passable'; readonly realm: string; readonly owner: string; readonly place: ConversationKey; readonly made: number; readonly reader: string; readonly marks: ReadonlyMap<string, Sequences>; readonly since: number; readonly limit: number};

/**
A line that was found; `before` and `after` stand only in answers to `search`.
*/
export type Recalled = HistoryLine & {readonly before?: readonly HistoryLine[]; readonly after?: readonly HistoryLine[]};

/**
What came of a question to the history; an error where the disk can't be read.
*/
export type RecallResult = {readonly ok: true; readonly lines: readonly Recalled[]} | {readonly ok: false; readonly error: ErrorReport};

/**
A device key that a name was seen with. `changed`: another than before, and the user has not answered yet.
*/
export type KnownKey = {
	readonly realm: string; readonly owner: string; readonly user: string; readonly device: string; readonly sign: string; readonly agree: string; readonly trust: 'trusted' | 'verified' | 'changed' | 'refused';
};

/**
The private half of one of our prekeys, raw 32 bytes; `madeAt` in ms since the epoch.
*/
export type PrekeySecret = {readonly id: number; readonly kind: 'signed' | 'one-time'; readonly secret: Uint8Array; readonly madeAt: number};

/**
One durable change. All writes of one `store` effect happen together or not at all.
*/
export type StoreWrite =
	| {readonly kind: 'outbox-add'; readonly entry: OutboxEntry}
	| {readonly kind: 'outbox-state'; readonly id: string; readonly to: string; readonly state: EntryState}
	| {readonly kind: 'outbox-remove'; readonly id: string; readonly to: string}
	| {readonly kind: 'history-add'; readonly line: HistoryLine}
	| {readonly kind: 'history-state'; readonly id: string; readonly state: DeliveryState}
	/**
	The user has seen everything of a conversation.
	*/
	| {readonly kind: 'history-read'; readonly realm: string; readonly owner: string; readonly place: ConversationKey}
	/**
	These lines of `device` in `place` (`session` or `room:NAME`), and none else, were shown; a repeated one is dropped.
	Kept by place, because a line that waits for its session may arrive after a later line in a room.
	*/
	| {readonly kind: 'seen'; readonly device: string; readonly place: string; readonly sequences: Sequences}
	/**
	We have read these lines of `device` in `place`.
	*/
	| {readonly kind: 'read'; readonly device: string; readonly place: string; readonly sequences: Sequences}
	/**
	The author of `device`, `to` in `realm`, must be told by mail what we have of its lines in `place`; undefined: has been told.
	*/
	| {readonly kind: 'owe'; readonly device: string; readonly place: string; readonly debt: {readonly realm: string; readonly owner: string; readonly to: string} | undefined}
	/**
	The author of `device`, `to` in `realm`, must be asked to mail again what we can't open of its lines in `place`; undefined: has been asked.
	*/
	| {readonly kind: 'plead'; readonly device: string; readonly place: string; readonly plea: {readonly realm: string; readonly owner: string; readonly to: string} | undefined}
	/**
	A mail was taken in and must not be again, until the server has heard that it may be deleted.
	*/
	| {readonly kind: 'mail-taken' | 'mail-forgotten'; readonly server: string; readonly number: number}
	| {readonly kind: 'prekey-add'; readonly prekey: PrekeySecret}
	| {readonly kind: 'prekey-remove'; readonly id: number}
	| {readonly kind: 'contact-add' | 'contact-remove'; readonly realm: string; readonly owner: string; readonly user: string}
	| {readonly kind: 'known-key'; readonly key: KnownKey}
	/**
	We left while the server was away, at `at`; undefined: it has been told.
	*/
	| {readonly kind: 'departure'; readonly server: string; readonly user: string; readonly at: number | undefined}
	/**
	Sequences below this may have been used.
	*/
	| {readonly kind: 'sequence'; readonly next: number}
	/**
	Trust on first use: this server has this certificate and root key; `fingerprint` undefined forgets it.
	*/
	| {readonly kind: 'pin'; readonly server: string; readonly fingerprint: string | undefined; readonly rootKey: string | undefined}
	| {readonly kind: 'login'; readonly server: string; readonly user: string; readonly token: string};

/**
What the disk gave back at start. `outbox` in the order of `sequence`; `seen` by source; `pins` and `logins` by server (`host:port`).
*/
export type StoredState = {
	readonly outbox: readonly OutboxEntry[];
	/**
	Keyed by `device place`.
	*/
	readonly seen: ReadonlyMap<string, Sequences>;
	/**
	Keyed by `device place`, as `seen`.
	*/
	readonly read: ReadonlyMap<string, Sequences>;
	readonly debts: ReadonlyMap<string, {readonly realm: string; readonly owner: string; readonly to: string}>;
	/**
	Keyed by `device place`, as `seen`.
	*/
	readonly pleas: ReadonlyMap<string, {readonly realm: string; readonly owner: string; readonly to: string}>;
	/**
	`server number` of each.
	*/
	readonly takenMail: ReadonlySet<string>;
	readonly prekeys: readonly PrekeySecret[];
	readonly contacts: ReadonlyArray<{readonly realm: string; readonly owner: string; readonly user: string}>;
	readonly knownKeys: readonly KnownKey[];
	/**
	Keyed by `server user`.
	*/
	readonly departures: ReadonlyMap<string, number>;
	/**
	Lines that came by mail and were not seen yet: how many of whom, since when.
	*/
	readonly unread: ReadonlyArray<{readonly realm: string; readonly owner: string; readonly place: ConversationKey; readonly from: string; readonly count: number; readonly since: number}>;
	readonly nextSequence: number;
	readonly pins: ReadonlyMap<string, {readonly fingerprint: string; readonly rootKey: string | undefined}>;
	readonly logins: ReadonlyMap<string, {readonly user: string; readonly token: string}>;
};

/**
What the core wants done. Effects are to be performed in order.
*/
export type Effect =
	/**
	Open a TLS connection to the control server; at most one is wanted at a time.
	It is answered by `opened`, then `data`, then one `closed`; or by `closed` alone.
	*/
	| {readonly type: 'connect'; readonly server: HostPort}
	| {readonly type: 'send'; readonly line: string}
	/**
	End the connection once what was sent has gone out; nothing more is to be heard of it, not even `closed`.
	*/
	| {readonly type: 'disconnect'}
	/**
	Answered by `handleStored(batch)` once durable; batches become durable, and are answered, in their order.
	*/
	| {readonly type: 'store'; readonly batch: number; readonly writes: readonly StoreWrite[]}
	/**
	Look something up in the history; answered by `handleRecalled(recall, result)`, once everything stored before is in it.
	*/
	| {readonly type: 'recall'; readonly recall: number; readonly query: HistoryQuery}
	/**
	Write a conversation's history to a new file; answered by `handleExported(task, result)`.
	*/
	| {readonly type: 'export'; readonly task: number; readonly path: string; readonly format: 'text' | 'json'; readonly realm: string; readonly owner: string; readonly place: ConversationKey}
	| {readonly type: 'event'; readonly event: MessengerEvent}
	/**
	The one answer to `handleCommand(line, tag)`.
	*/
	| {readonly type: 'reply'; readonly tag: number; readonly reply: CommandReply}
	/**
	Send an empty datagram to a peer that keeps us waiting, from a port of its own; answered by `handleUnreachable(address)` if it is refused.
	*/
	| {readonly type: 'poke'; readonly address: string}
	/**
	Start a control server inside this process; answered by `handleHosted`.
	*/
	| {readonly type: 'host'; readonly port: number | undefined}
	/**
	All is said and done: leave.
	*/
	| {readonly type: 'quit'};
