// Draws a frame around lines: the box of a dialog, as painted rows of exactly the wished size.
// It refuses to know where on the screen it will stand.
import {
	cutLine,
	lineWidth,
	paint,
	paintLine,
	type Style,
	type StyledLine,
} from './style.js';

export type Panel = {
	readonly width: number;
	readonly height: number;
	readonly title?: StyledLine;
	/**
	Stands in the lower border: what the keys do.
	*/
	readonly footer?: StyledLine;
	readonly border: Style;
	readonly lines: readonly StyledLine[];
};

/**
Columns and rows that the frame takes from the panel's size, one column of air on each side included.
*/
export const panelFrame = {columns: 4, rows: 2} as const;

export function paintPanel({width, height, title = [], footer = [], border, lines}: Panel): string[] {
	const inner = Math.max(0, width - panelFrame.columns);
	const rows = Math.max(0, height - panelFrame.rows);
	const side = paint('│', border);
	return [
		paintEdge('╭', '╮', title, width, border),
		...Array.from({length: rows}, (_, row) => `${side} ${paintLine(lines[row] ?? [], inner)} ${side}`),
		paintEdge('╰', '╯', footer, width, border),
	];
}

function paintEdge(left: string, right: string, label: StyledLine, width: number, border: Style): string {
	const cut = cutLine(label, Math.max(0, width - 6));
	const text: StyledLine = cut.length === 0 ? [] : [{text: ' '}, ...cut, {text: ' '}];
	const rest = Math.max(0, width - 3 - lineWidth(text));
	return paintLine([{text: `${left}─`, style: border}, ...text, {text: '─'.repeat(rest) + right, style: border}], width);
}
