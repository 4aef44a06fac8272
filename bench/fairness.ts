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
const seconds = {settle: 5, measured: 15};

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
	Share of the link since `from`, ms since the epoch.
	*/
	shareSince(from: number): number {
		const first = this.#samples.find(({at}) => at >= from);
		const last = this.#samples.at(-1);
		return first && last && last.at > first.at ? (last.bytes - first.bytes) / (last.at - first.at) / rate : 0;
	}
}

/**
Shares of the link of each flow, once all have run for a while.
*/
async function measure(plans: readonly FlowPlan[], {queue = 1, loss = 0}: {queue?: number; loss?: number} = {}): Promise<number[]> {
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
		await delay(seconds.measured * 1000);
		return flows.map(flow => flow.shareSince(from));
	} finally {
		await namespaces.close();
	}
}

function percent(value: number): string {
	return `${(value * 100).toFixed(1)} %`;
}

async function besideCubic(queue: number, goal: boolean): Promise<Row> {
	const [cubic = 0, ours = 0] = await measure([{kind: 'Node net', control: 'cubic'}, {kind: 'Earshot', startsAfter: 5}], {queue});
	const isFair = (share: number) => share >= 0.35 && share <= 0.65;
	return {
		work: `beside kernel CUBIC, queue of ${queue} BDP`, earshot: percent(ours), peers: {'tcp cubic': percent(cubic)}, ...(goal && {goal: '35 to 65 % each', isMet: isFair(ours) && isFair(cubic)}),
	};
}

async function alone(loss: number, goal: number): Promise<Row> {
	const [ours = 0] = await measure([{kind: 'Earshot'}], {loss});
	const peers: Record<string, string> = {};
	const controls = kernelControls().filter(name => name === 'cubic' || name === 'bbr');
	for (const control of controls) {
		const [share = 0] = await measure([{kind: 'Node tls', control}], {loss});
		peers[`tls ${control}`] = percent(share);
	}

	return {
		work: `alone, ${loss * 100} % loss each way`, earshot: percent(ours), peers, goal: `>= ${percent(goal)}`, isMet: ours >= goal,
	};
}

/**
Takes about four minutes; without root or namespaces, no time, and the report has no rows.
*/
export async function measureFairness(): Promise<Report> {
	const problem = namespacesProblem();
	if (problem !== undefined) {
		return {name: 'fairness', about: `Skipped: ${problem}.`, rows: []};
	}

	const rows = [
		await besideCubic(1, true),
		await besideCubic(0.5, false),
		await besideCubic(4, false),
		await alone(0, 0.94),
		await alone(0.01, 0.93),
		await alone(0.05, 0.88),
	];
	const [first = 0, second = 0] = await measure([{kind: 'Earshot'}, {kind: 'Earshot', startsAfter: 5}]);
	rows.push({
		work: 'two of ours, the second 5 s later', earshot: `${percent(first)} / ${percent(second)}`, goal: '35 to 65 % each', isMet: Math.min(first, second) >= 0.35,
	});
	return {
		name: 'fairness',
		about: `Two network namespaces, TUN devices and a router in user space between them: 100 Mbit/s, 50 ms round trip, a queue of one BDP unless said otherwise; real sockets, the kernel's own TCP. Payload as a share of the link, over ${seconds.measured} s after ${seconds.settle} s with all flows running.`,
		rows,
	};
}
