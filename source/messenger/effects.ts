// What goes in and out of the client core beside datagrams: the world performs the effects and feeds back the inputs.
// Knows their shapes; refuses to know who performs them (runtime/ in a program, test/simulation/ in a test).
import type {HostPort} from '../protocol/addresses.js';
import type {ErrorReport} from '../protocol/errors.js';
import type {CommandReply, MessengerEvent} from './events.js';

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
A line on its way to one recipient, as the disk keeps it until the recipient's receipt.
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
};

/**
One durable change. All writes of one `store` effect happen together or not at all.
*/
export type StoreWrite =
	| {readonly kind: 'outbox-add'; readonly entry: OutboxEntry}
	| {readonly kind: 'outbox-remove'; readonly id: string; readonly to: string}
	/**
	Lines of `device` in `place` (`session` or `room:NAME`) up to `sequence` were shown; a repeated one is dropped.
	Kept by place, because a line that waits for its session may arrive after a later line in a room.
	*/
	| {readonly kind: 'seen'; readonly device: string; readonly place: string; readonly sequence: number}
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
	readonly seen: ReadonlyMap<string, number>;
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
