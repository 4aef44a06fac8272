// `npm run fuzz -- [--seconds N] [--inputs N] [--seed S] [--target NAME] [--round R]`: feeds everything that takes bytes from outside with
// nearly genuine ones. Without a seed it takes a new one and says so; `--round` replays one round of one target.
import process from 'node:process';
import {parseArgs} from 'node:util';
import {describeFinding, fuzz, heldMemory} from './fuzzer.js';
import {targets} from './targets.js';

const usage = `Usage: npm run fuzz -- [--seconds N] [--inputs N] [--seed S] [--target NAME] [--round R]
Targets: ${targets.map(({name}) => name).join(', ')}`;

function refuse(problem: string): never {
	console.error(`${problem}\n${usage}`);
	process.exit(2);
}

function toNumber(flag: string, value: string | undefined): number | undefined {
	if (value === undefined) {
		return undefined;
	}

	return /^\d{1,12}$/v.test(value) ? Number(value) : refuse(`--${flag} takes a whole number; "${value}" is none.`);
}

function readFlags() {
	try {
		return parseArgs({
			options: {
				seconds: {type: 'string'}, inputs: {type: 'string'}, seed: {type: 'string'}, target: {type: 'string'}, round: {type: 'string'},
			},
		}).values;
	} catch (error) {
		return refuse((error as Error).message);
	}
}

const flags = readFlags();
const seed = toNumber('seed', flags.seed) ?? (Date.now() % 1_000_000_000);
const round = toNumber('round', flags.round);
const limit = toNumber('inputs', flags.inputs) ?? Infinity;
const seconds = toNumber('seconds', flags.seconds) ?? (limit === Infinity ? 30 : Infinity);
const chosen = flags.target === undefined ? targets : targets.filter(({name}) => name === flags.target);
if (chosen.length === 0) {
	refuse(`There is no target "${flags.target!}".`);
}

if (round !== undefined && chosen.length > 1) {
	refuse('--round replays a round of one target; name it with --target.');
}

const startedAt = performance.now();
const elapsed = () => (performance.now() - startedAt) / 1000;
console.log(`seed ${seed}`);
const {finding, targets: summaries} = await fuzz(chosen, {
	seed,
	...(round !== undefined && {firstRound: round}),
	isOver: inputs => inputs >= limit || elapsed() >= seconds || (round !== undefined && inputs > 0),
});

let inputs = 0;
console.log(`${'target'.padEnd(20)} ${'inputs'.padStart(10)} ${'rounds'.padStart(8)} ${'inputs/s'.padStart(9)} ${'held KiB'.padStart(9)}`);
for (const {name, inputs: count, rounds, seconds: time, held} of summaries) {
	inputs += count;
	console.log(`${name.padEnd(20)} ${String(count).padStart(10)} ${String(rounds).padStart(8)} ${(count / Math.max(time, 0.001)).toFixed(0).padStart(9)} ${(held / 1024).toFixed(0).padStart(9)}`);
}

console.log(`${inputs} inputs in ${elapsed().toFixed(0)} s; at the end ${(heldMemory() / 1024 / 1024).toFixed(0)} MiB in use, at most ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB resident`);
if (finding) {
	console.log(describeFinding(finding, seed));
}

process.exitCode = finding ? 1 : 0;
