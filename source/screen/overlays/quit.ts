// Asks before leaving when a text was written and not sent. Knows nothing else: everything that was sent is safe on disk.
import type {KeyEvent} from '../../kit/keys.js';
import type {Theme} from '../../kit/theme.js';
import {
	closeOverlay,
	only,
	type ScreenState,
	type Step,
} from '../state.js';
import {
	innerHeight,
	innerWidth,
	keyHints,
	type OverlayView,
} from './overlay-view.js';

export function handleQuitKey(state: ScreenState, event: KeyEvent): Step {
	switch (event.kind === 'key' ? event.name : event.text.toLowerCase()) {
		case 'enter':
		case 'y': {
			return {state, effects: [{type: 'leave'}]};
		}

		case 'escape':
		case 'n': {
			return only(closeOverlay(state));
		}

		default: {
			return only(state);
		}
	}
}

export function viewQuit(state: ScreenState, theme: Theme): OverlayView {
	const width = innerWidth(state.size, 46);
	return {
		title: [{text: 'Leave Earshot?', style: theme.title}],
		footer: keyHints(theme, [['Enter', 'leave'], ['Esc', 'stay']]),
		lines: [[{text: 'What you wrote and did not send would be lost.'}]],
		width: width + 4,
		height: innerHeight(state.size, 1) + 2,
		cursor: undefined,
	};
}
