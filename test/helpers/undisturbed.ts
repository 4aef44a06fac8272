// The bystanders: two people who talk while something bad happens next to them, and must not notice.
import {existsSync, readFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import type {JsonClient, Reply} from './json-client.js';
import {
	hears,
	openSession,
	openWorld,
	type Options,
	type Server,
	type World,
} from './world.js';

/**
Who is there: a server, and ann and bob in a session.
*/
export type Bystanders = {readonly world: World; readonly server: Server; readonly ann: JsonClient; readonly bob: JsonClient};

/**
Resident memory of a process in bytes; `undefined` where the system does not tell.
*/
export function residentBytes(pid: number): number | undefined {
	const path = `/proc/${pid}/status`;
	const kilobytes = existsSync(path) ? /^VmRSS:\s+(?<kilobytes>\d+) kB$/mv.exec(readFileSync(path, 'utf8'))?.groups?.kilobytes : undefined;
	return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/**
Does something bad while ann and bob keep talking. Afterwards every line has arrived, nobody was disconnected, no program has
grown by more than 100 MB, and a restarted server finds its accounts.
*/
export async function whileOthersTalk(
	t: ExecutionContext,
	bad: (bystanders: Bystanders) => Promise<void>,
	options: {server?: Options; serverAddress?: (server: Server) => Promise<{address: string}>; people?: Options} = {},
): Promise<void> {
	const world = openWorld(t);
	const server = await world.server(options.server);
	const [ann, bob] = await world.people(['ann', 'bob'], await options.serverAddress?.(server) ?? server, options.people);
	await openSession(ann, bob);
	const programs = [server, ann, bob];
	const before = programs.map(({program}) => residentBytes(program.pid));

	const over = new AbortController();
	const talking = (async () => {
		let rounds = 0;
		for (; !over.signal.aborted || rounds < 5; rounds++) {
			await hears(`ping ${rounds}`, ann, bob);
			await hears(`pong ${rounds}`, bob, ann);
		}

		return rounds;
	})();
	try {
		await Promise.all([
			(async () => {
				try {
					await bad({
						world, server, ann, bob,
					});
				} finally {
					over.abort();
				}
			})(),
			talking,
		]);
	} finally {
		over.abort();
	}

	const rounds = await talking;
	t.deepEqual(bob.seen({type: 'message'}).map(({text}) => text), Array.from({length: rounds}, (_, round) => `ping ${round}`));
	for (const [index, {name, program}] of programs.entries()) {
		const grown = (residentBytes(program.pid) ?? 0) - (before[index] ?? 0);
		t.true(grown < 100 * 1024 * 1024, `${name} grew by ${grown} bytes`);
	}

	for (const client of [ann, bob]) {
		t.deepEqual(client.seen({type: 'connection'}).filter(({state}) => state !== 'connected'), []);
	}

	const both = (reply: Reply) => (reply.users as Array<{name: string; online: boolean}>).filter(({name}) => name === 'ann' || name === 'bob');
	t.deepEqual(both(await server.ok('lcu')), [{name: 'ann', online: true}, {name: 'bob', online: true}]);
	t.is((await server.leave()).code, 0);
	const again = await world.server();
	t.deepEqual(both(await again.ok('lu')), [{name: 'ann', online: false}, {name: 'bob', online: false}]);
}
