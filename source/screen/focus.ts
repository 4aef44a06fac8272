// Where one is on the screen: which pane has focus, and how far its conversation is scrolled.
// Knows the order of the panes; refuses to know keys.
import {step} from '../kit/choice.js';
import type {ListPlace} from '../kit/virtual-list.js';
import {layOut, type Layout} from './layout.js';
import {layOutComposer} from './panes/composer.js';
import type {Focus, Place, ScreenState} from './state.js';

/**
From the composer through the panes that are shown, and back.
*/
export function moveFocus(state: ScreenState, by: -1 | 1): ScreenState {
	const order: readonly Focus[] = layoutOf(state).kind === 'narrow' ? ['composer', 'messages'] : ['composer', 'rooms', 'people', 'messages'];
	return {...state, focus: order[step(Math.max(0, order.indexOf(state.focus)), by, order.length)]!};
}

/**
The scroll places after this conversation was scrolled; at the bottom none is kept.
*/
export function withScrolled({scrolled, place}: ScreenState, to: ListPlace): ReadonlyMap<Place, ListPlace> {
	const changed = new Map(scrolled);
	changed.delete(place);
	return to.isAtBottom ? changed : changed.set(place, to);
}

/**
The layout that is drawn for this state.
*/
export function layoutOf(state: ScreenState): Layout {
	return layOut(state.size, layOutComposer(state).rows.length);
}
