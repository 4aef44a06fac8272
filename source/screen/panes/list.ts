// A titled list in a pane: rooms, people, conversations. Knows rows, the chosen one and what does not fit; refuses to know what a row says.
import {windowStart} from '../../kit/choice.js';
import {
	justify,
	lineWidth,
	type Style,
	type StyledLine,
} from '../../kit/style.js';
import type {Theme} from '../../kit/theme.js';

export type ListPane = {
	readonly title: string;
	readonly count?: number;
	readonly rows: ReadonlyArray<{readonly left: StyledLine; readonly right?: StyledLine}>;
	/**
	What stands there instead of rows.
	*/
	readonly empty: readonly string[];
	/**
	The chosen row, drawn only while the list has focus.
	*/
	readonly selected: number;
	readonly hasFocus: boolean;
	readonly width: number;
	readonly height: number;
};

/**
Exactly `height` lines: the title, then rows.
*/
export function listLines(list: ListPane, theme: Theme): StyledLine[] {
	const {title, count, rows, empty, selected, hasFocus, width, height} = list;
	const titleStyle: Style = hasFocus ? {...theme.accent, bold: true} : theme.title;
	const room = Math.max(0, height - 1);
	const isLong = rows.length > room;
	const shown = isLong ? Math.max(0, room - 1) : room;
	const start = hasFocus ? windowStart(0, selected, rows.length, shown) : 0;
	const says = (text: string): StyledLine => [{text: ` ${text}`, style: theme.muted}];
	const lines: StyledLine[] = [
		justify([{text: ` ${title}`, style: titleStyle}], count === undefined || count === 0 ? [] : [{text: `${count} `, style: theme.muted}], width),
		...rows.slice(start, start + shown).map(({left, right = []}, index): StyledLine => {
			const line = justify([{text: ' '}, ...left], right.length === 0 ? [] : [...right, {text: ' '}], width);
			return hasFocus && start + index === selected ? chosen(line, width, theme) : line;
		}),
		...(isLong && room > 0 ? [says(`  … ${rows.length - shown} more`)] : []),
		...(rows.length === 0 ? empty.slice(0, room).map(text => says(text)) : []),
	];
	return Array.from({length: height}, (_, row) => lines[row] ?? []);
}

function chosen(line: StyledLine, width: number, theme: Theme): StyledLine {
	return [...line, {text: ' '.repeat(Math.max(0, width - lineWidth(line)))}].map(span => ({...span, style: {...span.style, ...theme.selected}}));
}
