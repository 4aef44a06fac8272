// The command palette: everything one can do, found by a few letters, with its arguments filled in from what is there.
// Knows how a suggestion is chosen and drawn; what suggestions there are is decided in command-line.ts.
import {createComposer, insert, setText} from '../../kit/composer.js';
import {step, windowStart} from '../../kit/choice.js';
import type {KeyEvent} from '../../kit/keys.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import {
	cutLine,
	lineWidth,
	type Span,
	type Style,
	type StyledLine,
} from '../../kit/style.js';
import {wrap} from '../../kit/text.js';
import type {Theme} from '../../kit/theme.js';
import {passwordStretch, suggest, type Suggestion} from '../command-line.js';
import {performLine, wantsForm, openSignIn} from '../perform.js';
import {
	closeOverlay,
	only,
	openOverlay,
	replaceOverlay,
	showToast,
	type Overlay,
	type ScreenState,
	type Step,
} from '../state.js';
import {
	editField,
	innerHeight,
	innerWidth,
	inputField,
	keyHints,
	type OverlayView,
} from './overlay-view.js';

type Palette = Extract<Overlay, {kind: 'palette'}>;

const maximumSuggestions = 200;
const wantedRows = 12;

/**
Below the list it says why the chosen one is not allowed, or what it does, where the list had no room for that.
*/
const explanationRows = 2;

/**
The longest label and summary beside each other.
*/
const wantedColumns = 112;

export function openPalette(state: ScreenState, query = ''): ScreenState {
	return openOverlay(state, {
		kind: 'palette', query: insert(createComposer({limit: 1000}), query), selected: 0, start: 0,
	});
}

export function handlePaletteKey(state: ScreenState, palette: Palette, event: KeyEvent): Step {
	const suggestions = suggest(palette.query.text, state.view, maximumSuggestions);
	const chosen = suggestions[Math.min(palette.selected, suggestions.length - 1)];
	const select = (selected: number) => only(replaceOverlay(state, {...palette, selected, start: windowStart(palette.start, selected, suggestions.length, listRows(state))}));

	if (event.kind === 'key') {
		switch (event.name) {
			case 'escape':
			case 'ctrl+p': {
				return only(closeOverlay(state));
			}

			case 'up': {
				return select(step(palette.selected, -1, suggestions.length));
			}

			case 'down': {
				return select(step(palette.selected, 1, suggestions.length));
			}

			case 'pageup': {
				return select(Math.max(0, palette.selected - listRows(state)));
			}

			case 'pagedown': {
				return select(Math.max(0, Math.min(suggestions.length - 1, palette.selected + listRows(state))));
			}

			case 'tab': {
				return only(chosen ? fill(state, palette, chosen) : state);
			}

			case 'enter': {
				return choose(state, palette, chosen);
			}

			default:
		}
	}

	const query = editField(palette.query, event);
	return only(query
		? replaceOverlay(state, {
			...palette, query, selected: 0, start: 0,
		})
		: state);
}

function fill(state: ScreenState, palette: Palette, {line, isComplete}: Suggestion): ScreenState {
	return replaceOverlay(state, {
		...palette, query: setText(palette.query, isComplete ? line : `${line} `), selected: 0, start: 0,
	});
}

function choose(state: ScreenState, palette: Palette, chosen: Suggestion | undefined): Step {
	if (!chosen) {
		return performLine(state, palette.query.text);
	}

	if (chosen.refusal !== undefined) {
		return only(showToast(state, 'danger', chosen.refusal));
	}

	const form = wantsForm(chosen.line);
	if (form !== undefined) {
		return only(openSignIn(closeOverlay(state), form));
	}

	return chosen.isComplete ? performLine(closeOverlay(state), chosen.line) : only(fill(state, palette, chosen));
}

function height({size}: ScreenState): number {
	return innerHeight(size, wantedRows + 2 + explanationRows);
}

/**
The query's row, the empty one below it and those of the explanation are not for suggestions.
*/
function listRows(state: ScreenState): number {
	return Math.max(1, height(state) - 2 - explanationRows);
}

export function viewPalette(state: ScreenState, palette: Palette, theme: Theme): OverlayView {
	const width = innerWidth(state.size, wantedColumns);
	const rows = listRows(state);
	const suggestions = suggest(palette.query.text, state.view, maximumSuggestions);
	const chosen = suggestions[Math.min(palette.selected, suggestions.length - 1)];
	const {line, column} = inputField({
		label: [{text: '› ', style: theme.accent}], field: palette.query, width, secret: passwordStretch(palette.query.text),
	});
	const prompt = palette.query.text === '' ? [...line, {text: 'What would you like to do?', style: theme.muted}] : line;
	const listed = suggestions.slice(palette.start, palette.start + rows).map(suggestion => suggestionLine({
		suggestion, theme, width, isSelected: suggestion === chosen,
	}));
	const nothing: StyledLine[] = [[{text: 'Nothing matches.', style: theme.muted}]];

	return {
		title: [{text: 'Commands', style: theme.title}],
		footer: keyHints(theme, [['↑↓', 'choose'], ['Tab', 'fill in'], ['Enter', 'run'], ['Esc', 'close']]),
		lines: [
			prompt,
			[],
			...(suggestions.length === 0 ? nothing : listed),
			...Array.from({length: Math.max(0, rows - Math.max(1, listed.length))}, () => []),
			...explanation(chosen, {width, theme}),
		],
		width: width + 4,
		height: height(state) + 2,
		cursor: {row: 0, column},
	};
}

function explanation(chosen: Suggestion | undefined, {width, theme}: {readonly width: number; readonly theme: Theme}): StyledLine[] {
	const {refusal, detail = ''} = chosen ?? {};
	if (refusal !== undefined) {
		return wrap(`Not now: ${refusal}`, width).map(text => [{text, style: theme.warning}]);
	}

	const isCut = lineWidth([{text: sanitiseLine(detail)}]) > width - labelRoom(width) - 3;
	return isCut ? wrap(sanitiseLine(detail), width).map(text => [{text, style: theme.muted}]) : [];
}

function labelRoom(width: number): number {
	return Math.max(12, Math.min(32, Math.floor(width * 0.36)));
}

/**
A command with what matched, and at the right what it does; dimmed when it is not allowed.
*/
export function suggestionLine({suggestion, theme, width, isSelected}: {readonly suggestion: Suggestion; readonly theme: Theme; readonly width: number; readonly isSelected: boolean}): StyledLine {
	const base: Style = suggestion.refusal === undefined ? {} : theme.muted;
	const marked = new Set(suggestion.matched);
	const label: Span[] = Array.from([...suggestion.label], (character, offset) => ({
		text: sanitiseLine(character),
		style: marked.has(offset) && suggestion.refusal === undefined ? theme.match : base,
	}));

	const room = labelRoom(width);
	const shown = cutLine(label, room);
	const line: StyledLine = [
		{text: isSelected ? '▸ ' : '  ', style: theme.accent},
		...shown,
		{text: ' '.repeat(Math.max(1, room - lineWidth(shown) + 1))},
		{text: sanitiseLine(suggestion.detail), style: theme.muted},
	];
	return isSelected ? line.map(span => ({...span, style: {...span.style, bold: true}})) : line;
}
