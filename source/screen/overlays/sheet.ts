// A sheet to read: help, and the answers of commands that list something. Knows scrolling, columns and wrapping; what it says comes from sheets.ts.
import type {KeyEvent} from '../../kit/keys.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import type {StyledLine} from '../../kit/style.js';
import {displayWidth, fit, wrap} from '../../kit/text.js';
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

/**
Columns for the mark, and between left and right.
*/
const gap = 4;

export function handleSheetKey(state: ScreenState, sheet: Sheet, event: KeyEvent): Step {
	const {lines} = layOut(sheet.rows, state.size);
	const height = innerHeight(state.size, lines.length);
	const last = Math.max(0, lines.length - height);
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

/**
A line of a sheet: a row, or the next piece of one whose right side is too long for one line.
*/
type SheetLine = {readonly row: SheetRow; readonly right: string; readonly isFirst: boolean};

type Layout = {readonly columns: number; readonly width: number; readonly leftWidth: number; readonly lines: readonly SheetLine[]};

/**
Made once for each sheet and width: a history may have a thousand lines.
*/
const layouts = new WeakMap<readonly SheetRow[], Layout>();

function layOut(rows: readonly SheetRow[], {columns, rows: height}: ScreenState['size']): Layout {
	const known = layouts.get(rows);
	if (known?.columns === columns) {
		return known;
	}

	const pairs = rows.filter(row => row.kind === 'pair');
	const leftWidth = Math.min(26, Math.max(0, ...pairs.map(({left}) => displayWidth(sanitiseLine(left)))));
	const rightWidth = Math.max(0, ...pairs.map(({right}) => displayWidth(sanitiseLine(right))));
	const verbatimWidth = Math.max(0, ...rows.map(row => row.kind === 'verbatim' ? displayWidth(sanitiseLine(row.text)) : 0));
	const width = innerWidth({columns, rows: height}, Math.min(90, Math.max(34, leftWidth + rightWidth + 6, verbatimWidth)));
	const lines = rows.flatMap((row): SheetLine[] => {
		if (row.kind !== 'pair') {
			return [{row, right: '', isFirst: true}];
		}

		const room = width - gap - Math.max(leftWidth, displayWidth(sanitiseLine(row.left)));
		return wrap(sanitiseLine(row.right), Math.max(10, room)).map((right, index) => ({row, right, isFirst: index === 0}));
	});
	const layout = {
		columns, width, leftWidth, lines,
	};
	layouts.set(rows, layout);
	return layout;
}

export function viewSheet(state: ScreenState, sheet: Sheet, theme: Theme): OverlayView {
	const {width, leftWidth, lines} = layOut(sheet.rows, state.size);
	const height = innerHeight(state.size, lines.length);
	const start = Math.max(0, Math.min(sheet.start, lines.length - height));
	const shown = `${start + 1}–${start + height} of ${lines.length}`;
	return {
		title: [{text: sanitiseLine(sheet.title), style: theme.title}],
		footer: keyHints(theme, lines.length > height ? [['↑↓', shown], ['Esc', 'close']] : [['Esc', 'close']]),
		lines: lines.slice(start, start + height).map(line => drawLine(line, leftWidth, theme)),
		width: width + 4,
		height: height + 2,
		cursor: undefined,
	};
}

function drawLine({row, right, isFirst}: SheetLine, leftWidth: number, theme: Theme): StyledLine {
	switch (row.kind) {
		case 'heading': {
			return [{text: row.text, style: theme.title}];
		}

		case 'pair': {
			if (!isFirst) {
				return [{text: ' '.repeat(leftWidth + gap)}, {text: right, style: theme.muted}];
			}

			const left = sanitiseLine(row.left);
			const mark = row.isOnline === undefined ? {text: '  '} : {text: row.isOnline ? '● ' : '○ ', style: row.isOnline ? theme.good : theme.muted};
			return [mark, {text: displayWidth(left) > leftWidth ? left : fit(left, leftWidth)}, {text: '  '}, {text: right, style: theme.muted}];
		}

		case 'verbatim': {
			return [{text: sanitiseLine(row.text)}];
		}

		case 'blank': {
			return [];
		}
	}
}
