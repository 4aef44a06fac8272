// The controller of a path that never leaves this machine. There is no link to share and no queue but the receiver's own socket
// buffer, which it told us the size of; round trips are the scheduler's mood, and a timer is ten times as long as they are. So nothing is
// paced, and the window is as large as the peer allows until something is lost.
// An address does not prove that: behind a loopback address may be a tunnel. Where the smallest round trip is not tiny, the
// controller of the network decides, which hears everything all the time.
import {type AckedBatch, type CongestionController} from './congestion.js';

/**
No round trip on one machine takes longer than this, ms, unless it is so busy that the difference does not matter.
*/
const maxLocalRtt = 3;

const firstWindow = 4 * 1024 * 1024;
const minPackets = 4;

export class LocalCongestion implements CongestionController {
	readonly #network: CongestionController;
	#datagramSize: number;
	#window = firstWindow;
	#minimumRtt = Infinity;
	/**
	Losses of packets sent before this moment are answered already.
	*/
	#cutAt = -Infinity;

	constructor(network: CongestionController, datagramSize: number) {
		this.#network = network;
		this.#datagramSize = datagramSize;
	}

	get window(): number {
		return this.#isLocal ? this.#window : this.#network.window;
	}

	get capacity(): number {
		return this.#isLocal ? 0 : this.#network.capacity;
	}

	get state(): string | undefined {
		return this.#isLocal ? 'local' : this.#network.state;
	}

	get bandwidth(): number | undefined {
		return this.#isLocal ? undefined : this.#network.bandwidth;
	}

	pacingRate(rtt: number): number {
		return this.#isLocal ? Infinity : this.#network.pacingRate(rtt);
	}

	handleAcknowledged(batch: AckedBatch, now: number): void {
		this.#minimumRtt = Math.min(this.#minimumRtt, batch.latestRtt ?? Infinity);
		this.#window = Math.min(firstWindow, this.#window + batch.bytes);
		this.#network.handleAcknowledged(batch, now);
	}

	handleLost(loss: {bytes: number; sentAt: number}, now: number): void {
		if (loss.sentAt > this.#cutAt) {
			this.#cutAt = now;
			this.#window = Math.max(this.#window / 2, minPackets * this.#datagramSize);
		}

		this.#network.handleLost(loss, now);
	}

	handleDatagramSize(size: number): void {
		this.#datagramSize = size;
		this.#network.handleDatagramSize?.(size);
	}

	handleSpurious(bytes: number): void {
		this.#network.handleSpurious(bytes);
	}

	handlePersistentCongestion(): void {
		this.#window = minPackets * this.#datagramSize;
		this.#network.handlePersistentCongestion();
	}

	get #isLocal(): boolean {
		return this.#minimumRtt <= maxLocalRtt;
	}
}
