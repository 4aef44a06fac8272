// The thread that owns a profile's database, so that waiting for the disk never holds up keys and datagrams.
// Knows the two messages below; the database itself is profile-database.ts, the other end profile-store.ts.
import {parentPort, workerData} from 'node:worker_threads';
import {ProtocolError} from '../protocol/errors.js';
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
To the thread: one transaction, or the end.
*/
export type ProfileCommand = {readonly type: 'apply'; readonly writes: readonly ProfileWrite[]} | {readonly type: 'close'};

/**
From the thread: `opened` or `refused` once, then one `applied` for each `apply`; the thread ends after `close`.
*/
export type ProfileAnswer =
	| {readonly type: 'opened'; readonly number: number; readonly device: DeviceSecrets; readonly state: ProfileState}
	| {readonly type: 'refused'; readonly code: string; readonly message: string}
	| {readonly type: 'applied'; readonly problem: string | undefined};

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
		if (command.type === 'close') {
			database.close();
			port.close();
			return;
		}

		try {
			database.apply(command.writes);
			answer({type: 'applied', problem: undefined});
		} catch (error) {
			answer({type: 'applied', problem: (error as Error).message});
		}
	});
}

await run();
