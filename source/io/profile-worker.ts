// The thread that owns a profile's database, so that waiting for the disk never holds up keys and datagrams.
// Knows the messages below; the database itself is profile-database.ts, the other end profile-store.ts.
import {parentPort, workerData} from 'node:worker_threads';
import type {
	Effect,
	ExportResult,
	HistoryQuery,
	Recalled,
} from '../messenger/effects.js';
import {exportHistory} from './history-export.js';
import {ProfileDatabase, type ProfileWrite} from './profile-database.js';

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
From the thread: one `applied` for each `apply` and one answer for each question; the thread ends after `close`.
*/
export type ProfileAnswer =
	| {readonly type: 'applied'; readonly problem: string | undefined}
	| {readonly type: 'recalled'; readonly id: number; readonly lines: readonly Recalled[]; readonly problem: string | undefined}
	| {readonly type: 'exported'; readonly id: number; readonly result: ExportResult};

const port = parentPort!;
const answer = (message: ProfileAnswer) => {
	port.postMessage(message);
};

let database: ProfileDatabase | undefined;

function open(): ProfileDatabase {
	database ??= ProfileDatabase.open((workerData as ProfileRequest).path);
	return database;
}

port.on('message', (command: ProfileCommand) => {
	switch (command.type) {
		case 'apply': {
			answer({
				type: 'applied', problem: problemOf(() => {
					open().apply(command.writes);
				}),
			});
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
		return (error as Error).message;
	}
}
