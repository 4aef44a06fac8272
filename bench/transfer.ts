// `bench transfer`: how fast bytes go from the memory of one process into that of another, on this machine.
// All ways are measured in turn in the same run, round after round, because machines drift.
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {bulkTransports, type BulkTransportName} from './bulk-transports.js';
import type {Report} from './report.js';
import {formatNumber, percentile} from './statistics.js';

const mebibyte = 1024 * 1024;
const child = fileURLToPath(new URL('bulk-child.js', import.meta.url));

/**
These get less to carry: their rate is the same.
*/
const slow: ReadonlySet<BulkTransportName> = new Set(['udx-native', 'bare dgram, 1452 B', 'Earshot, 1452 B']);

type Run = {readonly rate: number; readonly peakMiB: number};

/**
One transfer between two fresh processes; `rate` is MB/s.
*/
async function transfer(name: BulkTransportName, size: number): Promise<Run> {
	const receiver = fork(child, ['receive', name]);
	try {
		const [{port}] = await once(receiver, 'message') as [{port: number}];
		const received = once(receiver, 'message') as Promise<[{bytes: number; ms: number; peakMiB: number}]>;
		const sender = fork(child, ['send', name, String(port), String(size)]);
		try {
			const [[{bytes, ms, peakMiB}], [sent]] = await Promise.all([received, once(sender, 'message') as Promise<[{peakMiB: number}]>]);
			if (bytes !== size) {
				throw new Error(`${name}: ${bytes} of ${size} bytes arrived`);
			}

			return {rate: bytes / ms / 1000, peakMiB: Math.max(peakMiB, sent.peakMiB)};
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
	for (let round = 0; round < rounds; round++) {
		for (const name of names) {
			const size = slow.has(name) ? Math.max(32, mebibytes / 4) : mebibytes;
			runs.get(name)!.push(await transfer(name, Math.floor(size) * mebibyte));
		}
	}

	const rate = (name: BulkTransportName) => percentile(runs.get(name)!.map(run => run.rate), 0.5);
	const peak = (name: BulkTransportName) => Math.max(...runs.get(name)!.map(run => run.peakMiB));
	const show = (name: BulkTransportName) => rate(name).toFixed(0);
	const peers = {'Node net': show('Node net'), 'Node tls': show('Node tls'), 'udx-native': show('udx-native')};
	// Ratios are taken round by round, so that a machine that slows down for a while slows both.
	const ratio = (name: BulkTransportName, peer: BulkTransportName) => percentile(runs.get(name)!.map((run, round) => run.rate / runs.get(peer)![round]!.rate), 0.5);
	const [overTls, overUdx, smallOverUdx] = [ratio('Earshot', 'Node tls'), ratio('Earshot', 'udx-native'), ratio('Earshot, 1452 B', 'udx-native')];
	const peaks = [peak('Earshot'), peak('Earshot, 1452 B')];
	return {
		name: 'transfer',
		about: `Loopback, memory to memory, two processes, ${mebibytes} MiB, median of ${rounds} rounds in turn. udx-native is not encrypted.`,
		rows: [
			{
				work: 'loopback, MB/s', earshot: show('Earshot'), peers, ratio: `${formatNumber(overTls)} x tls`, goal: '>= 1.1 x tls', isMet: overTls >= 1.1,
			},
			{
				work: 'the same, beside udx', earshot: show('Earshot'), peers, ratio: `${formatNumber(overUdx)} x udx`, goal: '>= 7 x udx', isMet: overUdx >= 7,
			},
			{
				work: 'datagrams held to 1452 B, MB/s', earshot: show('Earshot, 1452 B'), peers: {'udx-native': show('udx-native'), 'bare dgram': show('bare dgram, 1452 B')}, ratio: `${formatNumber(smallOverUdx)} x udx, ${formatNumber(ratio('Earshot, 1452 B', 'bare dgram, 1452 B'))} x bare`, goal: '>= 1.05 x udx', isMet: smallOverUdx >= 1.05,
			},
			{
				work: 'peak memory of either side, MiB', earshot: peaks.map(value => value.toFixed(0)).join(' / '), peers: Object.fromEntries((['Node net', 'Node tls', 'udx-native'] as const).map(name => [name, peak(name).toFixed(0)])), goal: '<= 150', isMet: Math.max(...peaks) <= 150,
			},
		],
	};
}
