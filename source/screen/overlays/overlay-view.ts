// What a dialog looks like before it is placed: lines, size and where the cursor stands in it.
// Knows how boxes are centred and input fields drawn; refuses to know single dialogs.
import {insert, type Composer} from '../../kit/composer.js';
import {editByKey} from '../../kit/composer-keys.js';
import {viewComposer, type Stretch} from '../../kit/composer-view.js';
import type {KeyEvent} from '../../kit/keys.js';
import {panelFrame} from '../../kit/panel.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import type {Span, StyledLine} from '../../kit/style.js';
import type {Theme} from '../../kit/theme.js';
import type {Size} from '../layout.js';

export type Cursor = {readonly row: number; readonly column: number};

export type OverlayView = {
	readonly title: StyledLine;
	readonly footer: StyledLine;
	readonly lines: readonly StyledLine[];
	readonly width: number;
	readonly height: number;
	/**
	Within the lines; undefined where nothing is typed.
	*/
	readonly cursor: Cursor | undefined;
};

/**
Columns for the lines of a dialog that would like `wanted` columns.
*/
export function innerWidth({columns}: Size, wanted: number): number {
	return Math.min(wanted, columns - 4 - panelFrame.columns);
}

/**
Rows for the lines of a dialog that would like `wanted` rows.
*/
export function innerHeight({rows}: Size, wanted: number): number {
	return Math.max(1, Math.min(wanted, rows - 2 - panelFrame.rows));
}

/**
The upper left corner of a centred box, a little above the middle.
*/
export function placeOf({columns, rows}: Size, {width, height}: Pick<OverlayView, 'width' | 'height'>): Cursor {
	return {row: Math.max(0, Math.floor((rows - height) * 0.4)), column: Math.max(0, Math.floor((columns - width) / 2))};
}

/**
A field of one row: its label, what is typed with its secret stretch as dots, and the cursor's column.
*/
export function inputField(
	{label, field, width, secret}: {readonly label: StyledLine; readonly field: Composer; readonly width: number; readonly secret?: Stretch | undefined},
): {readonly line: StyledLine; readonly column: number} {
	const labelWidth = label.reduce((sum, {text}) => sum + text.length, 0);
	const room = Math.max(2, width - labelWidth);
	// One row of unlimited width, of which the part around the cursor is shown.
	const {rows, cursor} = viewComposer(field, {width: 100_000, maximumRows: 1, secrets: secret ? [secret] : []});
	const row = rows[0] ?? '';
	const hidden = Math.max(0, cursor.column - room + 1);
	return {line: [...label, {text: hidden === 0 ? row : cutColumns(row, hidden)}], column: labelWidth + cursor.column - hidden};
}

/**
Keys of a field of one row; undefined when the key means nothing there.
*/
export function editField(field: Composer, event: KeyEvent): Composer | undefined {
	if (event.kind === 'text') {
		return insert(field, sanitiseLine(event.text));
	}

	return ['up', 'down', 'alt+enter', 'ctrl+j'].includes(event.name) ? undefined : editByKey(field, event.name, 100_000);
}

/**
`Enter confirm · Esc close`: keys stand out, what they do does not.
*/
export function keyHints(theme: Theme, hints: ReadonlyArray<readonly [key: string, does: string]>): StyledLine {
	return hints.flatMap(([key, does], index): Span[] => [
		...(index === 0 ? [] : [{text: ' · ', style: theme.muted}]),
		{text: key, style: theme.accent},
		{text: ` ${does}`, style: theme.muted},
	]);
}

/**
Choices beside each other, the chosen one in brackets, so that it is seen without colours too.
*/
export function buttons<Name extends string>(theme: Theme, names: ReadonlyArray<readonly [name: Name, label: string]>, selected: Name, isFocused = true): StyledLine {
	return names.flatMap(([name, label]): Span[] => [
		{text: name === selected ? `[ ${label} ]` : `  ${label}  `, style: name === selected ? {...(isFocused ? theme.accent : theme.plain), bold: true} : theme.muted},
		{text: '  '},
	]);
}

function cutColumns(text: string, columns: number): string {
	const kept = [...new Intl.Segmenter(undefined, {granularity: 'grapheme'}).segment(text)].map(({segment}) => segment);
	return kept.slice(columns).join('');
}
