// `bench fairness`: flows on a real network: two namespaces with a link of 100 Mbit/s and 50 ms between them, real sockets, the kernel's own TCP.
import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {setTimeout as delay} from 'node:timers/promises';
import type {FlowMessage} from './flow-child.js';
import {kernelControls, Namespaces, namespacesProblem} from './namespaces.js';
import type {Report, Row} from './report.js';

const module = fileURLToPath(new URL('flow-child.js', import.meta.url));
const rate = 12_500;
const rtt = 50;
/**
Alone a flow is steady after the start. Beside another one that was there before, two CUBIC flows of the kernel, too, need half a minute to meet.
*/
const seconds = {settle: 5, alone: 15, beside: 40};

type Kind = 'Earshot' | 'Node net' | 'Node tls';
type FlowPlan = {readonly kind: Kind; readonly control?: string; readonly startsAfter?: number};

/**
A flow from a to b that runs until the namespaces close.
*/
class RunningFlow {
	readonly #samples: Array<{bytes: number; at: number}> = [];

	constructor(receiver: ChildProcess) {
		receiver.on('message', (message: FlowMessage) => {
			if ('bytes' in message) {
				this.#samples.push(message);
			}
		});
	}

	static async start(namespaces: Namespaces, {kind, control}: FlowPlan): Promise<RunningFlow> {
		const receiver = namespaces.fork('b', module, ['receive', kind]);
		const [{port}] = await once(receiver, 'message') as [{port: number}];
		const flow = new RunningFlow(receiver);
		namespaces.setControl('a', control ?? 'cubic');
		namespaces.fork('a', module, ['send', kind, namespaces.addressOf('b'), String(port)]);
		return flow;
	}

	/**
	Share of the link between two moments, ms since the epoch.
	*/
	shareBetween(from: number, to: number): number {
		const first = this.#samples.find(({at}) => at >= from);
		const last = this.#samples.findLast(({at}) => at <= to);
		return first && last && last.at > first.at ? (last.bytes - first.bytes) / (last.at - first.at) / rate : 0;
	}
}

type Shares = {readonly all: number; readonly halves: readonly [number, number]};

/**
Shares of the link of each flow, once all have run for a while, over `measured` seconds.
*/
async function measure(plans: readonly FlowPlan[], {queue = 1, loss = 0, measured}: {queue?: number; loss?: number; measured: number}): Promise<Shares[]> {
	const namespaces = await Namespaces.open({
		rate, delay: rtt / 2, queue: queue * rate * rtt, loss,
	}, 120);
	try {
		const flows: RunningFlow[] = [];
		for (const plan of plans) {
			await delay((plan.startsAfter ?? 0) * 1000);
			flows.push(await RunningFlow.start(namespaces, plan));
		}

		await delay(seconds.settle * 1000);
		const from = Date.now();
		await delay(measured * 1000);
		const to = Date.now();
		const middle = (from + to) / 2;
		return flows.map(flow => ({all: flow.shareBetween(from, to), halves: [flow.shareBetween(from, middle), flow.shareBetween(middle, to)]}));
	} finally {
		await namespaces.close();
	}
}

function percent(value: number): string {
	return `${(value * 100).toFixed(1)} %`;
}

/**
All of the time, and its two halves.
*/
function describe({all, halves}: Shares): string {
	return `${percent(all)} (${halves.map(half => (half * 100).toFixed(0)).join(', ')})`;
}

function isFair(shares: readonly Shares[]): boolean {
	return shares.every(({all}) => all >= 0.35 && all <= 0.65);
}

async function besideCubic(queue: number): Promise<Row> {
	const both = await measure([{kind: 'Node net', control: 'cubic'}, {kind: 'Earshot', startsAfter: 5}], {queue, measured: seconds.beside});
	return {
		work: `kernel CUBIC, ours 5 s later, queue of ${queue} BDP`, earshot: describe(both[1]!), peers: {'tcp cubic': describe(both[0]!)}, goal: '35 to 65 % each', isMet: isFair(both),
	};
}

async function cubicLater(): Promise<Row> {
	const both = await measure([{kind: 'Earshot'}, {kind: 'Node net', control: 'cubic', startsAfter: 5}], {measured: seconds.beside});
	return {
		work: 'ours, kernel CUBIC 5 s later', earshot: describe(both[0]!), peers: {'tcp cubic': describe(both[1]!)}, goal: '35 to 65 % each', isMet: isFair(both),
	};
}

async function twoCubics(queue: number): Promise<Row> {
	const both = await measure([{kind: 'Node net', control: 'cubic'}, {kind: 'Node net', control: 'cubic', startsAfter: 5}], {queue, measured: seconds.beside});
	return {work: `for comparison: two kernel CUBIC flows, the second 5 s later, queue of ${queue} BDP`, earshot: '-', peers: {'tcp cubic': both.map(shares => describe(shares)).join(' / ')}};
}

async function twoOfOurs(): Promise<Row> {
	const both = await measure([{kind: 'Earshot'}, {kind: 'Earshot', startsAfter: 5}], {measured: seconds.beside});
	return {
		work: 'two of ours, the second 5 s later', earshot: both.map(shares => describe(shares)).join(' / '), goal: '35 to 65 % each', isMet: isFair(both),
	};
}

async function alone(loss: number, goal: number): Promise<Row> {
	const [ours] = await measure([{kind: 'Earshot'}], {loss, measured: seconds.alone});
	const peers: Record<string, string> = {};
	const controls = kernelControls().filter(name => name === 'cubic' || name === 'bbr');
	for (const control of controls) {
		const [theirs] = await measure([{kind: 'Node tls', control}], {loss, measured: seconds.alone});
		peers[`tls ${control}`] = percent(theirs!.all);
	}

	return {
		work: `alone, ${loss * 100} % loss each way`, earshot: percent(ours!.all), peers, goal: `>= ${percent(goal)}`, isMet: ours!.all >= goal,
	};
}

const rows: ReadonlyArray<() => Promise<Row>> = [
	async () => besideCubic(1),
	async () => besideCubic(0.5),
	async () => besideCubic(4),
	cubicLater,
	async () => twoCubics(1),
	async () => twoCubics(4),
	twoOfOurs,
	async () => alone(0, 0.94),
	async () => alone(0.01, 0.93),
	async () => alone(0.05, 0.88),
];

/**
Takes about nine minutes, or one for each of `chosen`, rows counted from 1; without root or namespaces, no time, and the report has no rows.
*/
export async function measureFairness(chosen: readonly number[]): Promise<Report> {
	const problem = namespacesProblem();
	if (problem !== undefined) {
		return {name: 'fairness', about: `Skipped: ${problem}.`, rows: []};
	}

	const measured: Row[] = [];
	for (const [index, measureRow] of rows.entries()) {
		if (chosen.length === 0 || chosen.includes(index + 1)) {
			measured.push(await measureRow());
		}
	}

	return {
		name: 'fairness',
		about: `Two network namespaces, TUN devices and a router in user space between them: 100 Mbit/s, 50 ms round trip, a queue of one BDP unless said otherwise; real sockets, the kernel's own TCP. Payload as a share of the link, from ${seconds.settle} s after the last start on, over ${seconds.alone} s alone and ${seconds.beside} s beside another (in brackets: the halves of that time).`,
		rows: measured,
	};
}
