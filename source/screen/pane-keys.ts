// What keys do outside of dialogs: those that mean the same everywhere, and those of the lists and the messages.
// Knows focus, scrolling and going from one conversation to another; refuses to know how a line is written (writing.ts).
import {step} from '../kit/choice.js';
import type {KeyEvent} from '../kit/keys.js';
import {
	bottom,
	scrollBy,
	scrollByPage,
	scrollToTop,
	type ListPlace,
} from '../kit/virtual-list.js';
import type {ConversationView} from '../messenger/view.js';
import {layoutOf, moveFocus, withScrolled} from './focus.js';
import {openPalette} from './overlays/palette.js';
import {messageSource, type Tools} from './panes/messages.js';
import {peopleOf} from './people.js';
import {performLine} from './perform.js';
import {helpSheet} from './sheets.js';
import {
	only,
	openOverlay,
	run,
	shownConversation,
	type ScreenEffect,
	type ScreenState,
	type Step,
} from './state.js';
import {handleComposerKey, typeText} from './writing.js';

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

/**
A key while no dialog is open.
*/
export function handlePaneKey(state: ScreenState, event: KeyEvent, tools: Tools): Step {
	if (event.kind === 'text') {
		return typeText(state, event.text);
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
	const names = (focus === 'rooms' ? state.view.rooms : peopleOf(state.view)).map(row => row.name);
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
	const before = state.scrolled.get(state.place) ?? bottom;
	const place = to(source, before, layout.messages);
	return {state: {...state, scrolled: withScrolled(state, place)}, effects: reached(state, source, before, place)};
}

/**
So many items above the view more are asked for, so that whoever scrolls on does not have to wait.
*/
const marginItems = 30;

function reached({view}: ScreenState, source: ReturnType<typeof messageSource>, before: ListPlace, place: ListPlace): ScreenEffect[] {
	const conversation = shownConversation(view);
	if (!conversation) {
		return [];
	}

	if (place.isAtBottom) {
		return before.isAtBottom ? [] : [{type: 'reach', conversation: conversation.key, end: 'newest'}];
	}

	return conversation.earlier === 'some' && source.indexOf(place.id) <= marginItems ? [{type: 'reach', conversation: conversation.key, end: 'oldest'}] : [];
}
