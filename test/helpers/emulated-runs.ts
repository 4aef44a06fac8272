// The paths that speed is judged on, and what a flow made of one of them. Tests ask for margins, the benchmark prints the figures.
import {type PeerConfig} from '../../source/peer/config.js';
import {type CongestionFactory} from '../../source/peer/congestion/congestion.js';
import {Cubic} from './cubic.js';
import {EmulatedPath, type Flow} from './emulated-path.js';
import {type LinkConditions} from './link-emulator.js';

/**
A path, both ways: bytes a ms, round trip in ms, queue in bandwidth-delay products. The rest happens to each direction.
*/
export type PathShape = Partial<Omit<LinkConditions, 'delay' | 'queue'>> & {rate: number; rtt: number; queue?: number};

export const fast: PathShape = {rate: 12_500, rtt: 50};
export const faster: PathShape = {rate: 62_500, rtt: 20};
export const rough: PathShape = {
	...fast, jitter: 5, reorder: 0.03, reorderDelay: 10, duplicate: 0.01,
};
export const slow: PathShape = {rate: 8, rtt: 50, queue: 20};

/**
What came of it. Shares are of the link's rate, headers counted; times in ms.
*/
export type Outcome = {
	share: number;
	/**
	Resent bytes per byte delivered.
	*/
	resent: number;
	/**
	Of the link, for the bulk of the competing flow.
	*/
	competitor: number;
	/**
	Largest queue before the link, in bandwidth-delay products, and datagrams that did not fit.
	*/
	largestQueue: number;
	overflowed: number;
	lineTimes: number[];
	lineDelays: number[];
	/**
	Wrong bytes.
	*/
	damaged: number;
	flow: Flow;
	path: EmulatedPath;
};

export type RunOptions = {
	seed?: number;
	/**
	How long, ms, the start included.
	*/
	time: number;
	isBulk?: boolean;
	/**
	A line every so many ms.
	*/
	linesEvery?: number;
	/**
	A CUBIC flow that began so many ms before.
	*/
	competitorLead?: number;
	config?: Partial<PeerConfig>;
	congestion?: CongestionFactory;
};

export function runFlow({rtt, queue = 1, ...shape}: PathShape, options: RunOptions): Outcome {
	const {
		seed = 1, time, isBulk = true, linesEvery = time, competitorLead, config = {}, congestion,
	} = options;
	const {rate} = shape;
	const product = rate * rtt;
	const path = new EmulatedPath(seed, {...shape, delay: rtt / 2, queue: queue * product});
	const common: Partial<PeerConfig> = {datagramSize: 1452, maxDatagramSize: 1452};
	const flow = path.open({config: {...common, ...config}, ...(congestion && {congestion})});
	let competitor: Flow | undefined;
	if (competitorLead !== undefined) {
		// TCP acknowledges every second packet, and its buffers grow with the window.
		competitor = path.open({config: {...common, fastAckEvery: 2, sendBuffer: 2 ** 23}, congestion: size => new Cubic(size)});
		competitor.start(Infinity);
		path.run(competitorLead);
	}

	const before = competitor?.received ?? 0;
	const start = path.now;
	if (isBulk) {
		flow.start(Infinity);
	}

	while (path.now < start + time) {
		path.run(linesEvery);
		if (linesEvery < time) {
			flow.say(path.now);
		}
	}

	return {
		share: flow.received / (rate * time),
		resent: (flow.statistics?.bytesResent ?? 0) / Math.max(flow.received, 1),
		competitor: ((competitor?.received ?? 0) - before) / (rate * time),
		largestQueue: path.there.counts.largestQueue / product,
		overflowed: path.there.counts.overflowed,
		lineTimes: flow.lineTimes,
		lineDelays: flow.lineDelays,
		damaged: flow.damaged,
		flow,
		path,
	};
}

/**
Several flows of ours on one link, each starting `lag` ms after the one before. Shares are of the link's rate, from `settle` ms after the last
start on, for `time` ms.
*/
export function runNeighbours(
	{rtt, queue = 1, ...shape}: PathShape,
	{seed = 1, count = 2, lag = 0, settle, time}: {seed?: number; count?: number; lag?: number; settle: number; time: number},
): number[] {
	const path = new EmulatedPath(seed, {...shape, delay: rtt / 2, queue: queue * shape.rate * rtt});
	const flows = Array.from({length: count}, () => path.open({config: {datagramSize: 1452, maxDatagramSize: 1452}}));
	for (const flow of flows) {
		flow.start(Infinity);
		path.run(lag);
	}

	path.run(settle);
	const before = flows.map(({received}) => received);
	path.run(time);
	return flows.map(({received}, index) => (received - before[index]!) / (shape.rate * time));
}

/**
Jain's index: 1 when all get the same, 1/n when one gets everything.
*/
export function fairnessOf(shares: readonly number[]): number {
	const sum = shares.reduce((total, share) => total + share, 0);
	return (sum ** 2) / (shares.length * shares.reduce((total, share) => total + (share ** 2), 0));
}
