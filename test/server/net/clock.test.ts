import test from 'ava';
import {createClock} from '../../../server/net/clock.js';

test('it runs on the monotonic clock and follows the wall clock only forward', t => {
	const time = {wall: 1000, monotonic: 5};
	const now = createClock(() => time.wall, () => time.monotonic);
	const steps: ReadonlyArray<readonly [what: string, wall: number, monotonic: number, expected: number]> = [
		['a start', 1000, 5, 1000],
		['a moment', 1010, 15.5, 1010.5],
		['a wall clock a little fast', 1500, 20, 1015],
		['a wall clock set back', 0, 30, 1025],
		['a night of sleep', 30_000_000, 40, 30_000_000],
		['the morning', 30_000_010, 50, 30_000_010],
	];
	for (const [what, wall, monotonic, expected] of steps) {
		time.wall = wall;
		time.monotonic = monotonic;
		t.is(now(), expected, what);
	}
});
