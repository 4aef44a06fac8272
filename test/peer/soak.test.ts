// A short share of `npm run bench -- soak`.
import test from 'ava';
import {soak} from '../helpers/soak.js';

for (const seed of [1, 2, 3]) {
	test(`20 000 packets with every fault at once, seed ${seed}`, t => {
		const {damaged, lines, linesSent, isAlive, delivered} = soak(20_000, seed);
		t.true(isAlive);
		t.is(damaged, 0);
		t.is(lines, linesSent);
		t.true(delivered > 10_000_000, `${delivered}`);
	});
}
