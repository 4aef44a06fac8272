// The NewReno controller of RFC 9002, section 7: doubles until the first loss, then halves and climbs by a packet a round trip.
// Simple and fair, slow on paths that lose packets at random.
import {initialWindow, type AckedBatch, type CongestionController} from './congestion.js';

export class NewReno implements CongestionController {
	window: number;
	#datagramSize: number;
	#threshold = Infinity;
	/**
	Losses of packets sent before this moment belong to a congestion event already answered.
	*/
	#recoveryStart = -Infinity;

	constructor(datagramSize: number) {
		this.#datagramSize = datagramSize;
		this.window = initialWindow(datagramSize);
	}

	/**
	This controller keeps no model of the path.
	*/
	get capacity(): number {
		return 0;
	}

	get state(): string {
		return this.window < this.#threshold ? 'slow_start' : 'congestion_avoidance';
	}

	handleDatagramSize(size: number): void {
		this.#datagramSize = size;
		this.window = Math.max(this.window, initialWindow(size));
	}

	handleAcknowledged({bytes, sentAt, inFlight}: Pick<AckedBatch, 'bytes' | 'sentAt' | 'inFlight'>): void {
		// A window that was not used proves nothing about the path (section 7.8).
		if (sentAt <= this.#recoveryStart || inFlight * 2 < this.window) {
			return;
		}

		this.window += this.window < this.#threshold ? bytes : this.#datagramSize * bytes / this.window;
	}

	handleLost({sentAt}: {sentAt: number}, now: number): void {
		if (sentAt <= this.#recoveryStart) {
			return;
		}

		this.#recoveryStart = now;
		this.window = Math.max(this.window / 2, 2 * this.#datagramSize);
		this.#threshold = this.window;
	}

	handleSpurious(): void {
		// The halved window is not taken back: reordering is rare where this controller is used.
	}

	handlePersistentCongestion(): void {
		this.window = 2 * this.#datagramSize;
	}

	pacingRate(rtt: number): number {
		// Twice the rate while the window doubles, a quarter above it later (section 7.7).
		const gain = this.window < this.#threshold ? 2 : 1.25;
		return gain * this.window / Math.max(rtt, 0.1);
	}
}
