// The server's own numbers, beside those it shares with its clients (source/protocol/limits.ts).
// Knows defaults; refuses to know who enforces them.
import {requestBurst, requestRate} from '../../source/protocol/costs.js';
import {loginTimeoutMs, silenceTimeoutMs} from '../../source/protocol/limits.js';

/**
What an operator or a test may change. Rates are a number a second, bursts a number at once, times ms.
*/
export type Limits = {
	/**
	Users logged in at the same time; the next one is refused `server-full`.
	*/
	readonly users: number;
	/**
	Requests of one connection: each costs what source/protocol/costs.ts says.
	*/
	readonly requestRate: number;
	readonly requestBurst: number;
	/**
	Logins from one address: a password costs 1, a resume token less.
	*/
	readonly loginRate: number;
	readonly loginBurst: number;
	/**
	Connections of one address that have not logged in.
	*/
	readonly strangersPerAddress: number;
	/**
	Open sessions and requests of one user.
	*/
	readonly sessionsPerUser: number;
	/**
	Invitations of one user, and to one user, that wait for an answer.
	*/
	readonly invitationsPerUser: number;
	/**
	Rooms one user may be in at once.
	*/
	readonly roomsPerUser: number;
	/**
	Rooms one user may have created and not closed.
	*/
	readonly roomsPerCreator: number;
	/**
	From TCP accept to a valid `hello`.
	*/
	readonly helloTimeoutMs: number;
	/**
	Longest silence of a connection.
	*/
	readonly silenceTimeoutMs: number;
	/**
	How long a session with one end missing waits for it to be restored.
	*/
	readonly restoreTimeoutMs: number;
};

export const defaultLimits: Limits = {
	users: 10_000,
	requestRate,
	requestBurst,
	loginRate: 20,
	loginBurst: 100,
	strangersPerAddress: 256,
	sessionsPerUser: 64,
	invitationsPerUser: 64,
	roomsPerUser: 32,
	roomsPerCreator: 64,
	helloTimeoutMs: loginTimeoutMs,
	silenceTimeoutMs,
	restoreTimeoutMs: 30_000,
};

const dayMs = 24 * 60 * 60 * 1000;

/**
A card is valid this long; every login brings a fresh one.
*/
export const cardValidityMs = 90 * dayMs;

/**
A resume token is valid this long; every login brings a fresh one.
*/
export const tokenValidityMs = 30 * dayMs;

/**
A page of rows ends before its JSON grows past this many bytes, so that a line of long names stays below the protocol's limit.
*/
export const pageBytes = 48 * 1024;

/**
A snapshot comes in smaller pages: the TLS layer keeps, for as long as a connection lasts, buffers as large as the largest write it ever had.
*/
export const snapshotPageBytes = 6 * 1024;

/**
Pages of a snapshot that one connection gets in one batch of notices.
*/
export const snapshotPagesPerBatch = 8;

/**
Gathering grows by this much a listener, ms, up to `maximumBatchMs`: every batch is written to every listener, and a crowd that logs in at once must not be told of itself without end.
*/
export const batchMsPerListener = 1 / 8;
export const maximumBatchMs = 500;

/**
Addresses whose login buckets are remembered.
*/
export const rememberedAddresses = 10_000;

/**
PUNCH transaction ids remembered for each user, so that a recorded datagram can't be played again from elsewhere.
*/
export const rememberedPunches = 64;

/**
A device is asked for new one-time prekeys when it has fewer than this.
*/
export const fewPrekeys = 20;

/**
Slots that one sender's device may fill in one mailbox.
*/
export const slotsPerSender = 64;

/**
How often old mail and members long away are looked for.
*/
export const expiryIntervalMs = 60 * 60 * 1000;

/**
A member who has been away this long is one no more.
*/
export const awayLifetimeMs = 7 * dayMs;

/**
People a private room may have invited.
*/
export const maximumInvited = 64;

/**
Logins and logouts that the register keeps.
*/
export const registerRows = 10_000;

/**
How often, while anybody is here, the disk is told that the server lives.
*/
export const heartbeatMs = 30_000;
