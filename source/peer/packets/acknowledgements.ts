// Which packets came, and when to say so (RFC 9000, section 13.2): every second one and at once where the order breaks;
// fewer the faster they come, and then a broken order waits a moment too. Refuses to know what the packets held.
import {type PeerConfig} from '../config.js';
import {type AckFrame} from './frame.js';
import {RangeSet} from './range-set.js';

/**
A fast path is told of as many packets at once as come in so many ms, and of a broken order no more often than this.
*/
const fastAckTime = 2;
const fastAckPause = 1;

/**
What a peer may have in flight is acknowledged in so many parts at least: it must not wait for us with nothing left to send.
*/
const partsInFlight = 4;

export class Acknowledgements {
	readonly #config: PeerConfig;
	readonly #received = new RangeSet();
	#largestAt = 0;
	/**
	Packets since our last ACK that ask for one.
	*/
	#waiting = 0;
	#waitingBytes = 0;
	/**
	Packets a millisecond, smoothed, and since when they are counted.
	*/
	#rate = 0;
	#countedSince = -Infinity;
	#counted = 0;
	#toldAt = -Infinity;
	#dueAt: number | undefined;

	constructor(config: PeerConfig) {
		this.#config = config;
	}

	/**
	Something came that the peer wants acknowledged, sooner or later.
	*/
	get isWaiting(): boolean {
		return this.#waiting > 0;
	}

	/**
	When an ACK has to go.
	*/
	get dueAt(): number | undefined {
		return this.#dueAt;
	}

	/**
	An authentic packet came; `isUrgent` when it holds something that is to be acknowledged at once.
	*/
	handlePacket(pn: number, {size, isEliciting, isUrgent}: {size: number; isEliciting: boolean; isUrgent: boolean}, now: number): void {
		const expected = this.#received.last?.end ?? 0;
		if (pn >= expected) {
			this.#largestAt = now;
		}

		this.#received.add(pn, pn + 1);
		this.#received.keepLast(this.#config.maxAckRanges);
		if (!isEliciting) {
			return;
		}

		this.#waiting++;
		this.#waitingBytes += size;
		this.#measureRate(now);
		const every = Math.min(Math.max(Math.floor(this.#rate * fastAckTime), 2), this.#config.fastAckEvery);
		const isFast = every > 2;
		if (isUrgent || this.#waiting >= every || this.#waitingBytes >= this.#config.maxInFlight / partsInFlight) {
			this.#dueAt = now;
		} else if (pn === expected) {
			this.#dueAt ??= now + (isFast ? this.#config.fastAckDelay : this.#config.maxAckDelay);
		} else {
			// Where nearly every packet is out of order, an ACK for each would tell nothing new.
			this.#dueAt = Math.min(this.#dueAt ?? Infinity, Math.max(now, isFast ? this.#toldAt + fastAckPause : now));
		}
	}

	/**
	The ACK to send now; undefined before the first packet came.
	*/
	takeFrame(now: number): AckFrame | undefined {
		if (this.#received.count === 0) {
			return undefined;
		}

		this.#waiting = 0;
		this.#waitingBytes = 0;
		this.#dueAt = undefined;
		this.#toldAt = now;
		return {type: 'ack', delay: Math.max(0, Math.round((now - this.#largestAt) * 1000)), ranges: this.#received.toDescending()};
	}

	/**
	The peer has got an ACK that went up to `largest`: what lies below need not be told again.
	*/
	handleSettled(largest: number): void {
		this.#received.remove(0, largest);
	}

	/**
	How fast packets come, measured over 25 ms or so; a pause counts as slow.
	*/
	#measureRate(now: number): void {
		this.#counted++;
		const time = now - this.#countedSince;
		if (time < this.#config.maxAckDelay) {
			return;
		}

		this.#rate = (this.#rate + (this.#counted / time)) / 2;
		this.#countedSince = now;
		this.#counted = 0;
	}
}
