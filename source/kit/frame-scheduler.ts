// Decides when the screen is drawn: a key at once, everything else at a rate that leaves the machine its time.
// It refuses to know timers and what is drawn: the caller asks `pollTimeout`, draws when that time has come, and reports with `handleDrawn`.
// A plain limit in frames per second would do neither: as a debounce it costs a typist 30-50 ms a key.

/**
Least time between two frames that no key asked for, in milliseconds.
*/
export const minimumIntervalMs = 50;

/**
A frame may take one part in this many of the time.
*/
export const intervalPerFrame = 12;

/**
All times are milliseconds of one monotonic clock.
*/
export class FrameScheduler {
	#dueAt: number | undefined;
	#drawnAt = -Infinity;
	#intervalMs = minimumIntervalMs;

	/**
	A key or a paste came: what it changed is drawn at once.
	*/
	handleKey(now: number): void {
		this.#dueAt = now;
	}

	/**
	Something changed that nobody is typing: it waits for its turn, together with whatever comes meanwhile.
	*/
	handleChange(now: number): void {
		const turn = Math.max(now, this.#drawnAt + this.#intervalMs);
		this.#dueAt = Math.min(this.#dueAt ?? turn, turn);
	}

	/**
	A frame is on the screen and took `durationMs` to make.
	*/
	handleDrawn(now: number, durationMs: number): void {
		this.#dueAt = undefined;
		this.#drawnAt = now;
		this.#intervalMs = Math.max(minimumIntervalMs, intervalPerFrame * durationMs);
	}

	/**
	When the next frame is due; undefined while nothing has changed.
	*/
	pollTimeout(): number | undefined {
		return this.#dueAt;
	}
}
