// Every number of the messenger that is not part of a protocol, in one place: times in ms, sizes in bytes, counts.
// Knows the numbers; refuses to know who enforces them.
import {mailLifetimeMs} from '../protocol/limits.js';

/**
A request to the server that is not answered for so long means that the server is lost.
*/
export const replyTimeoutMs = 30_000;

/**
First and longest pause between two attempts to reach the server; it doubles in between, with up to a quarter of jitter.
*/
export const reconnectBackoffMs = {first: 500, longest: 15_000} as const;

/**
First and longest pause between two attempts to link with a peer.
*/
export const redialBackoffMs = {first: 250, longest: 15_000} as const;

/**
First and longest pause before a waiting session asks a person again who was busy.
*/
export const askAgainMs = {first: 15_000, longest: 60_000} as const;

/**
How often the user is told of the same person who finds them busy.
*/
export const busyNoticeMs = 10 * 60_000;

/**
First and longest pause between two PUNCH rounds towards a peer whose link does not stand.
*/
export const punchBackoffMs = {first: 250, longest: 5000} as const;

/**
How often the server is shown our UDP address again before it has confirmed it.
*/
export const showAddressMs = 500;

/**
A link, or a peer's word that it is in a conversation, may come before the server's notice; it is held for so long.
*/
export const earlyHoldMs = 5000;

/**
A link that nobody needs any more stays for so long, so that the last receipts arrive.
*/
export const lingerMs = 1000;

/**
Leaving waits so long for lines in flight to be received …
*/
export const leaveFlightMs = 2000;

/**
… and then so long for the good-byes to be heard.
*/
export const leaveFarewellMs = 300;

/**
A request whose end the server does not tell is dropped so long after it expired.
*/
export const requestGraceMs = 2000;

/**
Links held at once for peers that the server has not announced yet, and what one of them may say meanwhile.
*/
export const maximumHeldLinks = 64;
export const maximumHeldBytes = 512 * 1024;

/**
Conversations that a peer may claim to share with us before we know of them.
*/
export const maximumClaims = 128;

/**
Longest record between two messengers, as JSON, whose escapes make a character of a line up to six bytes.
*/
export const maximumRecordBytes = 512 * 1024;

/**
Marks of authors' devices that a question to a neighbour names, each range for itself, and people whom its asker misses.
*/
export const maximumMarks = 512;
export const maximumMissing = 64;

/**
Lines that are passed on in one record, and about how many bytes; one line may be longer.
*/
export const maximumPassedLines = 64;
export const passedBytes = 48 * 1024;

/**
Somebody in a room may ask us so often for what they lack: at once, and each second.
*/
export const answerBurst = 30;
export const answersPerSecond = 5;

/**
People of whom it is remembered how much they have asked for; the one who came first is forgotten.
*/
export const maximumAskers = 1024;

/**
A neighbour is asked so long after we came, somebody came or somebody was lost, because most links come and go together …
*/
export const askSettleMs = 1000;

/**
… then with pauses from the first to the longest, while there is no link to some member …
*/
export const askBackoffMs = {first: 2000, longest: 30_000} as const;

/**
… or so rarely, where there is one to everybody …
*/
export const askIdleMs = 60_000;

/**
… and the next one where no answer came for so long.
*/
export const askPatienceMs = 5000;

/**
Hints that there is more lead to a question at most so often.
*/
export const moreGapMs = 200;

/**
Authors' devices whose lines one neighbour has and that we can't take; with more of them it is asked no further.
*/
export const maximumSkippedDevices = 16;

/**
Cards of authors that are remembered as good.
*/
export const maximumCheckedCards = 64;

/**
Lines that are passed on are not older than mail, as far as clocks agree.
*/
export const passedLifetimeMs = 8 * 24 * 3_600_000;

/**
Received lines of one link that wait for the disk, a long one counted once more for each `unstoredUnit` characters; more close the link, and its author sends them again later.
*/
export const maximumUnstoredLines = 4096;
export const unstoredUnit = 16 * 1024;

/**
Lines that may wait for one recipient; then `s` is refused until some have arrived.
*/
export const maximumOutboxLines = 10_000;

/**
Received lines of one lane that are kept until their reader has read them; of older ones that is not told any more.
*/
export const maximumUnreadEntries = 1000;

/**
A link has so long to come up before what waits for it goes by mail.
*/
export const directPatienceMs = 3000;

/**
Mails to one person that are on their way to the server at once.
*/
export const mailsInFlight = 8;

/**
Prekeys of somebody are asked for again after this long, and those of one who has run out of one-time prekeys.
*/
export const bundleLifetimeMs = 60_000;

/**
First and longest pause after the server has refused mail to somebody.
*/
export const mailBackoffMs = {first: 15_000, longest: 10 * 60_000} as const;

/**
The first pause where the reader has no prekeys at the server: somebody who has just registered is about to publish them. The user
is told when that has been tried four times.
*/
export const freshAccountMs = 500;

/**
The pause after the server has said that we ask too much.
*/
export const slowDownMs = 2000;

/**
What waits in the outbox is looked through at most so often, and for mail that has run out at least so often.
*/
export const mailingIntervalMs = 50;
export const mailSweepMs = 60 * 60_000;

/**
Receipts that go by mail are gathered so long.
*/
export const receiptDelayMs = 200;

/**
Somebody whose link stands so long after a receipt went out on it has heard it: a dead link is noticed sooner.
*/
export const heardMs = 15_000;

/**
Mail to an open conversation that is not older was hardly away: it is shown without an announcement.
*/
export const freshMailMs = 60_000;

/**
Mails that wait in memory for an earlier one; more stay at the server.
*/
export const maximumParkedMails = 2000;

/**
A mail that waits so long for an earlier one is taken in without it, before the server deletes it.
*/
export const parkedLifetimeMs = 6 * 24 * 3_600_000;

/**
One-time prekeys at the server: so many, and more are made when fewer than half of them are left.
*/
export const oneTimePrekeys = 100;

/**
A signed prekey serves so long, and its private half is kept so long after it was replaced: longer than a mail lives. (A restoration makes it as old.)
*/
export const signedPrekeyMs = mailLifetimeMs;
export const replacedPrekeyMs = 8 * 24 * 3_600_000;

/**
Private halves of one-time prekeys that are kept at most; each mail that waits for us needs one.
*/
export const maximumPrekeySecrets = 2000;

/**
Authors who must be told by mail what we have of their lines; the oldest is let go.
*/
export const maximumDebts = 1000;

/**
Authors who are to be asked to mail again what we can't open.
*/
export const maximumPleas = 1000;

/**
Somebody who has come has published new prekeys so long after it, where the old ones were lost.
*/
export const newPrekeysMs = 10_000;

/**
Whoever asks us to mail again is heard so often: all that has no receipt goes out each time.
*/
export const pleaPauseMs = 60_000;

/**
Rows of a conversation that are kept to be shown, a long one counted once more for each `rowUnit` characters.
*/
export const maximumRows = 2000;
export const rowUnit = 1024;

/**
Rows of the general log.
*/
export const maximumLogRows = 200;

/**
Closed conversations whose rows are kept, to be shown when they are opened again.
*/
export const maximumClosedLogs = 32;

/**
Users and rooms of the server that are remembered.
*/
export const maximumKnownUsers = 20_000;
export const maximumKnownRooms = 20_000;

/**
A session that has become a group still takes in what was under way for so long.
*/
export const groupHandoverMs = 3000;

/**
Contacts of one user.
*/
export const maximumContacts = 1000;

/**
Devices of one name whose keys are remembered.
*/
export const maximumKnownDevices = 16;

/**
Requests that may wait for our answer at once; more are answered busy.
*/
export const maximumRequests = 16;

/**
Sequence numbers are reserved on disk in blocks, so that most lines need no write for them.
*/
export const sequenceBlock = 128;

/**
What was read is written down with the next batch, or by itself after so long.
*/
export const deferMs = 1000;

/**
Marks of lines shown and receipts taken in are gathered this long after the last batch went to disk, or until there are so many; longer
where the last batch held `floodBatch` of them, because nobody reads so fast.
*/
export const gatherMs = 10;
export const floodGatherMs = 25;
export const floodBatch = 8;
export const maximumGathered = 64;

/**
A peer's clock is followed at most so far ahead of ours.
*/
export const maximumClockLeadMs = 24 * 60 * 60_000;

/**
The next pause of a doubling backoff.
*/
export function nextBackoff(pauseMs: number | undefined, {first, longest}: {readonly first: number; readonly longest: number}): number {
	return pauseMs === undefined ? first : Math.min(longest, pauseMs * 2);
}

/**
Lines that are brought back from the history at a time.
*/
export const pageLines = 100;

/**
Earlier lines that the faces are told of when a conversation opens.
*/
export const reopenedLines = 20;

/**
Rows of a conversation that a reader who scrolls up may gather in memory; `history`, `search` and `export` go further.
*/
export const maximumPagedRows = 10_000;

/**
Lines that `history` shows by itself, and at most.
*/
export const defaultHistoryLines = 50;
export const maximumHistoryLines = 1000;

/**
Lines that `search` finds at most, each with so many lines before and after it.
*/
export const maximumSearchHits = 20;
export const searchContextLines = 1;
