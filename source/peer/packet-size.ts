// How large a datagram the path takes: a search upwards by padded probes, in the manner of RFC 8899 and RFC 9000, section 14.3.
// Nothing a probe carries can be missed and its loss says nothing about congestion, so it is kept out of loss recovery.
// Knows sizes, packet numbers and time; refuses to know frames and keys. Its owner knows the ceiling of the path: nothing larger is
// tried, because Node cannot forbid fragments, and a probe that crosses in pieces seems to succeed.
import {type AckFrame} from './packets/frame.js';

/**
What is tried in turn, up to the ceiling: 1452 fits PPPoE and IPv6 on Ethernet, 8952 jumbo frames, the rest the loopback interface;
65 000 is as much as Linux puts into 16 pages with what it adds itself.
*/
const ladder = [1400, 1452, 8952, 16_384, 32_768, 65_000];

/**
The ceiling of a path of which nothing is known.
*/
export const cautiousCeiling = 1452;

/**
Only the loopback interface takes datagrams as large as this in one piece.
*/
export function isLocalCeiling(ceiling: number): boolean {
	return ceiling >= ladder.at(-1)!;
}

/**
A size has failed after so many probes (MAX_PROBES in RFC 8899, section 5.1.2).
*/
const maxProbes = 3;

/**
A probe is lost after so long at least, ms.
*/
const minProbeTime = 500;

/**
After a search has ended below the ceiling the next begins so much later (PMTU_RAISE_TIMER in RFC 8899, section 5.1.1), ms.
*/
const raiseInterval = 600_000;

/**
The same, after large packets began to vanish.
*/
const blackHoleInterval = 60_000;

/**
So many large packets lost while smaller ones sent later arrive, and no large one: that size no longer passes.
*/
const blackHoleLosses = 4;

/**
So many probe timeouts in a row may mean the same when no smaller packet is there to tell.
*/
const blackHoleTimeouts = 3;

/**
What a new link is for is said in its first packets. Each large probe takes both ends as long as several of those, so without more to send
than they hold the search for large sizes begins so much later, ms.
*/
const calmTime = 100;

export class PacketSize {
	/**
	The largest datagram to send.
	*/
	current: number;
	readonly base: number;
	readonly #rungs: readonly number[];
	#probe: {size: number; pn: number; lostAt: number} | undefined;
	#failures = 0;
	/**
	When the search may go on; undefined when there is nothing more to find.
	*/
	#searchAt: number | undefined;
	readonly #calmUntil: number;
	/**
	The newest packet above the base size that arrived, and how many sent after it did not.
	*/
	#largestArrived = -1;
	#suspicious = 0;

	/**
	`ceiling` is the largest datagram that leaves this machine in one piece.
	*/
	constructor({base, ceiling}: {base: number; ceiling: number}, now: number) {
		this.base = base;
		this.current = base;
		const rungs = ladder.filter(size => size > base && size <= ceiling);
		if (ceiling > base && ceiling < cautiousCeiling && !rungs.includes(ceiling)) {
			rungs.push(ceiling);
		}

		this.#rungs = rungs;
		this.#searchAt = rungs.length > 0 ? now : undefined;
		this.#calmUntil = now + calmTime;
	}

	/**
	The link is new: the search for large sizes waits, unless its owner is in a hurry.
	*/
	isCalm(now: number): boolean {
		return now < this.#calmUntil;
	}

	/**
	The size that a probe should have now; undefined when none is due.
	*/
	pollProbe(now: number, isHurried = false): number | undefined {
		const dueAt = isHurried ? this.#searchAt : this.#dueAt;
		return dueAt !== undefined && now >= dueAt && !this.#probe ? this.#next : undefined;
	}

	/**
	A probe of `size` bytes went out as packet `pn`. `probeTimeout` is that of loss recovery, ms.
	*/
	handleProbeSent(size: number, pn: number, probeTimeout: number, now: number): void {
		this.#probe = {size, pn, lostAt: now + Math.max(minProbeTime, 3 * probeTimeout)};
	}

	/**
	What the peer acknowledged. True when larger packets may be sent from now on.
	*/
	handleAck({ranges}: AckFrame, now: number): boolean {
		const probe = this.#probe;
		if (!probe || ranges.every(({start, end}) => !(start <= probe.pn && probe.pn < end))) {
			return false;
		}

		this.#probe = undefined;
		this.#failures = 0;
		this.#largestArrived = Math.max(this.#largestArrived, probe.pn);
		this.#suspicious = 0;
		this.current = Math.max(this.current, probe.size);
		this.#searchAt = this.current < this.#rungs.at(-1)! ? now : undefined;
		return true;
	}

	/**
	An ordinary packet arrived.
	*/
	handleAcknowledged({pn, size}: {pn: number; size: number}): void {
		if (!(size > this.base && pn > this.#largestArrived)) {
			return;
		}

		this.#largestArrived = pn;
		this.#suspicious = 0;
	}

	/**
	An ordinary packet was lost. True when packets have to be smaller from now on.
	*/
	handleLost({pn, size}: {pn: number; size: number}, now: number): boolean {
		if (size <= this.base || pn < this.#largestArrived || this.current === this.base) {
			return false;
		}

		this.#suspicious++;
		return this.#suspicious >= blackHoleLosses && this.#fall(now + blackHoleInterval);
	}

	/**
	Time has passed; `probeCount` timeouts of loss recovery in a row have brought no answer. True when packets have to be smaller from now on.
	*/
	handleTimeout(probeCount: number, now: number): boolean {
		const probe = this.#probe;
		if (probe && now >= probe.lostAt) {
			this.#probe = undefined;
			this.#failures++;
			if (this.#failures === maxProbes) {
				this.#failures = 0;
				this.#searchAt = now + raiseInterval;
			}
		}

		// Perhaps nothing at all gets through; then the search begins with the first answer, which costs little.
		return probeCount >= blackHoleTimeouts && this.current > this.base && this.#fall(now);
	}

	pollTimeout(): number {
		return this.#probe?.lostAt ?? this.#dueAt ?? Infinity;
	}

	get #next(): number | undefined {
		return this.#rungs.find(size => size > this.current);
	}

	/**
	When the search goes on where nothing waits for it.
	*/
	get #dueAt(): number | undefined {
		if (this.#searchAt === undefined) {
			return undefined;
		}

		return (this.#next ?? 0) > cautiousCeiling ? Math.max(this.#searchAt, this.#calmUntil) : this.#searchAt;
	}

	#fall(searchAt: number): boolean {
		this.current = this.base;
		this.#probe = undefined;
		this.#failures = 0;
		this.#suspicious = 0;
		this.#searchAt = searchAt;
		return true;
	}
}
