// Waiting for what another process does, without polling and without sleeping.
// Knows deadlines and how to fail with everything that was seen; refuses to know what is looked for.

/**
How long a test waits for what it expects when its row names no time: long, because the machine may be busy.
*/
export const patienceMs = 60_000;

/**
`within` in ms of which this process could run; `patienceMs` unless given.
*/
export type Patience = {readonly within?: number};

/**
What a row promises within a time did not come in it. Whoever plays the row may ask whether that was the machine (`promptly` in world.ts).
*/
export class LateError extends Error {
	override name = 'LateError';
}

/**
How often a wait looks at the clock, in ms.
*/
const tickMs = 20;

/**
Calls back once, after `ms` in which this process could run: of a longer gap between two ticks only two count, for the machine was given to others.

@returns Stops it.
*/
export function countDown(ms: number, isOver: () => void): () => void {
	let left = ms;
	let last = performance.now();
	const timer = setInterval(() => {
		const now = performance.now();
		left -= Math.min(now - last, 2 * tickMs);
		last = now;
		if (left > 0) {
			return;
		}

		clearInterval(timer);
		isOver();
	}, Math.min(tickMs, ms));
	return () => {
		clearInterval(timer);
	};
}

type Open = {readonly attempt: () => void; readonly fail: (reason: string) => void};

/**
The open expectations on one program: `notify` when something was seen, `abandon` when nothing more will come.
*/
export class Expectations {
	readonly #open = new Set<Open>();
	readonly #account: () => string;
	#end: string | undefined;

	/**
	`account` tells all that was seen so far, for the message of a failure.
	*/
	constructor(account: () => string) {
		this.#account = account;
	}

	/**
	Something new can be seen: look again.
	*/
	notify(): void {
		for (const {attempt} of this.#open) {
			attempt();
		}
	}

	/**
	Nothing will come any more: what is still open fails with `reason`.
	*/
	abandon(reason: string): void {
		this.#end = reason;
		this.notify();
		for (const {fail} of this.#open) {
			fail(reason);
		}
	}

	/**
	The first result of `look` that is not `undefined`, now or later. `what` says what is expected, for the message of a failure.
	*/
	async until<Found>(what: string, look: () => Found | undefined, {within}: Patience = {}): Promise<Found> {
		const found = look();
		if (found !== undefined) {
			return found;
		}

		return new Promise((resolve, reject) => {
			// Made here, where the stack still shows who waits.
			const error = within === undefined ? new Error(what) : new LateError(what);
			const settle = (): void => {
				stop();
				this.#open.delete(open);
			};

			const open: Open = {
				attempt() {
					try {
						const result = look();
						if (result !== undefined) {
							settle();
							resolve(result);
						}
					} catch (error_) {
						open.fail(String(error_));
					}
				},
				fail: reason => {
					settle();
					error.message = `Expected ${what}, but ${reason}.\n${this.#account()}`;
					reject(error);
				},
			};
			const stop = countDown(within ?? patienceMs, () => {
				open.fail(`it did not come within ${within ?? patienceMs} ms`);
			});
			this.#open.add(open);
			if (this.#end !== undefined) {
				open.fail(this.#end);
			}
		});
	}
}
