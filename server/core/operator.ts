// The operator's commands: the same lists, whole and without policy.
// Knows their words; refuses to know which face typed them.
import {ProtocolError} from '../../source/protocol/errors.js';
import type {OperatorReply} from './actions.js';
import type {House} from './commands.js';

type OperatorCommand = {
	readonly usage: string;
	readonly help: string;
	/**
	Its argument goes to the end of the line, spaces included.
	*/
	readonly isText?: true;
	run(house: House, argument: string): Readonly<Record<string, unknown>>;
};

/**
Commands by word, in the order of the help.
*/
export const operatorCommands: Readonly<Record<string, OperatorCommand>> = {
	lu: {
		usage: 'lu', help: 'all users',
		run: ({accounts, presence}) => ({users: [...accounts.names].map(key => ({name: accounts.get(key).name, online: presence.get(key) !== undefined}))}),
	},
	lcu: {
		usage: 'lcu', help: 'connected users',
		run: ({accounts, presence}) => ({users: [...presence.names].map(key => ({name: accounts.get(key).name, online: true}))}),
	},
	ls: {
		usage: 'ls', help: 'open sessions',
		run: ({sessions}) => ({sessions: sessions.list()}),
	},
	lr: {
		usage: 'lr', help: 'rooms',
		run: ({rooms}) => ({rooms: rooms.list.rows()}),
	},
	lru: {
		usage: 'lru ROOM', help: 'users in a room',
		run({rooms}, argument) {
			if (argument === '') {
				throw new ProtocolError('bad-arguments', 'lru needs the name of a room: lru ROOM.');
			}

			return rooms.members(argument);
		},
	},
	register: {
		usage: 'register [USER]', help: 'who came and went, the newest last',
		run({accounts, register}, argument) {
			if (argument !== '' && !accounts.find(argument)) {
				throw new ProtocolError('no-such-user', `There is no user ${argument.slice(0, 40)}; "lu" lists them.`);
			}

			return {register: register.newest(argument === '' ? undefined : argument).map(({at, ...row}) => ({at: new Date(at).toISOString(), ...row}))};
		},
	},
	// The shell does these two, and says how it went.
	backup: {
		usage: 'backup FILE', help: 'a copy of everything, keys included, while the server runs', isText: true,
		run: (_house, file) => ({file: needed('backup', file)}),
	},
	restore: {
		usage: 'restore FILE', help: 'serve from a backup; what is here is kept beside', isText: true,
		run: (_house, file) => ({file: needed('restore', file)}),
	},
	x: {
		usage: 'x', help: 'tell every client and stop the server',
		run: () => ({}),
	},
	help: {
		usage: 'help', help: 'this list',
		run: () => ({commands: Object.values(operatorCommands).map(({usage, help}) => ({usage, help}))}),
	},
};

function needed(command: string, file: string): string {
	if (file === '') {
		throw new ProtocolError('bad-arguments', `${command} needs the path of a file: ${command} FILE.`);
	}

	return file;
}

/**
Runs one line of the operator. Never throws for what was typed.
*/
export function runOperatorCommand(house: House, line: string): OperatorReply {
	const [word = '', ...rest] = line.trim().split(/\s+/v);
	const command = Object.hasOwn(operatorCommands, word) ? operatorCommands[word] : undefined;
	try {
		if (!command) {
			throw new ProtocolError('unknown-command', `There is no command "${word.slice(0, 40)}"; "help" lists them.`);
		}

		if (!command.isText && rest.length > (command.usage.includes(' ') ? 1 : 0)) {
			throw new ProtocolError('bad-arguments', `Too many words; the command is: ${command.usage}.`);
		}

		return {command: word, ok: true, fields: command.run(house, command.isText ? line.trim().slice(word.length).trim() : rest[0] ?? '')};
	} catch (error) {
		if (error instanceof ProtocolError) {
			return {command: word, ok: false, error: error.report};
		}

		throw error;
	}
}
