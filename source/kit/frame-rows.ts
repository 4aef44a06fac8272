// Puts the finished texts of a frame side by side into rows, as strings. Ink does it cell by cell, which makes 12 000 objects for a frame of 200x60
// and reads every colour code again; where texts only stand beside each other, which is nearly everywhere, that changes nothing.
// `quicker-ink.js` puts it into Ink. It refuses to know cells: a row that needs them (a dialog over a pane, an emoji) is given back to Ink.

/**
A text with its place on the screen, in cells from the upper left; it may have several lines.
*/
export type Write = {readonly x: number; readonly y: number; readonly text: string};

/**
A line of a text. `width` in columns; `undefined` where a column is not simply a character.
*/
type Line = {readonly text: string; readonly width: number | undefined};

type Place = Line & {readonly x: number};

// The characters of `text.ts` that are one column wide each.
const narrow = /^[\u{20}-\u{7E}\u{A1}-\u{AC}\u{AE}-\u{2FF}\u{400}-\u{482}\u{48A}-\u{52F}\u{2010}-\u{2027}\u{2030}-\u{205E}\u{2190}-\u{21FF}\u{2500}-\u{25FC}\u{2713}]*$/v;

const sgr = /\u{1B}\[(?<code>\d+)m/gv;

/**
Codes of ECMA-48 SGR that `style.ts` writes, and the bit of what they switch on (positive) or off (negative).
*/
const switches = new Map<string, number>([
	...[30, 31, 32, 33, 34, 35, 36, 37, 90, 91, 92, 93, 94, 95, 96, 97].map((code): [string, number] => [String(code), 1]),
	['39', -1],
	['1', 2],
	['2', 2],
	['22', -2],
	['3', 4],
	['23', -4],
	['4', 8],
	['24', -8],
	['7', 16],
	['27', -16],
]);

/**
Texts and lines that are remembered: a screen shows some ten texts of a few hundred lines.
*/
const maximumTexts = 30;
const maximumLines = 600;

export class FrameRows {
	readonly #texts = new Map<string, readonly Line[] | undefined>();
	readonly #lines = new Map<string, Line | undefined>();
	/**
	Rows made of cells in the frame before, by what stands in them.
	*/
	#cellRows = new Map<string, string>();

	/**
	The rows of a frame, without spaces at their ends.

	@param writes Later ones stand above earlier ones.
	@param size In cells.
	@param size.width
	@param size.height
	@param paintCells Makes one row of texts that lie over each other, or whose columns have to be counted.
	@returns Nothing when a text leaves a style switched on at the end of a line: then each row depends on the one before.
	*/
	compose(writes: readonly Write[], size: {readonly width: number; readonly height: number}, paintCells: (writes: readonly Write[]) => string): string[] | undefined {
		const rows = Array.from({length: size.height}, (): Place[] => []);
		for (const {x, y, text} of writes) {
			const lines = this.#linesOf(text);
			if (!lines) {
				return undefined;
			}

			for (const [index, line] of lines.entries()) {
				rows[y + index]?.push({...line, x});
			}
		}

		const before = this.#cellRows;
		this.#cellRows = new Map();
		return rows.map(row => {
			const joined = join(row, size.width);
			if (joined !== undefined) {
				return joined;
			}

			const key = row.map(({x, text}) => `${x} ${text}`).join('\n');
			const painted = before.get(key) ?? paintCells(row.map(({x, text}) => ({x, y: 0, text})));
			this.#cellRows.set(key, painted);
			return painted;
		});
	}

	#linesOf(text: string): readonly Line[] | undefined {
		return remember(this.#texts, maximumTexts, text, () => {
			const lines = text.split('\n').map(part => remember(this.#lines, maximumLines, part, () => readLine(part)));
			return lines.every(line => line !== undefined) ? lines : undefined;
		});
	}
}

/**
What `make` made of the text at the first time. Full, the map begins anew: what is on the screen comes back at once.
*/
function remember<Made>(made: Map<string, Made>, limit: number, text: string, make: () => Made): Made {
	const known = made.get(text);
	if (known !== undefined) {
		return known;
	}

	if (made.size >= limit) {
		made.clear();
	}

	const fresh = make();
	made.set(text, fresh);
	return fresh;
}

/**
Texts beside each other, from left to right and within the row; otherwise nothing.
*/
function join(row: readonly Place[], width: number): string | undefined {
	let joined = '';
	let column = 0;
	for (const {x, text, width: textWidth} of row) {
		if (textWidth === undefined || x < column || x + textWidth > width) {
			return undefined;
		}

		joined += ' '.repeat(x - column) + text;
		column = x + textWidth;
	}

	return joined.trimEnd();
}

/**
Nothing when a style that the line switches on stays on behind it, or when it holds other escapes than those of styles.
*/
function readLine(text: string): Line | undefined {
	let plain = text;
	if (text.includes('\u{1B}')) {
		let on = 0;
		for (const {groups} of text.matchAll(sgr)) {
			const bit = switches.get(groups!.code!);
			if (bit === undefined) {
				return undefined;
			}

			on = bit > 0 ? on | bit : on & ~-bit;
		}

		plain = text.replaceAll(sgr, '');
		if (on !== 0 || plain.includes('\u{1B}')) {
			return undefined;
		}
	}

	return {text, width: narrow.test(plain) ? plain.length : undefined};
}
