// Every number that client and server must agree on, in one place.
// Knows sizes (bytes), counts and times (ms); refuses to know who enforces them.

/**
TCP and UDP port of a control server unless told otherwise.
*/
export const defaultPort = 7600;

/**
Version of the control protocol; `hello` refuses any other.
*/
export const protocolVersion = 1;

/**
Longest control line in bytes, without its newline: the largest sealed mail and what stands beside it.
*/
export const maximumLineBytes = 96 * 1024;

/**
Longest control line in bytes from a connection that has not logged in.
*/
export const maximumLineBytesBeforeLogin = 8 * 1024;

/**
Longest user or room name, in code points.
*/
export const maximumNameLength = 32;

/**
Longest password, in bytes of UTF-8.
*/
export const maximumPasswordBytes = 1024;

/**
Longest chat line, in bytes of UTF-8.
*/
export const maximumTextBytes = 64 * 1024;

/**
A room is a full mesh, so its size is bounded.
*/
export const maximumRoomMembers = 32;

/**
Most addresses one peer may announce for itself.
*/
export const maximumAddresses = 8;

/**
Most rows (users, rooms) in one reply or notice; longer lists come in pages.
*/
export const maximumRowsPerLine = 400;

/**
How long a request for a session waits for an answer.
*/
export const requestTimeoutMs = 30_000;

/**
A connection has this long from TCP to `hello`; a person may take longer to type a password.
*/
export const loginTimeoutMs = 10_000;

/**
A client speaks at least this often …
*/
export const pingIntervalMs = 20_000;

/**
… or is cut after this much silence.
*/
export const silenceTimeoutMs = 150_000;

/**
A client that hears no answer to its ping for this long gives the connection up.
*/
export const pongTimeoutMs = 15_000;

/**
Presence and room notices are gathered this long and sent as one line.
*/
export const noticeBatchMs = 50;

/**
How often a client shows its UDP address to the server, so that NAT mappings stay open.
*/
export const rendezvousIntervalMs = 20_000;

/**
A room remembers this many members who are not there.
*/
export const maximumAwayMembers = 32;

/**
Longest sealed mail, in characters of base64url: with card and names it fits one control line.
*/
export const maximumSealedLength = 90_000;

/**
Most lines that wait at the server for one user …
*/
export const maximumWaitingMails = 1000;

/**
… and how long.
*/
export const mailLifetimeMs = 7 * 24 * 3_600_000;

/**
Most one-time prekeys of a device that the server holds.
*/
export const maximumOneTimePrekeys = 100;

/**
Most one-time prekeys in one `bundle`.
*/
export const maximumBundleKeys = 20;

/**
Longest list of those for whom a line in a room is meant; a line for more is not signed, and can't be passed on.
*/
export const maximumAudienceLength = 16 * 1024;
