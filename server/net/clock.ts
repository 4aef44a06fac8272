// The one clock of a running server.
// Knows that time must not run backwards and must follow the wall clock after a machine has slept; refuses to know what it is used for.
import {performance} from 'node:perf_hooks';

/**
Ms since the epoch with fractions, never less than before. It runs on the monotonic clock; when the wall clock is more than a second ahead (after a suspend), it jumps there.
*/
export function createClock(): () => number {
	let offset = Date.now() - performance.now();
	return () => {
		const now = performance.now() + offset;
		const ahead = Date.now() - now;
		if (ahead < 1000) {
			return now;
		}

		offset += ahead;
		return now + ahead;
	};
}
