// The rehearsal: it comes to its end, the same way each time, and leaves nothing behind.
import process from 'node:process';
import test from 'ava';
import {Rehearsal} from '../../source/messenger/rehearsal.js';
import {SeededRandom} from '../helpers/random.js';

const now = 1_800_000_000_000.5;

function rehearse(seed: number): {rehearsal: Rehearsal; steps: number} {
	const chance = new SeededRandom(seed);
	const rehearsal = new Rehearsal({random: size => chance.bytes(size), now});
	let steps = 0;
	while (rehearsal.step()) {
		steps++;
	}

	return {rehearsal, steps};
}

test('the play comes to its end, whichever of the two has the smaller keys', t => {
	for (let seed = 1; seed <= 20; seed++) {
		const {rehearsal, steps} = rehearse(seed);
		t.true(rehearsal.isPlayed, `seed ${seed}`);
		// More would be a reconnection or a repetition that nobody noticed.
		t.true(steps > 40 && steps < 120, `seed ${seed}: ${steps} steps`);
	}
});

test('it is the same for the same random bytes', t => {
	t.is(rehearse(7).steps, rehearse(7).steps);
});

test('it opens no socket, sets no timer, and is over when it is over', t => {
	const before = process.getActiveResourcesInfo().toSorted();
	const {rehearsal} = rehearse(3);
	t.deepEqual(process.getActiveResourcesInfo().toSorted(), before);
	t.false(rehearsal.step());
	t.true(rehearsal.isPlayed);
});
