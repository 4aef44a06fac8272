// The dialog for when somebody wants to talk: accept or decline, with the time that is left.
// Knows which keys answer; keys that were already on their way when it opened answer nothing.
import type {KeyEvent} from '../../kit/keys.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import {justify, type StyledLine} from '../../kit/style.js';
import {truncate} from '../../kit/text.js';
import {styleOfName, type Theme} from '../../kit/theme.js';
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

	const answer = (how: 'accept' | 'decline') => run({...closeOverlay(state), putOff: new Set([...state.putOff, dialog.id])}, `${how} ${request.from}`);
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
	const width = innerWidth(state.size, 50);
	const request = state.view.requests.find(({id}) => id === dialog.id);
	const from = truncate(sanitiseLine(request?.from ?? ''), width - 24);
	const left = Math.max(0, Math.ceil(((request?.expiresAt ?? 0) - state.now) / 1000));
	const current = activeConversation(state.view);
	const others = state.view.requests.length - 1;
	const lines: StyledLine[] = [
		[{text: from, style: {...styleOfName(theme, from), bold: true}}, {text: ' wants to talk with you.'}],
		[{text: current ? `You are in ${current.kind === 'room' ? 'room ' : 'a session with '}${sanitiseLine(current.name)}.` : '', style: theme.muted}],
		[],
		justify(buttons(theme, [['accept', 'Accept'], ['decline', 'Decline']], dialog.selected), [{text: `${left} s left`, style: left <= 10 ? theme.warning : theme.muted}], width),
		...(others > 0 ? [[], [{text: others === 1 ? 'One more is waiting.' : `${others} more are waiting.`, style: theme.muted}]] : []),
	];
	return {
		title: [{text: 'Request', style: theme.title}],
		footer: keyHints(theme, [['A', 'accept'], ['D', 'decline'], ['Esc', 'later']]),
		lines,
		width: width + 4,
		height: innerHeight(state.size, lines.length) + 2,
		cursor: undefined,
	};
}
