// Writing: what keys do in the composer, from a letter to sending, with completion and suggestions for commands.
// Knows what a typed line means; editing itself is the kit's, and performing a command is perform.ts.
import {clear, insert, setText} from '../kit/composer.js';
import {editByKey} from '../kit/composer-keys.js';
import {step} from '../kit/choice.js';
import {bottom} from '../kit/virtual-list.js';
import {parseCommandLine} from '../messenger/commands.js';
import {
	completions,
	readTyped,
	suggest,
	type Suggestion,
} from './command-line.js';
import {moveFocus, withScrolled} from './focus.js';
import {composerWidth, secretsOf} from './panes/composer.js';
import {openSignIn, performLine, wantsForm} from './perform.js';
import {
	only,
	run,
	showToast,
	type ScreenState,
	type Step,
} from './state.js';

/**
Rows of suggestions above the composer.
*/
export const suggestionRows = 6;

/**
Typing always goes to the composer, wherever the focus is.
*/
export function typeText(state: ScreenState, text: string): Step {
	return only({
		...state, focus: 'composer', composer: insert(state.composer, text), completion: undefined, suggestion: undefined,
	});
}

/**
A key while the composer has focus.
*/
export function handleComposerKey(state: ScreenState, name: string): Step {
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

	// A sole completion is done, and so is a command that wants an argument: what follows may be completed in turn.
	const isDone = completion?.texts.length === 1 || (readTyped(composer.text).kind === 'command' && composer.text.endsWith(' '));
	const cycle = isDone ? undefined : completion;
	const texts = cycle?.texts ?? completions(composer.text, state.view);
	if (texts.length === 0 || composer.cursor < composer.text.length) {
		return state;
	}

	const index = cycle ? step(cycle.index, 1, texts.length) : 0;
	return {...state, composer: setText(composer, texts[index]!), completion: {texts, index}};
}
