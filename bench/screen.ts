// `bench screen`: from a key to the frame that shows it, in a real pseudo-terminal, while nothing happens and while a room is loud.
// A bare Ink program with one input line stands beside it: the least that the renderer can take.
import {mkdtempSync, readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import type {JsonClient} from '../test/helpers/json-client.js';
import {keys, TerminalProgram} from '../test/helpers/terminal.js';
import {World} from '../test/helpers/world.js';
import type {Report, Row} from './report.js';
import {
	formatNumber,
	formatSpread,
	percentile,
	spread,
	type Spread,
} from './statistics.js';

const warmUpKeys = 40;
const idleRounds = 4;
const keysPerRound = 60;
// Longer: what counts is a room that stays loud, not how V8 compiles in the first seconds of it.
const loudWarmUpKeys = 150;
const loudKeys = 400;
const messagesPerSecond = 1000;
const starts = 5;
const historyLines = 20_000;

type Size = {readonly columns: number; readonly rows: number};
const usual: Size = {columns: 120, rows: 40};
const large: Size = {columns: 200, rows: 60};

function say(what: string): void {
	process.stderr.write(`screen: ${what} …\n`);
}

// Processor time of a process so far, in seconds; a clock tick is 10 ms on Linux.
function cpuSeconds(pid: number): number {
	const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ', 2)[1]!.split(' ');
	return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMebibytes(pid: number): number {
	return Number(/^VmRSS:\s+(?<kilobytes>\d+)/mv.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!.groups!.kilobytes) / 1024;
}

/**
When the output came with which the screen shows a text: the emulator is slower than the program, and what it has yet to draw does not count.
*/
async function shownAt(terminal: TerminalProgram, text: string): Promise<number> {
	let drawnAt = 0;
	await terminal.shows(screen => {
		drawnAt = terminal.drawnAt;
		return screen.includes(text);
	});
	return drawnAt;
}

/**
Types letters one by one, as fast as a quick person does, and times each until the output has come with which it stands behind `prompt`.
*/
async function timeKeys(terminal: TerminalProgram, count: number, prompt = ' › '): Promise<number[]> {
	const samples: number[] = [];
	let text = '';
	for (let index = 0; index < count; index++) {
		const letter = String.fromCodePoint(97 + ((index * 7) % 26));
		text += letter;
		const from = performance.now();
		terminal.type(letter);
		samples.push(await shownAt(terminal, `${prompt}${text}`) - from);
		if (text.length === 30) {
			terminal.type(keys.control('u'));
			await terminal.hides(text);
			text = '';
		}

		await delay(20 + ((index * 13) % 17));
	}

	terminal.type(keys.control('u'));
	if (text !== '') {
		await terminal.hides(text);
	}

	return samples;
}

/**
Says so many lines a second until it is stopped.
*/
function talk(client: JsonClient, rate: number): () => void {
	let said = 0;
	const from = performance.now();
	const timer = setInterval(() => {
		for (const due = (performance.now() - from) / 1000 * rate; said < due; said++) {
			client.program.type(`s line ${said}: the quick brown fox jumps over the lazy dog`);
		}
	}, 10);
	return () => {
		clearInterval(timer);
	};
}

/**
Says so many lines, as fast as they are taken.
*/
async function sayMany(client: JsonClient, count: number): Promise<void> {
	for (let said = 0; said < count; said++) {
		const line = client.program.type(`s history ${said}`);
		if (said % 200 === 199) {
			await client.reply(line, undefined, {within: 60_000});
		}
	}
}

type Loud = {readonly echo: Spread; readonly cpu: number; readonly kilobytesPerSecond: number};

async function measureLoud(terminal: TerminalProgram, talker: JsonClient): Promise<Loud> {
	const stop = talk(talker, messagesPerSecond);
	await terminal.shows('quick brown fox');
	await timeKeys(terminal, loudWarmUpKeys);
	const [cpu, written, from] = [cpuSeconds(terminal.pid), terminal.written, performance.now()];
	const samples = await timeKeys(terminal, loudKeys);
	const seconds = (performance.now() - from) / 1000;
	stop();
	return {
		echo: spread(samples), cpu: 100 * (cpuSeconds(terminal.pid) - cpu) / seconds, kilobytesPerSecond: (terminal.written - written) / 1000 / seconds,
	};
}

// Resolves with the first full frame; the room is not entered yet.
async function startEarshot(world: World, address: string, size: Size): Promise<TerminalProgram> {
	const terminal = world.terminal('earshot', 'ann', {...size, arguments: ['--server', address, '--user', 'ann', '--room', 'den']});
	await terminal.shows(/^ › /mv);
	return terminal;
}

async function openRoom(world: World, address: string, size: Size): Promise<TerminalProgram> {
	const terminal = await startEarshot(world, address, size);
	await terminal.shows('Write to everyone in den');
	return terminal;
}

async function startBareInk(world: World): Promise<TerminalProgram> {
	const program = fileURLToPath(new URL('bundled/bare-ink.js', import.meta.url));
	const terminal = new TerminalProgram('bare Ink', program, {home: world.home('ink'), arguments: [], environment: {NODE_ENV: 'production'}}, usual);
	await terminal.shows('>');
	return terminal;
}

async function timeStart(start: () => Promise<TerminalProgram>): Promise<number> {
	const from = performance.now();
	const terminal = await start();
	const elapsed = performance.now() - from;
	await terminal.destroy();
	return elapsed;
}

async function measureStarts(world: World, address: string): Promise<{ours: number; bareInk: number}> {
	const [ours, bareInk]: [number[], number[]] = [[], []];
	// Whoever left once in an orderly way finds compiled code at the next start.
	const first = await startEarshot(world, address, usual);
	first.signal('SIGTERM');
	await first.exited;
	await first.destroy();
	for (let index = 0; index < starts; index++) {
		ours.push(await timeStart(async () => startEarshot(world, address, usual)));
		bareInk.push(await timeStart(async () => startBareInk(world)));
	}

	return {ours: percentile(ours, 0.5), bareInk: percentile(bareInk, 0.5)};
}

type Idle = {readonly echo: Spread; readonly resident: number};

async function measureIdle(terminal: TerminalProgram, bareInk: TerminalProgram): Promise<{ours: Idle; bareInk: Idle}> {
	await timeKeys(terminal, warmUpKeys);
	await timeKeys(bareInk, warmUpKeys, '> ');
	const [ourKeys, inkKeys]: [number[], number[]] = [[], []];
	for (let round = 0; round < idleRounds; round++) {
		ourKeys.push(...await timeKeys(terminal, keysPerRound));
		inkKeys.push(...await timeKeys(bareInk, keysPerRound, '> '));
	}

	return {
		ours: {echo: spread(ourKeys), resident: residentMebibytes(terminal.pid)},
		bareInk: {echo: spread(inkKeys), resident: residentMebibytes(bareInk.pid)},
	};
}

async function measureAll(world: World) {
	const server = await world.server();
	const [ann, talker] = await world.people(['ann', 'bob'], server);
	await talker.ok('or den');
	await ann.leave();

	say('start');
	const start = await measureStarts(world, server.address);

	say('keys, idle');
	const terminal = await openRoom(world, server.address, usual);
	const bareInk = await startBareInk(world);
	const idle = await measureIdle(terminal, bareInk);
	await bareInk.destroy();

	say('keys, loud');
	const loud = await measureLoud(terminal, talker);
	await terminal.destroy();

	say('keys, loud and large');
	const big = await openRoom(world, server.address, large);
	const loudLarge = await measureLoud(big, talker);

	say('memory');
	await sayMany(talker, historyLines);
	await big.shows(`history ${historyLines - 1}`, {within: 60_000});
	const residentAfter = residentMebibytes(big.pid);
	await big.destroy();
	return {
		start, idle, loud, loudLarge, residentAfter,
	};
}

function echoRow(work: string, echo: Spread, [p50, p99]: readonly [number, number]): Row {
	return {
		work, earshot: formatSpread(echo), goal: `<= ${p50} / ${p99}`, isMet: echo.p50 <= p50 && echo.p99 <= p99,
	};
}

function valueRow(work: string, value: number, limit: number): Row {
	return {
		work, earshot: formatNumber(value), goal: `<= ${limit}`, isMet: value <= limit,
	};
}

function besideInk(row: Row, shown: string, ratio: number): Row {
	return {...row, peers: {'bare Ink': shown}, ratio: `${formatNumber(ratio)} x bare Ink`};
}

/**
Measures for about two minutes. Linux only: it reads /proc.
*/
export async function measureScreen(): Promise<Report> {
	const world = new World(mkdtempSync(path.join(tmpdir(), 'earshot-bench-')));
	try {
		const {
			start, idle: {ours, bareInk}, loud, loudLarge, residentAfter,
		} = await measureAll(world);
		return {
			name: 'screen',
			about: 'The built client in a pseudo-terminal, with a real server and a real peer that talks in a room; `p50 / p99`. A key is echoed when the frame that shows it has been written. '
				+ 'A loud room has been loud for five seconds before it is measured; processor time is that of all threads of the client. Bare Ink is bundled, made quicker and run in the same way.',
			rows: [
				besideInk(echoRow('key echo, idle, 120x40, ms', ours.echo, [4, 10]), formatSpread(bareInk.echo), ours.echo.p50 / bareInk.echo.p50),
				echoRow(`key echo, ${messagesPerSecond} messages/s, 120x40, ms`, loud.echo, [4, 12]),
				valueRow('processor time meanwhile, %', loud.cpu, 25),
				valueRow('output meanwhile, kB/s', loud.kilobytesPerSecond, 80),
				echoRow(`key echo, ${messagesPerSecond} messages/s, 200x60, ms`, loudLarge.echo, [4, 16]),
				besideInk(valueRow('start to first full frame, ms (median)', start.ours, 200), formatNumber(start.bareInk), start.ours / start.bareInk),
				besideInk(valueRow('resident memory, just started, MiB', ours.resident, 110), formatNumber(bareInk.resident), ours.resident / bareInk.resident),
				valueRow(`resident memory, after ${historyLines} messages, MiB`, residentAfter, 110),
			],
		};
	} finally {
		await world.close();
	}
}
