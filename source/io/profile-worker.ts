// The thread that owns a profile's database, so that waiting for the disk never holds up keys and datagrams.
// Knows the messages below; the database itself is profile-database.ts, the other end profile-store.ts.
import {parentPort, workerData} from 'node:worker_threads';
import type {
	Effect,
	ExportResult,
	HistoryQuery,
	Recalled,
} from '../messenger/effects.js';
import {ProtocolError} from '../protocol/errors.js';
import {exportHistory} from './history-export.js';
import {
	ProfileDatabase,
	type DeviceSecrets,
	type ProfileState,
	type ProfileWish,
	type ProfileWrite,
} from './profile-database.js';

/**
What the thread is started with.
*/
export type ProfileRequest = {readonly folder: string; readonly wish: ProfileWish};

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
From the thread: `opened` or `refused` once, then one `applied` for each `apply` and one answer for each question; the thread ends after `close`.
*/
export type ProfileAnswer =
	| {readonly type: 'opened'; readonly number: number; readonly device: DeviceSecrets; readonly state: ProfileState}
	| {readonly type: 'refused'; readonly code: string; readonly message: string}
	| {readonly type: 'applied'; readonly problem: string | undefined}
	| {readonly type: 'recalled'; readonly id: number; readonly lines: readonly Recalled[]; readonly problem: string | undefined}
	| {readonly type: 'exported'; readonly id: number; readonly result: ExportResult};

const port = parentPort!;
const answer = (message: ProfileAnswer) => {
	port.postMessage(message);
};

async function run(): Promise<void> {
	const {folder, wish} = workerData as ProfileRequest;
	let database: ProfileDatabase;
	try {
		database = await ProfileDatabase.claim(folder, wish);
		answer({
			type: 'opened', number: database.number, device: database.device, state: database.load(),
		});
	} catch (error) {
		answer({type: 'refused', code: error instanceof ProtocolError ? error.code : 'damaged-profile', message: (error as Error).message});
		return;
	}

	port.on('message', (command: ProfileCommand) => {
		switch (command.type) {
			case 'apply': {
				answer({
					type: 'applied', problem: problemOf(() => {
						database.apply(command.writes);
					}),
				});
				break;
			}

			case 'recall': {
				let lines: readonly Recalled[] = [];
				const problem = problemOf(() => {
					lines = database.history.recall(command.query);
				});
				answer({
					type: 'recalled', id: command.id, lines, problem,
				});
				break;
			}

			case 'export': {
				const {path, format, ...conversation} = command.order;
				answer({type: 'exported', id: command.id, result: exportHistory(path, format, database.history.walk(conversation))});
				break;
			}

			case 'close': {
				database.close();
				port.close();
				break;
			}
		}
	});
}

function problemOf(task: () => void): string | undefined {
	try {
		task();
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

await run();
