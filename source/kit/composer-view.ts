// Lays a composer out on rows: what is drawn, where the cursor stands, what up and down mean.
// It refuses to change the text; secret stretches are drawn as dots, one a character, and never leave here in the clear.
import {
	historyBack,
	historyForward,
	moveTo,
	type Composer,
} from './composer.js';
import {
	measure,
	wrapCells,
	type Cell,
	type Row,
} from './text.js';

/**
A stretch of the text, in UTF-16 offsets: `from` up to `to`.
*/
export type Stretch = {
	readonly from: number;
	readonly to: number;
};

export type ComposerView = {
	/**
	The visible rows, at most `maximumRows`.
	*/
	readonly rows: readonly string[];
	/**
	The cursor within those rows.
	*/
	readonly cursor: {readonly row: number; readonly column: number};
	/**
	Rows that do not fit above and below.
	*/
	readonly above: number;
	readonly below: number;
};

type Layout = {
	readonly cells: readonly Cell[];
	readonly rows: readonly Row[];
	readonly cursorRow: number;
	readonly cursorColumn: number;
};

/**
`width` columns, of which the last is kept free for a cursor at a row's end.
*/
export function viewComposer(composer: Composer, {width, maximumRows, secrets = []}: {readonly width: number; readonly maximumRows: number; readonly secrets?: readonly Stretch[]}): ComposerView {
	const {cells, rows, cursorRow, cursorColumn} = layOut(composer, width, secrets);
	const count = Math.max(1, Math.min(maximumRows, rows.length));
	const first = Math.max(0, Math.min(cursorRow - count + 1, rows.length - count));
	return {
		rows: rows.slice(first, first + count).map(({from, to}) => cells.slice(from, to).map(({text}) => text).join('')),
		cursor: {row: cursorRow - first, column: cursorColumn},
		above: first,
		below: rows.length - first - count,
	};
}

/**
One row up; from the first row, back in the history.
*/
export function moveUp(composer: Composer, width: number): Composer {
	const layout = layOut(composer, width, []);
	return layout.cursorRow === 0 ? historyBack(composer) : moveTo(composer, offsetAt(composer, layout, layout.cursorRow - 1));
}

/**
One row down; from the last row, forward in the history.
*/
export function moveDown(composer: Composer, width: number): Composer {
	const layout = layOut(composer, width, []);
	return layout.cursorRow === layout.rows.length - 1 ? historyForward(composer) : moveTo(composer, offsetAt(composer, layout, layout.cursorRow + 1));
}

function layOut({text, cursor}: Composer, width: number, secrets: readonly Stretch[]): Layout {
	const isSecret = (offset: number) => secrets.some(({from, to}) => offset >= from && offset < to);
	const cells = measure(text).map(cell => isSecret(cell.start) ? {...cell, text: '•', width: 1} : cell);
	const rows = wrapCells(cells, Math.max(2, width - 1));
	const found = cells.findIndex(({start}) => start >= cursor);
	const cursorCell = found === -1 ? cells.length : found;
	// Behind a cut in the middle of a word the cursor belongs to the new row; in the break at a row's end it stays on that row.
	const foundRow = rows.findIndex(({next}) => cursorCell < next);
	const cursorRow = foundRow === -1 ? rows.length - 1 : foundRow;
	const {from, to} = rows[cursorRow]!;
	return {
		cells, rows, cursorRow, cursorColumn: widthOf(cells, from, Math.min(cursorCell, to)),
	};
}

function widthOf(cells: readonly Cell[], from: number, to: number): number {
	let width = 0;
	for (let index = from; index < to; index++) {
		width += cells[index]!.width;
	}

	return width;
}

/**
The offset on that row that is nearest to the cursor's column.
*/
function offsetAt({text}: Composer, {cells, rows, cursorColumn}: Layout, row: number): number {
	const {from, to} = rows[row]!;
	let index = from;
	let column = 0;
	while (index < to && column + cells[index]!.width <= cursorColumn) {
		column += cells[index]!.width;
		index++;
	}

	return cells[index]?.start ?? text.length;
}
