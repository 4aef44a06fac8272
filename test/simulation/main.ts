// `npm run simulate -- [--seed N] [--seeds COUNT] [--trace]`: runs the worlds of COUNT seeds from N on.
// A failing one is printed with the command that replays it; --trace prints everything that happened in it.
import process from 'node:process';
import {parseArgs} from 'node:util';
import {simulate} from './simulation.js';

const {values} = parseArgs({options: {seed: {type: 'string', default: '1'}, seeds: {type: 'string', default: '1'}, trace: {type: 'boolean', default: false}}});
const first = Number(values.seed);
const count = Number(values.seeds);
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
	console.error('Usage: npm run simulate -- [--seed N] [--seeds COUNT] [--trace]');
	process.exit(2);
}

const startedAt = process.uptime();
const sums = {
	steps: 0, acknowledged: 0, shown: 0, excused: 0, failed: 0, taken: 0,
};
let failures = 0;
for (let seed = first; seed < first + count; seed++) {
	const outcome = simulate(seed, {isTraced: values.trace});
	for (const key of Object.keys(sums) as Array<keyof typeof sums>) {
		sums[key] += outcome[key];
	}

	for (const line of values.trace ? outcome.trace : []) {
		console.log(line);
	}

	if (outcome.problem === undefined) {
		continue;
	}

	failures++;
	console.log(`seed ${seed} failed: ${outcome.problem}`);
	console.log(`replay it with: npm run simulate -- --seed ${seed} --trace`);
}

const seconds = process.uptime() - startedAt;
console.log(`${count} seeds, ${failures} failed, ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(1)} seeds/s`);
console.log(`${sums.steps} steps, ${sums.acknowledged} lines acknowledged, ${sums.shown} shown, ${sums.failed} given up with their room, ${sums.excused} taken by a crash between mark and print, ${sums.taken} by a damaged profile`);
process.exitCode = failures === 0 ? 0 : 1;
