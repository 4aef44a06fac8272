// Loss detection after RFC 9002: which sent packets arrived, which are lost, when to probe.
// Knows packet numbers, times and sizes, and carries what each packet held; refuses to know what those things mean.
import {type CongestionController} from './congestion.js';
import {ProtocolViolation} from './errors.js';
import {type AckFrame, type Range} from './frame.js';
import {type RttEstimator} from './rtt.js';

/**
Packets sent after an unacknowledged one that prove it lost (section 6.1.1).
*/
const packetThreshold = 3;

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
export type SentPacket = {pn: number; sentAt: number; size: number; frames: readonly SentFrame[]};

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
	readonly #rtt: RttEstimator;
	readonly #congestion: CongestionController;
	readonly #peerMaxAckDelay: number;
	readonly #maxProbeTimeout: number;
	/**
	Packets in flight by number: slot i holds packet `#base + i`; settled and ack-only numbers are empty.
	*/
	#slots: Array<SentPacket | undefined> = [];
	#base = 0;
	#lastSentAt = 0;
	#lossTime: number | undefined;

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
			pn, sentAt: now, size, frames,
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

		this.largestAcknowledged = Math.max(this.largestAcknowledged, largest);
		const acked: SentPacket[] = [];
		const inFlight = this.bytesInFlight;
		for (const range of ranges) {
			this.#takeAcked(range, acked);
		}

		const newest = acked[0];
		if (!newest) {
			return {acked, lost: []};
		}

		if (newest.pn === largest) {
			this.#rtt.update(Math.max(now - newest.sentAt, 0.01), Math.min(delay / 1000, this.#peerMaxAckDelay));
		}

		this.#congestion.handleAcknowledged({
			bytes: inFlight - this.bytesInFlight, sentAt: newest.sentAt, inFlight, rtt: this.#rtt.smoothed,
		}, now);
		this.probeCount = 0;
		this.probesToSend = 0;
		this.#trim();
		return {acked, lost: this.#detectLost(now)};
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
	Everything in flight, which is given up.
	*/
	abandon(): SentPacket[] {
		const packets = this.#slots.filter(packet => packet !== undefined);
		this.#slots = [];
		this.bytesInFlight = 0;
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

	#detectLost(now: number): SentPacket[] {
		const lost: SentPacket[] = [];
		const {lossDelay} = this.#rtt;
		this.#lossTime = undefined;
		let bytes = 0;
		const last = Math.min(this.largestAcknowledged - this.#base, this.#slots.length);
		for (let index = 0; index < last; index++) {
			const packet = this.#slots[index];
			if (!packet) {
				continue;
			}

			// The same sum as the timer's, so that rounding cannot make it ring for nothing.
			if (packet.sentAt + lossDelay <= now || packet.pn + packetThreshold <= this.largestAcknowledged) {
				this.#slots[index] = undefined;
				bytes += packet.size;
				lost.push(packet);
			} else {
				this.#lossTime ??= packet.sentAt + lossDelay;
			}
		}

		const newest = lost.at(-1);
		if (newest) {
			this.packetsLost += lost.length;
			this.bytesInFlight -= bytes;
			this.#congestion.handleLost({bytes, sentAt: newest.sentAt}, now);
			this.#trim();
		}

		return lost;
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
