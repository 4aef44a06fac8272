// `bench latency`: how long a chat line takes, from the bare socket up to two whole programs.
// All transports are measured in turn in the same run, because machines drift.
import {execFileSync, fork, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync} from 'node:fs';
import {availableParallelism, tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import type {JsonClient} from '../test/helpers/json-client.js';
import {openSession, World} from '../test/helpers/world.js';
import type {Caller} from './ping-pong.js';
import type {Report} from './report.js';
import {
	formatNumber,
	formatSpread,
	percentile,
	spread,
} from './statistics.js';
import {transports, type TransportName} from './transports.js';

const rounds = 20;
const pingsPerRound = 1000;
// V8 compiles our packets' way anew until some 25 000 of them have gone it, which makes a hundredth of all pings ten times as long.
const warmUpPings = 40_000;
const busyPings = 2000;
const handshakes = 40;
const worlds = 6;
const sessionsPerWorld = 8;
const lines = 300;
// A person who has logged in takes that long to ask somebody; meanwhile the program rehearses.
const pauseMs = 2000;
const names = Object.keys(transports) as TransportName[];

/**
Keeps a process on the named cores. Whether two processes share one decides over a factor of two, and the system would decide it anew for each pair.
*/
function pin(pid: number, cores: string): void {
	try {
		execFileSync('taskset', ['-a', '-c', '-p', cores, String(pid)], {stdio: 'ignore'});
	} catch {
		// Not Linux, or a single core: the figures scatter more.
	}
}

async function startResponder(name: TransportName): Promise<{child: ChildProcess; port: number}> {
	const child = fork(fileURLToPath(new URL('responder.js', import.meta.url)), [name]);
	pin(child.pid!, '1');
	const [{port}] = await once(child, 'message') as [{port: number}];
	return {child, port};
}

async function timePings(caller: Caller, count: number): Promise<number[]> {
	const samples: number[] = [];
	for (let index = 0; index < count; index++) {
		const from = performance.now();
		await caller.ping();
		samples.push((performance.now() - from) * 1000);
	}

	return samples;
}

/**
Pings beside a stream at full speed, µs, and how fast that was meanwhile, MB/s.
*/
async function timeBusyPings(caller: Caller): Promise<{trips: number[]; rate: number}> {
	const stop = caller.fill!();
	const from = performance.now();
	const trips = await timePings(caller, busyPings);
	return {trips, rate: stop() / (performance.now() - from) / 1000};
}

async function measureTransports(): Promise<{trips: Record<TransportName, number[]>; busy: {trips: number[]; rate: number}; openings: Record<TransportName, number[]>}> {
	const trips: Record<TransportName, number[]> = {'raw dgram': [], tls: [], Earshot: []};
	const openings: Record<TransportName, number[]> = {'raw dgram': [], tls: [], Earshot: []};
	const responders = new Map<TransportName, {child: ChildProcess; port: number}>();
	const callers = new Map<TransportName, Caller>();
	for (const name of names) {
		const responder = await startResponder(name);
		responders.set(name, responder);
		callers.set(name, await transports[name].call(responder.port));
	}

	for (const caller of callers.values()) {
		// Compiled and warm before anything counts.
		await timePings(caller, warmUpPings);
	}

	for (let round = 0; round < rounds; round++) {
		for (const [name, caller] of callers) {
			trips[name].push(...await timePings(caller, pingsPerRound));
		}
	}

	const busy = await timeBusyPings(callers.get('Earshot')!);
	for (const caller of callers.values()) {
		await caller.close();
	}

	for (let index = 0; index < handshakes; index++) {
		for (const name of ['tls', 'Earshot'] as const) {
			const caller = await transports[name].call(responders.get(name)!.port);
			openings[name].push(caller.handshakeMs);
			await caller.ping();
			await caller.close();
		}
	}

	for (const {child} of responders.values()) {
		child.kill();
	}

	return {trips, busy, openings};
}

/**
From the callee's yes to the caller's line on the callee's standard output, ms.
*/
async function timeFirstLine(ann: JsonClient, bob: JsonClient, text: string): Promise<number> {
	for (const client of [ann, bob]) {
		client.forget();
	}

	await ann.ok('o bob');
	await bob.event({type: 'request', from: 'ann'});
	const accepted = performance.now();
	bob.program.type('accept ann');
	await ann.event({type: 'session', with: 'bob', state: 'open'});
	ann.program.type(`s ${text}`);
	await bob.event({type: 'message', text});
	const elapsed = performance.now() - accepted;
	await ann.ok('cs');
	await bob.event({type: 'session', with: 'ann', state: 'closed'});
	return elapsed;
}

async function timeLines(ann: JsonClient, bob: JsonClient): Promise<number[]> {
	await openSession(ann, bob);
	const samples: number[] = [];
	for (let index = 0; index < lines; index++) {
		const typed = performance.now();
		ann.program.type(`s line ${index}`);
		await bob.event({type: 'message', text: `line ${index}`});
		samples.push(performance.now() - typed);
	}

	return samples;
}

/**
Fresh programs in each world: the first session of each is a sample of its own.
*/
async function measurePrograms(): Promise<{firstSessions: number[]; laterSessions: number[]; lineTimes: number[]}> {
	const [firstSessions, laterSessions, lineTimes]: [number[], number[], number[]] = [[], [], []];
	for (let index = 0; index < worlds; index++) {
		const world = new World(mkdtempSync(path.join(tmpdir(), 'earshot-bench-')));
		try {
			const server = await world.server();
			const [ann, bob] = await world.people(['ann', 'bob'], server);
			await delay(pauseMs);
			firstSessions.push(await timeFirstLine(ann, bob, 'the very first'));
			for (let session = 1; session < sessionsPerWorld; session++) {
				laterSessions.push(await timeFirstLine(ann, bob, `first of session ${session}`));
			}

			if (index === 0) {
				lineTimes.push(...await timeLines(ann, bob));
			}
		} finally {
			await world.close();
		}
	}

	return {firstSessions, laterSessions, lineTimes};
}

/**
Measures for about a minute.
*/
export async function measureLatency(): Promise<Report> {
	const allCores = availableParallelism();
	pin(process.pid, '0');
	const {trips, busy, openings} = await measureTransports();
	pin(process.pid, `0-${allCores - 1}`);
	const {firstSessions, laterSessions, lineTimes} = await measurePrograms();
	const [raw, overTls, earshot] = names.map(name => spread(trips[name])) as [ReturnType<typeof spread>, ReturnType<typeof spread>, ReturnType<typeof spread>];
	const busyTrip = spread(busy.trips.map(time => time / 1000));
	const [ratio50, ratio99] = [earshot.p50 / raw.p50, earshot.p99 / raw.p99];
	const [tlsOpening, opening] = [spread(openings.tls), spread(openings.Earshot)];
	const [later, line] = [spread(laterSessions), spread(lineTimes)];
	const slowestFirst = Math.max(...firstSessions);
	return {
		name: 'latency',
		about: `Loopback, two processes, each on a core of its own, ${rounds} rounds of ${pingsPerRound} in turn; \`p50 / p99\`. Raw datagrams carry no encryption, order or second try.`,
		rows: [
			{
				work: 'ping-pong of 64 B, µs', earshot: formatSpread(earshot), peers: {'raw dgram': formatSpread(raw), tls: formatSpread(overTls)},
				ratio: `${formatNumber(ratio50)} / ${formatNumber(ratio99)} x raw`, goal: '<= 1.5 / 2 x raw', isMet: ratio50 <= 1.5 && ratio99 <= 2,
			},
			{
				work: `a line there and back beside a stream at full speed (${busy.rate.toFixed(0)} MB/s), ms`, earshot: formatSpread(busyTrip), goal: 'p99 < 20 ms', isMet: busyTrip.p99 < 20,
			},
			{
				work: 'handshake, ms', earshot: formatSpread(opening), peers: {tls: formatSpread(tlsOpening)}, ratio: `${formatNumber(opening.p50 / tlsOpening.p50)} x tls`, goal: '< 3 ms', isMet: opening.p50 < 3,
			},
			{
				work: 'first line after `o` was accepted, whole programs, ms', earshot: formatSpread(later), goal: '< 50 ms', isMet: later.p99 < 50,
			},
			{
				work: `the same in the very first session of both programs, ${pauseMs / 1000} s after the login: median / slowest of ${worlds}`,
				earshot: `${formatNumber(percentile(firstSessions, 0.5))} / ${formatNumber(slowestFirst)}`,
				goal: '< 50 ms',
				isMet: slowestFirst < 50,
			},
			{work: 'a line, stdin to stdout of two whole programs, ms', earshot: formatSpread(line)},
		],
	};
}
