// The screen's model: (state, input) -> state and effects. Every key goes first to the topmost dialog, then to what has focus.
// Knows which part answers which input; read on in news.ts, pane-keys.ts and writing.ts. Refuses to know how anything is drawn, timed or sent.
import {insert} from '../kit/composer.js';
import type {KeyEvent} from '../kit/keys.js';
import {readTyped} from './command-line.js';
import {
	handleEvent,
	handleReply,
	handleView,
	patienceMs,
	withOffers,
} from './news.js';
import {handlePaletteKey} from './overlays/palette.js';
import {handleQuitKey} from './overlays/quit.js';
import {handleRequestKey} from './overlays/request.js';
import {handleServerKey} from './overlays/server.js';
import {handleSheetKey} from './overlays/sheet.js';
import {handleSignInKey} from './overlays/sign-in.js';
import {handlePaneKey} from './pane-keys.js';
import type {Tools} from './panes/messages.js';
import {
	only,
	openOverlay,
	type Overlay,
	type ScreenInput,
	type ScreenState,
	type Step,
} from './state.js';

/**
One input. `now` in ms since the epoch.
*/
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

function handleKey(state: ScreenState, event: KeyEvent, tools: Tools): Step {
	const overlay = state.overlays.at(-1);
	if (event.kind === 'key' && event.name === 'ctrl+c') {
		return quit(state);
	}

	return overlay ? handleOverlayKey(state, overlay, event) : handlePaneKey(state, event, tools);
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
