// The controller in use: a model of the path (what it delivers, how long it takes) instead of loss as the signal, after BBR
// (draft-ietf-ccwg-bbr), simplified. Random loss does not slow it down; a queue that grows, or loss beyond what the path
// always shows, does. Knows batches of acknowledged and lost bytes; refuses to know packets.
//
//   startup  doubles the rate each round trip until delivery stops growing or a queue builds
//   drain    waits until no more is in flight than the path itself holds
//   cruise   sends at the delivered rate for some round trips
//   up       a little faster for a round trip: is there more?
//   down     a little slower, until what `up` queued is gone; most of it was delivered: `up` again, harder
//   recheck  little in flight for a round trip, when the smallest round trip was not seen again for long
import {initialWindow, type AckedBatch, type CongestionController} from './congestion.js';
import {Contention, type Leftover} from './contention.js';

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
const upGrowth = 1.2;
const maxUpGain = 2;
const startupGrowth = 1.25;
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
So much of it is none, and so much is deep.
*/
const emptyShare = 1 / 25;
const deepShare = 0.4;
/**
A queue that stays when ours is drained: what we take too much of it, and others like us, is given back by this factor each time. If it stays all
the same it is somebody's who fills it until packets are lost (contention.ts).
*/
const queuedCut = 0.9;
/**
Beside him it is asked every so many round trips, in turn, whether he is still there, for so many; every so many times, and whenever the last time
brought something, also whether there is more.
*/
const contendedEvery = [29, 21, 34, 25];
const contendedCheck = 4;
const contendedUp = 4;
const contendedPacing = 1.2;
/**
A round trip shorter than the one before by this factor means that somebody gave way; longer than that by the other, that nobody did.
*/
const relief = 0.95;
const steady = 0.98;
/**
Beside him the smallest round trip can't be seen; it is believed to have grown by so much at most each time.
*/
const contendedRttGrowth = 1.1;
/**
So much of what is asked for must come, or asking harder would only fill a queue. Whoever has a share s of a full link gets 1 - s.
*/
const elasticity = 0.55;
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
	/**
	The smallest of the start-up's last round trip: what was queued before we began says nothing.
	*/
	#startupRtt = Infinity;
	#round: Round = newRound(0);
	/**
	Share of packets that this path loses without a queue.
	*/
	#usualLoss = 0;
	#heavyRounds = 0;
	readonly #contention = new Contention();
	/**
	Whether beside him the last `up` that said anything found more.
	*/
	#isClimbing = true;
	/**
	The smallest of the last round trip beside him, and since ours is drained.
	*/
	#lastRtt = Infinity;
	#drainedRtt = Infinity;
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
		return this.#contention.window !== undefined && this.#phase === 'cruise' ? 'contended' : this.#phase;
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
		this.#startupRtt = Infinity;
		this.#contention.forget();
		this.#enter('startup');
	}

	pacingRate(rtt: number): number {
		if (this.#contention.window !== undefined && (this.#phase === 'cruise' || this.#phase === 'up')) {
			return contendedPacing * this.#targetWindow / Math.max(rtt, 0.1);
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
		const {window} = this.#contention;
		switch (this.#phase) {
			case 'startup': {
				// A queue that was there before makes the path longer; with less in flight the rate could not double.
				return this.bandwidth * (Number.isFinite(this.#startupRtt) ? Math.max(this.#startupRtt, this.#minimumRtt) : this.#minimumRtt) * startupWindowGain;
			}

			case 'drain': {
				return this.capacity + slack;
			}

			case 'recheck': {
				return this.capacity / 2;
			}

			case 'cruise': {
				return window ?? this.#usualWindow(windowGain);
			}

			case 'down': {
				if (window === undefined) {
					return this.#usualWindow(windowGain);
				}

				return this.#isAwaitingAnswer ? window : this.capacity + slack;
			}

			case 'up': {
				return window === undefined ? this.#usualWindow(Math.max(windowGain, this.#upGain)) : window * this.#upGain;
			}
		}
	}

	/**
	The first round trip after `up` brings what it found.
	*/
	get #isAwaitingAnswer(): boolean {
		return this.#rounds === 0 && this.#upGain > 1;
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
		this.#queuedSamples = rtt > this.#queueAbove(queueShare, this.#startupRtt) ? this.#queuedSamples + 1 : 0;
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
		this.#contention.handleRound({isLost: this.#isLost(round), packet: this.#datagramSize}, now);
		if (round.samples >= minSamples && !this.#isQueued(round, emptyShare)) {
			this.#contention.handleEmpty();
		}

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
				this.#handleDownRound(round, now);
				break;
			}

			case 'cruise': {
				this.#handleCruiseRound(round, isQueued, now);
				break;
			}

			case 'recheck': {
				if (this.#rounds >= 2) {
					this.#minimumRtt = Math.min(this.#recheckedRtt, this.#contention.window === undefined ? Infinity : this.#minimumRtt * contendedRttGrowth);
					this.#minimumAt = now;
					this.#enter('cruise');
				}
			}
		}
	}

	/**
	Even the shortest round trip was longer than the path's by this share.
	*/
	#isQueued({samples, minimumRtt}: Pick<Round, 'samples' | 'minimumRtt'>, share = queueShare): boolean {
		return samples >= minSamples && minimumRtt > this.#queueAbove(share);
	}

	#queueAbove(share: number, reference = this.#minimumRtt): number {
		return reference + Math.max(reference * share, this.#isNear ? nearQueueTime : queueTime);
	}

	get #isNear(): boolean {
		return this.#minimumRtt < nearRtt;
	}

	#handleStartupRound(round: Round): void {
		this.#startupRtt = round.minimumRtt;
		if (round.rate >= this.#baseRate * startupGrowth) {
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
		} else if (this.#contention.window !== undefined) {
			this.#contend(round, now);
		} else if (this.#sinceUp >= upEvery[this.#cycles % upEvery.length]!) {
			// A queue is no reason to wait for ever: where several flows share a link, the smaller one gains more by asking than it loses.
			this.#goUp(firstUpGain);
		} else if (isQueued) {
			this.#goDown();
		}
	}

	/**
	One more round trip beside somebody who fills the queue.
	*/
	#contend(round: Round, now: number): void {
		const {rate, minimumRtt, isAppLimited} = round;
		if (!isAppLimited && Number.isFinite(minimumRtt)) {
			this.#contention.climb({packet: this.#datagramSize, rtt: minimumRtt}, now);
		}

		// Somebody gave way. It may be one like us, who asks whether we are there: only when both give way at once they find out.
		const isRelieved = this.#isRelieved(round) && !this.#contention.wasCut && this.#rounds > 2;
		this.#lastRtt = minimumRtt;
		const every = (this.#isClimbing ? upEvery : contendedEvery)[this.#cycles % upEvery.length]!;
		if (!isRelieved && (this.#contention.wasCut || this.#rounds < every)) {
			return;
		}

		this.#rates = [0, rate];
		if (!isRelieved && (this.#isClimbing || this.#cycles % contendedUp === 0)) {
			this.#goUp(firstUpGain);
		} else {
			this.#cycles++;
			this.#goDown();
		}
	}

	/**
	Somebody gave way.
	*/
	#isRelieved({minimumRtt}: Round): boolean {
		return minimumRtt < this.#lastRtt * relief;
	}

	/**
	Packets were lost beyond the usual.
	*/
	#isLost({bytes, lost}: Round): boolean {
		return lost > 2 * this.#usualLoss * (bytes + lost);
	}

	#handleDownRound(round: Round, now: number): void {
		if (this.#rounds === 1 && this.#isMoreFound(round)) {
			this.#isClimbing = true;
			this.#contention.grow(this.#upGain, now);
			this.#goUp(Math.min(this.#upGain * upGrowth, maxUpGain));
			return;
		}

		if (this.#rounds === 1 && this.#upGain > 1) {
			this.#isClimbing &&= round.lost === 0 && round.minimumRtt <= this.#lastRtt * steady;
		}

		if (this.#rounds > 1 && round.samples >= minSamples) {
			this.#drainedRtt = Math.min(this.#drainedRtt, round.minimumRtt);
		}

		const needed = this.#contention.window === undefined ? 2 : contendedCheck + (this.#upGain > 1 ? 1 : 0);
		if (!(this.#rounds >= needed)) {
			return;
		}

		this.#judgeQueue(now);
		this.#enter('cruise');
	}

	#isMoreFound(round: Round): boolean {
		const isClean = !this.#isLost(round) || round.lost < minExcessPackets * this.#datagramSize;
		// Where somebody gave way meanwhile, what was found says nothing.
		const isOurs = this.#contention.window === undefined || (round.lost === 0 && round.minimumRtt > this.#lastRtt * steady);
		return this.#upGain > 1 && isClean && isOurs && this.bandwidth > this.#baseRate * (1 + (elasticity * (this.#upGain - 1)));
	}

	/**
	Ours was drained.
	*/
	#judgeQueue(now: number): void {
		this.#lastRtt = this.#drainedRtt;
		const wasThere = this.#contention.window !== undefined;
		const leftover = this.#leftover;
		this.#contention.handleDrained(leftover, this.bandwidth * this.#drainedRtt, now);
		if (wasThere || (leftover !== 'queue' && leftover !== 'deep')) {
			return;
		}

		if (this.#contention.window === undefined) {
			this.#rates = [this.bandwidth * queuedCut, 0];
		} else {
			this.#isClimbing = true;
		}
	}

	/**
	Where too little is sent to see a queue, nobody is in the way; where the path holds less than the least window, the queue is ours.
	*/
	get #leftover(): Leftover {
		const drained = {samples: minSamples, minimumRtt: this.#drainedRtt};
		if (this.#drainedRtt === Infinity || this.capacity < minPackets * this.#datagramSize || !this.#isQueued(drained, emptyShare)) {
			return 'nothing';
		}

		if (!this.#isQueued(drained)) {
			return 'short';
		}

		return this.#isQueued(drained, deepShare) ? 'deep' : 'queue';
	}

	#goDown(): void {
		this.#upGain = 1;
		this.#enter('down');
	}

	#goUp(gain: number): void {
		this.#baseRate = this.bandwidth;
		// A cycle that only carried chat says nothing: the old rate stands.
		if (this.#rates[1] > 0) {
			this.#rates = [this.#rates[1], 0];
		}

		this.#cycles++;
		this.#sinceUp = 0;
		this.#upGain = gain;
		this.#enter('up');
	}

	#enter(phase: Phase): void {
		this.#phase = phase;
		this.#rounds = 0;
		this.#flatRounds = 0;
		this.#drainedRtt = Infinity;
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
		if (isExcess && this.#sinceCut >= excessPause && this.#phase !== 'startup' && this.#contention.window === undefined) {
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
