// Decides when the screen is drawn: a key at once, everything else at a rate that leaves the machine its time.
// It refuses to know timers and what is drawn: the caller asks `pollTimeout`, draws when that time has come, and reports with `handleBegun` and `handleDrawn`.
// A plain limit in frames per second would do neither: as a debounce it costs a typist 30-50 ms a key.

/**
Least time between two frames that no key asked for, in milliseconds.
*/
export const minimumIntervalMs = 50;

/**
Even where frames are slow, because the machine is busy with something else, what others say is shown this soon.
*/
export const maximumIntervalMs = 250;

/**
Least time to the next one after a frame that shows nothing of what the one before showed: nobody reads along any more.
*/
export const floodIntervalMs = 100;

/**
A frame may take one part in this many of the time.
*/
export const intervalPerFrame = 12;

/**
All times are milliseconds of one monotonic clock.
*/
export class FrameScheduler {
	#keyAt: number | undefined;
	#changeAt: number | undefined;
	#drawnAt = -Infinity;
	#intervalMs = minimumIntervalMs;
	#isWhole = true;

	/**
	A key or a paste came: what it changed is drawn at once.
	*/
	handleKey(now: number): void {
		this.#keyAt = now;
	}

	/**
	Something changed that nobody is typing: it waits for its turn, together with whatever comes meanwhile.
	*/
	handleChange(now: number): void {
		this.#changeAt ??= Math.max(now, this.#drawnAt + this.#intervalMs);
	}

	/**
	A frame is being made.

	@returns Whether it should show everything. If not, it is drawn for a key alone, and other changes still wait for their turn: where others talk a lot,
	a key would otherwise cost as much as everything they have said.
	*/
	handleBegun(now: number): boolean {
		this.#keyAt = undefined;
		this.#isWhole = this.#changeAt === undefined || this.#changeAt <= now;
		if (this.#isWhole) {
			this.#changeAt = undefined;
			this.#drawnAt = now;
		}

		return this.#isWhole;
	}

	/**
	That frame is on the screen and took `durationMs` to make. What changed meanwhile is not in it and still waits.
	`isFlood`: nothing that one reads in it stood in the frame before.
	*/
	handleDrawn(now: number, durationMs: number, isFlood = false): void {
		if (!this.#isWhole) {
			return;
		}

		this.#drawnAt = now;
		this.#intervalMs = Math.min(Math.max(isFlood ? floodIntervalMs : minimumIntervalMs, intervalPerFrame * durationMs), maximumIntervalMs);
		if (this.#changeAt !== undefined) {
			this.#changeAt = Math.max(this.#changeAt, now + this.#intervalMs);
		}
	}

	/**
	When the next frame is due; undefined while nothing has changed.
	*/
	pollTimeout(): number | undefined {
		return this.#keyAt === undefined || (this.#changeAt !== undefined && this.#changeAt < this.#keyAt) ? this.#changeAt : this.#keyAt;
	}
}
