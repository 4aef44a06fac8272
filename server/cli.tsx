// The `earshotd` command: flags in, a running server with an operator's face out, and an exit code.
// Knows usage and exit codes; refuses to know how the server works.
import {isIP} from 'node:net';
import {join, resolve} from 'node:path';
import process from 'node:process';
import envPaths from 'env-paths';
import meow from 'meow';
import {defaultPort} from '../source/protocol/limits.js';
import {jsonFace} from './admin/json-face.js';
import {endSignal, operate} from './admin/operate.js';
import {Output} from './admin/output.js';
import {createPlainFace} from './admin/plain-face.js';
import {defaultLimits} from './core/limits.js';
import {backUpFolder, hostServer, restoreFolder} from './host.js';
import type {ServerOptions} from './serve.js';
import {StartError} from './store/start-error.js';

const help = `
	Usage
	  $ earshotd [--port N] [--udp-port N] [--bind ADDR] [--data DIR] [--max-users N] [--plain|--json]
	  $ earshotd backup FILE [--data DIR]
	  $ earshotd restore FILE [--data DIR]

	Options
	  --port N       TCP port, 0 for any free one (default: ${defaultPort})
	  --udp-port N   UDP port, 0 for any free one (default: that of TCP where it is free)
	  --bind ADDR    IP address to listen on (default: all)
	  --data DIR     data folder; the server's files are in DIR/server (default: $EARSHOT_HOME, or the platform's data folder)
	  --max-users N  users logged in at once (default: ${defaultLimits.users})
	  --plain        one readable line an event (default)
	  --json         one JSON object an event
	  --version      show the version
	  --help         show this text

	Commands on standard input
	  lu  lcu  ls  lr  lru ROOM  register [USER]  backup FILE  restore FILE  x  help

	A server without an operator goes on: start it with its input from /dev/null. When commands are piped in, their end stops it, as x does.
	SIGINT, SIGTERM and SIGHUP stop it too.

	earshotd backup writes one file with everything, the server's keys included; earshotd restore serves from it again and keeps what was there before.
	Both reach a running server through its folder, and work without one too.

	Exit codes
	  0 stopped in order, 1 failed while running, 2 a flag, or a port or folder it names, can't be used
`;

/**
What was asked for can't be done with these flags.
*/
class UsageError extends Error {
	override readonly name = 'UsageError';
}

const flagTypes = {
	// Numbers are read below: a missing one would pass for an absent flag.
	port: {type: 'string'},
	udpPort: {type: 'string'},
	maxUsers: {type: 'string'},
	directoryPort: {type: 'string'},
	bind: {type: 'string'},
	data: {type: 'string'},
	plain: {type: 'boolean', default: false},
	json: {type: 'boolean', default: false},
} as const;

/**
Reads the arguments; help and version end the program here.

@throws {UsageError}
*/
function readArguments(arguments_: readonly string[]) {
	// Whoever asks for help or the version gets it, whatever else stands on the line; meow answers only where it stands alone.
	const asked = arguments_.find(argument => argument === '--help' || argument === '--version');
	try {
		return meow(help, {
			importMeta: import.meta,
			argv: asked === undefined ? arguments_ : [asked],
			description: 'The control server of Earshot: it introduces people, who then talk directly.',
			flags: {
				// Numbers are read below: a missing one would pass for an absent flag.
				port: {type: 'string'},
				udpPort: {type: 'string'},
				maxUsers: {type: 'string'},
				directoryPort: {type: 'string'},
				bind: {type: 'string'},
				data: {type: 'string'},
				plain: {type: 'boolean', default: false},
				json: {type: 'boolean', default: false},
			},
		});
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
}

type Arguments = ReturnType<typeof readArguments>;

function readInteger(flag: string, text: string | undefined, minimum: number, maximum: number): number | undefined {
	if (text === undefined) {
		return undefined;
	}

	const value = /^\d{1,9}$/v.test(text) ? Number(text) : NaN;
	if (value >= minimum && value <= maximum) {
		return value;
	}

	throw new UsageError(`${flag} takes a whole number from ${minimum} to ${maximum}.`);
}

const errands = {backup: backUpFolder, restore: restoreFolder} as const;

function isErrand(word: string | undefined): word is keyof typeof errands {
	return word !== undefined && Object.hasOwn(errands, word);
}

function checkUsage({flags, input}: Arguments): void {
	const unknown = Object.keys(flags).find(name => !Object.hasOwn(flagTypes, name));
	if (unknown !== undefined) {
		throw new UsageError(`There is no flag ${unknown.length === 1 ? '-' : '--'}${unknown.replaceAll(/[A-Z]/gv, letter => `-${letter.toLowerCase()}`)}; see "earshotd --help".`);
	}

	if (input[0] === 'admin') {
		throw new UsageError('"earshotd admin" is not part of this version; use the standard input of the running server.');
	}

	if (isErrand(input[0]) ? input.length !== 2 : input.length > 0) {
		if (isErrand(input[0])) {
			throw new UsageError(`"earshotd ${input[0]}" takes one file: earshotd ${input[0]} FILE.`);
		}

		throw new UsageError(`earshotd takes no "${input[0]!}"; see "earshotd --help".`);
	}

	if (flags.directoryPort !== undefined) {
		throw new UsageError('--directory-port is not part of this version.');
	}

	if (flags.plain && flags.json) {
		throw new UsageError('--plain and --json exclude each other; choose one.');
	}

	if (flags.bind !== undefined && isIP(flags.bind) === 0) {
		throw new UsageError(`--bind takes an IP address of this machine; "${flags.bind}" is none.`);
	}

	if (flags.data === '') {
		throw new UsageError('--data takes a folder.');
	}
}

/**
@returns The exit code.
*/
async function run(asked: Arguments): Promise<number> {
	checkUsage(asked);
	const {flags, input, pkg} = asked;
	const face = flags.json ? jsonFace : createPlainFace(Date.now);
	const {EARSHOT_HOME: home = ''} = process.env;
	const data = flags.data ?? (home === '' ? envPaths('earshot', {suffix: ''}).data : home);
	const folder = join(resolve(data), 'server');
	const [errand, file] = input;
	if (isErrand(errand)) {
		const reply = await errands[errand](folder, resolve(file!));
		if (!reply.ok && !flags.json) {
			throw new UsageError(reply.error.message);
		}

		process.stdout.write(face.reply(1, reply));
		return reply.ok ? 0 : 2;
	}

	const options: ServerOptions = {
		folder,
		port: readInteger('--port', flags.port, 0, 65_535),
		udpPort: readInteger('--udp-port', flags.udpPort, 0, 65_535),
		bind: flags.bind,
		program: `earshotd ${(pkg as {version: string}).version}`,
		limits: {users: readInteger('--max-users', flags.maxUsers, 1, 1_000_000) ?? defaultLimits.users},
		onEvent(event) {
			output.printEvent(face.event(event));
		},
	};
	const output = new Output(process.stdout, count => face.event({
		kind: 'notice', level: 'warn', text: `${count} events were left out because nobody read them`, at: Date.now(),
	}));
	const signal = endSignal();
	const server = await hostServer(options);
	const {port, udpPort, fingerprint} = server;
	output.print(face.ready({
		port, udpPort, fingerprint, folder: options.folder,
	}));
	await operate(server, face, {
		print(text) {
			output.print(text);
		},
		signal,
	});
	return 0;
}

/**
Runs the program; sets the exit code of the process and ends it.
*/
export async function main(arguments_: readonly string[]): Promise<void> {
	let code = 0;
	try {
		code = await run(readArguments(arguments_));
	} catch (error) {
		// A port or a folder that can't be used is a flag to be changed.
		const isExpected = error instanceof UsageError || error instanceof StartError;
		code = isExpected ? 2 : 1;
		process.stderr.write(`earshotd: ${isExpected ? error.message : (error as Error).stack ?? String(error)}\n`);
	}

	process.stdout.write('', () => {
		process.exit(code);
	});
}
