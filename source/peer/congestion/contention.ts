// Is there somebody who fills the queue until packets are lost, and what may be in flight beside him? After the mode switch of Copa (Arun and
// Balakrishnan, NSDI 2018): a queue that stays although ours was drained is his, and beside him one has to be like him.
// Knows queues that were seen, and losses; refuses to know how they are measured.
import {CubicWindow} from './cubic-window.js';

/**
What was left in the queue when ours was drained. `short` says nothing: it may be the path's own unrest.
*/
export type Leftover = 'nothing' | 'short' | 'queue' | 'deep';

/**
A queue must have stayed so often in a row (a deep one counts twice), and once it was gone half as often to be believed again.
*/
const believed = 4;
const doubted = 2;

export class Contention {
	#seen = 0;
	#window: CubicWindow | undefined;
	/**
	Of him who was there, but not the last time.
	*/
	#last: CubicWindow | undefined;
	#wasCut = false;

	/**
	Bytes in flight beside him; undefined when nobody is believed to be there.
	*/
	get window(): number | undefined {
		return this.#window?.size;
	}

	/**
	Packets were lost in the last round trip.
	*/
	get wasCut(): boolean {
		return this.#wasCut;
	}

	/**
	Ours was drained. `window` is how much would be in flight beside him, had he not been there before.
	*/
	handleDrained(leftover: Leftover, window: number, now: number): void {
		if (leftover === 'nothing' && this.#window) {
			this.#seen = doubted;
			this.#last = this.#window;
			this.#window = undefined;
		}

		if (leftover === 'queue' || leftover === 'deep') {
			this.#seen = Math.min(believed, this.#seen + (leftover === 'deep' ? 2 : 1));
		}

		if (this.#seen !== believed || this.#window) {
			return;
		}

		this.#window = this.#last ?? new CubicWindow(window, now);
		this.#wasCut = false;
	}

	/**
	A round trip passed in which the queue was empty at least once.
	*/
	handleEmpty(): void {
		if (this.#window) {
			return;
		}

		this.#seen = Math.max(0, this.#seen - 1);
		if (this.#seen === 0) {
			this.#last = undefined;
		}
	}

	/**
	A round trip passed, of packets of `packet` bytes; the window yields once to a loss that lasts longer than it.
	*/
	handleRound({isLost, packet}: {isLost: boolean; packet: number}, now: number): void {
		if (isLost && !this.#wasCut) {
			this.#window?.handleLoss(packet, now);
		}

		this.#wasCut = isLost;
	}

	/**
	All of the window was in use for a round trip of `rtt` ms.
	*/
	climb({packet, rtt}: {packet: number; rtt: number}, now: number): void {
		if (!this.#wasCut) {
			this.#window?.handleRound(packet, rtt, now);
		}
	}

	/**
	So many times as much was found to be ours.
	*/
	grow(gain: number, now: number): void {
		this.#window?.handleGain(this.#window.size * gain, now);
	}

	/**
	Nothing is known of the path any more.
	*/
	forget(): void {
		this.#seen = 0;
		this.#window = undefined;
		this.#last = undefined;
	}
}
