// Scrolls through items of varying height and gives exactly the lines that are visible; what is not visible is never laid out.
// The place is an anchor (item and line within it), so that resizing, new items below and older ones above leave the reader where he is.
// It refuses to know what an item is: it asks a source for ids and lines.

/**
What the list shows. `lines` is called for visible items only, and may cache (line-cache.ts).
*/
export type ListSource<Line> = {
	readonly length: number;
	readonly idAt: (index: number) => string;
	/**
	The item's place, or -1 when it is gone.
	*/
	readonly indexOf: (id: string) => number;
	/**
	At least one line.
	*/
	readonly linesAt: (index: number) => readonly Line[];
};

/**
Where the reader is: stuck to the bottom, or with an item's line at the top of the view.
*/
export type ListPlace =
	| {readonly isAtBottom: true}
	| {
		readonly isAtBottom: false;
		readonly id: string;
		readonly line: number;
		/**
		The newest item the reader has had in view.
		*/
		readonly seen: string;
	};

export type ListView<Line> = {
	readonly lines: readonly Line[];
	readonly isAtBottom: boolean;
	/**
	Whether something is above the view.
	*/
	readonly hasAbove: boolean;
	/**
	Items that came since the reader left the bottom and that he has not had in view.
	*/
	readonly newBelow: number;
};

type Position = {
	readonly index: number;
	readonly line: number;
};

export const bottom: ListPlace = {isAtBottom: true};

/**
The visible lines, at most `height`; fewer only when there are no more.
*/
export function viewList<Line>(source: ListSource<Line>, place: ListPlace, height: number): ListView<Line> {
	const end = bottomPosition(source, height);
	const top = topPosition(source, place, end);
	const lines: Line[] = [];
	for (let {index, line} = top; index < source.length && lines.length < height; index++, line = 0) {
		for (const visible of source.linesAt(index).slice(line, line + height - lines.length)) {
			lines.push(visible);
		}
	}

	const isAtBottom = place.isAtBottom || !isBefore(top, end);
	const hasAbove = top.index > 0 || top.line > 0;
	return {
		lines, isAtBottom, hasAbove, newBelow: isAtBottom || place.isAtBottom ? 0 : source.length - 1 - source.indexOf(place.seen),
	};
}

/**
Moves by lines, up when negative; reaching the end sticks to the bottom.
*/
export function scrollBy<Line>(source: ListSource<Line>, place: ListPlace, height: number, lines: number): ListPlace {
	const end = bottomPosition(source, height);
	const from = topPosition(source, place, end);
	const to = lines < 0 ? backward(source, from, -lines) : forward(source, from, lines);
	return settle(source, place, to, end, height);
}

/**
Nearly a view up (-1) or down (1): two lines stay for the eye to hold on to.
*/
export function scrollByPage<Line>(source: ListSource<Line>, place: ListPlace, height: number, pages: -1 | 1): ListPlace {
	return scrollBy(source, place, height, pages * Math.max(1, height - 2));
}

export function scrollToTop<Line>(source: ListSource<Line>, place: ListPlace, height: number): ListPlace {
	return settle(source, place, {index: 0, line: 0}, bottomPosition(source, height), height);
}

function settle<Line>(source: ListSource<Line>, place: ListPlace, to: Position, end: Position, height: number): ListPlace {
	if (!isBefore(to, end)) {
		return bottom;
	}

	const lastVisible = lastVisibleIndex(source, to, height);
	const seen = place.isAtBottom ? source.length - 1 : Math.max(source.indexOf(place.seen), lastVisible);
	return {
		isAtBottom: false, id: source.idAt(to.index), line: to.line, seen: source.idAt(seen),
	};
}

function isBefore(a: Position, b: Position): boolean {
	return a.index < b.index || (a.index === b.index && a.line < b.line);
}

/**
The topmost line when the last one stands at the bottom of the view.
*/
function bottomPosition<Line>(source: ListSource<Line>, height: number): Position {
	let missing = height;
	for (let index = source.length - 1; index >= 0; index--) {
		const count = source.linesAt(index).length;
		if (count >= missing) {
			return {index, line: count - missing};
		}

		missing -= count;
	}

	return {index: 0, line: 0};
}

/**
The place's own line, held within what there is: its item may be gone, or have fewer lines since a resize.
*/
function topPosition<Line>(source: ListSource<Line>, place: ListPlace, end: Position): Position {
	if (place.isAtBottom) {
		return end;
	}

	const index = source.indexOf(place.id);
	if (index === -1) {
		// Only the oldest items are ever dropped.
		return {index: 0, line: 0};
	}

	const top = {index, line: Math.min(place.line, source.linesAt(index).length - 1)};
	return isBefore(top, end) ? top : end;
}

function backward<Line>(source: ListSource<Line>, from: Position, lines: number): Position {
	let {index, line} = from;
	line -= lines;
	while (line < 0 && index > 0) {
		index--;
		line += source.linesAt(index).length;
	}

	return {index, line: Math.max(0, line)};
}

function forward<Line>(source: ListSource<Line>, from: Position, lines: number): Position {
	let {index, line} = from;
	line += lines;
	while (index < source.length && line >= source.linesAt(index).length) {
		line -= source.linesAt(index).length;
		index++;
	}

	return {index, line};
}

function lastVisibleIndex<Line>(source: ListSource<Line>, top: Position, height: number): number {
	let {index} = top;
	let shown = index < source.length ? source.linesAt(index).length - top.line : height;
	while (shown < height && index < source.length - 1) {
		index++;
		shown += source.linesAt(index).length;
	}

	return Math.min(index, source.length - 1);
}
