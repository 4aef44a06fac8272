// How late a packet may come without being lost: the reordering window of RACK (RFC 8985), which follows what the path shows.
// Knows times only; recovery.ts asks it.

/**
Share of a round trip that is waited on a path that never showed reordering (RFC 9002, section 6.1.2).
*/
const initialShare = 1 / 8;
/**
Once it did: a quarter, as RACK, and a quarter more than the latest that came, within two round trips.
*/
const reorderedShare = 1 / 4;
const margin = 1.25;
const maxShare = 2;
/**
What was seen counts for so many round trips.
*/
const memory = 128;

export class ReorderingWindow {
	/**
	How much later than a usual round trip packets came, ms; fades.
	*/
	#lateness = 0;
	#roundsLeft = 0;

	/**
	On a path that reorders, packets sent later prove nothing; only time does.
	*/
	get isOpen(): boolean {
		return this.#roundsLeft > 0;
	}

	/**
	A packet came after ones that were sent later, `lateness` ms after a usual round trip was over.
	*/
	handleLate(lateness: number): void {
		this.#roundsLeft = memory;
		this.#lateness = Math.max(this.#lateness, lateness);
	}

	/**
	A round trip passed.
	*/
	handleRound(): void {
		this.#lateness -= this.#lateness / memory;
		this.#roundsLeft = Math.max(0, this.#roundsLeft - 1);
	}

	/**
	What to wait beyond a round trip of `rtt`.
	*/
	wait(rtt: number): number {
		return this.isOpen ? Math.min(Math.max(rtt * reorderedShare, this.#lateness * margin), rtt * maxShare) : rtt * initialShare;
	}
}
