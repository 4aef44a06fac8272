// One test's small world: a temporary folder, a server or two, the people on it; all gone when the test ends.
// Knows how the programs are started and how people get into a conversation; refuses to know what a test is about.
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
} from 'node:fs';
import {randomUUID} from 'node:crypto';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {LateError} from './expectations.js';
import {JsonClient} from './json-client.js';
import {freePort} from './ports.js';
import {
	killGroup,
	processesWith,
	Program,
	programPath,
} from './programs.js';
import {TerminalProgram, type TerminalOptions} from './terminal.js';

/**
How a test's program differs from the usual one.
*/
export type Options = {
	readonly arguments?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	/**
	Folder inside the world, for its data; the program's name unless given. The same again means: the same data as before.
	*/
	readonly home?: string;
};

/**
A control server on the json face.
*/
export class Server extends JsonClient {
	/**
	TCP port, once ready.
	*/
	port = 0;
	/**
	UDP port, once ready.
	*/
	udpPort = 0;

	/**
	What a client connects to.
	*/
	get address(): string {
		return `127.0.0.1:${this.port}`;
	}
}

type Ending = {readonly destroy: () => Promise<void>};

/**
Everything that one test starts. Made with `openWorld`.
*/
export class World {
	readonly folder: string;
	readonly #marker = `EARSHOT_TEST_WORLD=${randomUUID()}`;
	readonly #endings: Ending[] = [];

	constructor(folder: string) {
		this.folder = folder;
	}

	/**
	Starts a server on free ports of 127.0.0.1 and waits until it is ready.
	*/
	async server(options: Options = {}): Promise<Server> {
		const given = options.arguments ?? [];
		// A port that it finds free when it comes back.
		const defaults = [['--bind', '127.0.0.1'], ['--port', String(await freePort())]] as const;
		const server = new Server('server', programPath('earshotd'), this.#launch('server', {
			...options,
			arguments: [...defaults.filter(([flag]) => !given.includes(flag)).flat(), ...given],
		}));
		this.#endings.push(server.program);
		const {port, udpPort} = await server.ready();
		server.port = Number(port);
		server.udpPort = Number(udpPort);
		return server;
	}

	/**
	Starts a client on the json face.
	*/
	async client(name: string, options: Options = {}): Promise<JsonClient> {
		const client = new JsonClient(name, programPath('earshot'), this.#launch(name, {...options, arguments: ['--udp-port', '0', ...(options.arguments ?? [])]}));
		this.#endings.push(client.program);
		await client.ready();
		return client;
	}

	/**
	Starts either program without a word about its face, `--json` or ports.
	*/
	program(kind: 'earshot' | 'earshotd', name: string, options: Options = {}): Program {
		const program = new Program(name, programPath(kind), this.#launch(name, options));
		this.#endings.push(program);
		return program;
	}

	/**
	Starts either program in a terminal.
	*/
	terminal(kind: 'earshot' | 'earshotd', name: string, options: Options & TerminalOptions = {}): TerminalProgram {
		const terminal = new TerminalProgram(name, programPath(kind), this.#launch(name, options), options);
		this.#endings.push(terminal);
		return terminal;
	}

	/**
	Starts a client, connects and registers it with the password `<name>-secret`.
	*/
	async person(name: string, server: {readonly address: string}, options: Options = {}): Promise<JsonClient> {
		const client = await this.client(name, options);
		await client.ok(`c ${server.address}`);
		await client.ok(`register ${name} ${name}-secret`);
		return client;
	}

	/**
	Starts, connects and registers several people at once; each sees each other afterwards.
	*/
	async people<Names extends readonly string[]>(names: readonly [...Names], server: {readonly address: string}, options: Options = {}): Promise<{[Index in keyof Names]: JsonClient}> {
		const people = await Promise.all(names.map(async name => this.person(name, server, options)));
		await Promise.all(people.flatMap(person => names.filter(name => name !== person.name).map(async name => person.event({type: 'presence', user: name, online: true}))));
		return people as {[Index in keyof Names]: JsonClient};
	}

	/**
	A folder of the world by that name, made when it is missing.
	*/
	home(name: string): string {
		const home = path.join(this.folder, name);
		mkdirSync(home, {recursive: true});
		return home;
	}

	/**
	Every file below that folder.
	*/
	files(name: string): string[] {
		return readdirSync(this.home(name), {withFileTypes: true, recursive: true}).filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name));
	}

	/**
	Ends everything, checks that nothing is left running, and removes the folder.

	@throws {Error} When a process of this world outlives its end.
	*/
	async close(): Promise<void> {
		await Promise.all(this.#endings.map(async ending => ending.destroy()));
		let strays = processesWith(this.#marker);
		// A process that was killed stays listed for a moment, or as long as a busy machine does not let it end.
		for (let round = 0; strays.length > 0 && round < 1000; round++) {
			await delay(20);
			strays = processesWith(this.#marker);
		}

		for (const pid of strays) {
			killGroup(pid);
		}

		rmSync(this.folder, {recursive: true, force: true, maxRetries: 5});
		if (strays.length > 0) {
			throw new Error(`Processes were left behind: ${strays.join(', ')}`);
		}
	}

	/**
	The processes of this world that run now, in no order. Linux only; empty elsewhere.
	*/
	processes(): number[] {
		return processesWith(this.#marker);
	}

	#launch(name: string, {arguments: given = [], environment = {}, home = name}: Options) {
		const folder = this.home(home);
		const [key = '', value = ''] = this.#marker.split('=', 2);
		return {home: folder, arguments: given, environment: {...environment, [key]: value}};
	}
}

function makeWorld(): World {
	return new World(mkdtempSync(path.join(tmpdir(), 'earshot-')));
}

/**
A world that closes with the test.
*/
export function openWorld(t: ExecutionContext): World {
	const world = makeWorld();
	t.teardown(async () => world.close());
	return world;
}

/**
Plays a row that promises something within a time. When it is late, and only then, the row is played again in a world of its own, at most
twice: a program that is slow is late each time, a machine that was busy is not.
*/
export async function promptly(t: ExecutionContext, play: (world: World) => Promise<void>): Promise<void> {
	for (let attempt = 1; ; attempt++) {
		const world = makeWorld();
		try {
			await play(world);
			t.pass('in time');
			return;
		} catch (error) {
			if (attempt === 3 || !(error instanceof LateError)) {
				throw error;
			}

			t.log(`Attempt ${attempt} was late: ${error.message.split('\n', 1)[0]}`);
		} finally {
			await world.close();
		}
	}
}

/**
`caller` asks `callee` for a session, who accepts; both have it open afterwards.
*/
export async function openSession(caller: JsonClient, callee: JsonClient): Promise<void> {
	const asked = caller.command(`o ${callee.name}`);
	await callee.event({type: 'request', kind: 'session', from: caller.name});
	await callee.ok(`accept ${caller.name}`);
	await caller.event({type: 'session', with: callee.name, state: 'open'});
	await callee.event({type: 'session', with: caller.name, state: 'open'});
	const {ok} = await asked;
	if (!ok) {
		throw new Error(`o ${callee.name} failed.\n${caller.program.transcript}`);
	}
}

/**
Everybody enters a room in turn and hears of everyone who comes after.
*/
export async function enterRoom(room: string, ...people: readonly JsonClient[]): Promise<void> {
	for (const [index, person] of people.entries()) {
		await person.ok(`or ${room}`);
		for (const earlier of people.slice(0, index)) {
			await earlier.event({
				type: 'room', room, change: 'entered', user: person.name,
			});
		}
	}
}

/**
A line from one reaches each of the others, as a message of that conversation.
*/
export async function hears(text: string, from: JsonClient, ...others: readonly JsonClient[]): Promise<void> {
	await from.ok(`s ${text}`);
	for (const other of others) {
		await other.event({type: 'message', from: from.name, text});
	}
}
