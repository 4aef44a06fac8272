// `bench emulated`: what the peer link makes of bad paths, in virtual time, so that the figures are the same everywhere.
import {NewReno} from '../source/peer/congestion/new-reno.js';
import {
	fast,
	fairnessOf,
	faster,
	rough,
	runFlow,
	runNeighbours,
	slow,
	type Outcome,
	type PathShape,
	type RunOptions,
} from '../test/helpers/emulated-runs.js';
import type {Report, Row} from './report.js';
import {percentile} from './statistics.js';

const time = 30_000;

function percent(value: number): string {
	return `${(value * 100).toFixed(1)} %`;
}

function shareRow(work: string, shape: PathShape, goal?: number): Row {
	const outcome = runFlow(shape, {time});
	const reno = runFlow(shape, {time: time / 3, congestion: size => new NewReno(size)});
	return {
		work: `${work}: share of the link`,
		earshot: percent(outcome.share),
		peers: {NewReno: percent(reno.share), resent: percent(outcome.resent), 'largest queue': `${outcome.largestQueue.toFixed(2)} BDP`},
		...(goal !== undefined && {goal: `>= ${percent(goal)}, resent <= loss + 3 %`, isMet: outcome.share >= goal && outcome.resent <= (shape.loss ?? 0) + 0.03}),
	};
}

function neighbourRow(work: string, queue: number, goal: boolean): Row {
	const {share, competitor} = runFlow({...fast, queue}, {time: 60_000, competitorLead: 10_000});
	const isFair = (value: number) => value >= 0.35 && value <= 0.65;
	return {
		work: `${work}: share beside CUBIC, and CUBIC's`,
		earshot: `${percent(share)} / ${percent(competitor)}`,
		...(goal && {goal: '35 to 65 % each', isMet: isFair(share) && isFair(competitor)}),
	};
}

function pairRow(work: string, queue: number, lag: number): Row {
	const shares = runNeighbours({...fast, queue}, {lag, settle: 8000, time: 20_000});
	return {
		work: `${work}: shares of two of ours, ${lag === 0 ? 'from the same moment on' : `the second ${lag / 1000} s later`}; Jain's index`,
		earshot: `${shares.map(share => percent(share)).join(' / ')}; ${fairnessOf(shares).toFixed(3)}`,
		goal: '35 to 65 % each',
		isMet: shares.every(share => share >= 0.35 && share <= 0.65),
	};
}

function lineRow(work: string, shape: PathShape, options: RunOptions, goal?: {p: number; limit: number}): Row {
	const outcome: Outcome = runFlow(shape, options);
	const [p50, p95, p99] = [0.5, 0.95, 0.99].map(p => percentile(outcome.lineTimes, p).toFixed(1));
	return {
		work: `${work}: a line there and back, ms, p50 / p95 / p99`,
		earshot: `${p50} / ${p95} / ${p99}`,
		...(goal && {goal: `p${goal.p * 100} < ${goal.limit}`, isMet: percentile(outcome.lineTimes, goal.p) < goal.limit}),
	};
}

/**
Takes about a minute of real time.
*/
export function measureEmulated(): Report {
	return {
		name: 'emulated',
		about: `Virtual time, ${time / 1000} s from the first packet of a link on (60 s beside CUBIC), datagrams of 1452 B; shares are payload of the rate, of which headers of IP, UDP and ours take 4.3 %. Loss is behind the bottleneck, so it costs its share of the rate. NewReno: our own reference controller, ${time / 3000} s.`,
		rows: [
			shareRow('100 Mbit/s, 50 ms', fast, 0.94),
			shareRow('1 % loss each way', {...fast, loss: 0.01}, 0.93),
			shareRow('5 % loss each way', {...fast, loss: 0.05}, 0.88),
			shareRow('500 Mbit/s, 20 ms, 1 % loss', {...faster, loss: 0.01}),
			shareRow('100 Mbit/s, 50 ms, 5 ms jitter, 3 % reordered, 1 % doubled', rough, 0.85),
			shareRow('queue of half a BDP', {...fast, queue: 0.5}),
			shareRow('queue of 4 BDP', {...fast, queue: 4}),
			shareRow('64 kbit/s', slow),
			neighbourRow('queue of 1 BDP', 1, true),
			neighbourRow('queue of half a BDP', 0.5, false),
			neighbourRow('queue of 4 BDP', 4, false),
			pairRow('queue of 1 BDP', 1, 0),
			pairRow('queue of 1 BDP', 1, 5000),
			pairRow('queue of half a BDP', 0.5, 5000),
			pairRow('queue of 4 BDP', 4, 5000),
			lineRow('100 Mbit/s, 50 ms, a file at full speed', fast, {time, linesEvery: 20}, {p: 0.99, limit: 60}),
			lineRow('the same, 1 % loss', {...fast, loss: 0.01}, {time, linesEvery: 20}),
			lineRow('no file, 5 % loss each way', {...fast, loss: 0.05}, {time: 4 * time, linesEvery: 200, isBulk: false}, {p: 0.95, limit: 250}),
			lineRow('64 kbit/s, a file at full speed', slow, {time: 2 * time, linesEvery: 1000}),
		],
	};
}
