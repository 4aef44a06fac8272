// The dialog for when something waits for an answer: somebody wants to talk, asks us into a room, or shows another key.
// Knows which keys answer; keys that were already on their way when it opened answer nothing.
import type {KeyEvent} from '../../kit/keys.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import {justify, type Span, type StyledLine} from '../../kit/style.js';
import {truncate} from '../../kit/text.js';
import {styleOfName, type Theme} from '../../kit/theme.js';
import type {RequestView} from '../../messenger/view.js';
import {
	activeConversation,
	closeOverlay,
	only,
	replaceOverlay,
	run,
	type Overlay,
	type ScreenState,
	type Step,
} from '../state.js';
import {
	buttons,
	innerHeight,
	innerWidth,
	keyHints,
	type OverlayView,
} from './overlay-view.js';

type RequestDialog = Extract<Overlay, {kind: 'request'}>;

/**
How long a dialog that opens into somebody's typing lets keys go by, in ms.
*/
export const armingMs = 700;

export function handleRequestKey(state: ScreenState, dialog: RequestDialog, event: KeyEvent): Step {
	const request = state.view.requests.find(({id}) => id === dialog.id);
	if (!request || state.now < dialog.armedAt) {
		return only(state);
	}

	const isOnly = state.view.requests.filter(({from}) => from === request.from).length === 1;
	const answer = (how: 'accept' | 'decline') => run({...closeOverlay(state), putOff: new Set([...state.putOff, dialog.id])}, `${how} ${isOnly ? request.from : request.id}`);
	const key = event.kind === 'key' ? event.name : event.text.toLowerCase();
	switch (key) {
		case 'a':
		case 'y': {
			return answer('accept');
		}

		case 'd':
		case 'n': {
			return answer('decline');
		}

		case 'enter': {
			return answer(dialog.selected);
		}

		case 'tab':
		case 'shift+tab':
		case 'left':
		case 'right': {
			return only(replaceOverlay(state, {...dialog, selected: dialog.selected === 'accept' ? 'decline' : 'accept'}));
		}

		case 'escape': {
			return only({...closeOverlay(state), putOff: new Set([...state.putOff, dialog.id])});
		}

		default: {
			return only(state);
		}
	}
}

export function viewRequest(state: ScreenState, dialog: RequestDialog, theme: Theme): OverlayView {
	const width = innerWidth(state.size, 54);
	const request = state.view.requests.find(({id}) => id === dialog.id);
	const from = truncate(sanitiseLine(request?.from ?? ''), width - 24);
	const left = request?.expiresAt === undefined ? undefined : Math.max(0, Math.ceil((request.expiresAt - state.now) / 1000));
	const countdown: StyledLine = left === undefined ? [] : [{text: `${left} s left`, style: left <= 10 ? theme.warning : theme.muted}];
	const others = state.view.requests.length - 1;
	const lines: StyledLine[] = [
		...words(state, request, from, theme),
		[],
		justify(buttons(theme, request?.kind === 'key' ? [['accept', 'Trust it'], ['decline', 'Keep it stopped']] : [['accept', 'Accept'], ['decline', 'Decline']], dialog.selected), countdown, width),
		...(others > 0 ? [[], [{text: others === 1 ? 'One more is waiting.' : `${others} more are waiting.`, style: theme.muted}]] : []),
	];
	return {
		title: [request?.kind === 'key' ? {text: 'Another key', style: theme.danger} : {text: 'Request', style: theme.title}],
		footer: keyHints(theme, [['A', request?.kind === 'key' ? 'trust' : 'accept'], ['D', 'decline'], ['Esc', 'later']]),
		lines,
		width: width + 4,
		height: innerHeight(state.size, lines.length) + 2,
		cursor: undefined,
	};
}

/**
What is asked, and what is worth knowing for the answer.
*/
function words(state: ScreenState, request: RequestView | undefined, from: string, theme: Theme): StyledLine[] {
	const who: Span = {text: from, style: {...styleOfName(theme, from), bold: true}};
	if (request?.kind === 'key') {
		return [
			[who, {text: ' shows another key than before:'}],
			[{text: 'a new device, or somebody else under that name.'}],
			[{text: 'Nothing is sent there until you answer. To be sure,', style: theme.muted}],
			[{text: `press Esc and compare: /verify ${from}`, style: theme.muted}],
		];
	}

	const current = activeConversation(state.view);
	const where: StyledLine = [{text: current ? `You are in ${current.kind === 'room' ? 'room ' : 'a session with '}${sanitiseLine(current.name)}.` : '', style: theme.muted}];
	const wish: StyledLine = request?.kind === 'group' ? [{text: ' asks you to join '}, {text: sanitiseLine(request.room ?? 'a group'), style: theme.strong}, {text: '.'}] : [{text: ' wants to talk with you.'}];
	return [[who, ...wish], where];
}
