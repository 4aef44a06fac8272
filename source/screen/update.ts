// The screen's model: (state, input) -> state and effects. Every key goes first to the topmost dialog, then to what has focus.
// Knows what each input means; refuses to know how anything is drawn, timed or sent.
import {
	clear,
	insert,
	setText,
	startText,
} from '../kit/composer.js';
import {editByKey} from '../kit/composer-keys.js';
import {step} from '../kit/choice.js';
import type {KeyEvent} from '../kit/keys.js';
import {
	bottom,
	scrollBy,
	scrollByPage,
	scrollToTop,
	type ListPlace,
} from '../kit/virtual-list.js';
import {parseCommandLine} from '../messenger/commands.js';
import type {CommandReply, MessengerEvent, SessionState} from '../messenger/events.js';
import type {ConversationView, MessengerView} from '../messenger/view.js';
import {
	completions,
	readTyped,
	suggest,
	type Suggestion,
} from './command-line.js';
import {layOut} from './layout.js';
import {handlePaletteKey, openPalette} from './overlays/palette.js';
import {handleQuitKey} from './overlays/quit.js';
import {armingMs, handleRequestKey} from './overlays/request.js';
import {handleServerKey, handleServerReply, openServerDialog} from './overlays/server.js';
import {handleSheetKey} from './overlays/sheet.js';
import {handleSignInKey, handleSignInReply} from './overlays/sign-in.js';
import {composerWidth, layOutComposer, secretsOf} from './panes/composer.js';
import {messageSource, type Tools} from './panes/messages.js';
import {openSignIn, performLine, wantsForm} from './perform.js';
import {helpSheet, replySheet} from './sheets.js';
import {
	only,
	openOverlay,
	run,
	showToast,
	type Focus,
	type Overlay,
	type Place,
	type Purpose,
	type ScreenInput,
	type ScreenState,
	type Step,
} from './state.js';

/**
How long the messenger may take to begin connecting before the screen asks what to do, in ms.
*/
export const patienceMs = 800;

const maximumDrafts = 50;

/**
Rows of suggestions above the composer.
*/
export const suggestionRows = 6;

export function update(before: ScreenState, input: ScreenInput, now: number, tools: Tools): Step {
	const state: ScreenState = {...before, now, toast: before.toast && before.toast.until > now ? before.toast : undefined};
	switch (input.type) {
		case 'key': {
			return handleKey(state, input.event, tools);
		}

		case 'paste': {
			return handlePaste(state, input.text);
		}

		case 'resize': {
			return only({...state, size: input.size});
		}

		case 'view': {
			return handleView(state, input.view);
		}

		case 'event': {
			return only(handleEvent(state, input.event));
		}

		case 'reply': {
			return only(handleReply(state, input.purpose, input.reply));
		}

		case 'tick': {
			return only(withOffers(state));
		}
	}
}

const noticeTone = {info: 'info', warn: 'warning', error: 'danger'} as const;

/**
When the picture changes by time alone: a countdown, the end of a toast, an offer that is due. Ms since the epoch.
*/
export function pollTimeout({now, toast, overlays, view, startedAt, wasConnected}: ScreenState): number | undefined {
	const isCounting = view.connection.retryAt !== undefined || overlays.some(({kind}) => kind === 'request');
	const due = [
		...(toast ? [toast.until] : []),
		...(isCounting ? [(Math.floor(now / 1000) + 1) * 1000] : []),
		...(!wasConnected && now < startedAt + patienceMs ? [startedAt + patienceMs] : []),
	];
	return due.length === 0 ? undefined : Math.min(...due);
}

// --- What the messenger says ---

/**
What the panes do not show, or only where one is not looking, is said in the status line.
*/
function handleEvent(state: ScreenState, event: MessengerEvent): ScreenState {
	if (event.type === 'notice') {
		// The front page shows the log, where a piece of news stands anyway.
		return event.level === 'info' && state.view.active === undefined ? state : showToast(state, noticeTone[event.level], event.text);
	}

	if (event.type === 'session') {
		const text = sessionEndings[event.state]?.(event.with);
		return text === undefined ? state : showToast(state, 'warning', text);
	}

	const isClosedByOther = event.type === 'room' && event.change === 'closed' && event.user !== state.view.connection.user;
	return isClosedByOther ? showToast(state, 'warning', `${event.user} has closed the room ${event.room}.`) : state;
}

const sessionEndings: Partial<Record<SessionState, (name: string) => string>> = {
	declined: name => `${name} did not accept.`,
	unavailable: name => `${name} cannot answer now; what you write is kept.`,
	closed: name => `The session with ${name} is closed.`,
	lost: name => `${name} is gone.`,
};

function handleView(before: ScreenState, view: MessengerView): Step {
	const known = new Set(before.view.requests.map(({id}) => id));
	const isAsked = view.requests.some(({id}) => !known.has(id));
	const state = withOffers(withPlace({
		...before,
		view,
		wasConnected: before.wasConnected || view.connection.state === 'connected',
		wasLoggedIn: before.wasLoggedIn || view.connection.user !== undefined,
	}));
	return {state, effects: isAsked ? [{type: 'bell'}] : []};
}

/**
Another conversation has its own draft. A command being typed stays: it belongs to none.
*/
function withPlace(state: ScreenState): ScreenState {
	const place: Place = state.view.active ?? 'home';
	if (place === state.place) {
		return state;
	}

	if (readTyped(state.composer.text).kind === 'command') {
		return {...state, place};
	}

	const drafts = new Map(state.drafts);
	drafts.delete(state.place);
	if (state.composer.text !== '') {
		drafts.set(state.place, state.composer.text);
		if (drafts.size > maximumDrafts) {
			drafts.delete(drafts.keys().next().value!);
		}
	}

	const text = drafts.get(place) ?? '';
	drafts.delete(place);
	return {
		...state, place, drafts, composer: startText(state.composer, text), completion: undefined, suggestion: undefined,
	};
}

/**
Opens and closes the dialogs that follow from the view: a request, who one is, where the server is.
*/
function withOffers(before: ScreenState): ScreenState {
	const {connection, requests} = before.view;
	const isConnected = connection.state === 'connected';
	const putOff = isConnected ? before.putOff : without(before.putOff, 'sign-in');
	const overlays = before.overlays.filter(overlay => isStillWanted(overlay, before.view));
	let state: ScreenState = {...before, overlays, putOff};

	if (!isConnected && !state.wasConnected && !putOff.has('server') && !hasOverlay(state, 'server') && hasFailed(state)) {
		state = openServerDialog(state);
	}

	if (isConnected && connection.user === undefined && !putOff.has('sign-in') && !hasOverlay(state, 'sign-in')) {
		state = openSignIn(state, state.wasLoggedIn ? 'login' : 'register', state.user);
	}

	const asking = requests.find(({id}) => !putOff.has(id));
	if (asking && !hasOverlay(state, 'request')) {
		const isTyping = state.overlays.length > 0 || state.composer.text !== '';
		state = openOverlay(state, {
			kind: 'request', id: asking.id, selected: 'accept', armedAt: isTyping ? state.now + armingMs : state.now,
		});
	}

	return state;
}

function isStillWanted(overlay: Overlay, {connection, requests}: MessengerView): boolean {
	switch (overlay.kind) {
		case 'request': {
			return requests.some(({id}) => id === overlay.id);
		}

		case 'sign-in': {
			return connection.state !== 'closed' && connection.user === undefined;
		}

		case 'server': {
			return connection.state !== 'connected';
		}

		default: {
			return true;
		}
	}
}

function hasFailed({view: {connection}, now, startedAt}: ScreenState): boolean {
	return connection.state === 'closed' ? connection.reason !== undefined || now >= startedAt + patienceMs : connection.attempts > 0;
}

function hasOverlay({overlays}: ScreenState, kind: Overlay['kind']): boolean {
	return overlays.some(overlay => overlay.kind === kind);
}

function without(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
	return set.has(name) ? set.difference(new Set([name])) : set;
}

function handleReply(state: ScreenState, purpose: Purpose, reply: CommandReply): ScreenState {
	if (purpose === 'sign-in') {
		return handleSignInReply(state, reply);
	}

	if (purpose === 'server') {
		return handleServerReply(state, reply);
	}

	if (!reply.ok) {
		return showToast(state, 'danger', reply.error.message);
	}

	const sheet = purpose === 'command' ? replySheet(reply) : undefined;
	return sheet ? openOverlay(state, {kind: 'sheet', start: 0, ...sheet}) : state;
}

// --- Keys ---

function handleKey(state: ScreenState, event: KeyEvent, tools: Tools): Step {
	const overlay = state.overlays.at(-1);
	if (event.kind === 'key' && event.name === 'ctrl+c') {
		return quit(state);
	}

	return overlay ? handleOverlayKey(state, overlay, event) : handlePaneKey(state, event, tools);
}

function handleOverlayKey(state: ScreenState, overlay: Overlay, event: KeyEvent): Step {
	switch (overlay.kind) {
		case 'palette': {
			return handlePaletteKey(state, overlay, event);
		}

		case 'sign-in': {
			return handleSignInKey(state, overlay, event);
		}

		case 'server': {
			return handleServerKey(state, overlay, event);
		}

		case 'request': {
			return handleRequestKey(state, overlay, event);
		}

		case 'sheet': {
			return handleSheetKey(state, overlay, event);
		}

		case 'quit': {
			return handleQuitKey(state, event);
		}
	}
}

/**
Leaves at once, unless something written would be lost; asked twice, it leaves anyway.
*/
function quit(state: ScreenState): Step {
	const isLosing = (state.composer.text.trim() !== '' && readTyped(state.composer.text).kind === 'message') || state.drafts.size > 0;
	return isLosing && state.overlays.at(-1)?.kind !== 'quit'
		? only(openOverlay(state, {kind: 'quit'}))
		: {state, effects: [{type: 'leave'}]};
}

type Action = (state: ScreenState, tools: Tools) => Step;

/**
Keys that mean the same wherever the focus is.
*/
const actions: Readonly<Record<string, Action>> = {
	'ctrl+p': state => only(openPalette(state)),
	'alt+h': state => only(openOverlay(state, {kind: 'sheet', start: 0, ...helpSheet()})),
	'alt+?': state => only(openOverlay(state, {kind: 'sheet', start: 0, ...helpSheet()})),
	'alt+up': state => goToNeighbour(state, -1),
	'alt+down': state => goToNeighbour(state, 1),
	'shift+tab': state => only(moveFocus(state, -1)),
	pageup: (state, tools) => scroll(state, tools, (source, place, height) => scrollByPage(source, place, height, -1)),
	pagedown: (state, tools) => scroll(state, tools, (source, place, height) => scrollByPage(source, place, height, 1)),
	'shift+up': (state, tools) => scroll(state, tools, (source, place, height) => scrollBy(source, place, height, -1)),
	'shift+down': (state, tools) => scroll(state, tools, (source, place, height) => scrollBy(source, place, height, 1)),
	'alt+home': (state, tools) => scroll(state, tools, scrollToTop),
	'alt+end': (state, tools) => scroll(state, tools, () => bottom),
};

function handlePaneKey(state: ScreenState, event: KeyEvent, tools: Tools): Step {
	if (event.kind === 'text') {
		return type(state, event.text);
	}

	const action = actions[event.name];
	if (action) {
		return action(state, tools);
	}

	const index = /^alt\+(?<digit>[1-9])$/v.exec(event.name)?.groups?.digit;
	if (index !== undefined) {
		return goTo(state, state.view.conversations[Number(index) - 1]);
	}

	switch (state.focus) {
		case 'composer': {
			return handleComposerKey(state, event.name);
		}

		case 'messages': {
			return handleMessagesKey(state, event.name, tools);
		}

		default: {
			return handleListKey(state, state.focus, event.name);
		}
	}
}

/**
Typing always goes to the composer, wherever the focus is.
*/
function type(state: ScreenState, text: string): Step {
	return only({
		...state, focus: 'composer', composer: insert(state.composer, text), completion: undefined, suggestion: undefined,
	});
}

function handlePaste(state: ScreenState, text: string): Step {
	const overlay = state.overlays.at(-1);
	if (overlay) {
		// A field takes what a paste has on one line; a dialog without a field takes nothing.
		return ['request', 'quit', 'sheet'].includes(overlay.kind) ? only(state) : handleOverlayKey(state, overlay, {kind: 'text', text: text.slice(0, 4096)});
	}

	return only({
		...state, focus: 'composer', composer: insert(state.composer, text, 'paste'), completion: undefined, suggestion: undefined,
	});
}

function handleComposerKey(state: ScreenState, name: string): Step {
	const suggestions = visibleSuggestions(state);
	switch (name) {
		case 'enter': {
			return submit(state, suggestions);
		}

		case 'tab': {
			return only(complete(state, suggestions));
		}

		case 'escape': {
			return only(escape(state));
		}

		case 'up':
		case 'down': {
			if (suggestions.length > 0) {
				const by = name === 'up' ? -1 : 1;
				return only({...state, suggestion: state.suggestion === undefined ? (by === 1 ? 0 : suggestions.length - 1) : step(state.suggestion, by, suggestions.length)});
			}

			break;
		}

		default:
	}

	const composer = editByKey(state.composer, name, composerWidth(state));
	return only(composer
		? {
			...state, composer, completion: undefined, suggestion: undefined,
		}
		: state);
}

function escape(state: ScreenState): ScreenState {
	if (state.suggestion !== undefined) {
		return {...state, suggestion: undefined};
	}

	return readTyped(state.composer.text).kind === 'command' ? {...state, composer: setText(state.composer, ''), completion: undefined} : {...state, scrolled: withScrolled(state, bottom), toast: undefined};
}

/**
Suggestions for the command being typed; none while anything else is.
*/
export function visibleSuggestions(state: ScreenState): Suggestion[] {
	const {kind, content} = readTyped(state.composer.text);
	return kind === 'command' && state.focus === 'composer' && state.overlays.length === 0 && !content.includes('\n') && state.size.rows >= 14
		? suggest(content, state.view, suggestionRows)
		: [];
}

function submit(state: ScreenState, suggestions: readonly Suggestion[]): Step {
	const {text} = state.composer;
	if (text.trim() === '') {
		return only(state);
	}

	const chosen = state.suggestion === undefined ? undefined : suggestions[state.suggestion];
	if (chosen) {
		return chosen.isComplete ? perform(state, chosen.line) : only(fill(state, chosen));
	}

	const {kind, content} = readTyped(text);
	// Where no conversation is open a line can only be a command.
	if (kind === 'command' || (state.view.active === undefined && 'command' in parseCommandLine(content))) {
		return performTyped(state, content, suggestions);
	}

	if (state.view.active === undefined) {
		return only(showToast(state, 'warning', 'No conversation is open. Open one with /o NAME, or enter a room with /or NAME.'));
	}

	const sent = run(emptied(state), `s ${content}`, 'message');
	return {...sent, state: {...sent.state, scrolled: withScrolled(state, bottom)}};
}

function performTyped(state: ScreenState, line: string, suggestions: readonly Suggestion[]): Step {
	const form = wantsForm(line);
	if (form !== undefined) {
		const refused = suggestions.find(suggestion => suggestion.line === form)?.refusal;
		return only(refused === undefined ? openSignIn(emptied(state), form) : showToast(state, 'danger', refused));
	}

	if ('command' in parseCommandLine(line)) {
		return perform(state, line);
	}

	// A command that lacks its argument, or the beginning of one: go on typing from there.
	const word = line.trim();
	const next = suggestions.find(suggestion => suggestion.line === word) ?? suggestions.find(suggestion => suggestion.line.startsWith(word));
	return word !== '' && next?.isComplete === false ? only(fill(state, next)) : performLine(state, line);
}

function perform(state: ScreenState, line: string): Step {
	const performed = performLine(emptied(state), line);
	const isRefused = performed.effects.length === 0 && performed.state.overlays === state.overlays;
	// What was refused stays to be corrected, unless a password is in it.
	return isRefused && secretsOf(state).length === 0 ? {...performed, state: {...performed.state, composer: state.composer}} : performed;
}

/**
The state after the composer's text has been used; it can be recalled unless a password is in it.
*/
function emptied(state: ScreenState): ScreenState {
	return {
		...state, composer: clear(state.composer, {isRemembered: secretsOf(state).length === 0}), completion: undefined, suggestion: undefined,
	};
}

function fill(state: ScreenState, {line, isComplete}: Suggestion): ScreenState {
	return {...state, composer: setText(state.composer, `/${line}${isComplete ? '' : ' '}`), suggestion: undefined};
}

function complete(state: ScreenState, suggestions: readonly Suggestion[]): ScreenState {
	const {composer, completion} = state;
	if (composer.text === '') {
		return moveFocus(state, 1);
	}

	const chosen = state.suggestion === undefined ? undefined : suggestions[state.suggestion];
	if (chosen) {
		return fill(state, chosen);
	}

	// A sole completion is done; what follows it may be completed in turn.
	const cycle = completion && completion.texts.length > 1 ? completion : undefined;
	const texts = cycle?.texts ?? completions(composer.text, state.view);
	if (texts.length === 0 || composer.cursor < composer.text.length) {
		return state;
	}

	const index = cycle ? step(cycle.index, 1, texts.length) : 0;
	return {...state, composer: setText(composer, texts[index]!), completion: {texts, index}};
}

function handleMessagesKey(state: ScreenState, name: string, tools: Tools): Step {
	switch (name) {
		case 'up': {
			return scroll(state, tools, (source, place, height) => scrollBy(source, place, height, -1));
		}

		case 'down': {
			return scroll(state, tools, (source, place, height) => scrollBy(source, place, height, 1));
		}

		case 'home': {
			return scroll(state, tools, scrollToTop);
		}

		case 'end': {
			return scroll(state, tools, () => bottom);
		}

		default: {
			return leaveFocus(state, name);
		}
	}
}

function handleListKey(state: ScreenState, focus: 'rooms' | 'people', name: string): Step {
	const names = (focus === 'rooms' ? state.view.rooms : state.view.users).map(row => row.name);
	const found = names.indexOf((focus === 'rooms' ? state.selectedRoom : state.selectedUser) ?? '');
	const index = Math.max(0, found);
	const select = (to: number) => only(focus === 'rooms' ? {...state, selectedRoom: names[to]} : {...state, selectedUser: names[to]});
	switch (name) {
		case 'up': {
			return select(step(index, -1, names.length));
		}

		case 'down': {
			return select(step(index, 1, names.length));
		}

		case 'home': {
			return select(0);
		}

		case 'end': {
			return select(names.length - 1);
		}

		case 'enter': {
			const chosen = names[index];
			return chosen === undefined ? only(state) : performLine({...state, focus: 'composer'}, `${focus === 'rooms' ? 'or' : 'o'} ${chosen}`);
		}

		default: {
			return leaveFocus(state, name);
		}
	}
}

function leaveFocus(state: ScreenState, name: string): Step {
	switch (name) {
		case 'tab': {
			return only(moveFocus(state, 1));
		}

		case 'escape':
		case 'enter': {
			return only({...state, focus: 'composer'});
		}

		default: {
			return only(state);
		}
	}
}

/**
From the composer through the panes that are shown, and back.
*/
function moveFocus(state: ScreenState, by: -1 | 1): ScreenState {
	const order: readonly Focus[] = layoutOf(state).kind === 'narrow' ? ['composer', 'messages'] : ['composer', 'rooms', 'people', 'messages'];
	return {...state, focus: order[step(Math.max(0, order.indexOf(state.focus)), by, order.length)]!};
}

function goTo(state: ScreenState, conversation: ConversationView | undefined): Step {
	return conversation && conversation.key !== state.view.active ? run(state, `${conversation.kind === 'room' ? 'or' : 'o'} ${conversation.name}`, 'message') : only(state);
}

function goToNeighbour(state: ScreenState, by: -1 | 1): Step {
	const {conversations, active} = state.view;
	const index = conversations.findIndex(({key}) => key === active);
	return goTo(state, index === -1 ? conversations.at(0) : conversations[step(index, by, conversations.length)]);
}

type Scroll = (source: ReturnType<typeof messageSource>, place: ListPlace, height: number) => ListPlace;

function scroll(state: ScreenState, tools: Tools, to: Scroll): Step {
	const layout = layoutOf(state);
	const source = messageSource(state, layout.main, tools);
	return only({...state, scrolled: withScrolled(state, to(source, state.scrolled.get(state.place) ?? bottom, layout.messages))});
}

function withScrolled({scrolled, place}: ScreenState, to: ListPlace): ReadonlyMap<Place, ListPlace> {
	const changed = new Map(scrolled);
	changed.delete(place);
	return to.isAtBottom ? changed : changed.set(place, to);
}

function layoutOf(state: ScreenState) {
	return layOut(state.size, layOutComposer(state).rows.length);
}

