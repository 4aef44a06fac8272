// A bounded share of what `npm run torture -- --rounds 100` does.
import test from 'ava';
import {openWorld} from '../helpers/world.js';
import {torture} from './torture.js';

const seed = 1;

test('a server killed at random moments under load loses and tears nothing that it acknowledged', async t => {
	const {acknowledged, lost, torn} = await torture({world: openWorld(t), rounds: 5, seed});
	t.deepEqual({lost, torn}, {lost: [], torn: []}, `replay with: npm run torture -- --rounds 5 --seed ${seed}`);
	t.true(acknowledged > 20, `hardly anything was written: ${acknowledged}`);
});
