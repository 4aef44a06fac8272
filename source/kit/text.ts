// Measures text in terminal cells: width, cutting with an ellipsis, wrapping to a width.
// It expects sanitised text and works on graphemes, so that no emoji or accented letter is ever torn apart; all of it is linear.
// It refuses to know styles: those are put around what it returns (style.ts).
import stringWidth from 'string-width';

/**
One grapheme: its text, where it begins in the whole (UTF-16 offset), and its width in terminal columns.
*/
export type Cell = {
	readonly text: string;
	readonly start: number;
	readonly width: number;
};

/**
A wrapped row as cell indices: `from` up to `to` are drawn, `to` up to `next` are the break (spaces or a newline).
*/
export type Row = {
	readonly from: number;
	readonly to: number;
	readonly next: number;
};

const segmenter = new Intl.Segmenter(undefined, {granularity: 'grapheme'});
// ASCII, most of Latin and Cyrillic, dashes and quotes, arrows, box drawing: each one column wide and a grapheme of its own.
// Most text is of these, and needs no segmentation. `quicker-ink.js` teaches the same to string-width.
const narrow = /^[\n\u{20}-\u{7E}\u{A1}-\u{AC}\u{AE}-\u{2FF}\u{400}-\u{482}\u{48A}-\u{52F}\u{2010}-\u{2027}\u{2030}-\u{205E}\u{2190}-\u{21FF}\u{2500}-\u{25FC}\u{2713}]*$/v;

/**
Columns that the text takes on one line; escape sequences count as nothing.
*/
export function displayWidth(text: string): number {
	return narrow.test(text) && !text.includes('\n') ? text.length : stringWidth(text);
}

/**
The text cut into graphemes, each with its offset and width. A pile wider than any real character is cut into code points.
*/
export function measure(text: string): Cell[] {
	const cells: Cell[] = [];
	if (narrow.test(text)) {
		for (const character of text) {
			cells.push({text: character, start: cells.length, width: character === '\n' ? 0 : 1});
		}

		return cells;
	}

	for (const {segment, index} of segmenter.segment(text)) {
		const width = stringWidth(segment);
		if (width <= 2) {
			cells.push({text: segment, start: index, width});
			continue;
		}

		let start = index;
		for (const character of segment) {
			cells.push({text: character, start, width: stringWidth(character)});
			start += character.length;
		}
	}

	return cells;
}

/**
Cuts to at most `width` columns; where something is lost, the last column is an ellipsis.
*/
export function truncate(text: string, width: number): string {
	if (displayWidth(text) <= width) {
		return text;
	}

	if (width < 1) {
		return '';
	}

	let used = 0;
	let end = 0;
	for (const cell of measure(text)) {
		if (used + cell.width > width - 1) {
			break;
		}

		used += cell.width;
		end = cell.start + cell.text.length;
	}

	return `${text.slice(0, end)}…`;
}

/**
The same, losing the beginning: for paths, and for the line one is typing.
*/
export function truncateStart(text: string, width: number): string {
	if (displayWidth(text) <= width) {
		return text;
	}

	if (width < 1) {
		return '';
	}

	let used = 0;
	let start = text.length;
	for (const cell of measure(text).toReversed()) {
		if (used + cell.width > width - 1) {
			break;
		}

		used += cell.width;
		start = cell.start;
	}

	return `…${text.slice(start)}`;
}

/**
Cuts or fills with spaces to exactly `width` columns.
*/
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
	const cut = truncate(text, width);
	const space = ' '.repeat(Math.max(0, width - displayWidth(cut)));
	return align === 'left' ? cut + space : space + cut;
}

/**
Wraps at spaces, and between wide characters; only a word longer than a row is cut. Loses nothing but spaces and newlines at breaks.
*/
export function wrap(text: string, width: number): string[] {
	const cells = measure(text);
	return wrapCells(cells, width).map(({from, to}) => text.slice(offsetOf(cells, from, text), offsetOf(cells, to, text)));
}

/**
Where the cell begins in its text; one past the last cell is the text's end.
*/
function offsetOf(cells: readonly Cell[], index: number, text: string): number {
	return cells[index]?.start ?? text.length;
}

/**
The rows of already measured text, never empty. `width` is at least 2, since a wide character cannot be narrower.
Rows are ranges, so that an editor can find its cursor in them.
*/
export function wrapCells(cells: readonly Cell[], width: number): Row[] {
	const limit = Math.max(2, Math.floor(width));
	const rows: Row[] = [];
	let index = 0;

	for (;;) {
		const row = nextRow(cells, index, limit);
		rows.push(row);
		if (row.next >= cells.length) {
			if (row.next > row.to && cells[row.next - 1]?.text === '\n') {
				rows.push({from: row.next, to: row.next, next: row.next});
			}

			return rows;
		}

		index = row.next;
	}
}

function nextRow(cells: readonly Cell[], from: number, limit: number): Row {
	let used = 0;
	let breakAt: {to: number; next: number} | undefined;
	let index = from;

	for (; index < cells.length; index++) {
		const {text, width} = cells[index]!;
		if (text === '\n') {
			return {from, to: index, next: index + 1};
		}

		if (text === ' ') {
			let next = index + 1;
			while (cells[next]?.text === ' ') {
				next++;
			}

			const room = limit - used - (next - index);
			const isLast = next === cells.length || cells[next]!.text === '\n';
			if (isLast ? room < 0 : room <= 0) {
				return endOfSpaces(cells, from, index, next);
			}

			// A break straight after the indentation would only leave an empty row.
			breakAt = index > from ? {to: index, next} : undefined;
			used += next - index;
			index = next - 1;
			continue;
		}

		// Beside a wide character a row may always end.
		const isWide = width === 2 || cells[index - 1]?.width === 2;
		if (used + width > limit) {
			return isWide || !breakAt ? {from, to: index, next: index} : {from, ...breakAt};
		}

		if (isWide && index > from) {
			breakAt = {to: index, next: index};
		}

		used += width;
	}

	return {from, to: index, next: index};
}

/**
Spaces that do not fit belong to the break, and so does the newline behind them.
*/
function endOfSpaces(cells: readonly Cell[], from: number, to: number, next: number): Row {
	return {from, to, next: cells[next]?.text === '\n' ? next + 1 : next};
}
