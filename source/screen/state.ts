// What the screen remembers beside the messenger's own view: the open dialogs, the composer, where one has scrolled, what has focus.
// Knows shapes and small helpers over them; refuses to decide what a key does (update.ts).
import type {CommandReply, MessengerEvent} from '../messenger/events.js';
import type {ConversationKey, ConversationView, MessengerView} from '../messenger/view.js';
import {maximumTextBytes} from '../protocol/limits.js';
import {createComposer, type Composer} from '../kit/composer.js';
import type {KeyEvent} from '../kit/keys.js';
import type {ListPlace} from '../kit/virtual-list.js';
import type {Size} from './layout.js';
import type {SheetContent} from './sheets.js';

/**
Longest line one can write, in UTF-16 code units: at most three bytes of UTF-8 each, it always fits into what the messenger takes.
*/
const maximumLineLength = Math.floor(maximumTextBytes / 3);

export type Focus = 'composer' | 'rooms' | 'people' | 'messages';

/**
A short message in the status line, until `until` (ms).
*/
export type Toast = {readonly text: string; readonly tone: 'info' | 'good' | 'warning' | 'danger'; readonly until: number};

/**
What is open above the panes. Only the topmost gets keys; that is the whole input guard.
*/
export type Overlay =
	| {readonly kind: 'palette'; readonly query: Composer; readonly selected: number; readonly start: number}
	| {
		readonly kind: 'sign-in';
		readonly mode: 'register' | 'login';
		readonly field: 'name' | 'password' | 'mode';
		readonly name: Composer;
		readonly password: Composer;
		readonly problem: string | undefined;
		readonly isBusy: boolean;
	}
	| {
		readonly kind: 'server';
		readonly selected: number;
		/**
		The address being typed, once that was chosen.
		*/
		readonly address: Composer | undefined;
		readonly problem: string | undefined;
		/**
		Hosting on the usual port failed, most often because it is taken: the next try takes any free one.
		*/
		readonly hasHostFailed: boolean;
	}
	| {
		readonly kind: 'request';
		readonly id: string;
		readonly selected: 'accept' | 'decline';
		/**
		Keys before this moment were meant for what lay below.
		*/
		readonly armedAt: number;
	}
	| ({readonly kind: 'sheet'; readonly start: number} & SheetContent)
	| {readonly kind: 'quit'};

/**
A place one can write and scroll in: a conversation, or the front page.
*/
export type Place = ConversationKey | 'home';

export type ScreenState = {
	readonly size: Size;
	readonly view: MessengerView;
	/**
	The time of the last input, ms since the epoch; what is drawn depends on no other clock.
	*/
	readonly now: number;
	readonly startedAt: number;
	/**
	Who one said to be when starting the program; empty when nothing was said.
	*/
	readonly user: string;
	readonly focus: Focus;
	/**
	The last one is the topmost.
	*/
	readonly overlays: readonly Overlay[];
	readonly composer: Composer;
	/**
	Whose text stands in the composer.
	*/
	readonly place: Place;
	readonly drafts: ReadonlyMap<Place, string>;
	/**
	Scroll places of conversations one has left the bottom of.
	*/
	readonly scrolled: ReadonlyMap<Place, ListPlace>;
	/**
	The chosen suggestion behind a slash; undefined while none was chosen.
	*/
	readonly suggestion: number | undefined;
	/**
	Whole texts that Tab goes through, and at which it is.
	*/
	readonly completion: {readonly texts: readonly string[]; readonly index: number} | undefined;
	readonly selectedRoom: string | undefined;
	readonly selectedUser: string | undefined;
	readonly toast: Toast | undefined;
	/**
	Whether a connection ever stood, and somebody was ever logged in, in this run.
	*/
	readonly wasConnected: boolean;
	readonly wasLoggedIn: boolean;
	/**
	Offers that were put off with Escape: not made again by themselves.
	*/
	readonly putOff: ReadonlySet<string>;
};

/**
Why a command was run, which decides where its answer goes.
*/
export type Purpose = 'command' | 'message' | 'sign-in' | 'server';

export type ScreenInput =
	| {readonly type: 'key'; readonly event: KeyEvent}
	| {readonly type: 'paste'; readonly text: string}
	| {readonly type: 'resize'; readonly size: Size}
	| {readonly type: 'view'; readonly view: MessengerView}
	| {readonly type: 'event'; readonly event: MessengerEvent}
	| {readonly type: 'reply'; readonly purpose: Purpose; readonly reply: CommandReply}
	| {readonly type: 'tick'};

export type ScreenEffect =
	| {readonly type: 'execute'; readonly line: string; readonly purpose: Purpose}
	/**
	The reader has come to one end of the rows in memory.
	*/
	| {readonly type: 'reach'; readonly conversation: ConversationKey; readonly end: 'oldest' | 'newest'}
	| {readonly type: 'bell'}
	| {readonly type: 'leave'};

export type Step = {readonly state: ScreenState; readonly effects: readonly ScreenEffect[]};

export function createState({view, size, now, user = ''}: {readonly view: MessengerView; readonly size: Size; readonly now: number; readonly user?: string | undefined}): ScreenState {
	return {
		size,
		view,
		now,
		startedAt: now,
		user,
		focus: 'composer',
		overlays: [],
		composer: createComposer({limit: maximumLineLength}),
		place: shownConversation(view)?.key ?? 'home',
		drafts: new Map(),
		scrolled: new Map(),
		suggestion: undefined,
		completion: undefined,
		selectedRoom: undefined,
		selectedUser: undefined,
		toast: undefined,
		wasConnected: view.connection.state === 'connected',
		wasLoggedIn: view.connection.user !== undefined,
		putOff: new Set(),
	};
}

export function only(state: ScreenState): Step {
	return {state, effects: []};
}

export function run(state: ScreenState, line: string, purpose: Purpose = 'command'): Step {
	return {state, effects: [{type: 'execute', line, purpose}]};
}

export function openOverlay(state: ScreenState, overlay: Overlay): ScreenState {
	return {...state, overlays: [...state.overlays, overlay]};
}

export function closeOverlay(state: ScreenState): ScreenState {
	return {...state, overlays: state.overlays.slice(0, -1)};
}

export function replaceOverlay(state: ScreenState, overlay: Overlay): ScreenState {
	return {...state, overlays: [...state.overlays.slice(0, -1), overlay]};
}

export function showToast(state: ScreenState, tone: Toast['tone'], text: string): ScreenState {
	// A longer sentence stays longer: about fifteen characters a second can be read.
	return {...state, toast: {tone, text, until: state.now + Math.max(4000, text.length * 70)}};
}

/**
What the message pane shows: the open conversation, or the last words of one that somebody else ended.
*/
export function shownConversation(view: MessengerView): ConversationView | undefined {
	return activeConversation(view) ?? view.ended;
}

export function activeConversation(view: MessengerView): ConversationView | undefined {
	return view.conversations.find(({key}) => key === view.active);
}
