// The message pane: its title, its items as wrapped lines, and what stands there while nothing was said.
// Knows how a line reads; scrolling is the kit's, and delivery states come from the messenger as they are.
import type {DeliveryState} from '../../messenger/events.js';
import type {ConversationView, MessageRow} from '../../messenger/view.js';
import type {LineCache} from '../../kit/line-cache.js';
import {sanitiseLine, sanitiseText} from '../../kit/sanitise.js';
import {
	justify,
	lineWidth,
	paintCut,
	type Span,
	type Style,
	type StyledLine,
} from '../../kit/style.js';
import {
	displayWidth,
	truncate,
	wrap,
} from '../../kit/text.js';
import {styleOfName, type Theme} from '../../kit/theme.js';
import {clockTime, dayName, isSameDay} from '../../kit/time.js';
import {
	bottom,
	viewList,
	type ListSource,
} from '../../kit/virtual-list.js';
import type {Layout} from '../layout.js';
import {shownConversation, type ScreenState} from '../state.js';

/**
What drawing needs beside the state: colours, and lines made before.
*/
export type Tools = {readonly theme: Theme; readonly cache: LineCache<string>};

/**
How far a line of ours has come; nothing for others' lines.
*/
const marks: Readonly<Record<DeliveryState, {readonly text: string; readonly style: keyof Pick<Theme, 'muted' | 'good' | 'warning' | 'danger' | 'accent'>}>> = {
	queued: {text: '…', style: 'muted'},
	sent: {text: '·', style: 'muted'},
	stored: {text: 'kept', style: 'warning'},
	delivered: {text: '✓', style: 'good'},
	read: {text: '✓✓', style: 'good'},
	failed: {text: 'not sent', style: 'danger'},
};

/**
The items of the shown conversation, or of the front page, for scrolling and drawing.
*/
export function messageSource(state: ScreenState, width: number, {theme, cache}: Tools): ListSource<string> {
	const conversation = shownConversation(state.view);
	const rows = conversation?.messages ?? state.view.log;
	const greeting = conversation ? `greeting:${conversation.key}:${conversation.state}:${conversation.earlier}` : `greeting:home:${state.view.connection.state}:${state.view.connection.user ?? ''}`;
	const scope = conversation?.key ?? 'home';
	const lines = (index: number): readonly string[] => {
		if (index === 0) {
			return cache.lines({
				id: greeting, revision: 0, width, theme: theme.id,
			}, () => greetingLines(conversation, state, theme).map(line => paintCut(line, width)));
		}

		const row = rows[index - 1]!;
		const isNewDay = !isSameDay(rows[index - 2]?.at, row.at);
		const isFirstUnread = row.id === conversation?.unreadFrom && index > 1;
		return cache.lines({
			id: `${scope}:${row.id}`, revision: (row.revision * 4) + (isNewDay ? 1 : 0) + (isFirstUnread ? 2 : 0), width, theme: theme.id,
		}, () => [
			...(isNewDay ? [rule(dayName(row.at), width, theme.rule)] : []),
			...(isFirstUnread ? [rule('new', width, theme.warning)] : []),
			...rowLines(row, width, theme),
		]);
	};

	return {
		length: rows.length + 1,
		idAt: index => index === 0 ? 'greeting' : rows[index - 1]!.id,
		// The newest are looked at first: that is where readers are.
		indexOf(id) {
			const index = rows.findLastIndex(row => row.id === id);
			return id === 'greeting' ? 0 : (index === -1 ? -1 : index + 1);
		},
		linesAt: lines,
	};
}

export type MessagesView = {
	readonly lines: readonly string[];
	/**
	For the rule below the pane: what is out of sight.
	*/
	readonly scrolled: {readonly newBelow: number} | undefined;
};

/**
The title and the visible lines: exactly `layout.body` of them.
*/
export function viewMessages(state: ScreenState, layout: Layout, tools: Tools): MessagesView {
	const {main: width, messages: height} = layout;
	const source = messageSource(state, width, tools);
	const view = viewList(source, state.scrolled.get(state.place) ?? bottom, height);
	const isHome = state.place === 'home';
	const air = Array.from({length: Math.max(0, height - view.lines.length)}, () => '');
	return {
		lines: [
			paintCut(titleLine(state, layout, tools.theme), width),
			...(isHome ? [...view.lines, ...air] : [...air, ...view.lines]),
		],
		scrolled: view.isAtBottom ? undefined : {newBelow: view.newBelow},
	};
}

function titleLine(state: ScreenState, {kind, main}: Layout, theme: Theme): StyledLine {
	// Where there are no lists, the title says that somebody else has written.
	const unread = state.view.conversations.map(conversation => conversation.unread).reduce((sum, each) => sum + each, 0);
	const elsewhere: StyledLine = kind === 'narrow' && unread > 0 ? [{text: `${unread} new `, style: {...theme.warning, bold: true}}] : [];
	return justify(nameLine(state, main - lineWidth(elsewhere) - 1, theme), elsewhere, main);
}

function nameLine(state: ScreenState, width: number, theme: Theme): StyledLine {
	const conversation = shownConversation(state.view);
	const titleStyle: Style = state.focus === 'messages' ? {...theme.accent, bold: true} : theme.title;
	if (!conversation) {
		return [{text: ' Earshot', style: titleStyle}];
	}

	const name = sanitiseLine(conversation.name);
	const others = conversation.members.filter(({name: member}) => member !== state.view.connection.user);
	if (conversation.kind === 'room' && conversation.state === 'closed') {
		return [{text: ` # ${name}`, style: titleStyle}, {text: '  closed', style: theme.muted}];
	}

	if (conversation.kind === 'room') {
		const people = conversation.members.length === 1 ? 'only you' : `${conversation.members.length} people`;
		const unlinked = others.filter(({isLinked}) => !isLinked).length;
		const names: Span[] = others.flatMap(({name: member}, index) => [{text: index === 0 ? '' : ' ', style: theme.muted}, {text: sanitiseLine(member), style: styleOfName(theme, sanitiseLine(member))}]);
		return justify(
			[{text: ` # ${name}`, style: titleStyle}, {text: `  ${people}${unlinked === 0 ? '' : `, ${unlinked} not reached yet`}`, style: theme.muted}],
			lineWidth(names) < width / 2 ? [...names, {text: ' '}] : [],
			width,
		);
	}

	return [{text: ` ${name}`, style: titleStyle}, {text: '  '}, sessionState(conversation, others.some(({isLinked}) => isLinked), theme)];
}

function sessionState({state, name}: ConversationView, isLinked: boolean, theme: Theme): Span {
	switch (state) {
		case 'asking': {
			return {text: 'asked; waiting for an answer', style: theme.warning};
		}

		case 'waiting': {
			return {text: `away; what you write is kept for ${sanitiseLine(name)}`, style: theme.warning};
		}

		case 'lost': {
			return {text: 'lost; the other end is gone', style: theme.danger};
		}

		case 'closed': {
			return {text: `closed; /o ${sanitiseLine(name)} asks again`, style: theme.muted};
		}

		case 'open': {
			return isLinked ? {text: 'talking directly', style: theme.good} : {text: 'opening a direct link', style: theme.muted};
		}
	}
}

/**
The wrapped, coloured lines of one item, each at most `width` wide.
*/
export function rowLines(row: MessageRow, width: number, theme: Theme): string[] {
	return (row.kind === 'line' ? spokenLines(row, width, theme) : noticeLines(row, width, theme)).map(line => paintCut(line, width));
}

function spokenLines(row: Extract<MessageRow, {kind: 'line'}>, width: number, theme: Theme): StyledLine[] {
	const name = truncate(sanitiseLine(row.from), 20);
	const style: Style = row.isOwn ? theme.strong : {...styleOfName(theme, name), bold: true};
	const mark = row.delivery === undefined ? undefined : marks[row.delivery];
	return withHead({
		head: [{text: ` ${clockTime(row.at)} `, style: theme.muted}, {text: name, style}, {text: ': '}],
		text: sanitiseText(row.text),
		style: theme.plain,
		tail: mark && {text: mark.text, style: theme[mark.style]},
	}, width);
}

const noticeSigns = {
	join: '→', leave: '←', info: '·', warn: '!',
} as const;

function noticeLines(row: Extract<MessageRow, {kind: 'notice'}>, width: number, theme: Theme): StyledLine[] {
	const style = {
		join: theme.good, leave: theme.warning, info: theme.muted, warn: theme.danger,
	}[row.tone];
	return withHead({head: [{text: ` ${clockTime(row.at)} `, style: theme.muted}, {text: `${noticeSigns[row.tone]} `, style}], text: sanitiseText(row.text), style}, width);
}

/**
Text behind a head, continued under itself; the tail stands behind the last word.
*/
function withHead({head, text, style, tail}: {readonly head: StyledLine; readonly text: string; readonly style: Style; readonly tail?: Span | undefined}, width: number): StyledLine[] {
	// Where the head would take half of the row, text goes on near the left edge instead.
	const headWidth = lineWidth(head);
	const indent = headWidth <= width / 2 ? headWidth : Math.min(headWidth, 3);
	const room = Math.max(2, width - headWidth - 1);
	const rows = indent === headWidth ? wrap(text, room) : ['', ...wrap(text, Math.max(2, width - indent - 1))];
	const lines = rows.map((row, index): StyledLine => [...(index === 0 ? head : [{text: ' '.repeat(indent)}]), {text: row, style}]);
	if (!tail) {
		return lines;
	}

	const last = lines.at(-1)!;
	const hasRoom = lineWidth(last) + 1 + displayWidth(tail.text) <= width;
	return hasRoom ? [...lines.slice(0, -1), [...last, {text: ' '}, tail]] : [...lines, [{text: ' '.repeat(indent)}, tail]];
}

function greetingLines(conversation: ConversationView | undefined, state: ScreenState, theme: Theme): StyledLine[] {
	const say = (text: string): StyledLine => [{text: ` ${text}`, style: theme.muted}];
	const key = (name: string, does: string): StyledLine => [{text: `   ${name.padEnd(12)}`, style: theme.accent}, {text: does, style: theme.muted}];
	if (!conversation) {
		return homeLines(state, say, key);
	}

	if (conversation.earlier !== 'none') {
		return [say('Earlier lines are being fetched.')];
	}

	const name = sanitiseLine(conversation.name);
	if (conversation.kind === 'room') {
		return [say(`This is the room ${name}${conversation.creator === undefined ? '' : `, created by ${sanitiseLine(conversation.creator)}`}.`), say('Everyone in it gets your lines directly, encrypted.')];
	}

	switch (conversation.state) {
		case 'asking': {
			return [say(`${name} has been asked and can accept or decline.`)];
		}

		case 'waiting': {
			return [say(`${name} cannot answer now. Lines you write wait until then.`)];
		}

		default: {
			return [say(`This is your conversation with ${name}.`), say('It goes directly between you two, encrypted.')];
		}
	}
}

function homeLines({view: {connection}}: ScreenState, say: (text: string) => StyledLine, key: (name: string, does: string) => StyledLine): StyledLine[] {
	const more = [key('Ctrl-P', 'everything you can do'), key('Alt-H', 'help'), []];
	if (connection.user !== undefined) {
		return [[], [{text: ` Hello, ${sanitiseLine(connection.user)}. No conversation is open.`}], [], key('/o NAME', 'talk to somebody'), key('/or NAME', 'enter a room, or make one'), ...more];
	}

	const next = connection.state === 'connected'
		? [key('/register', 'make an account'), key('/login', 'if you have one')]
		: [key('/c HOST', 'connect to a server'), key('/host', 'start one here')];
	return [[], say('People talk here directly, from one program to the other.'), say('A small server only introduces them.'), [], ...next, ...more];
}

/**
A word in the middle of a rule: where a day begins, and where the reader has read to.
*/
function rule(word: string, width: number, style: Style): string {
	const dashes = Math.max(1, Math.floor((Math.min(width, 72) - word.length - 4) / 2));
	return paintCut([{text: ` ${'─'.repeat(dashes)} ${word} ${'─'.repeat(dashes)}`, style}], width);
}
