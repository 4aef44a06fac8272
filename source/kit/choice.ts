// Finds what somebody means by a few letters: ranks entries for a palette, and keeps the chosen one in view.
// It refuses to know what an entry does.

/**
An entry with its texts prepared for matching: in lower case, `more` with a space before it.
*/
export type Choice<Entry> = {
	readonly entry: Entry;
	readonly label: string;
	readonly more: string;
};

export type Ranked<Entry> = {
	readonly entry: Entry;
	/**
	The UTF-16 offsets in the entry's label that the query matched, for showing why it is here.
	*/
	readonly matched: readonly number[];
};

type Scored<Entry> = {
	readonly choice: Choice<Entry>;
	readonly score: number;
	readonly order: number;
};

const maximumQuery = 64;

/**
Prepares entries once, so that each key only compares. `labelOf` is what is shown; `moreOf` is searched too, but only for whole beginnings of words.
*/
export function prepareChoices<Entry>(entries: readonly Entry[], labelOf: (entry: Entry) => string, moreOf?: (entry: Entry) => string): Array<Choice<Entry>> {
	return entries.map(entry => {
		const label = labelOf(entry);
		return {entry, label: label.toLowerCase(), more: moreOf ? ` ${moreOf(entry).toLowerCase()}` : ''};
	});
}

/**
The best entries first: the whole label, then its beginning, then beginnings of its words, letters in a row, beginnings of words in the rest, at last letters in order.
Among equals the shorter one wins, then the earlier one. An empty query keeps the order.
*/
export function rankChoices<Entry>(choices: ReadonlyArray<Choice<Entry>>, query: string, limit: number): Array<Ranked<Entry>> {
	const wanted = query.trim().toLowerCase().slice(0, maximumQuery);
	if (wanted === '') {
		return choices.slice(0, limit).map(({entry}) => ({entry, matched: []}));
	}

	const scored: Array<Scored<Entry>> = [];
	for (const [order, choice] of choices.entries()) {
		const score = scoreOf(choice, wanted);
		if (score > 0) {
			scored.push({choice, score, order});
		}
	}

	scored.sort(byScore);
	return scored.slice(0, limit).map(({choice: {entry, label}, score}) => ({entry, matched: score === fromMore ? [] : matchedOffsets(label, wanted)}));
}

function byScore(a: Scored<unknown>, b: Scored<unknown>): number {
	if (a.score !== b.score) {
		return b.score - a.score;
	}

	return a.choice.label.length === b.choice.label.length ? a.order - b.order : a.choice.label.length - b.choice.label.length;
}

const fromMore = 2;

function scoreOf({label, more}: Choice<unknown>, wanted: string): number {
	const index = label.indexOf(wanted);
	if (index === 0) {
		return label.length === wanted.length ? 6 : 5;
	}

	if (index > 0) {
		return isWordStart(label, index) || label.includes(` ${wanted}`) ? 4 : 3;
	}

	if (more.includes(` ${wanted}`)) {
		return fromMore;
	}

	return isSubsequence(label, wanted) ? 1 : 0;
}

function isWordStart(text: string, index: number): boolean {
	return index === 0 || /[\s\-.\/_]/v.test(text[index - 1]!);
}

function isSubsequence(text: string, wanted: string): boolean {
	let at = 0;
	for (let index = 0; index < text.length && at < wanted.length; index++) {
		if (text[index] === wanted[at]) {
			at++;
		}
	}

	return at === wanted.length;
}

function matchedOffsets(text: string, wanted: string): number[] {
	const wordIndex = text.indexOf(` ${wanted}`);
	const index = text.startsWith(wanted) ? 0 : (wordIndex === -1 ? text.indexOf(wanted) : wordIndex + 1);
	if (index !== -1) {
		return Array.from({length: wanted.length}, (_, offset) => index + offset);
	}

	const offsets: number[] = [];
	for (let at = 0; at < text.length && offsets.length < wanted.length; at++) {
		if (text[at] === wanted[offsets.length]) {
			offsets.push(at);
		}
	}

	return offsets;
}

/**
The first visible entry of a list of `height` rows that keeps `selected` in view and otherwise stays where it was.
*/
export function windowStart(start: number, selected: number, count: number, height: number): number {
	const lowest = Math.max(0, selected - height + 1);
	const highest = Math.max(0, Math.min(selected, count - height));
	return Math.min(Math.max(start, lowest), highest);
}

/**
The next or previous entry, around the ends.
*/
export function step(selected: number, by: -1 | 1, count: number): number {
	return count === 0 ? 0 : (selected + by + count) % count;
}
