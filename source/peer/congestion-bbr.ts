// The controller in use: a model of the path (what it delivers, how long it takes) instead of loss as the signal, after BBR
// (draft-ietf-ccwg-bbr), simplified. Random loss does not slow it down; a queue that grows, or loss beyond what the path
// always shows, does. Knows batches of acknowledged and lost bytes; refuses to know packets.
//
//   startup  doubles the rate each round trip until delivery stops growing or a queue builds
//   drain    waits until no more is in flight than the path itself holds
//   cruise   sends at the delivered rate for some round trips
//   up       a little faster for a round trip: is there more?
//   down     a little slower, until what `up` queued is gone; more was delivered: `up` again, harder
//   recheck  little in flight for a round trip, when the smallest round trip was not seen again for long
import {initialWindow, type AckedBatch, type CongestionController} from './congestion.js';

type Phase = 'startup' | 'drain' | 'cruise' | 'up' | 'down' | 'recheck';

const minPackets = 4;

const startupGain = 2.77;
const startupWindowGain = 2;
const drainGain = 0.5;
const downGain = 0.8;
/**
The first `up` asks gently, so that nobody's chat waits behind it; one that found more is followed by a harder one.
*/
const firstUpGain = 1.12;
const upGrowth = 1.3;
const maxUpGain = 2;
const growthThat = {endsStartup: 1.25, goesOn: 1.04};
const flatRounds = 3;
/**
Round trips from one `up` to the next, in turn: flows that share a link should not ask at the same time for ever.
*/
const upEvery = [8, 6, 9, 7];

/**
In flight at most, as a share of what the path holds; and what acknowledgements may hold back, in ms.
*/
const windowGain = 1.25;
const ackSlack = 5;

/**
The smallest round trip is forgotten after so long, ms.
*/
const minimumLifetime = 10_000;
/**
A round trip longer than the smallest by this share, or at least so many ms, means a queue.
*/
const queueShare = 1 / 8;
const queueTime = 2;
/**
On a path shorter than this, ms, the programs' own turns are longer than the path: what looks like a queue for less than
`nearQueueTime` is one of them being busy.
*/
const nearRtt = 2;
const nearQueueTime = 20;
/**
A queue of this share that stays when we drained ours is somebody else's, who fills it until packets are lost. Beside him the window
climbs by a packet and `contendedGrowth` of itself a round trip and falls to `contendedCut` when packets are lost, as his does; after
so many round trips it is asked whether he is still there.
*/
const contendedShare = 0.4;
const contendedGrowth = 1 / 512;
const contendedCut = 0.7;
const contendedPacing = 1.2;
const contendedRounds = 24;
/**
So many samples in a row that show a queue end the start-up, in the middle of a round trip too.
*/
const startupSamples = 8;
/**
Fewer samples in a round trip say nothing about its smallest.
*/
const minSamples = 4;

/**
Loss beyond twice the usual and this share, in two round trips in a row, is congestion.
*/
const heavyLoss = 0.1;
const minHeavyPackets = 8;
/**
Loss beyond twice the usual and this share already means that a queue overflowed, though it may be too short to show in the round trip. Whoever
else fills it yields to that, so do we: by this factor, once in so many round trips.
*/
const excessLoss = 0.02;
const minExcessPackets = 4;
const excessCut = 0.7;
const excessPause = 8;
/**
Usual loss is sent against up to this share, and never in full: what we cause ourselves must fade.
*/
const maxUsualLoss = 0.2;
const compensation = 0.95;

type Round = {end: number; bytes: number; lost: number; samples: number; minimumRtt: number; rate: number; isAppLimited: boolean};

export class Bbr implements CongestionController {
	#datagramSize: number;
	#phase: Phase = 'startup';
	/**
	Round trips in this phase.
	*/
	#rounds = 0;
	/**
	Round trips since the last `up`, whatever came between.
	*/
	#sinceUp = 0;
	#cycles = 0;
	/**
	Largest delivery rate of the last cycle and of this one, bytes a ms.
	*/
	#rates: [number, number] = [0, 0];
	/**
	The rate that the next must exceed to count as growth, and how often it did not.
	*/
	#baseRate = 0;
	#flatRounds = 0;
	#upGain = firstUpGain;
	#minimumRtt = Infinity;
	#minimumAt = -Infinity;
	/**
	The smallest since `recheck` began.
	*/
	#recheckedRtt = Infinity;
	#inFlight = 0;
	#queuedSamples = 0;
	#round: Round = newRound(0);
	/**
	Share of packets that this path loses without a queue.
	*/
	#usualLoss = 0;
	#heavyRounds = 0;
	/**
	The window beside somebody who fills the queue; undefined when nobody does.
	*/
	#contendedWindow: number | undefined;
	#wasCut = false;
	/**
	Round trips since excess loss was yielded to.
	*/
	#sinceCut = 0;

	constructor(datagramSize: number) {
		this.#datagramSize = datagramSize;
	}

	/**
	What the path delivers, bytes a ms; 0 before the first sample.
	*/
	get bandwidth(): number {
		return Math.max(...this.#rates);
	}

	get state(): string {
		return this.#contendedWindow !== undefined && this.#phase === 'cruise' ? 'contended' : this.#phase;
	}

	get capacity(): number {
		return this.bandwidth > 0 ? this.bandwidth * this.#minimumRtt : 0;
	}

	get window(): number {
		const least = this.#phase === 'startup' ? initialWindow(this.#datagramSize) : minPackets * this.#datagramSize;
		return Math.max(least, this.#targetWindow);
	}

	handleDatagramSize(size: number): void {
		this.#datagramSize = size;
	}

	handleAcknowledged(batch: AckedBatch, now: number): void {
		this.#round.bytes += batch.bytes;
		this.#takeRtt(batch.latestRtt, now);
		this.#takeSample(batch);
		if (batch.priorDelivered >= this.#round.end) {
			const round = this.#round;
			this.#round = newRound(batch.delivered);
			this.#handleRound(round, now);
		}

		this.#inFlight = batch.inFlight - batch.bytes;
		if (this.#phase === 'drain' && this.#inFlight <= this.capacity) {
			this.#enter('cruise');
		}
	}

	handleLost({bytes}: {bytes: number}): void {
		this.#round.lost += bytes;
	}

	handleSpurious(bytes: number): void {
		this.#round.lost = Math.max(0, this.#round.lost - bytes);
	}

	handlePersistentCongestion(): void {
		this.#rates = [0, 0];
		this.#baseRate = 0;
		this.#enter('startup');
	}

	pacingRate(rtt: number): number {
		if (this.#contendedWindow !== undefined && this.#phase === 'cruise') {
			return contendedPacing * this.#contendedWindow / Math.max(rtt, 0.1);
		}

		const initialRate = this.#phase === 'startup' ? initialWindow(this.#datagramSize) / Math.max(rtt, 1) : 0;
		return this.#pacingGain * Math.max(this.bandwidth, initialRate) * this.#lossFactor;
	}

	get #pacingGain(): number {
		switch (this.#phase) {
			case 'startup': {
				return startupGain;
			}

			case 'drain': {
				return drainGain;
			}

			case 'up': {
				return this.#upGain;
			}

			case 'down': {
				return this.#inFlight > this.capacity ? downGain : 1;
			}

			default: {
				return 1;
			}
		}
	}

	get #targetWindow(): number {
		if (this.bandwidth === 0) {
			return 0;
		}

		const slack = this.bandwidth * ackSlack;
		switch (this.#phase) {
			case 'startup': {
				return this.capacity * startupWindowGain;
			}

			case 'drain': {
				return this.capacity + slack;
			}

			case 'recheck': {
				return this.capacity / 2;
			}

			case 'cruise': {
				return this.#contendedWindow ?? this.#usualWindow(windowGain);
			}

			case 'down': {
				return this.#contendedWindow === undefined ? this.#usualWindow(windowGain) : this.capacity + slack;
			}

			case 'up': {
				return this.#usualWindow(Math.max(windowGain, this.#upGain));
			}
		}
	}

	#usualWindow(gain: number): number {
		return ((this.capacity * gain) + (this.bandwidth * ackSlack)) * this.#lossFactor;
	}

	/**
	How much more has to be sent for the path's own losses.
	*/
	get #lossFactor(): number {
		return this.#phase === 'startup' || this.#phase === 'drain' ? 1 : 1 / (1 - (compensation * this.#usualLoss));
	}

	#takeRtt(rtt: number | undefined, now: number): void {
		if (rtt === undefined) {
			return;
		}

		this.#round.samples++;
		this.#round.minimumRtt = Math.min(this.#round.minimumRtt, rtt);
		// Nearly as small counts as seen again.
		this.#recheckedRtt = Math.min(this.#recheckedRtt, rtt);
		this.#queuedSamples = rtt > this.#queueAbove(queueShare) ? this.#queuedSamples + 1 : 0;
		if (this.#phase === 'startup' && this.#queuedSamples >= startupSamples) {
			this.#enter('drain');
		}

		if (!(rtt <= this.#minimumRtt * 1.02)) {
			return;
		}

		this.#minimumRtt = Math.min(this.#minimumRtt, rtt);
		this.#minimumAt = now;
	}

	#takeSample({sample}: AckedBatch): void {
		this.#round.isAppLimited ||= sample?.isAppLimited ?? false;
		if (!(sample && (!sample.isAppLimited || sample.rate > this.bandwidth))) {
			return;
		}

		this.#round.rate = Math.max(this.#round.rate, sample.rate);
		this.#rates[1] = Math.max(this.#rates[1], sample.rate);
	}

	#handleRound(round: Round, now: number): void {
		const isQueued = this.#isQueued(round);
		this.#rounds++;
		// The start-up has asked hard enough.
		this.#sinceUp = this.#phase === 'startup' || this.#phase === 'drain' ? 0 : this.#sinceUp + 1;
		this.#weighLoss(round, isQueued);
		switch (this.#phase) {
			case 'startup': {
				this.#handleStartupRound(round);
				break;
			}

			case 'up': {
				this.#enter('down');
				break;
			}

			case 'drain': {
				if (this.#rounds >= 3) {
					this.#enter('cruise');
				}

				break;
			}

			case 'down': {
				this.#handleDownRound(round, isQueued);
				break;
			}

			case 'cruise': {
				this.#handleCruiseRound(round, isQueued, now);
				break;
			}

			case 'recheck': {
				if (this.#rounds >= 2) {
					this.#minimumRtt = this.#recheckedRtt;
					this.#minimumAt = now;
					this.#enter('cruise');
				}
			}
		}
	}

	/**
	Even the shortest round trip was longer than the path's by this share.
	*/
	#isQueued({samples, minimumRtt}: Round, share = queueShare): boolean {
		return samples >= minSamples && minimumRtt > this.#queueAbove(share);
	}

	#queueAbove(share: number): number {
		return this.#minimumRtt + Math.max(this.#minimumRtt * share, this.#isNear ? nearQueueTime : queueTime);
	}

	get #isNear(): boolean {
		return this.#minimumRtt < nearRtt;
	}

	#handleStartupRound(round: Round): void {
		if (round.rate >= this.#baseRate * growthThat.endsStartup) {
			this.#baseRate = round.rate;
			this.#flatRounds = 0;
		} else if (round.rate > 0 && !round.isAppLimited) {
			this.#flatRounds++;
		}

		if (this.#flatRounds >= flatRounds || this.#heavyRounds > 1) {
			this.#enter('drain');
		}
	}

	#handleCruiseRound(round: Round, isQueued: boolean, now: number): void {
		if (now - this.#minimumAt > minimumLifetime) {
			this.#recheckedRtt = Infinity;
			this.#enter('recheck');
		} else if (this.#contendedWindow !== undefined) {
			this.#contend(round);
		} else if (this.#sinceUp >= upEvery[this.#cycles % upEvery.length]!) {
			// A queue is no reason to wait for ever: where several flows share a link, the smaller one gains more by asking than it loses.
			this.#goUp(firstUpGain);
		} else if (isQueued) {
			this.#enter('down');
		}
	}

	/**
	One more round trip beside somebody who fills the queue.
	*/
	#contend({bytes, lost}: Round): void {
		const isCut = lost > 2 * this.#usualLoss * (bytes + lost);
		const window = this.#contendedWindow!;
		if (!isCut) {
			this.#contendedWindow = window + this.#datagramSize + (window * contendedGrowth);
		} else if (!this.#wasCut) {
			this.#contendedWindow = window * contendedCut;
		}

		this.#wasCut = isCut;
		this.#sinceUp = 0;
		if (this.#rounds >= contendedRounds) {
			this.#enter('down');
		}
	}

	#handleDownRound(round: Round, isQueued: boolean): void {
		// The first round trip brings what `up` found and shows the queue that it made; the second should show none.
		if (this.#rounds >= 2) {
			this.#contendedWindow = this.#isQueued(round, contendedShare) ? (this.#contendedWindow ?? (this.bandwidth * round.minimumRtt)) : undefined;
			this.#enter('cruise');
		} else if (!isQueued && this.bandwidth > this.#baseRate * growthThat.goesOn) {
			this.#goUp(Math.min(this.#upGain * upGrowth, maxUpGain));
		}
	}

	#goUp(gain: number): void {
		// A cycle that only carried chat says nothing: the old rate stands.
		if (this.#rates[1] > 0) {
			this.#rates = [this.#rates[1], 0];
		}

		this.#cycles++;
		this.#sinceUp = 0;
		this.#baseRate = this.bandwidth;
		this.#upGain = gain;
		this.#enter('up');
	}

	#enter(phase: Phase): void {
		this.#phase = phase;
		this.#rounds = 0;
		this.#flatRounds = 0;
	}

	/**
	Tells the loss of the path from the loss of congestion.
	*/
	#weighLoss({bytes, lost, rate}: Round, isQueued: boolean): void {
		const share = bytes + lost > 0 ? lost / (bytes + lost) : 0;
		const isHeavy = share > (2 * this.#usualLoss) + heavyLoss && lost >= minHeavyPackets * this.#datagramSize;
		this.#heavyRounds = isHeavy ? this.#heavyRounds + 1 : 0;
		if (!isQueued && !isHeavy && this.#phase === 'cruise') {
			this.#usualLoss = Math.min(this.#usualLoss + ((share - this.#usualLoss) / 8), maxUsualLoss);
		}

		this.#sinceCut++;
		const isExcess = share > (2 * this.#usualLoss) + excessLoss && lost >= minExcessPackets * this.#datagramSize;
		if (isExcess && this.#sinceCut >= excessPause && this.#phase !== 'startup' && this.#contendedWindow === undefined) {
			this.#sinceCut = 0;
			this.#rates = [this.bandwidth * excessCut, 0];
		}

		const isPersistent = this.#heavyRounds >= 2 && this.#phase !== 'startup';
		if (isPersistent && rate > 0) {
			this.#rates = [Math.max(rate, this.bandwidth * 0.7), 0];
		}
	}
}

function newRound(end: number): Round {
	return {
		end, bytes: 0, lost: 0, samples: 0, minimumRtt: Infinity, rate: 0, isAppLimited: false,
	};
}
