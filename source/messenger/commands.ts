// The command table: every command once, with its arguments, when it is allowed, and its help.
// The faces, the palette, completion and the messenger itself all read it; what a command does is in performer.ts.
// Knows words and rules of use; refuses to know how a command is performed.
import type {ErrorReport} from '../protocol/errors.js';
import type {MessengerView} from './view.js';

/**
What an argument means, so that faces can complete it and hide it.
*/
export type ArgumentKind = 'server' | 'new-user' | 'user' | 'requester' | 'room' | 'password' | 'text' | 'command' | 'port' | 'count' | 'file' | 'switch' | 'choice';

/**
`choices`: the words that may stand there. `rest`: takes everything up to the end of the line, spaces included.
*/
export type Argument = {readonly name: string; readonly kind: ArgumentKind; readonly choices?: readonly string[]; readonly optional?: true; readonly rest?: true};

export type Command = {
	readonly name: string;
	readonly aliases: readonly string[];
	readonly arguments: readonly Argument[];
	/**
	One line of help, an imperative sentence.
	*/
	readonly summary: string;
	readonly group: 'server' | 'people' | 'rooms' | 'talk' | 'program';
	/**
	Why the command can't be used now, or `undefined` when it can.
	*/
	refusal(view: MessengerView): ErrorReport | undefined;
};

/**
A line read as a command; `values` stand in the order of the table's arguments.
*/
export type ParsedCommand = {readonly command: Command; readonly values: readonly string[]};

const always = (): undefined => undefined;

function needsConnection(view: MessengerView): ErrorReport | undefined {
	const {state, server: place} = view.connection;
	if (state === 'connected') {
		return undefined;
	}

	return {
		code: 'not-connected', message: place === undefined
			? 'There is no connection to a server. Connect with: c HOST[:PORT]'
			: `There is no connection to ${place} now; it is tried again and again. Another one: c HOST[:PORT]`,
	};
}

const notLoggedIn: ErrorReport = {code: 'not-logged-in', message: 'Nobody is logged in here. Log in with: login USER PASSWORD, or register USER PASSWORD'};

function needsLogin(view: MessengerView): ErrorReport | undefined {
	return needsConnection(view) ?? (view.connection.user === undefined ? notLoggedIn : undefined);
}

// One goes back to an open conversation without the server; the server's part of the command refuses the rest.
function needsLoginOrConversation(view: MessengerView): ErrorReport | undefined {
	return view.conversations.length > 0 ? undefined : needsLogin(view);
}

function needsName(view: MessengerView): ErrorReport | undefined {
	return view.connection.user === undefined ? needsLogin(view) ?? notLoggedIn : undefined;
}

function needsLogout(view: MessengerView): ErrorReport | undefined {
	return needsConnection(view) ?? (view.connection.user === undefined
		? undefined
		: {code: 'already-logged-in', message: `You are logged in as ${view.connection.user}. Disconnect first with: d`});
}

// Who was logged in without a password may show that it is known.
function needsLogoutOrResumed(view: MessengerView): ErrorReport | undefined {
	return view.connection.isResumed ? undefined : needsLogout(view);
}

function needsConversation(view: MessengerView): ErrorReport | undefined {
	return view.active === undefined
		? {code: 'no-conversation', message: 'No conversation is open. Open one with: o USER, or enter a room with: or ROOM'}
		: undefined;
}

function needsShown(view: MessengerView): ErrorReport | undefined {
	return view.ended ? undefined : needsConversation(view);
}

function needsRequest(view: MessengerView): ErrorReport | undefined {
	return view.requests.length === 0
		? {code: 'no-request', message: 'Nobody is waiting for your answer.'}
		: undefined;
}

const server: Argument = {name: 'HOST[:PORT]', kind: 'server'};
const user: Argument = {name: 'USER', kind: 'user'};
const room: Argument = {name: 'ROOM', kind: 'room'};
const requester: Argument = {name: 'USER', kind: 'requester', optional: true};
const newUser: Argument = {name: 'USER', kind: 'new-user'};
const password: Argument = {name: 'PASSWORD', kind: 'password', rest: true};

/**
Every command, in the order in which help shows them.
*/
export const commands: readonly Command[] = [
	{
		name: 'c', aliases: ['connect'], arguments: [server], group: 'server', summary: 'Connect to a control server', refusal: always,
	},
	{
		name: 'd', aliases: ['disconnect'], arguments: [], group: 'server', summary: 'Disconnect from the server; open conversations go on', refusal: view => view.connection.state === 'closed' ? {code: 'not-connected', message: 'There is no connection to end.'} : undefined,
	},
	{
		name: 'server', aliases: [], arguments: [], group: 'server', summary: 'Show the server: address, role, certificate fingerprint', refusal: needsConnection,
	},
	{
		name: 'host', aliases: [], arguments: [{name: 'PORT', kind: 'port', optional: true}], group: 'server', summary: 'Start a control server inside this program and connect to it', refusal: view => view.connection.state === 'connected' ? {code: 'already-connected', message: 'You are connected to a server. Disconnect first with: d'} : undefined,
	},
	{
		name: 'forget', aliases: [], arguments: [server], group: 'server', summary: 'Forget the certificate of a server, to trust the one it shows next', refusal: always,
	},
	{
		name: 'register', aliases: [], arguments: [newUser, password], group: 'server', summary: 'Make an account and log in', refusal: needsLogout,
	},
	{
		name: 'login', aliases: [], arguments: [newUser, password], group: 'server', summary: 'Log in', refusal: needsLogoutOrResumed,
	},
	{
		name: 'lu', aliases: [], arguments: [], group: 'people', summary: 'List all users', refusal: needsLogin,
	},
	{
		name: 'lcu', aliases: [], arguments: [], group: 'people', summary: 'List connected users', refusal: needsLogin,
	},
	{
		name: 'whois', aliases: [], arguments: [user], group: 'people', summary: 'Show address and key fingerprint of a user', refusal: needsLogin,
	},
	{
		name: 'path', aliases: [], arguments: [user], group: 'people', summary: 'Show how the direct link to a user does: round trip, loss, rate, keys', refusal: always,
	},
	{
		name: 'contacts', aliases: [], arguments: [], group: 'people', summary: 'List your contacts', refusal: needsName,
	},
	{
		name: 'contact', aliases: [], arguments: [{name: 'add|remove', kind: 'choice', choices: ['add', 'remove']}, user], group: 'people', summary: 'Put a user on your list of contacts, or take one off', refusal: needsName,
	},
	{
		name: 'verify', aliases: [], arguments: [user, {
			name: 'yes', kind: 'choice', choices: ['yes'], optional: true,
		}], group: 'people', summary: 'Show the safety number shared with a user; "yes" when both ends compared it', refusal: needsName,
	},
	{
		name: 'o', aliases: ['open'], arguments: [user], group: 'talk', summary: 'Open a session with a user', refusal: needsLoginOrConversation,
	},
	{
		name: 'accept', aliases: [], arguments: [requester], group: 'talk', summary: 'Accept a request (session, group, changed key), the newest if none is named', refusal: needsRequest,
	},
	{
		name: 'decline', aliases: [], arguments: [requester], group: 'talk', summary: 'Decline a request, the newest if none is named', refusal: needsRequest,
	},
	{
		name: 'add', aliases: [], arguments: [user], group: 'talk', summary: 'Ask a user to join: turns a session into a group, or invites into the room', refusal: view => needsConversation(view) ?? needsLogin(view),
	},
	{
		name: 's', aliases: ['say'], arguments: [{name: 'TEXT', kind: 'text', rest: true}], group: 'talk', summary: 'Send a line to the open conversation', refusal: needsConversation,
	},
	{
		name: 'cs', aliases: ['close'], arguments: [], group: 'talk', summary: 'Close the session, or leave the room', refusal: needsConversation,
	},
	{
		name: 'history', aliases: [], arguments: [{name: 'N', kind: 'count', optional: true}], group: 'talk', summary: 'Show the last lines of the conversation, 50 or N', refusal: needsShown,
	},
	{
		name: 'search', aliases: [], arguments: [{name: 'WORDS', kind: 'text', rest: true}], group: 'talk', summary: 'Find lines with all these words in every conversation, newest first', refusal: always,
	},
	{
		name: 'export', aliases: [], arguments: [{name: 'FILE', kind: 'file', rest: true}], group: 'talk', summary: 'Write the conversation\'s history to a new file, as JSON if it ends in .json', refusal: needsShown,
	},
	{
		name: 'pending', aliases: [], arguments: [], group: 'talk', summary: 'List who has written to you while you were away or busy', refusal: needsLogin,
	},
	{
		name: 'busy', aliases: [], arguments: [{name: 'on|off', kind: 'switch', optional: true}], group: 'talk', summary: 'Turn requests away and let lines wait; or show whether that is on', refusal: always,
	},
	{
		name: 'lr', aliases: [], arguments: [], group: 'rooms', summary: 'List rooms', refusal: needsLogin,
	},
	{
		name: 'lru', aliases: [], arguments: [room], group: 'rooms', summary: 'List the users in a room', refusal: needsLogin,
	},
	{
		name: 'or', aliases: [], arguments: [room], group: 'rooms', summary: 'Enter a room, creating it where there is none', refusal: needsLoginOrConversation,
	},
	{
		name: 'cr', aliases: [], arguments: [room], group: 'rooms', summary: 'Close a room that you created, for everyone', refusal: needsLogin,
	},
	{
		name: 'l', aliases: ['status'], arguments: [], group: 'program', summary: 'Show the status: server, user, conversation', refusal: always,
	},
	{
		name: 'help', aliases: [], arguments: [{name: 'COMMAND', kind: 'command', optional: true}], group: 'program', summary: 'Show all commands, or one', refusal: always,
	},
	{
		name: 'x', aliases: ['quit', 'exit'], arguments: [], group: 'program', summary: 'Leave Earshot', refusal: always,
	},
];

const byWord: ReadonlyMap<string, Command> = new Map(commands.flatMap(command => [command.name, ...command.aliases].map(word => [word, command])));

/**
The command that `word` names, by name or alias.
*/
export function findCommand(word: string): Command | undefined {
	return byWord.get(word);
}

/**
`or ROOM`, `accept [USER]`: how a command is written.
*/
export function usage(command: Command): string {
	return [command.name, ...command.arguments.map(({name, optional}) => optional ? `[${name}]` : name)].join(' ');
}

/**
Reads a bare command line. Whether it is allowed now is for `refusal` to say.

@returns The command with its values, or why the line is none, with the word that was meant.
*/
export function parseCommandLine(line: string): ParsedCommand | {readonly word: string; readonly error: ErrorReport} {
	const trimmed = line.trimStart();
	const [word = ''] = /^\S{0,64}/v.exec(trimmed) ?? [];
	const command = findCommand(word);
	if (!command) {
		return {word, error: {code: 'unknown-command', message: 'There is no such command. Type "help" for all commands.'}};
	}

	const wrong = (what: string) => ({word: command.name, error: {code: 'bad-arguments', message: `${what} Usage: ${usage(command)}`}});
	const values: string[] = [];
	let rest = trimmed.slice(word.length);
	for (const argument of command.arguments) {
		// Exactly one space separates text from its command, so that a line may begin with more.
		const value = argument.rest ? rest.slice(1) : /^\s*(?<value>\S*)/v.exec(rest)!.groups!.value!;
		rest = argument.rest ? '' : rest.trimStart().slice(value.length);
		if (value.trim() === '') {
			if (argument.optional) {
				break;
			}

			return wrong(`${argument.name} is missing.`);
		}

		if (argument.choices && !argument.choices.includes(value)) {
			return wrong(`"${value.slice(0, 64)}" is not what can stand there: ${argument.choices.join(' or ')}.`);
		}

		values.push(value);
	}

	return rest.trim() === '' ? {command, values} : wrong('There is more on the line than the command takes.');
}
