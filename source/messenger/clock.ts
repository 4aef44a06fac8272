// A hybrid logical clock (Kulkarni et al., 2014): wall time where it can, a counter where it must,
// so that a line never sorts above one that its author had seen.
// Knows how to tick, follow and write a moment so that texts sort as moments do; refuses to know what is timed.
import {maximumClockLeadMs} from './limits.js';

const pattern = /^(?<wall>[\da-z]{9})\.(?<count>[\da-z]{6})$/v;

/**
Whether `text` is a moment as `HybridClock` writes it.
*/
export function isMoment(text: string): boolean {
	return pattern.test(text);
}

export class HybridClock {
	#wall = 0;
	#count = 0;

	/**
	A moment after everything ticked or followed so far. `now` in ms since the epoch.
	*/
	tick(now: number): string {
		const wall = Math.floor(now);
		if (wall > this.#wall) {
			this.#wall = wall;
			this.#count = 0;
		} else {
			this.#count++;
		}

		return `${this.#wall.toString(36).padStart(9, '0')}.${this.#count.toString(36).padStart(6, '0')}`;
	}

	/**
	Takes note of another's moment. One that is absurdly far ahead of `now` is not followed.
	*/
	follow(moment: string, now: number): void {
		const groups = pattern.exec(moment)?.groups;
		if (!groups) {
			return;
		}

		const wall = Number.parseInt(groups.wall!, 36);
		const count = Number.parseInt(groups.count!, 36);
		if (!(wall <= now + maximumClockLeadMs && (wall > this.#wall || (wall === this.#wall && count > this.#count)))) {
			return;
		}

		this.#wall = wall;
		this.#count = count;
	}
}
