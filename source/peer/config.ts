// Every limit and default of the peer link in one place, with a check.
// Knows numbers and their units; refuses to know what is done with them.
// All times are milliseconds, all sizes bytes.

export type PeerConfig = {
	/**
	The datagrams we begin with. 1200 passes every path.
	*/
	datagramSize: number;
	/**
	The largest datagrams that path probing may raise that to.
	*/
	maxDatagramSize: number;
	/**
	Packets of so many bytes and more are better sealed with AES-256-GCM here; Infinity where they never are.
	*/
	aesFrom: number;
	/**
	Bytes that our socket takes in while we are busy, half its receive buffer: the peer is told to have no more in flight.
	*/
	maxInFlight: number;
	/**
	Longest credential we send or accept in a handshake.
	*/
	maxCredential: number;
	/**
	Addresses tried at once for one peer.
	*/
	maxCandidates: number;
	/**
	First wait before an unanswered INIT is sent again; doubles up to `initRetryMax`.
	*/
	initRetry: number;
	initRetryMax: number;
	/**
	An initiation that is not answered for so long fails.
	*/
	connectTimeout: number;
	/**
	Answered INITs that wait for their first DATA; the oldest makes room for a new one.
	*/
	maxHalfOpen: number;
	halfOpenTimeout: number;
	/**
	Handshakes computed in a second, at most (each costs about 0.2 ms); more are dropped unanswered.
	*/
	maxHandshakesPerSecond: number;
	/**
	Links at once, opening ones included.
	*/
	maxLinks: number;
	/**
	Streams at once on a link.
	*/
	maxStreams: number;
	/**
	What a peer may send ahead of our reader, on the whole link and on one stream. A window that was used once doubles, up to `maxWindow`:
	repairing a loss takes two round trips, during which everything behind it waits.
	*/
	connectionWindow: number;
	streamWindow: number;
	maxWindow: number;
	/**
	Bytes of one stream that wait to be sent or acknowledged: at least, and at most on a path that holds much.
	*/
	sendBuffer: number;
	maxSendBuffer: number;
	/**
	Gaps a peer may leave in one stream before that counts as an attack on memory.
	*/
	maxGaps: number;
	/**
	An acknowledgement waits so long at most (RFC 9000, section 13.2.1).
	*/
	maxAckDelay: number;
	/**
	Longest delay and largest packet count of an acknowledgement once packets come fast.
	*/
	fastAckDelay: number;
	fastAckEvery: number;
	/**
	Ranges remembered and sent in an ACK; the oldest are forgotten.
	*/
	maxAckRanges: number;
	/**
	Assumed round trip before the first sample.
	*/
	initialRtt: number;
	/**
	A send key is replaced after so long, or so many packets.
	*/
	keyLifetime: number;
	keyPackets: number;
	/**
	Packets of the previous receive key are still opened for so long.
	*/
	oldKeyLifetime: number;
	/**
	Silence before a PING while there was traffic within `activeFor`, and otherwise.
	*/
	activePing: number;
	idlePing: number;
	activeFor: number;
	/**
	The same towards a peer on this machine, talking or not: there a ping costs next to nothing, and a death is to be seen within 2 s.
	*/
	nearPing: number;
	/**
	The system is asked for a silent peer's port so often at most.
	*/
	pokeInterval: number;
	/**
	The peer is lost when nothing comes for so long after something that had to be acknowledged.
	*/
	lostAfter: number;
	/**
	After a crash hint: a PING every so often, and so many without an answer mean that the peer is lost.
	*/
	probeInterval: number;
	probeCount: number;
	/**
	Enough where the system has said that the port of a peer on this machine is closed.
	*/
	refusedProbeCount: number;
	/**
	A CLOSE is sent so often, with this pause, unless the peer answers it.
	*/
	closeSends: number;
	closeInterval: number;
	/**
	A closed link stays known, and silent, for so long.
	*/
	drainTime: number;
};

export const defaultConfig: Readonly<PeerConfig> = {
	datagramSize: 1200,
	maxDatagramSize: 65_000,
	aesFrom: 12_288,
	maxInFlight: 2 * 1024 * 1024,
	maxCredential: 1000,
	maxCandidates: 8,
	initRetry: 50,
	initRetryMax: 2000,
	connectTimeout: 10_000,
	maxHalfOpen: 64,
	halfOpenTimeout: 5000,
	maxHandshakesPerSecond: 200,
	maxLinks: 256,
	maxStreams: 64,
	connectionWindow: 4 * 1024 * 1024,
	streamWindow: 1024 * 1024,
	maxWindow: 8 * 1024 * 1024,
	sendBuffer: 1024 * 1024,
	maxSendBuffer: 8 * 1024 * 1024,
	maxGaps: 4096,
	maxAckDelay: 25,
	fastAckDelay: 5,
	fastAckEvery: 32,
	maxAckRanges: 64,
	initialRtt: 100,
	keyLifetime: 120_000,
	keyPackets: 2 ** 24,
	oldKeyLifetime: 10_000,
	activePing: 4000,
	idlePing: 20_000,
	activeFor: 30_000,
	nearPing: 750,
	pokeInterval: 250,
	lostAfter: 12_000,
	probeInterval: 100,
	probeCount: 8,
	refusedProbeCount: 3,
	closeSends: 4,
	closeInterval: 60,
	drainTime: 1000,
};

/**
The smallest INIT: big enough that its answer can never be larger (RFC 9000, section 8.1).
*/
export const minInitSize = 1200;

/**
A longer INIT is not even hashed.
*/
export const maxInitSize = 1500;

/**
The largest payload of a UDP datagram.
*/
export const maxDatagramSize = 65_507;

/**
Fills in the defaults and checks the result.

@throws RangeError for a value that could not work; that is a bug of the caller.
*/
export function completeConfig(config: Partial<PeerConfig> = {}): PeerConfig {
	const complete = {...defaultConfig, ...config};
	for (const [name, value] of Object.entries(complete)) {
		if (!(value > 0)) {
			throw new RangeError(`peer config: ${name} must be positive, got ${value}`);
		}
	}

	if (complete.datagramSize < minInitSize || complete.datagramSize > maxDatagramSize) {
		throw new RangeError(`peer config: datagramSize must be ${minInitSize} to ${maxDatagramSize}, got ${complete.datagramSize}`);
	}

	if (complete.maxDatagramSize < complete.datagramSize || complete.maxDatagramSize > maxDatagramSize) {
		throw new RangeError(`peer config: maxDatagramSize must be ${complete.datagramSize} to ${maxDatagramSize}, got ${complete.maxDatagramSize}`);
	}

	if (complete.maxCredential > defaultConfig.maxCredential) {
		throw new RangeError(`peer config: maxCredential must fit an INIT (${defaultConfig.maxCredential}), got ${complete.maxCredential}`);
	}

	return complete;
}
