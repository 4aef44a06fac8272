// The window of a TCP CUBIC sender (RFC 9438): what a flow has to be beside one that fills the queue until packets are lost.
// Knows round trips and losses; refuses to know why anybody wants to be like that.

const beta = 0.7;
/**
Packets a second cubed.
*/
const scale = 0.4;
const renoGrowth = 3 * (1 - beta) / (1 + beta);
const maxGrowth = 1.5;

export class CubicWindow {
	/**
	Bytes.
	*/
	size: number;
	/**
	What it was when packets were lost, and what a Reno sender would have by now.
	*/
	#largest: number;
	#reno: number;
	#climbingSince: number;
	/**
	Seconds from there until it is as large again.
	*/
	#plateauAfter = 0;

	constructor(size: number, now: number) {
		this.size = size;
		this.#largest = size;
		this.#reno = size;
		this.#climbingSince = now;
	}

	/**
	A round trip of `rtt` ms has passed in which all of the window was used, in packets of `packet` bytes, and nothing was lost.
	*/
	handleRound(packet: number, rtt: number, now: number): void {
		const time = ((now - this.#climbingSince + rtt) / 1000) - this.#plateauAfter;
		const target = this.#largest + (scale * (time ** 3) * packet);
		this.#reno += (this.#reno < this.#largest ? renoGrowth : 1) * packet;
		this.size = Math.max(this.size, Math.min(Math.max(target, this.#reno), maxGrowth * this.size));
	}

	/**
	Packets were lost.
	*/
	handleLoss(packet: number, now: number): void {
		// Whoever did not get back to where he was gives way to newcomers (fast convergence).
		this.#largest = this.size < this.#largest ? this.size * (1 + beta) / 2 : this.size;
		this.size *= beta;
		this.#begin(packet, now);
	}

	/**
	More was found to be ours.
	*/
	handleGain(size: number, now: number): void {
		this.size = size;
		this.#largest = size;
		this.#begin(0, now);
	}

	#begin(packet: number, now: number): void {
		this.#reno = this.size;
		this.#climbingSince = now;
		this.#plateauAfter = packet > 0 ? Math.cbrt((this.#largest - this.size) / packet / scale) : 0;
	}
}
