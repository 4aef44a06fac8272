// The one clock of the program: milliseconds since the epoch, with fractions, that never go back.
// Knows the two clocks of the machine; refuses to know what a moment is used for.
import {performance} from 'node:perf_hooks';

/**
The moment as float ms since the epoch.
*/
export type Clock = () => number;

/**
The monotonic clock stands still while the machine sleeps; falling this far behind the wall clock is taken for sleep.
*/
const sleepThresholdMs = 1000;

/**
A clock that runs as evenly as the monotonic one and jumps forward after the machine slept.
It never goes back: when the wall clock is set back it simply runs on.

@param wall Ms since the epoch, may jump.
@param monotonic Float ms since any origin, never jumps.
*/
export function createClock(wall: Clock = Date.now, monotonic: Clock = () => performance.now()): Clock {
	let offset = wall() - monotonic();
	return () => {
		const wallNow = wall();
		const now = monotonic() + offset;
		if (wallNow - now <= sleepThresholdMs) {
			return now;
		}

		offset += wallNow - now;
		return wallNow;
	};
}
