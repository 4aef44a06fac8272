// Puts colour and weight around text: spans of plain text with a style become one string of exactly the wished width.
// It knows ECMA-48 SGR; it refuses to know what a colour means (theme.ts) and never looks at foreign escapes: its input is sanitised.
import {displayWidth, truncate} from './text.js';

/**
The sixteen colours that every terminal's own palette defines; `default` is the terminal's own.
*/
export type Color =
	| 'default' | 'black' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'white'
	| 'gray' | 'brightRed' | 'brightGreen' | 'brightYellow' | 'brightBlue' | 'brightMagenta' | 'brightCyan';

/**
How a span looks. Nothing set is the terminal's plain text.
*/
export type Style = {
	readonly color?: Color;
	readonly bold?: boolean;
	readonly dim?: boolean;
	readonly italic?: boolean;
	readonly underline?: boolean;
	readonly inverse?: boolean;
};

/**
A piece of a line in one style.
*/
export type Span = {
	readonly text: string;
	readonly style?: Style;
};

/**
A line of a pane before it is cut to its width.
*/
export type StyledLine = readonly Span[];

const foreground: Readonly<Record<Color, number>> = {
	default: 39,
	black: 30,
	red: 31,
	green: 32,
	yellow: 33,
	blue: 34,
	magenta: 35,
	cyan: 36,
	white: 37,
	gray: 90,
	brightRed: 91,
	brightGreen: 92,
	brightYellow: 93,
	brightBlue: 94,
	brightMagenta: 95,
	brightCyan: 96,
};

/**
The text between the style's SGR codes and the codes that end each of them.
*/
export function paint(text: string, style: Style = {}): string {
	const opening: number[] = [];
	const closing: number[] = [];
	if (style.color !== undefined && style.color !== 'default') {
		opening.push(foreground[style.color]);
		closing.push(39);
	}

	if (style.bold) {
		opening.push(1);
		closing.push(22);
	}

	if (style.dim) {
		opening.push(2);
		closing.push(22);
	}

	if (style.italic) {
		opening.push(3);
		closing.push(23);
	}

	if (style.underline) {
		opening.push(4);
		closing.push(24);
	}

	if (style.inverse) {
		opening.push(7);
		closing.push(27);
	}

	return text === '' || opening.length === 0
		? text
		: `${opening.map(code => `\u{1B}[${code}m`).join('')}${text}${closing.toReversed().map(code => `\u{1B}[${code}m`).join('')}`;
}

/**
Columns of a line, before cutting.
*/
export function lineWidth(line: StyledLine): number {
	let width = 0;
	for (const {text} of line) {
		width += displayWidth(text);
	}

	return width;
}

/**
The line as one painted string of at most `width` columns, cut with an ellipsis. What is drawn over nothing needs no spaces at its end.
*/
export function paintCut(line: StyledLine, width: number): string {
	return cutLine(line, width).map(({text, style}) => paint(text, style)).join('');
}

/**
The line as one painted string of exactly `width` columns: cut, or filled with spaces. What covers something else needs them.
*/
export function paintLine(line: StyledLine, width: number): string {
	const cut = cutLine(line, width);
	return cut.map(({text, style}) => paint(text, style)).join('') + ' '.repeat(Math.max(0, width - lineWidth(cut)));
}

/**
Two lines on one row, `right` at the right edge; where there is no room for both, `left` is cut.
*/
export function justify(left: StyledLine, right: StyledLine, width: number): StyledLine {
	const room = width - lineWidth(right);
	if (room < 4) {
		return left;
	}

	const leftWidth = lineWidth(left);
	return leftWidth < room ? [...left, {text: ' '.repeat(room - leftWidth)}, ...right] : [...cutLine(left, room - 1), {text: ' '}, ...right];
}

/**
The line cut to at most `width` columns, styles kept.
*/
export function cutLine(line: StyledLine, width: number): StyledLine {
	if (lineWidth(line) <= width) {
		return line;
	}

	const cut: Span[] = [];
	let used = 0;
	for (const span of line) {
		const room = width - used;
		const spanWidth = displayWidth(span.text);
		if (spanWidth < room) {
			cut.push(span);
			used += spanWidth;
			continue;
		}

		cut.push({...span, text: truncate(`${span.text}…`, room)});
		break;
	}

	return cut;
}
