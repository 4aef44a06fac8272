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
A frame may take one part in this many of the time.
*/
export const intervalPerFrame = 12;

/**
All times are milliseconds of one monotonic clock.
*/
export class FrameScheduler {
	#dueAt: number | undefined;
	#isForKey = false;
	#drawnAt = -Infinity;
	#intervalMs = minimumIntervalMs;

	/**
	A key or a paste came: what it changed is drawn at once.
	*/
	handleKey(now: number): void {
		this.#dueAt = now;
		this.#isForKey = true;
	}

	/**
	Something changed that nobody is typing: it waits for its turn, together with whatever comes meanwhile.
	*/
	handleChange(now: number): void {
		this.#dueAt ??= Math.max(now, this.#drawnAt + this.#intervalMs);
	}

	/**
	A frame with everything up to now is being made.
	*/
	handleBegun(now: number): void {
		this.#dueAt = undefined;
		this.#isForKey = false;
		this.#drawnAt = now;
	}

	/**
	That frame is on the screen and took `durationMs` to make. What changed meanwhile is not in it and still waits.
	*/
	handleDrawn(now: number, durationMs: number): void {
		this.#drawnAt = now;
		this.#intervalMs = Math.min(Math.max(minimumIntervalMs, intervalPerFrame * durationMs), maximumIntervalMs);
		if (this.#dueAt !== undefined && !this.#isForKey) {
			this.#dueAt = Math.max(this.#dueAt, now + this.#intervalMs);
		}
	}

	/**
	When the next frame is due; undefined while nothing has changed.
	*/
	pollTimeout(): number | undefined {
		return this.#dueAt;
	}
}
