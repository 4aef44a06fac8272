// The replay window against a plain set: nothing is accepted twice, nothing fresh within the window is refused.
import test from 'ava';
import {ReplayWindow} from '../../../source/peer/packets/replay-window.js';
import {SeededRandom} from '../../helpers/random.js';

test('each number is new once, in any order', t => {
	const random = new SeededRandom(11);
	const failures = Array.from({length: 20}, () => compare(random)).flat();
	t.deepEqual(failures, []);
});

/**
Numbers that a window and a set, fed with the same, disagree about.
*/
function compare(random: SeededRandom): number[] {
	const failures: number[] = [];
	const replays = new ReplayWindow();
	const seen = new Set<number>();
	let highest = 0;
	for (let step = 0; step < 3000; step++) {
		const jump = random.chance(0.01) ? random.integer(4000, 9000) : random.integer(-200, 40);
		const pn = Math.max(0, highest + jump);
		const isTooOld = pn < highest - 4095;
		if (!isTooOld && replays.hasSeen(pn) !== seen.has(pn)) {
			failures.push(pn);
		}

		if (replays.hasSeen(pn)) {
			continue;
		}

		replays.accept(pn);
		seen.add(pn);
		highest = Math.max(highest, pn);
	}

	return failures;
}

test('the window is 4096 numbers wide', t => {
	const replays = new ReplayWindow();
	replays.accept(5000);
	t.false(replays.hasSeen(5000 - 4095));
	t.true(replays.hasSeen(5000 - 4096), 'too old to tell counts as seen');
	t.true(replays.hasSeen(5000));
	t.false(replays.hasSeen(5001));
	replays.accept(2 ** 47);
	t.true(replays.hasSeen(5001));
	t.false(replays.hasSeen((2 ** 47) - 1));
});
