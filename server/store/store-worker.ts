// The thread that owns the database: waiting for the disk must not stop the server.
// Knows how to gather the writes of one turn into one transaction; refuses to know what they mean.
import {parentPort, workerData} from 'node:worker_threads';
import {Database} from './database.js';
import {StartError} from './start-error.js';
import type {StoreAnswer, StoreRequest} from './store-messages.js';

const port = parentPort!;
const {file} = workerData as {readonly file: string};

function answer(message: StoreAnswer): void {
	port.postMessage(message);
}

function serve(database: Database): void {
	let writes: Array<Extract<StoreRequest, {kind: 'write'}>> = [];

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
		if (batch.length > 0) {
			apply(batch);
		}
	}

	function lookUp({id, query}: Extract<StoreRequest, {kind: 'look-up'}>): void {
		try {
			answer({kind: 'done', ids: [id], answers: [database.lookUp(query)]});
		} catch (error) {
			answer({kind: 'failed', ids: [id], error: (error as Error).message});
		}
	}

	port.on('message', (request: StoreRequest) => {
		switch (request.kind) {
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

			case 'close': {
				flush();
				database.close();
				port.close();
				break;
			}
		}
	});
}

try {
	const database = new Database(file);
	const state = database.load(file);
	serve(database);
	answer({kind: 'opened', state});
} catch (error) {
	answer({kind: 'refused', message: (error as Error).message, isExpected: error instanceof StartError});
	port.close();
}
