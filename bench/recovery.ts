// `bench recovery`: how soon a server listens again after SIGKILL, how many mails a second are kept for good, and how fast
// a long history answers and is backed up. Knows folders, processes and the two stores; says nothing of what is lost (the torture test does).
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
	mkdirSync,
	mkdtempSync,
	rmSync,
	statSync,
	truncateSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {DatabaseSync} from 'node:sqlite';
import type {SentMail} from '../server/core/storage.js';
import {Database} from '../server/store/database.js';
import {Store} from '../server/store/store.js';
import {HistoryTable} from '../source/io/history-table.js';
import {ProfileBackup} from '../source/io/profile-backup.js';
import {ProfileDatabase} from '../source/io/profile-database.js';
import {readOrRestore} from '../source/io/profile-restoration.js';
import {migrate} from '../source/io/profile-schema.js';
import type {HistoryLine} from '../source/messenger/effects.js';
import {World} from '../test/helpers/world.js';
import type {Report} from './report.js';
import {
	formatNumber,
	formatSpread,
	percentile,
	spread,
	type Spread,
} from './statistics.js';

const accounts = 100_000;
const restarts = 11;
const singleMails = 2000;
const manyMails = 20_000;
const callers = 64;
const historyLines = 200_000;
const laterBackups = 20;
const vocabulary = 20_000;
const searches = 500;
const person = {realm: 'realm', owner: 'ann'};

const keyText = 'A'.repeat(43);

function fillAccounts(file: string): void {
	const database = new Database(file);
	for (let first = 0; first < accounts; first += 10_000) {
		database.apply(Array.from({length: 10_000}, (_, index) => {
			const name = `user${first + index}`;
			return {
				kind: 'account' as const, key: name, name, hash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g', device: '0123456789abcdef', keys: {sign: keyText, agree: keyText}, at: first + index,
			};
		}));
	}

	database.close();
}

/**
Ms from the start of a bare Node.js program until it listens: the least there is.
*/
async function listenBare(): Promise<number> {
	const from = performance.now();
	const child = spawn(process.execPath, ['-e', 'require("node:net").createServer().listen(0, "127.0.0.1", () => console.log("ready"))'], {stdio: ['ignore', 'pipe', 'inherit']});
	await once(child.stdout, 'data');
	const took = performance.now() - from;
	child.kill('SIGKILL');
	await once(child, 'exit');
	return took;
}

async function measureListening(folder: string): Promise<{full: number[]; empty: number[]; bare: number[]}> {
	const world = new World(folder);
	const times = {full: [] as number[], empty: [] as number[], bare: [] as number[]};
	const timeServer = async (home: string): Promise<number> => {
		const from = performance.now();
		const server = await world.server({home});
		const took = performance.now() - from;
		server.program.signal('SIGKILL');
		await server.program.exit();
		return took;
	};

	// The first start makes keys and certificate.
	await timeServer('full');
	await timeServer('empty');
	const file = world.files('full').find(name => name.endsWith('.db'));
	fillAccounts(file!);
	for (let round = 0; round < restarts; round++) {
		times.bare.push(await listenBare());
		times.empty.push(await timeServer('empty'));
		times.full.push(await timeServer('full'));
	}

	await world.close();
	return times;
}

function makeMail(number: number): SentMail & {kind: 'mail'} {
	return {
		kind: 'mail', user: `user${number % 1000}`, device: '0123456789abcdef', sender: 'ann', senderDevice: 'fedcba9876543210', mail: `m${number}`, room: undefined, slot: undefined, card: 'c'.repeat(600), at: number, sealed: 's'.repeat(400),
	};
}

/**
Mails a second that the disk has for good, with so many askers of whom each waits for its answer.
*/
async function timeMails(store: Store, from: number, {count, askers}: {count: number; askers: number}): Promise<number> {
	let next = from;
	const ask = async (): Promise<void> => {
		while (next < from + count) {
			await store.write(makeMail(next++));
		}
	};

	const startedAt = performance.now();
	await Promise.all(Array.from({length: askers}, ask));
	return count / (performance.now() - startedAt) * 1000;
}

async function measureMails(folder: string): Promise<{single: number; many: number}> {
	const file = path.join(folder, 'mail.db');
	const database = new Database(file);
	database.apply(['ann', ...Array.from({length: 1000}, (_, index) => `user${index}`)].map(name => ({
		kind: 'account', key: name, name, hash: 'h', device: '0123456789abcdef', keys: {sign: keyText, agree: keyText}, at: 0,
	})));
	database.close();
	const store = await Store.open(file);
	await timeMails(store, 0, {count: 500, askers: 1});
	const single = await timeMails(store, 1000, {count: singleMails, askers: 1});
	const many = await timeMails(store, 10_000, {count: manyMails, askers: callers});
	await store.close();
	return {single, many};
}

/**
Numbers from 0 up to 1, always the same.
*/
function createDice(): () => number {
	let state = 1;
	return () => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) % 0x80_00_00_00;
		return Math.abs(state) / 0x80_00_00_00;
	};
}

/**
Words as people use them: the word of rank r comes 1/r as often as the first (Zipf's law).
*/
function createWords(dice: () => number): {readonly pick: () => string; readonly at: (rank: number) => string} {
	const words = Array.from({length: vocabulary}, (_, rank) => Array.from({length: 2 + Math.floor(Math.log2(rank + 2) / 2) + Math.floor(dice() * 4)}, () => String.fromCodePoint(97 + Math.floor(dice() * 26))).join(''));
	return {
		pick: () => words[Math.min(vocabulary - 1, Math.floor(vocabulary ** dice()) - 1)]!,
		at: rank => words[rank]!,
	};
}

type Lookups = Readonly<Record<'rare' | 'usual' | 'two' | 'beginning' | 'commonest' | 'page', Spread>>;

function measureHistory(folder: string): Lookups {
	const database = new DatabaseSync(path.join(folder, 'history.db'));
	database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
	migrate(database);
	const table = new HistoryTable(database);
	const dice = createDice();
	const {pick, at} = createWords(dice);
	for (let first = 0; first < historyLines; first += 1000) {
		database.exec('BEGIN');
		for (let number = first; number < first + 1000; number++) {
			const line: HistoryLine = {
				...person, place: number % 3 === 0 ? 'room:den' : 'session:bob', id: `d-${number}`, device: 'd', sequence: number, from: 'bob', text: Array.from({length: 3 + Math.floor(dice() * 15)}, pick).join(' '), at: number, clock: String(number).padStart(9, '0'), state: undefined, isUnread: false, proof: undefined,
			};
			table.apply({kind: 'history-add', line});
		}

		database.exec('COMMIT');
	}

	// As a client does it with time, after each of its backups.
	while (!table.tidyIndex()) {
		// The next piece.
	}

	const time = (ask: () => unknown): Spread => {
		const samples: number[] = [];
		for (let round = 0; round < searches; round++) {
			const from = performance.now();
			ask();
			samples.push(performance.now() - from);
		}

		return spread(samples);
	};

	const search = (words: string) => table.recall({
		kind: 'search', ...person, words, limit: 20, context: 1,
	});
	const lookups: Lookups = {
		rare: time(() => search(at(1000 + Math.floor(dice() * (vocabulary - 1000))))),
		usual: time(() => search(pick())),
		two: time(() => search(`${pick()} ${pick()}`)),
		beginning: time(() => search(pick().slice(0, 3))),
		commonest: time(() => search(at(0))),
		page: time(() => table.recall({
			kind: 'page', ...person, place: 'session:bob', before: {clock: String(Math.floor(dice() * historyLines)).padStart(9, '0'), id: ''}, limit: 100,
		})),
	};
	database.close();
	return lookups;
}

/**
What the automatic backup of a client costs: ms of each piece of the first one and of those a minute later, with some new lines, and of going back to it.
*/
function measureBackup(file: string): {readonly first: Spread; readonly later: Spread; readonly restoration: number} {
	const backUp = (): number[] => {
		const pieces: number[] = [];
		const time = <Result>(task: () => Result): Result => {
			const from = performance.now();
			const result = task();
			pieces.push(performance.now() - from);
			return result;
		};

		const backup = time(() => ProfileBackup.open(file));
		for (let isDone = false; !isDone;) {
			isDone = time(() => backup.step(Date.now()));
		}

		time(() => {
			backup.close();
		});
		return pieces;
	};

	const first = spread(backUp());
	const later = spread(Array.from({length: laterBackups}, (_, round) => {
		const profile = ProfileDatabase.open(file);
		profile.apply(Array.from({length: 50}, (_line, number) => ({
			kind: 'history-add', line: {
				...person, place: 'session:bob', id: `later-${round}-${number}`, device: 'later', sequence: (round * 50) + number, from: 'bob', text: 'a line like any other', at: 0, clock: '', state: undefined, isUnread: false, proof: undefined,
			},
		})));
		profile.close();
		return backUp();
	}).flat());
	truncateSync(file, Math.floor(statSync(file).size / 2));
	const from = performance.now();
	readOrRestore(file, true, Date.now());
	return {first, later, restoration: performance.now() - from};
}

export async function measureRecovery(): Promise<Report> {
	const folder = mkdtempSync(path.join(tmpdir(), 'earshot-bench-'));
	try {
		const worldFolder = path.join(folder, 'world');
		mkdirSync(worldFolder);
		const listening = await measureListening(worldFolder);
		const mails = await measureMails(folder);
		const lookups = measureHistory(folder);
		const backup = measureBackup(path.join(folder, 'history.db'));
		const [full, empty, bare] = [listening.full, listening.empty, listening.bare].map(samples => percentile(samples, 0.5)) as [number, number, number];
		const row = (work: string, key: keyof Lookups) => ({work, earshot: formatSpread(lookups[key])});
		const searched = (work: string, key: keyof Lookups) => ({...row(work, key), goal: 'p99 <= 2', isMet: lookups[key].p99 <= 2});
		return {
			name: 'recovery',
			about: `Median of ${restarts} starts in turn, each ended by SIGKILL; from the start of the process to its word that it listens. Mails are counted when the store's thread has them on disk. A history of ${historyLines} lines with words as often as in speech (Zipf); 20 hits with a line before and after each; \`p50 / p99\`, ms.`,
			rows: [
				{
					work: `listening again with ${accounts} accounts, ms`, earshot: formatNumber(full), peers: {'no accounts': formatNumber(empty), 'bare Node': formatNumber(bare)}, ratio: `${(full / bare).toFixed(1)} x bare Node`, goal: '<= 500', isMet: full <= 500,
				},
				{work: 'mails kept a second, one caller', earshot: formatNumber(mails.single)},
				{work: `mails kept a second, ${callers} callers`, earshot: formatNumber(mails.many), ratio: `${(mails.many / mails.single).toFixed(1)} x one caller`},
				searched('search: a rare word', 'rare'),
				searched('search: a word as it is used', 'usual'),
				searched('search: two words', 'two'),
				searched('search: the beginning of a word', 'beginning'),
				row('search: the commonest word of all', 'commonest'),
				row('a page of 100 lines', 'page'),
				{work: 'a client\'s backup: a piece of the first one, ms', earshot: formatSpread(backup.first)},
				{work: '... of one with 50 new lines, ms', earshot: formatSpread(backup.later)},
				{work: 'going on with it after damage, ms', earshot: formatNumber(backup.restoration)},
			],
		};
	} finally {
		rmSync(folder, {recursive: true, force: true});
	}
}
