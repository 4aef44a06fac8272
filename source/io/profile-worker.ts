// The thread that owns a profile's database, so that waiting for the disk never holds up keys and datagrams.
// Knows the messages below and when the backup is brought up to date; the database itself is profile-database.ts, the other end profile-store.ts.
import {writeFileSync} from 'node:fs';
import {parentPort, workerData} from 'node:worker_threads';
import type {
	Effect,
	ExportResult,
	HistoryQuery,
	Recalled,
} from '../messenger/effects.js';
import {isDamage} from '../disk/sqlite-file.js';
import {ProtocolError} from '../protocol/errors.js';
import {exportHistory} from './history-export.js';
import {backupOf, ProfileBackup, putAside} from './profile-backup.js';
import {ProfileDatabase, type ProfileWrite} from './profile-database.js';
import {markOf} from './profile-restoration.js';

/**
What the thread is started with: where the database of a claimed profile is.
*/
export type ProfileRequest = {readonly path: string};

/**
What is to be written to a file.
*/
export type ExportOrder = Omit<Effect & {type: 'export'}, 'type' | 'task'>;

/**
To the thread: one transaction, a question with its number, or the end.
*/
export type ProfileCommand =
	| {readonly type: 'apply'; readonly writes: readonly ProfileWrite[]}
	| {readonly type: 'recall'; readonly id: number; readonly query: HistoryQuery}
	| {readonly type: 'export'; readonly id: number; readonly order: ExportOrder}
	| {readonly type: 'close'};

/**
From the thread: one `applied` for each `apply` and one answer for each question, and `news` for the user at any time; the thread ends after `close`.
*/
export type ProfileAnswer =
	| {readonly type: 'applied'; readonly problem: string | undefined}
	| {readonly type: 'recalled'; readonly id: number; readonly lines: readonly Recalled[]; readonly problem: string | undefined}
	| {readonly type: 'exported'; readonly id: number; readonly result: ExportResult}
	| {readonly type: 'news'; readonly text: string};

const port = parentPort!;
const answer = (message: ProfileAnswer) => {
	port.postMessage(message);
};

/**
The backup is brought up to date so long after something was written; for the first time in this run soon.
*/
const backupIntervalMs = 60_000;
const firstBackupMs = 2000;

/**
Between two pieces of a backup others get their turn; at the end nobody waits longer than this for it.
*/
const pauseMs = 20;
const lastBackupMs = 500;

const {path: databasePath} = workerData as ProfileRequest;
let database: ProfileDatabase | undefined;
let backup: ProfileBackup | undefined;
let backupTimer: NodeJS.Timeout | undefined;
let tidyTimer: NodeJS.Timeout | undefined;
let nextBackupMs = firstBackupMs;
/**
Something was written that the backup does not have.
*/
let isBehind = false;
const told = new Set<string>();

function open(): ProfileDatabase {
	database ??= ProfileDatabase.open(databasePath);
	return database;
}

function tell(text: string): void {
	if (told.has(text)) {
		return;
	}

	told.add(text);
	answer({type: 'news', text});
}

function planBackup(): void {
	isBehind = true;
	backupTimer ??= setTimeout(continueBackup, nextBackupMs);
}

/**
Does the next piece of a backup, and plans the one after it.
*/
function continueBackup(): void {
	backupTimer = undefined;
	if (!advanceBackup()) {
		backupTimer = setTimeout(continueBackup, pauseMs);
		return;
	}

	nextBackupMs = backupIntervalMs;
	tidyIndex();
	if (isBehind) {
		planBackup();
	}
}

/**
Once a backup is done, what was written for it to hold is brought together in the index of words, piece by piece.
*/
function tidyIndex(): void {
	clearTimeout(tidyTimer);
	let isTidy = false;
	const problem = problemOf(() => {
		isTidy = open().history.tidyIndex();
	});
	tidyTimer = isTidy || problem !== undefined ? undefined : setTimeout(tidyIndex, pauseMs);
}

/**
@returns Whether nothing is left to do, or nothing can be done now.
*/
function advanceBackup(): boolean {
	try {
		if (!backup) {
			isBehind = false;
			problemOf(() => {
				open().history.eraseProofs(Date.now());
			});
			backup = ProfileBackup.open(databasePath);
		}

		if (!backup.step(Date.now())) {
			return false;
		}
	} catch (error) {
		isBehind = true;
		handleBackupFailure(error as Error);
	}

	backup?.close();
	backup = undefined;
	return true;
}

/**
Brings the backup as far as it gets until `until`.
*/
function finishBackup(until: number): void {
	const advance = () => {
		let isDone = false;
		while (!isDone && performance.now() < until) {
			isDone = advanceBackup();
		}
	};

	if (backup) {
		advance();
	}

	// One that had begun does not have what was written since.
	if (isBehind) {
		advance();
	}

	backup?.close();
	backup = undefined;
}

function handleBackupFailure(error: Error): void {
	if (error instanceof ProtocolError && error.code === 'damaged-backup') {
		backup?.close();
		backup = undefined;
		putAside(backupOf(databasePath));
	} else if (error instanceof ProtocolError && error.code === 'damaged-profile') {
		handleDamage();
	} else {
		tell(`The automatic backup of your profile could not be written: ${error.message}. The one before is kept.`);
	}
}

/**
Part of the database can't be read: the next start goes on with the backup.
*/
function handleDamage(): void {
	try {
		writeFileSync(markOf(databasePath), '');
	} catch {
		// Then the next start finds out by itself, or here again.
	}

	tell(`${databasePath} is damaged. Leave and start again: Earshot then goes on with its automatic backup.`);
}

port.on('message', (command: ProfileCommand) => {
	switch (command.type) {
		case 'apply': {
			answer({
				type: 'applied', problem: problemOf(() => {
					open().apply(command.writes);
				}),
			});
			if (command.writes.length > 0) {
				planBackup();
			}

			break;
		}

		case 'recall': {
			let lines: readonly Recalled[] = [];
			const problem = problemOf(() => {
				lines = open().history.recall(command.query);
			});
			answer({
				type: 'recalled', id: command.id, lines, problem,
			});
			break;
		}

		case 'export': {
			answer({type: 'exported', id: command.id, result: performExport(command.order)});
			break;
		}

		case 'close': {
			clearTimeout(backupTimer);
			clearTimeout(tidyTimer);
			finishBackup(performance.now() + lastBackupMs);
			database?.close();
			port.close();
			break;
		}
	}
});

function performExport({path, format, ...conversation}: ExportOrder): ExportResult {
	try {
		return exportHistory(path, format, open().history.walk(conversation));
	} catch (error) {
		return {ok: false, error: {code: 'export-failed', message: (error as Error).message}};
	}
}

function problemOf(task: () => void): string | undefined {
	try {
		task();
		return undefined;
	} catch (error) {
		if (isDamage(error) || (error instanceof ProtocolError && error.code === 'damaged-profile')) {
			handleDamage();
		}

		return (error as Error).message;
	}
}
