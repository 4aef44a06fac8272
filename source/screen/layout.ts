// Where each pane stands for a terminal of a given size: boxes of whole rows and columns that fill it exactly.
// Knows sizes only; refuses to know what the panes show.

export type Size = {readonly columns: number; readonly rows: number};

export type Layout = {
	/**
	`tiny`: too small to draw; `narrow`: no lists; `normal`: both lists at the left; `wide`: rooms at the left, people at the right.
	*/
	readonly kind: 'tiny' | 'narrow' | 'normal' | 'wide';
	/**
	Columns of the left and right list pane, their rule included; 0 where there is none.
	*/
	readonly left: number;
	readonly right: number;
	/**
	Columns of the message pane.
	*/
	readonly main: number;
	/**
	Rows above the composer's rule: the lists, and the message pane with its title.
	*/
	readonly body: number;
	/**
	Rows of messages, the title not counted.
	*/
	readonly messages: number;
	readonly composer: number;
};

/**
The smallest terminal that is drawn.
*/
export const minimumSize: Size = {columns: 40, rows: 10};

/**
Columns that the prompt takes from the composer's rows.
*/
export const promptWidth = 3;

const narrowBelow = 64;
const wideFrom = 120;

/**
The layout for a terminal of that size with a composer that would like `composerRows` rows.
*/
export function layOut(size: Size, composerRows: number): Layout {
	const {columns, rows} = size;
	if (columns < minimumSize.columns || rows < minimumSize.rows) {
		return {
			kind: 'tiny', left: 0, right: 0, main: columns, body: 0, messages: 0, composer: 0,
		};
	}

	const kind = columns < narrowBelow ? 'narrow' : (columns < wideFrom ? 'normal' : 'wide');
	const list = kind === 'wide' ? 30 : Math.min(26, Math.max(20, Math.round(columns * 0.28)));
	const left = kind === 'narrow' ? 0 : list;
	const right = kind === 'wide' ? list : 0;
	const composer = Math.min(Math.max(1, composerRows), maximumComposerRows(rows));
	// The rule above the composer and the status line take a row each.
	const body = rows - composer - 2;
	return {
		kind, left, right, main: columns - left - right, body, messages: body - 1, composer,
	};
}

/**
The composer may grow to a third of the screen.
*/
export function maximumComposerRows(rows: number): number {
	return Math.max(1, Math.min(10, Math.floor(rows / 3)));
}
