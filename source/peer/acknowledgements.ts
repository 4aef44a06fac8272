// Which packets came, and when to say so (RFC 9000, section 13.2): every second one, at once where the order breaks,
// fewer while packets come in order and in quantity. Refuses to know what the packets held.
import {type PeerConfig} from './config.js';
import {type AckFrame} from './frame.js';
import {RangeSet} from './range-set.js';

export class Acknowledgements {
	readonly #config: PeerConfig;
	readonly #received = new RangeSet();
	#largestAt = 0;
	/**
	Packets since our last ACK that ask for one.
	*/
	#waiting = 0;
	/**
	Packets in a row that came in order.
	*/
	#inOrder = 0;
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
	handlePacket(pn: number, {isEliciting, isUrgent}: {isEliciting: boolean; isUrgent: boolean}, now: number): void {
		const expected = this.#received.last?.end ?? 0;
		const isNext = pn === expected;
		if (pn >= expected) {
			this.#largestAt = now;
		}

		this.#received.add(pn, pn + 1);
		this.#received.keepLast(this.#config.maxAckRanges);
		this.#inOrder = isNext ? this.#inOrder + 1 : 0;
		if (!isEliciting) {
			return;
		}

		this.#waiting++;
		const isFast = this.#inOrder >= this.#config.fastAckAfter;
		const isDue = isUrgent || !isNext || this.#waiting >= (isFast ? this.#config.fastAckEvery : 2);
		const delay = isFast ? this.#config.fastAckDelay : this.#config.maxAckDelay;
		this.#dueAt = isDue ? now : this.#dueAt ?? (now + delay);
	}

	/**
	The ACK to send now; undefined before the first packet came.
	*/
	takeFrame(now: number): AckFrame | undefined {
		if (this.#received.count === 0) {
			return undefined;
		}

		this.#waiting = 0;
		this.#dueAt = undefined;
		return {type: 'ack', delay: Math.max(0, Math.round((now - this.#largestAt) * 1000)), ranges: this.#received.toDescending()};
	}

	/**
	The peer has got an ACK that went up to `largest`: what lies below need not be told again.
	*/
	handleSettled(largest: number): void {
		this.#received.remove(0, largest);
	}
}
