// A real server in this process on free ports of 127.0.0.1, in a folder of its own, gone with the test.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {startServer, type RunningServer, type ServerOptions} from '../../../server/serve.js';

/**
A folder that is gone with the test.
*/
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'earshot-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	return folder;
}

/**
A server that ends with the test.
*/
export async function run(t: ExecutionContext, options: Partial<ServerOptions> = {}): Promise<RunningServer> {
	const server = await startServer({
		folder: await temporaryFolder(t), port: 0, bind: '127.0.0.1', netLimits: {closeGraceMs: 50}, ...options,
	});
	t.teardown(async () => server.close());
	return server;
}
