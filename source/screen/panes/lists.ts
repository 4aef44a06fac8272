// The list panes: open conversations when there are several, rooms, people. Knows how each row reads; refuses to know keys.
import type {ConversationView, MessengerView} from '../../messenger/view.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import {paintCut, type Span, type StyledLine} from '../../kit/style.js';
import {styleOfName, type Theme} from '../../kit/theme.js';
import type {Layout} from '../layout.js';
import type {ScreenState} from '../state.js';
import {peopleOf} from '../people.js';
import {listLines, type ListPane} from './list.js';

type Row = ListPane['rows'][number];

/**
What the list panes are drawn from; as long as none of these changes, they stay as they are.
*/
export type ListsInput = Pick<ScreenState, 'focus' | 'selectedRoom' | 'selectedUser'> & Pick<MessengerView, 'rooms' | 'users' | 'contacts' | 'conversations' | 'active'> & {readonly layout: Layout; readonly isOnline: boolean};

export function listsInput({view, focus, selectedRoom, selectedUser}: ScreenState, layout: Layout): ListsInput {
	return {
		focus, selectedRoom, selectedUser, rooms: view.rooms, users: view.users, contacts: view.contacts, conversations: view.conversations, active: view.active, layout, isOnline: view.connection.state === 'connected' && view.connection.user !== undefined,
	};
}

/**
The left pane as painted rows; its last column is left to the rule.
*/
export function paintLeft(input: ListsInput, theme: Theme): string[] {
	const {layout} = input;
	const width = layout.left - 1;
	const top = input.conversations.length > 1 ? [...conversationLines(input, width, theme), []] : [];
	const room = layout.body - top.length;
	const lines = layout.kind === 'wide' ? [...top, ...roomLines(input, width, room, theme)] : [...top, ...roomsAndPeople(input, width, room, theme)];
	return lines.slice(0, layout.body).map(line => paintCut(line, width));
}

/**
The right pane as painted rows; its first column is left to the rule.
*/
export function paintRight(input: ListsInput, theme: Theme): string[] {
	const {layout} = input;
	return peopleLines(input, layout.right - 1, layout.body, theme).map(line => paintCut(line, layout.right - 1));
}

/**
Rooms take what they need up to a half, people the rest.
*/
function roomsAndPeople(input: ListsInput, width: number, height: number, theme: Theme): StyledLine[] {
	const wanted = 1 + Math.max(2, input.rooms.length);
	const rooms = Math.min(wanted, Math.max(3, Math.floor((height - 1) / 2)));
	return [...roomLines(input, width, rooms, theme), [], ...peopleLines(input, width, Math.max(0, height - rooms - 1), theme)];
}

function conversationLines({conversations, active}: ListsInput, width: number, theme: Theme): StyledLine[] {
	const rows = conversations.slice(0, 9).map((conversation, index): Row => ({
		left: [
			marker(conversation.key === active, theme),
			{text: `${index + 1} `, style: theme.muted},
			{text: (conversation.kind === 'room' ? '#' : '') + sanitiseLine(conversation.name), style: conversation.key === active ? theme.strong : theme.plain},
		],
		right: unreadOf(conversation, theme),
	}));
	return listLines({
		title: 'Conversations', count: conversations.length, rows, empty: [], selected: -1, hasFocus: false, width, height: rows.length + 1,
	}, theme);
}

function roomLines({rooms, conversations, active, focus, selectedRoom, isOnline}: ListsInput, width: number, height: number, theme: Theme): StyledLine[] {
	const rows = rooms.map((room): Row => {
		const conversation = conversations.find(({key}) => key === `room:${room.name}`);
		const unread = unreadOf(conversation, theme);
		return {
			left: [marker(active === `room:${room.name}`, theme), {text: room.private ? '∗ ' : '# ', style: theme.muted}, {text: sanitiseLine(room.name), style: room.isEntered ? theme.strong : theme.plain}],
			right: unread.length > 0 ? unread : [{text: String(room.members), style: theme.muted}],
		};
	});
	return listLines({
		title: 'Rooms',
		count: rooms.length,
		rows,
		empty: isOnline ? ['None yet.', '/or NAME makes one.'] : [],
		selected: Math.max(0, rooms.findIndex(({name}) => name === selectedRoom)),
		hasFocus: focus === 'rooms',
		width,
		height,
	}, theme);
}

function peopleLines({users, contacts, conversations, active, focus, selectedUser, isOnline}: ListsInput, width: number, height: number, theme: Theme): StyledLine[] {
	const people = peopleOf({users, contacts, conversations});
	const rows = people.map(({name, online, isContact, isVerified}): Row => {
		const conversation = conversations.find(({key}) => key === `session:${name}`);
		const clean = sanitiseLine(name);
		const unread = unreadOf(conversation, theme);
		return {
			left: [
				marker(active === `session:${name}`, theme),
				{text: online ? '● ' : '○ ', style: online ? theme.good : theme.muted},
				{text: clean, style: online ? {...styleOfName(theme, clean), ...(conversation && theme.strong)} : theme.muted},
				...(isContact ? [{text: isVerified ? ' ★✓' : ' ★', style: theme.accent}] : []),
			],
			right: unread.length > 0 ? unread : stateOf(conversation, theme),
		};
	});
	return listLines({
		title: 'People',
		count: users.filter(({online}) => online).length,
		rows,
		empty: isOnline ? ['Nobody else yet.'] : [],
		selected: Math.max(0, people.findIndex(({name}) => name === selectedUser)),
		hasFocus: focus === 'people',
		width,
		height,
	}, theme);
}

function marker(isActive: boolean, theme: Theme): Span {
	return isActive ? {text: '▸', style: theme.accent} : {text: ' '};
}

function unreadOf(conversation: ConversationView | undefined, theme: Theme): StyledLine {
	return conversation && conversation.unread > 0 ? [{text: `${conversation.unread} new`, style: {...theme.warning, bold: true}}] : [];
}

function stateOf(conversation: ConversationView | undefined, theme: Theme): StyledLine {
	switch (conversation?.state) {
		case 'asking': {
			return [{text: 'asked', style: theme.muted}];
		}

		case 'waiting': {
			return [{text: 'away', style: theme.muted}];
		}

		case 'lost': {
			return [{text: 'lost', style: theme.danger}];
		}

		default: {
			return [];
		}
	}
}
