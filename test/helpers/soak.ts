// A long transfer through every fault at once, there and back, with real encryption: all bytes must come, and memory stay flat.
import process from 'node:process';
import {chaCha} from '../../source/peer/crypto/cipher.js';
import {EmulatedPath} from './emulated-path.js';

export type SoakOutcome = {
	packets: number;
	delivered: number;
	damaged: number;
	lost: number;
	overflowed: number;
	lines: number;
	linesSent: number;
	/**
	Heap in use once warm and at the end, MiB.
	*/
	heapBefore: number;
	heapAfter: number;
	/**
	Virtual ms.
	*/
	time: number;
	isAlive: boolean;
};

function heap(): number {
	globalThis.gc?.();
	const {heapUsed, arrayBuffers} = process.memoryUsage();
	return (heapUsed + arrayBuffers) / (2 ** 20);
}

/**
Runs until `packets` datagrams were sent both ways together.
*/
export function soak(packets: number, seed: number): SoakOutcome {
	const path = new EmulatedPath(seed, {
		rate: 12_500, queue: 300_000, delay: 15, jitter: 5, loss: 0.05, reorder: 0.05, reorderDelay: 30, duplicate: 0.03,
	});
	const flow = path.open({suite: chaCha});
	const sent = () => path.there.counts.sent + path.back.counts.sent;
	flow.start(Infinity);
	let heapBefore = 0;
	let stalled = 0;
	for (let before = 0; sent() < packets && stalled < 100; before = flow.received) {
		path.run(100);
		flow.say(path.now);
		stalled = flow.received === before ? stalled + 1 : 0;
		if (heapBefore === 0 && sent() > packets / 5) {
			heapBefore = heap();
		}
	}

	path.run(2000);
	return {
		packets: sent(),
		delivered: flow.received,
		damaged: flow.damaged,
		lost: path.there.counts.lost + path.back.counts.lost,
		overflowed: path.there.counts.overflowed,
		lines: flow.lineTimes.length,
		linesSent: flow.linesSent,
		heapBefore,
		heapAfter: heap(),
		time: path.now,
		isAlive: flow.statistics !== undefined,
	};
}
