import test from 'ava';
import fc from 'fast-check';
import {LineCache} from '../../source/kit/line-cache.js';
import {
	bottom,
	scrollBy,
	scrollByPage,
	scrollToTop,
	viewList,
	type ListPlace,
	type ListSource,
} from '../../source/kit/virtual-list.js';

type Item = {readonly id: string; readonly height: number};

const source = (items: readonly Item[]): ListSource<string> => ({
	length: items.length,
	idAt: index => items[index]!.id,
	indexOf: id => items.findIndex(item => item.id === id),
	linesAt: index => Array.from({length: items[index]!.height}, (_, line) => `${items[index]!.id}.${line}`),
});

const items = (...heights: number[]) => heights.map((height, index) => ({id: `m${index}`, height}));
const all = (list: readonly Item[]) => list.flatMap((_, index) => source(list).linesAt(index));

test('the bottom is where one begins', t => {
	const list = source(items(1, 2, 3));
	t.deepEqual(viewList(list, bottom, 4), {
		lines: ['m1.1', 'm2.0', 'm2.1', 'm2.2'], isAtBottom: true, hasAbove: true, newBelow: 0,
	});
	t.is(viewList(list, bottom, 10).lines.length, 6);
	t.deepEqual(viewList(source([]), bottom, 10).lines, []);
});

test('scrolling up and down by lines and pages', t => {
	const list = source(items(1, 1, 1, 1, 1, 1, 1, 1));
	const up = scrollBy(list, bottom, 3, -2);
	t.deepEqual(viewList(list, up, 3).lines, ['m3.0', 'm4.0', 'm5.0']);
	t.is(scrollBy(list, up, 3, 2), bottom);
	const page = scrollByPage(list, bottom, 4, -1);
	t.is(viewList(list, page, 4).lines[0], 'm2.0');
	t.is(viewList(list, scrollToTop(list, bottom, 3), 3).lines[0], 'm0.0');
	t.is(scrollToTop(list, bottom, 20), bottom);
	t.is(scrollToTop(source([]), bottom, 20), bottom);
});

test('new items below leave the view and are counted', t => {
	const few = items(1, 1, 1, 1, 1, 1);
	const up = scrollBy(source(few), bottom, 3, -2);
	const before = viewList(source(few), up, 3);
	const more = source(items(1, 1, 1, 1, 1, 1, 1, 1));
	const after = viewList(more, up, 3);
	t.deepEqual(after.lines, before.lines);
	t.is(before.newBelow, 0);
	t.is(after.newBelow, 2);
	// What has been in view is not new any more.
	t.is(viewList(more, scrollBy(more, up, 3, 1), 3).newBelow, 2);
	t.is(viewList(more, scrollBy(more, scrollBy(more, up, 3, 2), 3, 1), 3).newBelow, 1);
});

test('a resize keeps the item at the top', t => {
	const narrow = source(items(3, 3, 3, 3));
	const place = scrollBy(narrow, bottom, 3, -4);
	t.is(viewList(narrow, place, 3).lines[0], 'm1.2');
	t.is(viewList(source(items(1, 1, 1, 1)), place, 2).lines[0], 'm1.0');
});

test('when the oldest items are dropped, the view begins with what is left', t => {
	const place = scrollToTop(source(items(1, 1, 1, 1)), bottom, 2);
	const left = source(items(1, 1, 1, 1, 1, 1).slice(2));
	t.is(viewList(left, place, 2).lines[0], 'm2.0');
});

const actions = fc.array(fc.oneof(
	fc.record({by: fc.integer({min: -20, max: 20})}),
	fc.record({page: fc.constantFrom(-1 as const, 1 as const)}),
	fc.record({add: fc.integer({min: 1, max: 5})}),
	fc.record({height: fc.integer({min: 1, max: 12})}),
), {maxLength: 30});

test('whatever one does, the view is a full stretch of the lines', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.integer({min: 1, max: 5}), {maxLength: 12}), actions, (heights, steps) => {
			let place: ListPlace = bottom;
			let height = 5;
			const current = [...heights];
			for (const action of steps) {
				const list = source(items(...current));
				if ('by' in action) {
					place = scrollBy(list, place, height, action.by);
				} else if ('page' in action) {
					place = scrollByPage(list, place, height, action.page);
				} else if ('add' in action) {
					current.push(action.add);
				} else {
					height = action.height;
				}

				const list2 = source(items(...current));
				const lines = all(items(...current));
				const view = viewList(list2, place, height);
				const at = view.lines.length === 0 ? 0 : lines.indexOf(view.lines[0]!);
				const isStretch = view.lines.every((line, index) => line === lines[at + index]);
				const isFull = view.lines.length === Math.min(height, lines.length);
				const isEndsRight = view.isAtBottom === (at + view.lines.length === lines.length);
				if (!isStretch || !isFull || !isEndsRight || view.hasAbove !== (at > 0) || view.newBelow < 0) {
					return false;
				}
			}

			return true;
		}), {numRuns: 500});
	});
});

test('lines are made once for a revision, width and theme, and the cache is bounded', t => {
	const cache = new LineCache<string>(2);
	let made = 0;
	const ask = (id: string, revision = 1, width = 10, theme = 'color') => cache.lines({
		id, revision, width, theme,
	}, () => {
		made++;
		return [id];
	});
	ask('a');
	ask('a');
	t.is(made, 1);
	ask('a', 2);
	ask('a', 2, 11);
	ask('a', 2, 11, 'plain');
	t.is(made, 4);
	ask('b');
	ask('a', 2, 11, 'plain');
	ask('c');
	t.is(cache.size, 2);
	ask('a', 2, 11, 'plain');
	t.is(made, 6);
});
