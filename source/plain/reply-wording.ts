// How the plain face words the reply to a command: lists in columns, help from the command table, errors as a sentence.
// Knows which fields a reply carries; refuses to know time and colour.
import {sanitiseLine} from '../kit/sanitise.js';
import {displayWidth, fit} from '../kit/text.js';
import {dateTime} from '../kit/time.js';
import type {Command} from '../messenger/commands.js';
import type {CommandReply} from '../messenger/events.js';
import {describePath} from '../messenger/peers/path-report.js';
import {formatFingerprint} from '../protocol/fingerprint.js';

type Fields = Readonly<Record<string, unknown>>;

const groupTitles: Readonly<Record<Command['group'], string>> = {
	server: 'Server', people: 'People', talk: 'Talk', rooms: 'Rooms', program: 'Program',
};

/**
A cell of a list, as safe text.
*/
function cell(value: unknown): string {
	return sanitiseLine(typeof value === 'string' ? value : JSON.stringify(value) ?? '');
}

/**
Rows whose columns stand under each other, indented by two.
*/
function columns(rows: ReadonlyArray<readonly string[]>): string[] {
	const widths: number[] = [];
	for (const row of rows) {
		for (const [index, text] of row.entries()) {
			widths[index] = Math.max(widths[index] ?? 0, displayWidth(text));
		}
	}

	return rows.map(row => `  ${row.map((text, index) => index === row.length - 1 ? text : fit(text, widths[index]!)).join('  ')}`);
}

function counted(count: number, noun: string): string {
	return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`;
}

const list = (value: unknown): readonly Fields[] => Array.isArray(value) ? value as readonly Fields[] : [];

function wordUsers({users}: Fields): string[] {
	const rows = list(users);
	return [counted(rows.length, 'user'), ...columns(rows.map(({name, online}) => [cell(name), online === true ? 'online' : 'offline']))];
}

function wordRooms({rooms}: Fields): string[] {
	const rows = list(rooms);
	return [counted(rows.length, 'room'), ...columns(rows.map(({name, creator, members, private: isPrivate}) => [cell(name), `by ${cell(creator)}`, `${counted(Number(members), 'member')}${isPrivate === true ? ', private' : ''}`]))];
}

function wordRoomUsers({room, users}: Fields): string[] {
	const names = Array.isArray(users) ? users as readonly unknown[] : [];
	return [`${counted(names.length, 'user')} in ${cell(room)}`, ...columns(names.map(name => [cell(name)]))];
}

function wordStatus({connected, server, user, busy, conversation}: Fields): string[] {
	const {kind, name, members} = (conversation ?? {}) as Fields;
	return [
		connected === true ? `connected to ${cell(server)}` : 'not connected',
		...columns([
			['user', `${typeof user === 'string' ? cell(user) : 'nobody is logged in'}${busy === true ? ', busy' : ''}`],
			['conversation', kind === undefined ? 'none' : `${cell(kind)} ${kind === 'room' ? '' : 'with '}${cell(name)}${members === undefined ? '' : `, ${counted(Number(members), 'member')}`}`],
		]),
	];
}

function wordWhois({user, online, address, fingerprint}: Fields): string[] {
	return [
		`${cell(user)} is ${online === true ? 'online' : 'offline'}`,
		...columns([['address', address], ['fingerprint', fingerprint]].filter(([, value]) => typeof value === 'string').map(row => row.map(value => cell(value)))),
	];
}

function wordServer({address, role, term, program, fingerprint}: Fields): string[] {
	return [`the server is ${cell(address)}`, ...columns([
		['role', role === 'root' ? 'root: it made this realm' : cell(role)], ['term', cell(term)], ['program', cell(program)], ['certificate', formatFingerprint(cell(fingerprint))],
	])];
}

function wordPath(fields: Fields): string[] {
	return [`the link to ${cell(fields.user)}`, ...columns(describePath(fields).map(row => row.map(value => cell(value))))];
}

/**
All commands by group, or the one that was asked for.
*/
function wordHelp({commands: value}: Fields): string[] {
	const rows = list(value).map(({usage, aliases, summary, group}) => ({
		usage: cell(usage), aliases: Array.isArray(aliases) ? aliases.map(alias => cell(alias)) : [], summary: cell(summary), group,
	}));
	const [only, ...others] = rows;
	if (only && others.length === 0) {
		return [only.usage, `  ${only.summary}`, ...(only.aliases.length > 0 ? [`  also: ${only.aliases.join(', ')}`] : [])];
	}

	const width = Math.max(...rows.map(({usage}) => displayWidth(usage)));
	return Object.entries(groupTitles).flatMap(([group, title]) => {
		const members = rows.filter(row => row.group === group);
		return members.length === 0 ? [] : [title, ...members.map(({usage, summary}) => `  ${fit(usage, width)}  ${summary}`)];
	});
}

function wordLine({at, from, text}: Fields): string[] {
	return [dateTime(Date.parse(String(at))), `${cell(from)}: ${cell(text)}`];
}

function placeOf({room, session}: Fields): string {
	return room === undefined ? `with ${cell(session)}` : `in ${cell(room)}`;
}

function wordHistory(fields: Fields): string[] {
	const rows = list(fields.messages);
	return [`${counted(rows.length, 'line')} ${placeOf(fields)}`, ...columns(rows.map(row => wordLine(row)))];
}

/**
Each hit under the place it stands in, between its neighbours; the hit itself is marked.
*/
function wordSearch({messages}: Fields): string[] {
	const rows = list(messages);
	return [`${counted(rows.length, 'line')} found`, ...rows.flatMap(row => [
		`  ${placeOf(row)}`,
		...columns([...list(row.before).map(each => [' ', ...wordLine(each)]), ['>', ...wordLine(row)], ...list(row.after).map(each => [' ', ...wordLine(each)])]),
	])];
}

function wordPending({from}: Fields): string[] {
	const rows = list(from);
	return rows.length === 0
		? ['nothing waits for you']
		: ['waiting for you', ...columns(rows.map(({user, room, count, since}) => [cell(user), room === undefined ? '' : `in ${cell(room)}`, counted(Number(count), 'line'), `since ${dateTime(Date.parse(String(since)))}`]))];
}

const wordBusy = ({busy}: Fields): string[] => [busy === true ? 'you are busy: requests are turned away, lines wait; free again with: busy off' : 'you are not busy'];

const wordExport = ({lines, path}: Fields): string[] => [`${counted(Number(lines), 'line')} written to ${cell(path)}`];

function wordContacts({contacts}: Fields): string[] {
	const rows = list(contacts);
	return [counted(rows.length, 'contact'), ...columns(rows.map(({name, online, verified}) => [cell(name), `${online === true ? 'online' : 'offline'}${verified === true ? ', verified' : ''}`]))];
}

function wordVerify({user, safetyNumber, trust}: Fields): string[] {
	const groups = cell(safetyNumber).split(' ');
	const verdicts: Readonly<Record<string, string>> = {
		verified: 'you have compared it: verified', changed: 'another key than before', refused: 'not trusted',
	};
	return [
		`safety number with ${cell(user)}`,
		...[0, 4, 8].map(start => `  ${groups.slice(start, start + 4).join(' ')}`),
		`  ${verdicts[cell(trust)] ?? `same at both ends? then: verify ${cell(user)} yes`}`,
	];
}

const wordLogin = ({user}: Fields): string[] => [`logged in as ${cell(user)}`];

const wordings: Readonly<Record<string, (fields: Fields) => string[]>> = {
	register: wordLogin,
	login: wordLogin,
	lu: wordUsers,
	lcu: wordUsers,
	lr: wordRooms,
	lru: wordRoomUsers,
	l: wordStatus,
	whois: wordWhois,
	server: wordServer,
	contacts: wordContacts,
	verify: wordVerify,
	path: wordPath,
	history: wordHistory,
	search: wordSearch,
	export: wordExport,
	pending: wordPending,
	busy: wordBusy,
	help: wordHelp,
};

/**
The lines for `reply`; none when the events already tell it all.
*/
export function wordReply(reply: CommandReply): string[] {
	return reply.ok ? wordings[reply.command]?.(reply.fields) ?? [] : [`error: ${sanitiseLine(reply.error.message)}`];
}
