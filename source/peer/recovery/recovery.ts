// Loss detection after RFC 9002 and RFC 8985: which sent packets arrived, which are lost, when to probe.
// Knows packet numbers, times and sizes, and carries what each packet held; refuses to know what those things mean.
import {type CongestionController} from '../congestion/congestion.js';
import {ProtocolViolation} from '../errors.js';
import {type AckFrame, type Range} from '../packets/frame.js';
import {DeliveryRate, type RateStamp} from './delivery-rate.js';
import {ReorderingWindow} from './reordering.js';
import {timerGranularity, type RttEstimator} from './rtt.js';

/**
Packets sent after an unacknowledged one that prove it lost (section 6.1.1).
*/
const packetThreshold = 3;
/**
Probe timeouts of nothing but losses that mean that the path is gone or congested beyond measure (section 7.6.1).
*/
const persistentCongestion = 3;
/**
Packets declared lost that are remembered, in case they come after all.
*/
const maxRememberedLost = 4096;

/**
What a packet held that has to be settled when it is acknowledged or lost.
*/
export type SentFrame =
	| {type: 'stream'; stream: number; offset: number; length: number; fin: boolean}
	| {type: 'ack'; largest: number}
	| {type: 'maxStreamData' | 'resetStream' | 'stop'; stream: number}
	| {type: 'maxData' | 'ping'};

/**
A packet in flight, that is, one the peer must acknowledge.
*/
export type SentPacket = {pn: number; sentAt: number; size: number; frames: readonly SentFrame[]; stamp: RateStamp};

export class Recovery {
	nextPacketNumber = 0;
	bytesInFlight = 0;
	/**
	Probes in a row without an acknowledgement.
	*/
	probeCount = 0;
	/**
	Packets that may go out although the window is full (section 7.5).
	*/
	probesToSend = 0;
	packetsLost = 0;
	largestAcknowledged = -1;
	#rtt: RttEstimator;
	#congestion: CongestionController;
	readonly #peerMaxAckDelay: number;
	readonly #maxProbeTimeout: number;
	/**
	Packets in flight by number: slot i holds packet `#base + i`; settled and ack-only numbers are empty.
	*/
	#slots: Array<SentPacket | undefined> = [];
	#base = 0;
	/**
	Declared lost not long ago, by packet number.
	*/
	readonly #lost = new Map<number, SentPacket>();
	#rate = new DeliveryRate();
	#reordering = new ReorderingWindow();
	/**
	The round trip ends when a packet is acknowledged that was sent with so many bytes delivered.
	*/
	#roundEnd = 0;
	#lastSentAt = 0;
	/**
	When the newest acknowledged packet was sent.
	*/
	#newestAckedAt = -Infinity;
	#lossTime: number | undefined;
	/**
	The first packet by the path of now.
	*/
	#pathStart = 0;

	constructor(options: {rtt: RttEstimator; congestion: CongestionController; peerMaxAckDelay: number; maxProbeTimeout: number}) {
		this.#rtt = options.rtt;
		this.#congestion = options.congestion;
		this.#peerMaxAckDelay = options.peerMaxAckDelay;
		this.#maxProbeTimeout = options.maxProbeTimeout;
	}

	/**
	Takes the next packet number. A packet without frames to settle is not in flight.
	*/
	handleSent(size: number, frames: readonly SentFrame[], isEliciting: boolean, now: number): void {
		const pn = this.nextPacketNumber++;
		if (!isEliciting) {
			if (this.#slots.length > 0) {
				this.#slots.push(undefined);
			} else {
				this.#base = pn + 1;
			}

			return;
		}

		if (this.#slots.length === 0) {
			this.#base = pn;
		}

		this.#slots.push({
			pn, sentAt: now, size, frames, stamp: this.#rate.stamp(this.bytesInFlight, now),
		});
		this.bytesInFlight += size;
		this.#lastSentAt = now;
		if (this.probesToSend > 0) {
			this.probesToSend--;
		}
	}

	/**
	Settles what an ACK says.

	@throws ProtocolViolation when it acknowledges a packet that was never sent.
	*/
	handleAck({ranges, delay}: AckFrame, now: number): {acked: SentPacket[]; lost: SentPacket[]} {
		const largest = ranges[0]!.end - 1;
		if (largest >= this.nextPacketNumber) {
			throw new ProtocolViolation('a packet was acknowledged that was never sent');
		}

		const previous = this.largestAcknowledged;
		this.largestAcknowledged = Math.max(previous, largest);
		const acked: SentPacket[] = [];
		const inFlight = this.bytesInFlight;
		for (const range of ranges) {
			this.#takeAcked(range, acked);
		}

		const newest = acked[0];
		if (newest) {
			const isTimed = newest.pn === largest;
			if (isTimed) {
				this.#rtt.update(Math.max(now - newest.sentAt, 0.01), Math.min(delay / 1000, this.#peerMaxAckDelay));
			}

			this.#noteLate(acked, previous, now);
			this.#tellAcknowledged(newest, {inFlight, isTimed}, now);
			this.probeCount = 0;
			this.probesToSend = 0;
			this.#trim();
		}

		if (this.#lost.size > 0) {
			this.#takeSpurious(ranges, acked, now);
		}

		if (acked.length === 0) {
			return {acked, lost: []};
		}

		const lost = this.#detectLost(now);
		if (newest) {
			this.#checkPersistence(lost, acked);
			this.#newestAckedAt = Math.max(this.#newestAckedAt, newest.sentAt);
		}

		return {acked, lost};
	}

	/**
	There was nothing to send, so that what comes next says little about the path.
	*/
	handleAppLimited(): void {
		this.#rate.handleAppLimited(this.bytesInFlight);
	}

	/**
	What a due timer means: packets lost by time, or else a probe that should carry the oldest packets' content again.
	*/
	handleTimeout(now: number): {lost: SentPacket[]; probe: SentPacket[]} {
		const due = this.pollTimeout();
		if (due === undefined || now < due) {
			return {lost: [], probe: []};
		}

		if (this.#lossTime !== undefined) {
			return {lost: this.#detectLost(now), probe: []};
		}

		this.probeCount++;
		this.probesToSend = 2;
		// Another full timeout passes before the next probe, even if the network refuses this one.
		this.#lastSentAt = now;
		return {lost: [], probe: this.#slots.filter(packet => packet !== undefined).slice(0, 2)};
	}

	/**
	When a packet will count as lost, or a probe is due; undefined with nothing in flight.
	*/
	pollTimeout(): number | undefined {
		if (this.#lossTime !== undefined) {
			return this.#lossTime;
		}

		return this.bytesInFlight > 0 ? this.#lastSentAt + this.#probeTimeout() : undefined;
	}

	/**
	Whether the timer waits for packets to count as lost, not for a probe.
	*/
	get isLossTimeSet(): boolean {
		return this.#lossTime !== undefined;
	}

	/**
	Everything in flight, which is given up.
	*/
	abandon(): SentPacket[] {
		const packets = this.#slots.filter(packet => packet !== undefined);
		this.#slots = [];
		this.#lost.clear();
		this.bytesInFlight = 0;
		return packets;
	}

	/**
	The peer is reached by another path, of which nothing is known yet. Returns what was in flight: it went by the old one, counts as lost, and
	says nothing about the new, even if it arrives after all (RFC 9000, section 9.4).
	*/
	handleMoved({rtt, congestion}: {rtt: RttEstimator; congestion: CongestionController}): SentPacket[] {
		const packets = this.abandon();
		for (const packet of packets) {
			this.#lost.set(packet.pn, packet);
		}

		this.packetsLost += packets.length;
		this.#rtt = rtt;
		this.#congestion = congestion;
		this.#rate = new DeliveryRate();
		this.#reordering = new ReorderingWindow();
		this.#roundEnd = 0;
		this.#newestAckedAt = -Infinity;
		this.#lossTime = undefined;
		this.#pathStart = this.nextPacketNumber;
		this.probeCount = 0;
		this.probesToSend = 0;
		return packets;
	}

	/**
	The probe timeout without backoff, ms.
	*/
	get basicProbeTimeout(): number {
		return this.#rtt.probeTimeout(this.#peerMaxAckDelay);
	}

	#probeTimeout(): number {
		return Math.min(this.basicProbeTimeout * (2 ** Math.min(this.probeCount, 20)), Math.max(this.#maxProbeTimeout, this.basicProbeTimeout));
	}

	/**
	Settles the packets of one acknowledged range, newest first.
	*/
	#takeAcked({start, end}: Range, acked: SentPacket[]): void {
		for (let pn = end - 1; pn >= Math.max(start, this.#base); pn--) {
			const packet = this.#slots[pn - this.#base];
			if (!packet) {
				continue;
			}

			this.#slots[pn - this.#base] = undefined;
			this.bytesInFlight -= packet.size;
			acked.push(packet);
		}
	}

	/**
	Packets that an earlier ACK had passed over tell how much the path reorders.
	*/
	#noteLate(acked: readonly SentPacket[], previous: number, now: number): void {
		const roundTrip = this.#roundTrip;
		for (const {pn, sentAt} of acked) {
			const lateness = now - sentAt - roundTrip;
			if (pn + packetThreshold <= previous || (pn < previous && lateness > 0)) {
				this.#reordering.handleLate(Math.max(0, lateness));
			}
		}
	}

	#tellAcknowledged(newest: SentPacket, {inFlight, isTimed}: {inFlight: number; isTimed: boolean}, now: number): void {
		const bytes = inFlight - this.bytesInFlight;
		this.#rate.handleDelivered(bytes, now);
		const {delivered: priorDelivered} = newest.stamp;
		if (priorDelivered >= this.#roundEnd) {
			this.#roundEnd = this.#rate.delivered;
			this.#reordering.handleRound();
		}

		this.#congestion.handleAcknowledged({
			bytes,
			sentAt: newest.sentAt,
			inFlight,
			rtt: this.#rtt.smoothed,
			latestRtt: isTimed ? this.#rtt.adjusted : undefined,
			delivered: this.#rate.delivered,
			priorDelivered,
			sample: this.#rate.sample(newest.stamp, newest.sentAt, {minimumRtt: this.#rtt.minimum, now}),
		}, now);
	}

	/**
	Packets that were declared lost and came after all: what they held is settled, and the window learns to wait longer.
	*/
	#takeSpurious(ranges: readonly Range[], acked: SentPacket[], now: number): void {
		let bytes = 0;
		for (const [pn, packet] of this.#lost) {
			if (ranges.every(({start, end}) => !(pn >= start && pn < end))) {
				continue;
			}

			this.#lost.delete(pn);
			this.packetsLost--;
			acked.push(packet);
			if (!(pn >= this.#pathStart)) {
				continue;
			}

			this.#reordering.handleLate(Math.max(0, now - packet.sentAt - this.#roundTrip));
			bytes += packet.size;
		}

		if (!(bytes > 0)) {
			return;
		}

		this.#rate.handleDelivered(bytes, now);
		this.#congestion.handleSpurious(bytes);
	}

	get #roundTrip(): number {
		return Math.max(this.#rtt.smoothed, this.#rtt.latest);
	}

	#detectLost(now: number): SentPacket[] {
		const lost: SentPacket[] = [];
		const lossDelay = Math.max(this.#roundTrip + this.#reordering.wait(this.#roundTrip), timerGranularity);
		const provenBy = this.#reordering.isOpen ? -1 : this.largestAcknowledged - packetThreshold;
		this.#lossTime = undefined;
		let bytes = 0;
		const last = Math.min(this.largestAcknowledged - this.#base, this.#slots.length);
		for (let index = 0; index < last; index++) {
			const packet = this.#slots[index];
			if (!packet) {
				continue;
			}

			// The same sum as the timer's, so that rounding cannot make it ring for nothing.
			if (packet.sentAt + lossDelay > now && packet.pn > provenBy) {
				// Later ones were sent later.
				this.#lossTime = packet.sentAt + lossDelay;
				break;
			}

			this.#slots[index] = undefined;
			this.#lost.set(packet.pn, packet);
			bytes += packet.size;
			lost.push(packet);
		}

		const newest = lost.at(-1);
		if (newest) {
			this.packetsLost += lost.length;
			this.bytesInFlight -= bytes;
			this.#congestion.handleLost({bytes, sentAt: newest.sentAt}, now);
			this.#trim();
		}

		if (this.#lost.size > 0) {
			this.#forgetLost(now - (4 * lossDelay));
		}

		return lost;
	}

	/**
	Everything between two acknowledged packets was lost, over several probe timeouts (section 7.6.2).
	*/
	#checkPersistence(lost: readonly SentPacket[], acked: readonly SentPacket[]): void {
		if (lost.length === 0) {
			return;
		}

		const oldestAcked = Math.min(...acked.map(({pn}) => pn));
		const run = lost.filter(({pn, sentAt}) => pn < oldestAcked && sentAt > this.#newestAckedAt);
		const span = (run.at(-1)?.sentAt ?? 0) - (run[0]?.sentAt ?? 0);
		if (Number.isFinite(this.#newestAckedAt) && span > persistentCongestion * this.basicProbeTimeout) {
			this.#congestion.handlePersistentCongestion();
		}
	}

	#forgetLost(before: number): void {
		for (const [pn, {sentAt}] of this.#lost) {
			if (sentAt >= before && this.#lost.size <= maxRememberedLost) {
				return;
			}

			this.#lost.delete(pn);
		}
	}

	/**
	Drops the settled head; cut in one piece now and then, because shifting an array one by one is slow.
	*/
	#trim(): void {
		const settled = this.#slots.findIndex(packet => packet !== undefined);
		if (settled === -1) {
			this.#slots = [];
			this.#base = this.nextPacketNumber;
		} else if (settled > 0) {
			this.#slots.splice(0, settled);
			this.#base += settled;
		}
	}
}
