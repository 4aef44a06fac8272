// Reads what stands in the composer or the palette as a command line: where a password stands in it, and what could come next.
// Knows the command table and the live view; refuses to know keys and boxes.
import {
	commands,
	findCommand,
	parseCommandLine,
	usage,
	type Argument,
	type Command,
} from '../messenger/commands.js';
import type {MessengerView, RequestView} from '../messenger/view.js';
import {prepareChoices, rankChoices, type Choice} from '../kit/choice.js';
import type {Stretch} from '../kit/composer-view.js';
import {peopleOf} from './people.js';

/**
One way to go on: a command, or a command with an argument filled in.
*/
export type Suggestion = {
	/**
	The command line it stands for, bare.
	*/
	readonly line: string;
	readonly label: string;
	readonly detail: string;
	/**
	UTF-16 offsets in the label that the query matched.
	*/
	readonly matched: readonly number[];
	/**
	Whether the line can be run as it is; otherwise it wants an argument.
	*/
	readonly isComplete: boolean;
	/**
	Why it is not allowed now.
	*/
	readonly refusal: string | undefined;
};

type Draft = Omit<Suggestion, 'matched'> & {readonly aliases: string};

/**
The order in which the palette shows commands before anything is typed.
*/
const groupOrder: ReadonlyArray<Command['group']> = ['talk', 'rooms', 'people', 'server', 'program'];

/**
A line typed while a conversation is open: a message, or with a slash a command; two slashes are a message that begins with one.
*/
export function readTyped(text: string): {readonly kind: 'command' | 'message'; readonly content: string} {
	if (text.startsWith('//')) {
		return {kind: 'message', content: text.slice(1)};
	}

	if (!text.startsWith('/')) {
		return {kind: 'message', content: text};
	}

	// A command whose own name has a slash is meant when it exists.
	const [word = ''] = text.split(/\s/v, 1);
	return {kind: 'command', content: findCommand(word) ? text : text.slice(1)};
}

/**
The stretch of a bare command line that is a password, which is never shown or remembered.
*/
export function passwordStretch(line: string): Stretch | undefined {
	const [word = ''] = /\S+/v.exec(line) ?? [];
	// A slip of the shift key must not show a password either.
	const index = findCommand(word.toLowerCase())?.arguments.findIndex(({kind}) => kind === 'password') ?? -1;
	if (index === -1) {
		return undefined;
	}

	const before = new RegExp(String.raw`^\s*\S+(?:\s+\S+){${index}}\s`, 'v').exec(line);
	return before ? {from: before[0].length, to: line.length} : undefined;
}

/**
What the line could become: all commands and what is at hand, or, behind a command, its arguments.
*/
export function suggest(line: string, view: MessengerView, limit: number): Suggestion[] {
	const trimmed = line.trimStart();
	const [word = ''] = /^\S*/v.exec(trimmed) ?? [];
	const command = findCommand(word);
	if (command && trimmed.length > word.length) {
		return suggestArguments({command, rest: trimmed.slice(word.length).trimStart()}, view, limit);
	}

	const choices = choicesFor(view);
	const ranked = rankChoices(choices, line, choices.length).map(({entry, matched}) => ({...entry, matched}));
	// What cannot be done now is shown, but not in the way, unless it is what was typed.
	const isFirst = (suggestion: Suggestion) => suggestion.refusal === undefined || suggestion.line === word;
	return [...ranked.filter(each => isFirst(each)), ...ranked.filter(each => !isFirst(each))].slice(0, limit);
}

/**
Prepared once for each view: with thousands of users a key must only compare.
*/
const choicesByView = new WeakMap<MessengerView, ReadonlyArray<Choice<Draft>>>();

function choicesFor(view: MessengerView): ReadonlyArray<Choice<Draft>> {
	let choices = choicesByView.get(view);
	if (!choices) {
		// What they do is searched too, so that "leave" finds how to.
		choices = prepareChoices([...commandDrafts(view), ...draftsAtHand(view)], ({label}) => label, ({aliases, detail}) => `${aliases} ${detail}`);
		choicesByView.set(view, choices);
	}

	return choices;
}

function suggestArguments({command, rest}: {readonly command: Command; readonly rest: string}, view: MessengerView, limit: number): Suggestion[] {
	const refusal = command.refusal(view)?.message;
	const words = rest.split(/\s+/v);
	const index = Math.min(words.length, command.arguments.length) - 1;
	const argument = command.arguments[index];
	const typed = `${command.name}${rest === '' ? '' : ` ${rest}`}`;
	const asTyped: Suggestion = {
		line: typed, label: typed, detail: detailOf(command, argument), matched: [], isComplete: isComplete(typed), refusal,
	};
	if (!argument || argument.rest) {
		return [hidePassword(asTyped)];
	}

	const before = [command.name, ...words.slice(0, index)].join(' ');
	const last = words[index] ?? '';
	const values = prepareChoices(valuesOf(argument, command, view), ({value}) => value);
	const ranked = rankChoices(values, last, limit).map(({entry: {value, detail}, matched}): Suggestion => {
		const filled = `${before} ${value}`;
		return {
			line: filled, label: filled, detail, matched: matched.map(offset => offset + before.length + 1), isComplete: isComplete(filled), refusal,
		};
	});
	const isListed = ranked.some(({line}) => line === typed) || (last === '' && !asTyped.isComplete);
	// What begins like it is likelier meant than something new.
	const isBeginning = ranked[0]?.line.toLowerCase().startsWith(typed.toLowerCase()) === true;
	return [...(isListed || isBeginning ? [] : [asTyped]), ...ranked, ...(!isListed && isBeginning ? [asTyped] : [])].slice(0, limit);
}

function hidePassword(suggestion: Suggestion): Suggestion {
	const secret = passwordStretch(suggestion.line);
	return secret ? {...suggestion, label: suggestion.line.slice(0, secret.from) + '•'.repeat([...suggestion.line.slice(secret.from)].length)} : suggestion;
}

function detailOf(command: Command, argument: Argument | undefined): string {
	return argument && !argument.rest && !argument.optional ? `${usage(command)}: ${command.summary}` : command.summary;
}

function isComplete(line: string): boolean {
	return 'command' in parseCommandLine(line);
}

function commandDrafts(view: MessengerView): Draft[] {
	return commands
		.toSorted((a, b) => groupOrder.indexOf(a.group) - groupOrder.indexOf(b.group))
		.map(command => ({
			line: command.name, label: usage(command), detail: command.summary, aliases: command.aliases.join(' '), isComplete: isComplete(command.name), refusal: command.refusal(view)?.message,
		}));
}

/**
Commands with their argument, for what the view shows just now.
*/
function draftsAtHand(view: MessengerView): Draft[] {
	const filled: Array<readonly [line: string, detail: string]> = [
		...view.requests.flatMap(request => [[`accept ${request.from}`, requestDetail(request)], [`decline ${request.from}`, requestDetail(request)]] as const),
		...view.rooms.map(room => [`or ${room.name}`, roomDetail(room)] as const),
		...view.users.filter(({online}) => online).map(({name}) => [`o ${name}`, 'online'] as const),
		...view.rooms.filter(({creator}) => creator === view.connection.user).map(({name}) => [`cr ${name}`, 'your room; closes it for everyone'] as const),
	];
	return filled.map(([line, detail]) => ({
		line, label: line, detail, aliases: '', isComplete: true, refusal: findCommand(line.split(' ', 1)[0]!)?.refusal(view)?.message,
	}));
}

const requestDetails: Readonly<Record<RequestView['kind'], (request: RequestView) => string>> = {
	session: ({from}) => `${from} wants to talk with you`,
	group: ({from, room}) => `${from} asks you to join ${room ?? 'a group'}`,
	key: ({from}) => `${from} shows another key`,
};

function requestDetail(request: RequestView): string {
	return requestDetails[request.kind](request);
}

function roomDetail({members, creator, private: isPrivate}: MessengerView['rooms'][number]): string {
	return `${isPrivate ? 'private, ' : ''}${members === 1 ? '1 person' : `${members} people`}, created by ${creator}`;
}

function valuesOf({kind, choices = []}: Argument, command: Command, view: MessengerView): Array<{readonly value: string; readonly detail: string}> {
	switch (kind) {
		case 'user': {
			return peopleOf(view).map(({name, online}) => ({value: name, detail: online ? 'online' : 'offline'}));
		}

		case 'requester': {
			return view.requests.map(request => ({value: request.from, detail: requestDetail(request)}));
		}

		case 'room': {
			const rooms = command.name === 'cr' ? view.rooms.filter(({creator}) => creator === view.connection.user) : view.rooms;
			return rooms.map(room => ({value: room.name, detail: roomDetail(room)}));
		}

		case 'server': {
			return view.connection.server === undefined ? [] : [{value: view.connection.server, detail: 'the last one'}];
		}

		case 'choice': {
			return choices.map(value => ({value, detail: command.summary}));
		}

		case 'command': {
			return commands.map(({name, summary}) => ({value: name, detail: summary}));
		}

		default: {
			return [];
		}
	}
}

/**
How the word before the cursor could end: names behind a conversation's text, command words and arguments behind a slash.

@returns Whole texts for the composer, the first being the likeliest.
*/
export function completions(text: string, view: MessengerView): string[] {
	const {kind, content} = readTyped(text);
	if (kind === 'command') {
		const slash = text.slice(0, text.length - content.length);
		const lines = suggest(content, view, 20).filter(({line}) => line.length >= content.length && passwordStretch(line) === undefined);
		// Letters of a name in the middle of another one are found by the list, and only then by Tab where nothing begins so.
		const begun = lines.filter(({line}) => line.startsWith(content));
		return (begun.length > 0 ? begun : lines).map(({line, isComplete: isWhole}) => `${slash}${line}${isWhole ? '' : ' '}`);
	}

	const word = text.slice(Math.max(text.lastIndexOf(' '), text.lastIndexOf('\n')) + 1);
	if (word === '') {
		return [];
	}

	const before = text.slice(0, text.length - word.length);
	const names = new Set([
		...view.conversations.find(({key}) => key === view.active)?.members.map(({name}) => name) ?? [],
		...view.users.map(({name}) => name),
	]);
	names.delete(view.connection.user ?? '');
	return [...names]
		.filter(name => name.toLowerCase().startsWith(word.toLowerCase()))
		.map(name => `${before}${name}${before === '' ? ': ' : ' '}`);
}
