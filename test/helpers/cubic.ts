// A TCP CUBIC sender's window (RFC 9438) with the delay rule of HyStart++ (RFC 9406), ack-clocked: the neighbour that most links have.
import {type AckedBatch, type CongestionController} from '../../source/peer/congestion/congestion.js';

const beta = 0.7;
const scale = 0.4;

export class Cubic implements CongestionController {
	window: number;
	readonly #size: number;
	#threshold = Infinity;
	#largest = 0;
	#epochAt: number | undefined;
	#epochTime = 0;
	#friendly = 0;
	#recoveryStart = -Infinity;
	#minimumRtt = Infinity;
	#roundEnd = 0;
	#roundRtt = Infinity;

	constructor(datagramSize: number) {
		this.#size = datagramSize;
		this.window = 10 * datagramSize;
	}

	get capacity(): number {
		return 0;
	}

	handleAcknowledged({bytes, sentAt, inFlight, latestRtt, delivered, priorDelivered}: AckedBatch, now: number): void {
		this.#takeRtt(latestRtt, delivered, priorDelivered);
		if (sentAt <= this.#recoveryStart || inFlight * 2 < this.window) {
			return;
		}

		if (this.window < this.#threshold) {
			this.window += bytes;
			return;
		}

		this.#climb(bytes, now);
	}

	handleLost({sentAt}: {sentAt: number}, now: number): void {
		if (sentAt <= this.#recoveryStart) {
			return;
		}

		this.#recoveryStart = now;
		this.#largest = this.window < this.#largest ? this.window * (1 + beta) / 2 : this.window;
		this.window = Math.max(this.window * beta, 2 * this.#size);
		this.#threshold = this.window;
		this.#epochAt = undefined;
	}

	handleSpurious(): void {
		// As a TCP without timestamps: what is halved stays halved.
	}

	handlePersistentCongestion(): void {
		this.window = 2 * this.#size;
	}

	pacingRate(): number {
		return 1e9;
	}

	#climb(bytes: number, now: number): void {
		if (this.#epochAt === undefined) {
			this.#epochAt = now;
			this.#friendly = this.window;
			this.#largest = Math.max(this.#largest, this.window);
			this.#epochTime = Math.cbrt((this.#largest - this.window) / this.#size / scale);
		}

		const time = ((now - this.#epochAt + this.#minimumRtt) / 1000) - this.#epochTime;
		const target = Math.min((scale * (time ** 3) * this.#size) + this.#largest, 1.5 * this.window);
		this.#friendly += 3 * (1 - beta) / (1 + beta) * this.#size * bytes / this.#friendly;
		this.window += target > this.window ? (target - this.window) * bytes / this.window : this.#size * bytes / (100 * this.window);
		this.window = Math.max(this.window, this.#friendly);
	}

	#takeRtt(rtt: number | undefined, delivered: number, priorDelivered: number): void {
		if (rtt !== undefined) {
			this.#minimumRtt = Math.min(this.#minimumRtt, rtt);
			this.#roundRtt = Math.min(this.#roundRtt, rtt);
		}

		if (priorDelivered < this.#roundEnd) {
			return;
		}

		this.#roundEnd = delivered;
		if (this.window < this.#threshold && this.#roundRtt > this.#minimumRtt + Math.min(Math.max(this.#minimumRtt / 8, 4), 16)) {
			this.#threshold = this.window;
		}

		this.#roundRtt = Infinity;
	}
}
