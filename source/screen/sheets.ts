// What the sheets say: help from the command table, and the answers of commands that list something.
// Knows replies and words; refuses to know how a sheet is drawn (overlays/sheet.ts).
import {dateTime} from '../kit/time.js';
import {commands, findCommand, usage} from '../messenger/commands.js';
import type {CommandReply} from '../messenger/events.js';
import {describePath} from '../messenger/peers/path-report.js';
import {formatFingerprint} from '../protocol/fingerprint.js';
import {qrRows} from './qr-code.js';

/**
A row of a sheet: a heading, or something with what is to be said about it.
*/
export type SheetRow =
	| {readonly kind: 'heading'; readonly text: string}
	| {readonly kind: 'pair'; readonly left: string; readonly right: string; readonly isOnline?: boolean}
	/**
	A line of its own, as it is: digits, a row of a QR code.
	*/
	| {readonly kind: 'verbatim'; readonly text: string}
	| {readonly kind: 'blank'};

export type SheetContent = {readonly title: string; readonly rows: readonly SheetRow[]};

const blank: SheetRow = {kind: 'blank'};
const heading = (text: string): SheetRow => ({kind: 'heading', text});
const verbatim = (text: string): SheetRow => ({kind: 'verbatim', text});
const pair = (left: string, right: string): SheetRow => ({kind: 'pair', left, right});

const keys: ReadonlyArray<readonly [key: string, does: string]> = [
	['Enter', 'send; Alt-Enter or Ctrl-J begins a new line'],
	['/', 'begins a command; // sends a slash'],
	['Ctrl-P', 'all commands, found by a few letters'],
	['Tab', 'complete a name; on an empty line, next pane'],
	['PgUp PgDn', 'scroll; Alt-Home, Alt-End go all the way'],
	['Alt-1 … 9', 'go to a conversation; Alt-Up, Alt-Down to the next'],
	['Up Down', 'lines you sent before'],
	['Ctrl-A E K U W Y', 'edit as in a shell; Ctrl-_ takes back, Alt-_ redoes'],
	['Ctrl-C', 'leave'],
];

const groups: ReadonlyArray<readonly [group: typeof commands[number]['group'], title: string]> = [
	['talk', 'Talking'], ['rooms', 'Rooms'], ['people', 'People'], ['server', 'Server'], ['program', 'Earshot'],
];

/**
All keys and commands, or one command when `word` names one.
*/
export function helpSheet(word?: string): SheetContent {
	const one = word === undefined ? undefined : findCommand(word);
	if (one) {
		return {title: `Help: ${one.name}`, rows: [pair(usage(one), one.summary), ...(one.aliases.length === 0 ? [] : [pair('', `also: ${one.aliases.join(', ')}`)])]};
	}

	return {
		title: 'Help',
		rows: [
			heading('Keys'),
			...keys.map(([key, does]) => pair(key, does)),
			...groups.flatMap(([group, title]) => [
				blank,
				heading(title),
				...commands.filter(command => command.group === group).map(command => pair(usage(command), command.summary)),
			]),
		],
	};
}

type Fields = Readonly<Record<string, unknown>>;

/**
The sheet that shows a successful reply, or undefined where the panes show it already.
*/
export function replySheet(reply: Extract<CommandReply, {ok: true}>): SheetContent | undefined {
	const {fields} = reply;
	switch (reply.command) {
		case 'lu': {
			return {title: 'All users', rows: userRows(fields)};
		}

		case 'lcu': {
			return {title: 'Connected users', rows: userRows(fields)};
		}

		case 'lr': {
			return {title: 'Rooms', rows: orNone(listOf(fields, 'rooms').map(room => pair(textOf(room, 'name'), `${textOf(room, 'members')} inside, created by ${textOf(room, 'creator')}${room.private === true ? ', private' : ''}`)), 'No rooms yet. Create one with: or NAME')};
		}

		case 'lru': {
			return {title: `Users in ${textOf(fields, 'room')}`, rows: orNone(stringsOf(fields, 'users').map(name => pair(name, '')), 'Nobody is in it.')};
		}

		case 'contacts': {
			return {
				title: 'Contacts', rows: orNone(listOf(fields, 'contacts').map(contact => ({
					kind: 'pair', left: textOf(contact, 'name'), right: `${contact.online === true ? 'online' : 'offline'}${contact.verified === true ? ', verified' : ''}`, isOnline: contact.online === true,
				})), 'None yet. Put somebody on the list with: contact add NAME'),
			};
		}

		case 'verify': {
			return {title: `Safety number with ${textOf(fields, 'user')}`, rows: safetyRows(fields)};
		}

		case 'whois': {
			return {title: textOf(fields, 'user'), rows: [pair('State', fields.online === true ? 'online' : 'offline'), pair('Address', textOf(fields, 'address', 'not known')), pair('Key', textOf(fields, 'fingerprint', 'not known'))]};
		}

		case 'server': {
			return {
				title: 'The server', rows: [
					pair('Address', textOf(fields, 'address')), pair('Role', textOf(fields, 'role')), pair('Term', textOf(fields, 'term')), pair('Program', textOf(fields, 'program')), pair('Certificate', formatFingerprint(textOf(fields, 'fingerprint'))),
				],
			};
		}

		case 'path': {
			return {title: `The link to ${textOf(fields, 'user')}`, rows: describePath(fields).map(([left, right]) => pair(`${left.charAt(0).toUpperCase()}${left.slice(1)}`, right))};
		}

		case 'history': {
			return {title: `Lines ${placeOf(fields)}`, rows: orNone(listOf(fields, 'messages').map(line => spokenRow(line)), 'Nothing was said yet.')};
		}

		case 'search': {
			return {
				title: `Lines with: ${textOf(fields, 'words')}`, rows: orNone(listOf(fields, 'messages').flatMap(hit => [
					heading(`${placeOf(hit).charAt(0).toUpperCase()}${placeOf(hit).slice(1)}`), ...listOf(hit, 'before').map(line => spokenRow(line)), spokenRow(hit, '▸ '), ...listOf(hit, 'after').map(line => spokenRow(line)), blank,
				]).slice(0, -1), 'No line has all these words.'),
			};
		}

		case 'export': {
			return {title: 'Exported', rows: [pair('Lines', textOf(fields, 'lines')), pair('File', textOf(fields, 'path'))]};
		}

		case 'pending': {
			return {title: 'Waiting for you', rows: orNone(listOf(fields, 'from').map(row => pair(textOf(row, 'user'), `${textOf(row, 'count')} since ${dateTime(Date.parse(textOf(row, 'since')))}${'room' in row ? `, in ${textOf(row, 'room')}` : ''}`)), 'Nothing waits for you.')};
		}

		case 'busy': {
			return {title: 'Busy', rows: [fields.busy === true ? pair('on', 'Requests are turned away and lines wait. Free again with: busy off') : pair('off', 'Others can reach you.')]};
		}

		case 'l': {
			return {title: 'Status', rows: statusRows(fields)};
		}

		default: {
			return undefined;
		}
	}
}

function spokenRow(line: Fields, mark = '  '): SheetRow {
	return pair(mark + dateTime(Date.parse(textOf(line, 'at'))), `${textOf(line, 'from')}: ${textOf(line, 'text')}`);
}

function placeOf(fields: Fields): string {
	return 'room' in fields ? `in ${textOf(fields, 'room')}` : `with ${textOf(fields, 'session')}`;
}

function userRows(fields: Fields): readonly SheetRow[] {
	return orNone(listOf(fields, 'users').map(user => ({
		kind: 'pair', left: textOf(user, 'name'), right: user.online === true ? 'online' : 'offline', isOnline: user.online === true,
	})), 'Nobody.');
}

/**
The digits, a code that a telephone reads, and what to do with them.
*/
function safetyRows(fields: Fields): SheetRow[] {
	const digits = textOf(fields, 'safetyNumber').split(' ');
	const user = textOf(fields, 'user');
	const verdicts: Readonly<Record<string, string>> = {
		verified: 'You have compared it: verified.',
		changed: `Another key than before. Same at both ends? /verify ${user} yes`,
		refused: `Not trusted. Same at both ends? /verify ${user} yes`,
	};
	return [
		verbatim(digits.slice(0, 6).join(' ')),
		verbatim(digits.slice(6).join(' ')),
		...qrRows(digits.join('')).map(row => verbatim(row)),
		verbatim(verdicts[textOf(fields, 'trust')] ?? `Same at both ends? /verify ${user} yes`),
	];
}

function statusRows(fields: Fields): SheetRow[] {
	const {conversation} = fields;
	const talk = isFields(conversation) ? `${textOf(conversation, 'kind')} ${textOf(conversation, 'name')}${'members' in conversation ? `, ${textOf(conversation, 'members')} inside` : ''}` : 'none';
	return [
		pair('Server', `${textOf(fields, 'server', 'none')}${fields.connected === true ? '' : ', not connected'}`),
		pair('User', `${textOf(fields, 'user', 'not logged in')}${fields.busy === true ? ', busy' : ''}`),
		pair('Conversation', talk),
	];
}

function orNone(rows: readonly SheetRow[], none: string): readonly SheetRow[] {
	return rows.length === 0 ? [pair(none, '')] : rows;
}

function isFields(value: unknown): value is Fields {
	return typeof value === 'object' && value !== null;
}

function listOf(fields: Fields, name: string): Fields[] {
	const value = fields[name];
	return Array.isArray(value) ? value.filter(each => isFields(each)) : [];
}

function stringsOf(fields: Fields, name: string): string[] {
	const value = fields[name];
	return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}

function textOf(fields: Fields, name: string, otherwise = ''): string {
	const value = fields[name];
	return typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
}
