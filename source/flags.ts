// The flags of the `earshot` command: what stands on the command line, checked, as options.
// Knows names, values and their sentences of refusal; refuses to open anything but the folders that it is told of.
import {
	accessSync,
	constants,
	statSync,
} from 'node:fs';
import {resolve} from 'node:path';
import envPaths from 'env-paths';
import meow from 'meow';
import {makeFolder} from './disk/folder.js';
import {parseAnnounced, parseHostPort, type HostPort} from './protocol/addresses.js';
import {defaultPort, maximumAddresses} from './protocol/limits.js';
import {nameProblem} from './protocol/names.js';

const help = `
	Usage
	  $ earshot [options]

	Server
	  --server HOST[:PORT]   connect to this control server (default: the one used last, else one nearby)
	  --host                 host a server inside this program
	  --port N               its TCP port, 0 for any free one (default: ${defaultPort}); with --host only
	Person
	  --user NAME            the name to log in with; the password is asked for
	  --room NAME            enter this room after the login
	  --accept WHOM          whose sessions open without asking: ask (nobody's), contacts, everyone (default: ask)
	  --sessions HOW         one conversation at a time, or many (default: one)
	Files
	  --data DIR             data folder (default: $EARSHOT_HOME, or the platform's data folder)
	  --share DIR            folder to share
	  --downloads DIR        folder for what is fetched
	  --no-history           keep no line on disk once it has arrived
	  --log FILE             append what happens to this file
	  --trace FILE           write what the links to peers do to this file, as qlog; no text of messages
	Program
	  --udp-port N           UDP port, 0 for any free one (default: 0)
	  --plain                one readable line an event (default when not in a terminal)
	  --json                 one JSON object a line
	  --version              show the version
	  --help                 show this text

	Environment
	  EARSHOT_HOME           the data folder
	  EARSHOT_ANNOUNCE       addresses at which others reach this machine, in place of its own: IP[:PORT],…, or none
	  EARSHOT_DISCOVERY      off: don't look for a server; loopback: look on this machine only
	  NO_COLOR               no colours

	Exit codes
	  0 clean, 1 failed at run time, 2 bad usage
`;

/**
The command line asks for what can't be; its message is one sentence for the user, the exit code is 2.
*/
export class UsageError extends Error {
	override readonly name = 'UsageError';
}

/**
What the command line asks for.
*/
export type Options = {
	readonly version: string;
	readonly face: 'screen' | 'plain' | 'json';
	readonly server: HostPort | undefined;
	readonly host: {readonly port: number | undefined} | undefined;
	/**
	The TCP port of a server inside this program, also of one that is hosted later.
	*/
	readonly hostPort: number | undefined;
	readonly user: string | undefined;
	readonly room: string | undefined;
	readonly accept: 'ask' | 'contacts' | 'everyone';
	readonly sessions: 'one' | 'many';
	/**
	The data folder: it exists and can be written.
	*/
	readonly data: string;
	readonly share: string | undefined;
	readonly downloads: string | undefined;
	/**
	Whether lines are kept on disk once they have arrived.
	*/
	readonly history: boolean;
	readonly log: string | undefined;
	readonly trace: string | undefined;
	readonly udpPort: number;
	/**
	Addresses to announce in place of the own ones, as `parseAnnounced` reads them.
	*/
	readonly announce: string | undefined;
};

/**
Where the program runs.
*/
export type Surroundings = {readonly isTerminal: boolean; readonly environment: Readonly<Record<string, string | undefined>>};

const flagTypes = {
	server: {type: 'string'},
	data: {type: 'string'},
	user: {type: 'string'},
	room: {type: 'string'},
	share: {type: 'string'},
	downloads: {type: 'string'},
	host: {type: 'boolean'},
	port: {type: 'string'},
	accept: {type: 'string'},
	sessions: {type: 'string'},
	udpPort: {type: 'string'},
	plain: {type: 'boolean'},
	json: {type: 'boolean'},
	log: {type: 'string'},
	trace: {type: 'string'},
	history: {type: 'boolean', default: true},
} as const;

/**
Reads the command line. `--help` and `--version` print and end the process.

@throws {UsageError} With one sentence that names the flag.
*/
export function parseFlags(arguments_: readonly string[], {isTerminal, environment}: Surroundings): Options {
	const {flags, version} = readArguments(arguments_);
	if (flags.plain && flags.json) {
		throw new UsageError('--plain and --json exclude each other; choose one.');
	}

	if (flags.host && flags.server !== undefined) {
		throw new UsageError('--host and --server exclude each other; choose one.');
	}

	const hostPort = toPort('--port', flags.port);
	return {
		version,
		face: flags.json ? 'json' : (isTerminal && !flags.plain ? 'screen' : 'plain'),
		server: toServer(flags.server),
		host: flags.host ? {port: hostPort} : undefined,
		hostPort,
		user: toName('--user', flags.user),
		room: toName('--room', flags.room),
		accept: toChoice('--accept', flags.accept, ['ask', 'contacts', 'everyone']),
		sessions: toChoice('--sessions', flags.sessions, ['one', 'many']),
		data: toDataFolder(flags.data ?? defaultFolder(environment.EARSHOT_HOME)),
		share: toFolder('--share', flags.share),
		downloads: toFolder('--downloads', flags.downloads),
		history: flags.history,
		log: toFile('--log', flags.log),
		trace: toFile('--trace', flags.trace),
		udpPort: toPort('--udp-port', flags.udpPort) ?? 0,
		announce: toAnnounced(environment.EARSHOT_ANNOUNCE),
	};
}

function refuse(sentence: string): never {
	throw new UsageError(sentence);
}

type RawFlags = {readonly [Name in keyof typeof flagTypes]: (typeof flagTypes)[Name]['type'] extends 'boolean' ? boolean : string | undefined};

function readArguments(arguments_: readonly string[]): {flags: RawFlags; version: string} {
	const {flags, input, pkg} = parse(arguments_);
	const unknown = Object.keys(flags).find(name => !Object.hasOwn(flagTypes, name));
	if (unknown !== undefined) {
		throw new UsageError(`There is no flag ${unknown.length === 1 ? '-' : '--'}${unknown.replaceAll(/[A-Z]/gv, letter => `-${letter.toLowerCase()}`)}. See: earshot --help`);
	}

	if (input.length > 0) {
		throw new UsageError(`earshot takes flags only, and "${input[0]!}" is none. See: earshot --help`);
	}

	return {flags: flags as RawFlags, version: (pkg as {version?: string}).version ?? '0.0.0'};
}

function parse(arguments_: readonly string[]) {
	// Whoever asks for help or the version gets it, whatever else stands on the line; meow answers only where it stands alone.
	const asked = arguments_.find(argument => argument === '--help' || argument === '--version');
	try {
		return meow(help, {
			importMeta: import.meta, argv: asked === undefined ? arguments_ : [asked], description: 'A messenger for the terminal: people talk directly.', flags: flagTypes,
		});
	} catch (error) {
		// A flag that stands twice.
		throw new UsageError((error as Error).message);
	}
}

function toServer(value: string | undefined): HostPort | undefined {
	return value === undefined ? undefined : parseHostPort(value) ?? refuse(`--server takes HOST or HOST:PORT; "${value}" is neither.`);
}

function toPort(flag: string, value: string | undefined): number | undefined {
	if (value === undefined) {
		return undefined;
	}

	return /^\d{1,5}$/v.test(value) && Number(value) <= 65_535 ? Number(value) : refuse(`${flag} takes a number from 0 to 65535; "${value}" is none.`);
}

function toAnnounced(value: string | undefined): string | undefined {
	if (value === undefined || value === '') {
		return undefined;
	}

	return parseAnnounced(value, 1) ? value : refuse(`EARSHOT_ANNOUNCE takes "none", or at most ${maximumAddresses} of IP or IP:PORT with commas between; "${value}" is neither.`);
}

function toName(flag: string, value: string | undefined): string | undefined {
	const problem = value === undefined ? undefined : nameProblem(value);
	return problem === undefined ? value : refuse(`${flag}: ${problem}`);
}

function toChoice<Choice extends string>(flag: string, value: string | undefined, choices: readonly [Choice, ...Choice[]]): Choice {
	return value === undefined ? choices[0] : choices.find(choice => choice === value) ?? refuse(`${flag} takes one of ${choices.join(', ')}; "${value}" is none.`);
}

function toFile(flag: string, value: string | undefined): string | undefined {
	return value === '' ? refuse(`${flag} takes a file.`) : value;
}

function toFolder(flag: string, value: string | undefined): string | undefined {
	if (value === undefined) {
		return undefined;
	}

	return value !== '' && isFolder(value) ? resolve(value) : refuse(`${flag} takes a folder that exists; "${value}" is none.`);
}

function defaultFolder(home = ''): string {
	return home === '' ? envPaths('earshot', {suffix: ''}).data : home;
}

function isFolder(path: string): boolean {
	return statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}

function toDataFolder(value: string): string {
	if (value === '') {
		throw new UsageError('--data takes a folder.');
	}

	const path = resolve(value);
	try {
		makeFolder(path);
		accessSync(path, constants.W_OK);
		return path;
	} catch (error) {
		throw new UsageError(`The data folder ${path} can't be written: ${(error as Error).message}. Name another one with --data.`);
	}
}
