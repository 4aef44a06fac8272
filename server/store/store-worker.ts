// The thread that owns the database: waiting for the disk must not stop the server.
// Knows how to gather the writes of one turn into one transaction; refuses to know what they mean.
import {parentPort, workerData} from 'node:worker_threads';
import {Database} from './database.js';
import {DamageError, StartError} from './start-error.js';
import type {StoreAnswer, StoreRequest} from './store-messages.js';

const port = parentPort!;
const {file} = workerData as {readonly file: string};

/**
What is durable only in the log is brought into the file this long after it was written, so that a lost log costs little.
*/
const checkpointMs = 5000;

function answer(message: StoreAnswer): void {
	port.postMessage(message);
}

function serve(database: Database): void {
	let writes: Array<Extract<StoreRequest, {kind: 'write'}>> = [];
	let checkpoint: NodeJS.Timeout | undefined;
	let backups = Promise.resolve();

	function apply(batch: typeof writes): void {
		const ids = batch.map(({id}) => id);
		try {
			answer({kind: 'done', ids, answers: database.apply(batch.map(({write}) => write))});
		} catch (error) {
			if (batch.length > 1) {
				// One bad write must not take its neighbours with it.
				for (const write of batch) {
					apply([write]);
				}
			} else {
				answer({kind: 'failed', ids, error: (error as Error).message});
			}
		}
	}

	function flush(): void {
		const batch = writes;
		writes = [];
		if (batch.length === 0) {
			return;
		}

		apply(batch);
		checkpoint ??= setTimeout(() => {
			checkpoint = undefined;
			try {
				database.checkpoint();
			} catch {
				// A full disk: the log holds it all the same, and the next write says so.
			}
		}, checkpointMs);
	}

	function lookUp({id, query}: Extract<StoreRequest, {kind: 'look-up'}>): void {
		try {
			answer({kind: 'done', ids: [id], answers: [database.lookUp(query)]});
		} catch (error) {
			answer({kind: 'failed', ids: [id], error: (error as Error).message});
		}
	}

	async function backUp({id, order}: Extract<StoreRequest, {kind: 'back-up'}>): Promise<void> {
		try {
			answer({kind: 'done', ids: [id], answers: [await database.backUp(order)]});
		} catch (error) {
			answer({
				kind: 'failed', ids: [id], error: (error as Error).message, code: (error as {code?: string}).code,
			});
		}
	}

	async function end(): Promise<void> {
		flush();
		clearTimeout(checkpoint);
		await backups;
		database.close();
		port.close();
	}

	port.on('message', (request: StoreRequest) => {
		switch (request.kind) {
			case 'open': {
				// It was the first.
				break;
			}

			case 'write': {
				if (writes.length === 0) {
					setImmediate(flush);
				}

				writes.push(request);

				break;
			}

			case 'look-up': {
				lookUp(request);
				break;
			}

			case 'back-up': {
				backups = Promise.all([backups, backUp(request)]).then(() => {});
				break;
			}

			case 'close': {
				void end();
				break;
			}
		}
	});
}

port.once('message', () => {
	try {
		serve(new Database(file));
		answer({kind: 'opened'});
	} catch (error) {
		const reason = error instanceof DamageError ? 'damage' : (error instanceof StartError ? 'start' : 'other');
		answer({kind: 'refused', message: (error as Error).message, reason});
		port.close();
	}
});
