// How steady the machine is while something is measured: what other programs take of it, and how much longer the same piece of work takes
// at one moment than at another. A virtual machine is not told who shares the cores below it; the second figure shows it.
// Knows processor times; refuses to know what is measured.
import {cpus} from 'node:os';
import process from 'node:process';

/**
What is copied over and over fits a core's own cache: so how fast it goes depends on who else uses that core, and on nothing else.
*/
const copySize = 64 * 1024;
const copies = 200;
const tries = 10;

/**
Processor time that all programs took so far, ms. Interrupts count as nobody's.
*/
function busyTime(): number {
	return cpus().reduce((sum, {times}) => sum + times.user + times.nice + times.sys, 0);
}

function ownTime(): number {
	const {user, system} = process.cpuUsage();
	return (user + system) / 1000;
}

export class Disturbance {
	readonly #source = new Uint8Array(copySize).fill(1);
	readonly #target = new Uint8Array(copySize);
	#fastest = Infinity;
	#slowest = 0;
	#others = 0;
	#available = 0;

	/**
	Does `work`, after a glance at how fast the machine is now. `work` tells the processor time that it took in other processes, ms.
	*/
	async watch<Result extends {readonly cpuMs: number}>(work: () => Promise<Result>): Promise<Result> {
		this.#probe();
		const [from, busyBefore, ownBefore] = [performance.now(), busyTime(), ownTime()];
		const result = await work();
		this.#others += Math.max(0, busyTime() - busyBefore - (ownTime() - ownBefore) - result.cpuMs);
		this.#available += (performance.now() - from) * cpus().length;
		return result;
	}

	/**
	A sentence for people.
	*/
	describe(): string {
		return `Meanwhile other programs took ${Math.round(100 * this.#others / this.#available)} % of the processors, and the same copy of ${copySize / 1024} KiB within a core's cache took up to ${(this.#slowest / this.#fastest).toFixed(1)} times as long as at its fastest.`;
	}

	#probe(): void {
		let best = Infinity;
		for (let attempt = 0; attempt < tries; attempt++) {
			const from = performance.now();
			for (let copy = 0; copy < copies; copy++) {
				this.#target.set(this.#source);
			}

			best = Math.min(best, performance.now() - from);
		}

		this.#fastest = Math.min(this.#fastest, best);
		this.#slowest = Math.max(this.#slowest, best);
	}
}
