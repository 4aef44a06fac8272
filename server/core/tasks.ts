// Work given to the shell whose outcome comes back later: passwords and writes.
// Knows which continuation belongs to which number; refuses to know what it does.

/**
Continuations by number. Each runs once.
*/
export class Tasks<Outcome> {
	readonly #waiting = new Map<number, (outcome: Outcome, now: number) => void>();
	#last = 0;

	/**
	@returns The number under which the outcome is to be reported.
	*/
	begin(continuation: (outcome: Outcome, now: number) => void): number {
		this.#last += 1;
		this.#waiting.set(this.#last, continuation);
		return this.#last;
	}

	/**
	@throws {Error} When no such task waits: a bug of the shell.
	*/
	finish(task: number, outcome: Outcome, now: number): void {
		const continuation = this.#waiting.get(task);
		if (!continuation) {
			throw new Error(`no task ${task} waits for an outcome`);
		}

		this.#waiting.delete(task);
		continuation(outcome, now);
	}
}
