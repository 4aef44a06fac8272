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

const idleKeys = 200;
const loudKeys = 200;
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
Types letters one by one, as fast as a quick person does, and times each until the output has come with which it stands behind `prompt`.
*/
async function timeKeys(terminal: TerminalProgram, count: number, prompt = ' › '): Promise<number[]> {
	const samples: number[] = [];
	let text = '';
	let outputAt = 0;
	// The emulator is slower than the program: what counts is when the output came, not when it was drawn here.
	const stop = terminal.onOutput(() => {
		outputAt = performance.now();
	});
	for (let index = 0; index < count; index++) {
		const letter = String.fromCodePoint(97 + ((index * 7) % 26));
		text += letter;
		const from = performance.now();
		terminal.type(letter);
		await terminal.shows(`${prompt}${text}`);
		samples.push(outputAt - from);
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

	stop();
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
	await timeKeys(terminal, 40);
	const [cpu, written, from] = [cpuSeconds(terminal.pid), terminal.written, performance.now()];
	const samples = await timeKeys(terminal, loudKeys);
	const seconds = (performance.now() - from) / 1000;
	stop();
	return {
		echo: spread(samples), cpu: 100 * (cpuSeconds(terminal.pid) - cpu) / seconds, kilobytesPerSecond: (terminal.written - written) / 1000 / seconds,
	};
}

async function openScreen(world: World, address: string, size: Size): Promise<TerminalProgram> {
	const terminal = world.terminal('earshot', 'ann', {...size, arguments: ['--server', address, '--user', 'ann', '--room', 'den']});
	await terminal.shows('Write to everyone in den');
	return terminal;
}

async function measureBareInk(world: World): Promise<number[]> {
	const terminal = new TerminalProgram('bare Ink', fileURLToPath(new URL('bare-ink.js', import.meta.url)), {home: world.home('ink'), arguments: [], environment: {NODE_ENV: 'production'}}, usual);
	await terminal.shows('>');
	await timeKeys(terminal, 40, '> ');
	const samples = await timeKeys(terminal, idleKeys, '> ');
	await terminal.destroy();
	return samples;
}

/**
Measures for about a minute and a half. Linux only: it reads /proc.
*/
export async function measureScreen(): Promise<Report> {
	const world = new World(mkdtempSync(path.join(tmpdir(), 'earshot-bench-')));
	try {
		const server = await world.server();
		const [ann, talker] = await world.people(['ann', 'bob'], server);
		await talker.ok('or den');
		await ann.leave();

		say('start');
		const startTimes: number[] = [];
		for (let index = 0; index < starts; index++) {
			const from = performance.now();
			const terminal = world.terminal('earshot', 'ann', {...usual, arguments: ['--server', server.address, '--user', 'ann', '--room', 'den']});
			await terminal.shows(/^ › /mv);
			startTimes.push(performance.now() - from);
			await terminal.destroy();
		}

		const terminal = await openScreen(world, server.address, usual);
		say('keys, idle');
		await timeKeys(terminal, 40);
		const idle = spread(await timeKeys(terminal, idleKeys));
		const bareInk = spread(await measureBareInk(world));
		const resident = residentMebibytes(terminal.pid);
		say('keys, loud');
		const loud = await measureLoud(terminal, talker);
		await terminal.destroy();

		const big = await openScreen(world, server.address, large);
		say('keys, loud and large');
		const loudBig = await measureLoud(big, talker);
		say('memory');
		await sayMany(talker, historyLines);
		await big.shows(`history ${historyLines - 1}`, {within: 60_000});
		const residentAfter = residentMebibytes(big.pid);
		await big.destroy();

		const isWithin = (measured: Spread, p50: number, p99: number) => measured.p50 <= p50 && measured.p99 <= p99;
		const rows: Row[] = [
			{
				work: 'key echo, idle, 120x40, ms', earshot: formatSpread(idle), peers: {'bare Ink': formatSpread(bareInk)}, ratio: `${formatNumber(idle.p50 / bareInk.p50)} x bare Ink`, goal: '<= 4 / 10', isMet: isWithin(idle, 4, 10),
			},
			{
				work: `key echo, ${messagesPerSecond} messages/s, 120x40, ms`, earshot: formatSpread(loud.echo), goal: '<= 4 / 12', isMet: isWithin(loud.echo, 4, 12),
			},
			{
				work: 'processor time meanwhile, %', earshot: formatNumber(loud.cpu), goal: '<= 25', isMet: loud.cpu <= 25,
			},
			{
				work: 'output meanwhile, kB/s', earshot: formatNumber(loud.kilobytesPerSecond), goal: '<= 80', isMet: loud.kilobytesPerSecond <= 80,
			},
			{
				work: `key echo, ${messagesPerSecond} messages/s, 200x60, ms`, earshot: formatSpread(loudBig.echo), goal: '<= 4 / 16', isMet: isWithin(loudBig.echo, 4, 16),
			},
			{
				work: 'start to first full frame, ms (median)', earshot: formatNumber(percentile(startTimes, 0.5)), goal: '<= 200', isMet: percentile(startTimes, 0.5) <= 200,
			},
			{
				work: 'resident memory, just started, MiB', earshot: formatNumber(resident), goal: '<= 110', isMet: resident <= 110,
			},
			{
				work: `resident memory, after ${historyLines} messages, MiB`, earshot: formatNumber(residentAfter), goal: '<= 110', isMet: residentAfter <= 110,
			},
		];
		return {name: 'screen', about: 'The built client in a pseudo-terminal, with a real server and a real peer that talks in a room; `p50 / p99`. A key is echoed when the frame that shows it has been written.', rows};
	} finally {
		await world.close();
	}
}
