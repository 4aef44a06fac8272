// What the messenger's news do to the screen: another view, an event, a reply; and which dialogs open and close by themselves.
// Knows what follows from what the messenger says; refuses to know keys.
import {startText} from '../kit/composer.js';
import type {CommandReply, MessengerEvent, SessionState} from '../messenger/events.js';
import {wordInvitation} from '../messenger/narration.js';
import type {MessengerView} from '../messenger/view.js';
import {readTyped} from './command-line.js';
import {armingMs} from './overlays/request.js';
import {handleServerReply, openServerDialog} from './overlays/server.js';
import {handleSignInReply} from './overlays/sign-in.js';
import {openSignIn} from './perform.js';
import {replySheet} from './sheets.js';
import {
	openOverlay,
	shownConversation,
	showToast,
	type Overlay,
	type Place,
	type Purpose,
	type ScreenState,
	type Step,
} from './state.js';

/**
How long the messenger may take to begin connecting before the screen asks what to do, in ms.
*/
export const patienceMs = 800;

const maximumDrafts = 50;

const noticeTone = {info: 'info', warn: 'warning', error: 'danger'} as const;

/**
Another view: drafts follow the conversation, dialogs what has become of their reason.
*/
export function handleView(before: ScreenState, view: MessengerView): Step {
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
Whether the event may say something that the view does not show: in a loud room most don't.
*/
export function isNews({type}: MessengerEvent): boolean {
	return ['notice', 'session', 'room', 'invitation'].includes(type);
}

/**
What the panes do not show, or only where one is not looking, is said in the status line.
*/
export function handleEvent(state: ScreenState, event: MessengerEvent): ScreenState {
	if (event.type === 'notice') {
		// The front page shows the log, where a piece of news stands anyway.
		return event.level === 'info' && state.view.active === undefined ? state : showToast(state, noticeTone[event.level], event.text);
	}

	if (event.type === 'invitation') {
		return showToast(state, 'info', `${wordInvitation(event.user, event.state)} (${event.room}).`);
	}

	if (event.type === 'session') {
		if (event.room !== undefined) {
			return showToast(state, 'info', `The session with ${event.with} has become the group ${event.room}.`);
		}

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

/**
Another conversation has its own draft. A command being typed stays: it belongs to none.
*/
function withPlace(state: ScreenState): ScreenState {
	const place: Place = shownConversation(state.view)?.key ?? 'home';
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
export function withOffers(before: ScreenState): ScreenState {
	const {connection, requests} = before.view;
	const isConnected = connection.state === 'connected';
	const putOff = isConnected ? before.putOff : without(before.putOff, 'sign-in');
	const overlays = before.overlays.filter(overlay => isStillWanted(overlay, before.view));
	let state: ScreenState = {...before, overlays, putOff};

	// Whoever has been in waits for the server to come back; whoever was still at the door may want another.
	const isNew = !state.wasConnected || (!state.wasLoggedIn && connection.state !== 'closed');
	if (!isConnected && isNew && !putOff.has('server') && !hasOverlay(state, 'server') && hasFailed(state)) {
		state = openServerDialog(state);
	}

	if (isConnected && connection.user === undefined && !putOff.has('sign-in') && !hasOverlay(state, 'sign-in')) {
		state = openSignIn(state, state.wasLoggedIn ? 'login' : 'register', state.user);
	}

	const asking = requests.find(({id}) => !putOff.has(id));
	if (asking && !hasOverlay(state, 'request')) {
		const isTyping = state.overlays.length > 0 || state.composer.text !== '';
		state = openOverlay(state, {
			kind: 'request', id: asking.id, selected: asking.kind === 'key' ? 'decline' : 'accept', armedAt: isTyping ? state.now + armingMs : state.now,
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

/**
The answer to a command goes where the command came from.
*/
export function handleReply(state: ScreenState, purpose: Purpose, reply: CommandReply): ScreenState {
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
