// A bounded share of what `npm run simulate -- --seeds 1000` runs. A failing seed names the command that replays it.
import test from 'ava';
import {simulate} from './simulation.js';

const seeds = 40;

test(`${seeds} seeds of a lossy, crashing, divided world keep every promise`, t => {
	let shown = 0;
	for (let seed = 1; seed <= seeds; seed++) {
		const outcome = simulate(seed);
		shown += outcome.shown;
		t.is(outcome.problem, undefined, `replay with: npm run simulate -- --seed ${seed} --trace`);
	}

	t.true(shown > 200, 'hardly anybody was shown anything');
});

test('a seed repeats exactly', t => {
	const [one, other] = [simulate(7, {isTraced: true}), simulate(7, {isTraced: true})];
	t.true(one.trace.length > 50);
	t.deepEqual(one.trace, other.trace);
});
