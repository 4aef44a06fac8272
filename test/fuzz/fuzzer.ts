// Feeds targets with inputs, round by round, and looks at what became of it: nothing thrown, nothing hung, no memory kept.
// Knows rounds, seeds and findings; refuses to know what a target is. Read targets.ts for what is fuzzed.
//
// A round is a fresh thing under test and a few hundred inputs, all of it made from (seed, target, number of the round): the round is
// what is replayed, because what an input breaks may have been prepared by those before it.
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import process from 'node:process';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {SeededRandom} from '../helpers/random.js';
import {mutate, type Kind} from './mutation.js';

/**
Takes one input. Whatever it throws is a finding.
*/
export type Probe = (input: Uint8Array) => void | Promise<void>;

export type Target = {
	readonly name: string;
	readonly kind: Kind;
	/**
	Genuine inputs, from which the others are made.
	*/
	corpus(): readonly Uint8Array[];
	/**
	A fresh thing under test. Its own chance, if it needs any, comes from `random`.
	*/
	begin(random: SeededRandom): Probe | Promise<Probe>;
	/**
	Inputs for one thing under test; 256 unless said.
	*/
	readonly inputsPerRound?: number;
	/**
	Called once, after the last round.
	*/
	end?(): void;
};

export type Finding = {
	readonly target: string;
	readonly round: number;
	/**
	Which input of the round, from 0; undefined when it was its sum (memory).
	*/
	readonly index: number | undefined;
	readonly input: Uint8Array;
	readonly problem: string;
};

/**
An input that takes more of the processor than this hangs whoever waits, ms.
*/
const patience = 2000;

/**
What one thing under test may hold after a round, and what may be left when it is gone, bytes.
*/
const maximumHeld = 48 * 1024 * 1024;

const defaultInputsPerRound = 256;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
Bytes in use after everything unreachable is gone.
*/
export function heldMemory(): number {
	collectGarbage();
	// Buffers are given back in the background; the next collection waits for that.
	collectGarbage();
	const {heapUsed, external} = process.memoryUsage();
	return heapUsed + external;
}

/**
One target's rounds, one after the other, as often as the caller likes.
*/
export class Fuzzer {
	inputs = 0;
	rounds = 0;
	/**
	The most that a thing under test held at the end of a round that was looked at, bytes.
	*/
	held = 0;
	readonly target: Target;
	readonly #seed: number;
	readonly #corpus: readonly Uint8Array[];
	/**
	What was in use before, at the first look: what is in use later must not be much more.
	*/
	#idle: number | undefined;

	constructor(target: Target, seed: number) {
		this.target = target;
		this.#seed = seed;
		this.#corpus = target.corpus();
	}

	/**
	Runs one round; what was found, if anything. `isWeighed`: looks at the memory as well, which takes a few milliseconds.
	*/
	async round(number: number, {isWeighed = false} = {}): Promise<Finding | undefined> {
		const {name, kind, inputsPerRound = defaultInputsPerRound} = this.target;
		const random = new SeededRandom(seedOf(this.#seed, name, number));
		const before = isWeighed ? heldMemory() : 0;
		let input: Uint8Array = new Uint8Array(0);
		let index = 0;
		const found = (problem: string, at: number | undefined = index): Finding => ({
			target: name, round: number, index: at, input, problem,
		});
		const probe = await this.target.begin(random.fork());
		const held = new Set([probe]);
		this.rounds++;
		for (; index < inputsPerRound; index++) {
			input = mutate(this.#corpus, kind, random);
			const begun = process.threadCpuUsage();
			try {
				const waiting = probe(new Uint8Array(input));
				if (waiting) {
					await waiting;
				}
			} catch (error) {
				return found((error as Error).stack ?? String(error));
			}

			this.inputs++;
			const {user, system} = process.threadCpuUsage(begun);
			const time = (user + system) / 1000;
			if (time > patience) {
				return found(`one input took ${time.toFixed(0)} ms`);
			}
		}

		if (!isWeighed) {
			return undefined;
		}

		const after = heldMemory();
		this.held = Math.max(this.held, after - before);
		this.#idle ??= before;
		// The probe is still held here, so that what it keeps counts.
		held.delete(probe);
		return after - before > maximumHeld || before - this.#idle > maximumHeld
			? found(`memory grew: ${before - this.#idle} bytes since the first round, ${after - before} bytes in this one`, undefined)
			: undefined;
	}
}

function seedOf(seed: number, name: string, round: number): number {
	return createHash('sha256').update(`${seed} ${name} ${round}`).digest().readUInt32BE();
}

/**
A finding in words, with everything that is needed to see it again.
*/
export function describeFinding({target, round, index, input, problem}: Finding, seed: number): string {
	return [
		`${target} failed in round ${round}${index === undefined ? '' : `, input ${index}`}: ${problem}`,
		`input (${input.length} bytes): ${Buffer.from(input).toString('hex')}`,
		`replay it with: npm run fuzz -- --seed ${seed} --target ${target} --round ${round}`,
	].join('\n');
}

/**
What one target went through.
*/
export type Summary = {readonly name: string; readonly inputs: number; readonly rounds: number; readonly seconds: number; readonly held: number};

export type Outcome = {readonly finding: Finding | undefined; readonly targets: readonly Summary[]};

/**
Milliseconds that a target gets before it is the next one's turn, and rounds between two looks at its memory.
*/
const turn = 40;
const roundsPerLook = 64;

/**
Fuzzes all targets by turns, until `isOver` says so or something is found.
*/
export async function fuzz(targets: readonly Target[], {seed, firstRound = 0, isOver}: {seed: number; firstRound?: number; isOver: (inputs: number) => boolean}): Promise<Outcome> {
	const turns = targets.map(target => ({fuzzer: new Fuzzer(target, seed), time: 0}));
	let inputs = 0;
	let finding: Finding | undefined;
	while (!finding && !isOver(inputs)) {
		inputs = 0;
		for (const entry of turns) {
			finding ??= await takeTurn(entry, firstRound);
			inputs += entry.fuzzer.inputs;
		}
	}

	for (const target of targets) {
		target.end?.();
	}

	return {
		finding,
		targets: turns.map(({fuzzer, time}) => ({
			name: fuzzer.target.name, inputs: fuzzer.inputs, rounds: fuzzer.rounds, seconds: time / 1000, held: fuzzer.held,
		})),
	};
}

async function takeTurn(entry: {readonly fuzzer: Fuzzer; time: number}, firstRound: number): Promise<Finding | undefined> {
	const {fuzzer} = entry;
	const startedAt = performance.now();
	let finding: Finding | undefined;
	do {
		finding = await fuzzer.round(firstRound + fuzzer.rounds, {isWeighed: fuzzer.rounds % roundsPerLook === 1});
	} while (!finding && performance.now() - startedAt < turn);

	entry.time += performance.now() - startedAt;
	return finding;
}
