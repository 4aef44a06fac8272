// `bench transfer`: how fast bytes go from the memory of one process into that of another, on this machine.
// All ways are measured in turn in the same run, round after round, because machines drift.
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {bulkTransports, type BulkTransportName} from './bulk-transports.js';
import {Disturbance} from './disturbance.js';
import type {Report} from './report.js';
import {formatNumber, percentile} from './statistics.js';

const mebibyte = 1024 * 1024;
const child = fileURLToPath(new URL('bulk-child.js', import.meta.url));

/**
These get less to carry: their rate is the same.
*/
const slow: ReadonlySet<BulkTransportName> = new Set(['udx-native', 'bare dgram, 1452 B', 'Earshot, 1452 B']);

/**
What a process took until it was done.
*/
type Cost = {readonly peakMiB: number; readonly cpuMs: number};

type Run = Cost & {readonly rate: number};

/**
One transfer between two fresh processes; `rate` is MB/s.
*/
async function transfer(name: BulkTransportName, size: number): Promise<Run> {
	const receiver = fork(child, ['receive', name]);
	try {
		const [{port}] = await once(receiver, 'message') as [{port: number}];
		const received = once(receiver, 'message') as Promise<[Cost & {bytes: number; ms: number}]>;
		const sender = fork(child, ['send', name, String(port), String(size)]);
		try {
			const [[{bytes, ms, ...taken}], [sent]] = await Promise.all([received, once(sender, 'message') as Promise<[Cost]>]);
			if (bytes !== size) {
				throw new Error(`${name}: ${bytes} of ${size} bytes arrived`);
			}

			return {rate: bytes / ms / 1000, peakMiB: Math.max(taken.peakMiB, sent.peakMiB), cpuMs: taken.cpuMs + sent.cpuMs};
		} finally {
			sender.kill('SIGKILL');
		}
	} finally {
		receiver.kill('SIGKILL');
	}
}

/**
Measures `rounds` rounds of `mebibytes` each; every way of transport has its turn in each round.
*/
export async function measureTransfer({mebibytes, rounds}: {mebibytes: number; rounds: number}): Promise<Report> {
	const names = Object.keys(bulkTransports) as BulkTransportName[];
	const runs = new Map<BulkTransportName, Run[]>(names.map(name => [name, []]));
	const disturbance = new Disturbance();
	for (let round = 0; round < rounds; round++) {
		for (const name of names) {
			const size = slow.has(name) ? Math.max(32, mebibytes / 4) : mebibytes;
			runs.get(name)!.push(await disturbance.watch(async () => transfer(name, Math.floor(size) * mebibyte)));
		}
	}

	const rates = (name: BulkTransportName) => runs.get(name)!.map(({rate}) => rate);
	const fastest = (name: BulkTransportName) => Math.max(...rates(name));
	const peak = (name: BulkTransportName) => Math.max(...runs.get(name)!.map(({peakMiB}) => peakMiB));
	const show = (name: BulkTransportName) => `${fastest(name).toFixed(0)} (${percentile(rates(name), 0.5).toFixed(0)})`;
	const peers = {'Node net': show('Node net'), 'Node tls': show('Node tls'), 'udx-native': show('udx-native')};
	const ratio = (name: BulkTransportName, peer: BulkTransportName) => fastest(name) / fastest(peer);
	// Round by round, so that one can see how much of a ratio is the moment it was taken in.
	const showRatio = (name: BulkTransportName, peer: BulkTransportName) => {
		const each = rates(name).map((rate, round) => rate / rates(peer)[round]!);
		return `${formatNumber(ratio(name, peer))} (${[0, 0.5, 1].map(p => formatNumber(percentile(each, p))).join(', ')}) x ${peer}`;
	};

	const [overTls, overUdx, smallOverUdx] = [ratio('Earshot', 'Node tls'), ratio('Earshot', 'udx-native'), ratio('Earshot, 1452 B', 'udx-native')];
	const peaks = [peak('Earshot'), peak('Earshot, 1452 B')];
	return {
		name: 'transfer',
		about: `Loopback, memory to memory, two processes, ${mebibytes} MiB, the fastest of ${rounds} rounds in turn (and the median). Ratios are those of the fastest (in brackets the rounds' own: least, median, most): what disturbs a round only makes it slower. udx-native is not encrypted. ${disturbance.describe()}`,
		rows: [
			{
				work: 'loopback, MB/s', earshot: show('Earshot'), peers, ratio: showRatio('Earshot', 'Node tls'), goal: '>= 1.1 x tls', isMet: overTls >= 1.1,
			},
			{
				work: 'the same, beside udx', earshot: show('Earshot'), peers, ratio: showRatio('Earshot', 'udx-native'), goal: '>= 7 x udx', isMet: overUdx >= 7,
			},
			{
				work: 'datagrams held to 1452 B, MB/s', earshot: show('Earshot, 1452 B'), peers: {'udx-native': show('udx-native'), 'bare dgram': show('bare dgram, 1452 B')}, ratio: `${showRatio('Earshot, 1452 B', 'udx-native')}; ${formatNumber(ratio('Earshot, 1452 B', 'bare dgram, 1452 B'))} x bare`, goal: '>= 1.05 x udx', isMet: smallOverUdx >= 1.05,
			},
			{
				work: 'peak memory of either side, MiB', earshot: peaks.map(value => value.toFixed(0)).join(' / '), peers: Object.fromEntries((['Node net', 'Node tls', 'udx-native'] as const).map(name => [name, peak(name).toFixed(0)])), goal: '<= 150', isMet: Math.max(...peaks) <= 150,
			},
		],
	};
}
