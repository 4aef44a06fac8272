// A sheet to read: help, and the answers of commands that list something. Knows scrolling and columns; what it says comes from sheets.ts.
import type {KeyEvent} from '../../kit/keys.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import type {StyledLine} from '../../kit/style.js';
import {displayWidth, fit} from '../../kit/text.js';
import type {Theme} from '../../kit/theme.js';
import type {SheetRow} from '../sheets.js';
import {
	closeOverlay,
	only,
	replaceOverlay,
	type Overlay,
	type ScreenState,
	type Step,
} from '../state.js';
import {
	innerHeight,
	innerWidth,
	keyHints,
	type OverlayView,
} from './overlay-view.js';

type Sheet = Extract<Overlay, {kind: 'sheet'}>;

export function handleSheetKey(state: ScreenState, sheet: Sheet, event: KeyEvent): Step {
	const height = innerHeight(state.size, sheet.rows.length);
	const last = Math.max(0, sheet.rows.length - height);
	const scroll = (start: number) => only(replaceOverlay(state, {...sheet, start: Math.max(0, Math.min(last, start))}));
	switch (event.kind === 'key' ? event.name : event.text) {
		case 'escape':
		case 'enter':
		case 'q': {
			return only(closeOverlay(state));
		}

		case 'up': {
			return scroll(sheet.start - 1);
		}

		case 'down': {
			return scroll(sheet.start + 1);
		}

		case 'pageup': {
			return scroll(sheet.start - height);
		}

		case ' ':
		case 'pagedown': {
			return scroll(sheet.start + height);
		}

		case 'home': {
			return scroll(0);
		}

		case 'end': {
			return scroll(last);
		}

		default: {
			return only(state);
		}
	}
}

export function viewSheet(state: ScreenState, sheet: Sheet, theme: Theme): OverlayView {
	const pairs = sheet.rows.filter(row => row.kind === 'pair');
	const leftWidth = Math.min(26, Math.max(0, ...pairs.map(({left}) => displayWidth(sanitiseLine(left)))));
	const rightWidth = Math.max(0, ...pairs.map(({right}) => displayWidth(sanitiseLine(right))));
	const verbatimWidth = Math.max(0, ...sheet.rows.map(row => row.kind === 'verbatim' ? displayWidth(sanitiseLine(row.text)) : 0));
	const width = innerWidth(state.size, Math.min(90, Math.max(34, leftWidth + rightWidth + 6, verbatimWidth)));
	const height = innerHeight(state.size, sheet.rows.length);
	const start = Math.max(0, Math.min(sheet.start, sheet.rows.length - height));
	const shown = `${start + 1}–${start + height} of ${sheet.rows.length}`;
	return {
		title: [{text: sanitiseLine(sheet.title), style: theme.title}],
		footer: keyHints(theme, sheet.rows.length > height ? [['↑↓', shown], ['Esc', 'close']] : [['Esc', 'close']]),
		lines: sheet.rows.slice(start, start + height).map(row => rowLine(row, leftWidth, theme)),
		width: width + 4,
		height: height + 2,
		cursor: undefined,
	};
}

function rowLine(row: SheetRow, leftWidth: number, theme: Theme): StyledLine {
	switch (row.kind) {
		case 'heading': {
			return [{text: row.text, style: theme.title}];
		}

		case 'pair': {
			const left = sanitiseLine(row.left);
			const mark = row.isOnline === undefined ? {text: '  '} : {text: row.isOnline ? '● ' : '○ ', style: row.isOnline ? theme.good : theme.muted};
			return [mark, {text: displayWidth(left) > leftWidth ? left : fit(left, leftWidth)}, {text: '  '}, {text: sanitiseLine(row.right), style: theme.muted}];
		}

		case 'verbatim': {
			return [{text: sanitiseLine(row.text)}];
		}

		case 'blank': {
			return [];
		}
	}
}
