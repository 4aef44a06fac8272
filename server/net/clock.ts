// The one clock of a running server.
// Knows that time must not run backwards and must follow the wall clock after a machine has slept; refuses to know what it is used for.
import {performance} from 'node:perf_hooks';

/**
Ms since the epoch with fractions, never less than before. It runs on the monotonic clock; when the wall clock is more than a second ahead (after a suspend), it jumps there.
*/
export function createClock(wall: () => number = Date.now, monotonic: () => number = () => performance.now()): () => number {
	let offset = wall() - monotonic();
	return () => {
		const now = monotonic() + offset;
		const ahead = wall() - now;
		if (ahead < 1000) {
			return now;
		}

		offset += ahead;
		return now + ahead;
	};
}
