// `bench soak [--packets N]`: every fault at once, for a million packets unless told otherwise.
import {soak} from '../test/helpers/soak.js';
import type {Report} from './report.js';

/**
Takes about a minute a million packets.
*/
export function measureSoak(packets: number): Report {
	const outcome = soak(packets, 1);
	const isWhole = outcome.isAlive && outcome.damaged === 0 && outcome.lines === outcome.linesSent;
	return {
		name: 'soak',
		about: 'Virtual time; 100 Mbit/s, 30 ms, 5 ms jitter, 5 % loss, 5 % held back up to 30 ms and 3 % doubled, each way; a file and ten lines a second, encrypted.',
		rows: [
			{work: 'packets; lost; without room in the queue', earshot: `${outcome.packets}; ${outcome.lost}; ${outcome.overflowed}`},
			{
				work: 'bytes in order; wrong ones; lines that came back', earshot: `${outcome.delivered}; ${outcome.damaged}; ${outcome.lines} of ${outcome.linesSent}`, goal: 'all intact', isMet: isWhole,
			},
			{
				work: 'memory in use after a fifth, and at the end, MiB', earshot: `${outcome.heapBefore.toFixed(0)}; ${outcome.heapAfter.toFixed(0)}`, goal: 'flat (+ 32)', isMet: outcome.heapAfter < outcome.heapBefore + 32,
			},
		],
	};
}
