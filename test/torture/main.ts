// `npm run torture -- [--rounds N] [--seed S]`: kills a real server under load, again and again, and says what was lost.
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {parseArgs} from 'node:util';
import {World} from '../helpers/world.js';
import {torture} from './torture.js';

const {values} = parseArgs({options: {rounds: {type: 'string', default: '20'}, seed: {type: 'string', default: String(Date.now() % 1_000_000_000)}}});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (rounds < 1 || !Number.isSafeInteger(rounds) || !Number.isSafeInteger(seed)) {
	process.stderr.write('Usage: npm run torture -- [--rounds N] [--seed S], whole numbers.\n');
	process.exit(2);
}

function spreadOf(samples: readonly number[]): string {
	const sorted = samples.toSorted((one, other) => one - other);
	return `${sorted[Math.floor(sorted.length / 2)]!.toFixed(0)} ms p50, ${sorted.at(-1)!.toFixed(0)} ms at most`;
}

const world = new World(mkdtempSync(path.join(tmpdir(), 'earshot-torture-')));
console.log(`seed ${seed}`);
try {
	const outcome = await torture({
		world, rounds, seed, onRound(round, {acknowledged, lost, torn}) {
			if (round === rounds || round % 10 === 0) {
				console.log(`round ${round}: ${acknowledged} writes acknowledged, ${lost.length} lost, ${torn.length} torn`);
			}
		},
	});
	console.log(`listening again: ${spreadOf(outcome.listeningMs)}; both clients back after that: ${spreadOf(outcome.returnMs)}`);
	for (const problem of [...outcome.lost, ...outcome.torn]) {
		console.log(problem);
	}

	process.exitCode = outcome.lost.length + outcome.torn.length > 0 ? 1 : 0;
} finally {
	await world.close();
}
