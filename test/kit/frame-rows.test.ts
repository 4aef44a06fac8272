import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {FrameRows, type Write} from '../../source/kit/frame-rows.js';
import {paint, type Color, type Style} from '../../source/kit/style.js';

type InkOutput = {
	write(x: number, y: number, text: string, options: {readonly transformers: readonly unknown[]}): void;
	get(): {readonly output: string};
};

// Ink's own way, cell by cell, as it comes from the registry: the oracle.
const ink = path.dirname(createRequire(import.meta.url).resolve('ink'));
const {default: Output} = await import(pathToFileURL(path.join(ink, 'output.js')).href) as {default: new (size: {width: number; height: number}) => InkOutput};

function paintCells(writes: readonly Write[], {width, height}: {width: number; height: number}): string {
	const output = new Output({width, height});
	for (const {x, y, text} of writes) {
		output.write(x, y, text, {transformers: []});
	}

	return output.get().output;
}

/**
What stands in each cell of a row and how it looks, whatever the order of the codes; plain spaces at the end count as nothing.
*/
function cellsOf(row: string): string[] {
	const on = new Map<string, string>();
	const cells: string[] = [];
	const group: Readonly<Record<string, string>> = {
		22: 'weight', 23: '3', 24: '4', 27: '7', 39: 'colour',
	};
	for (const [part] of row.matchAll(/\u{1B}\[\d+m|./gsv)) {
		const code = /^\u{1B}\[(?<code>\d+)m$/v.exec(part)?.groups!.code;
		if (code === undefined) {
			cells.push(`${part} ${on.values().toArray().toSorted().join(' ')}`);
		} else if (Object.hasOwn(group, code)) {
			on.delete(group[code]!);
		} else {
			on.set(['1', '2'].includes(code) ? 'weight' : (['3', '4', '7'].includes(code) ? code : 'colour'), code);
		}
	}

	while (cells.at(-1) === '  ') {
		cells.pop();
	}

	return cells;
}

const size = {width: 30, height: 4};
const style = fc.record({color: fc.constantFrom<Color>('red', 'gray', 'default'), bold: fc.boolean(), underline: fc.boolean()}, {requiredKeys: []}) as fc.Arbitrary<Style>;
const span = fc.tuple(fc.string({unit: fc.constantFrom('a', 'Z', ' ', '│', 'é', '✓', '漢', '😀'), maxLength: 6}), style).map(([text, look]) => paint(text, look));
const line = fc.array(span, {maxLength: 3}).map(spans => spans.join(''));
const write = fc.record({x: fc.nat(size.width), y: fc.nat(size.height), text: fc.array(line, {minLength: 1, maxLength: 3}).map(lines => lines.join('\n'))}).filter(({text}) => text !== '');

test('rows are what Ink makes of them cell by cell', t => {
	const rows = new FrameRows();
	fc.assert(fc.property(fc.array(write, {maxLength: 8}), writes => {
		const composed = rows.compose(writes, size, row => paintCells(row, {...size, height: 1}))!;
		t.is(composed.length, size.height);
		t.deepEqual(composed.map(row => cellsOf(row)), paintCells(writes, size).split('\n').map(row => cellsOf(row)));
	}), {numRuns: 2000});
});

test('texts beside each other need no cells; what lies over something else, is wide or goes beyond the edge does', t => {
	const cases: ReadonlyArray<{readonly writes: readonly Write[]; readonly row: string | undefined}> = [
		{writes: [], row: ''},
		{writes: [{x: 0, y: 0, text: 'left'}, {x: 6, y: 0, text: paint('right', {color: 'red'})}], row: 'left  \u{1B}[31mright\u{1B}[39m'},
		{writes: [{x: 2, y: 0, text: 'a  '}], row: '  a'},
		{writes: [{x: 0, y: 0, text: 'left'}, {x: 3, y: 0, text: 'over'}], row: undefined},
		{writes: [{x: 5, y: 0, text: 'b'}, {x: 0, y: 0, text: 'a'}], row: undefined},
		{writes: [{x: 0, y: 0, text: '漢'}], row: undefined},
		{writes: [{x: 28, y: 0, text: 'edge'}], row: undefined},
	];
	for (const {writes, row} of cases) {
		t.deepEqual(new FrameRows().compose(writes, {width: 30, height: 1}, () => 'cells'), [row ?? 'cells']);
	}
});

test('a text of several lines stands below itself', t => {
	const rule: Write = {x: 3, y: 0, text: '│\n│'};
	const frame = new FrameRows().compose([{x: 0, y: 1, text: 'ab'}, rule], {width: 10, height: 2}, () => 'cells');
	t.deepEqual(frame, ['   │', 'ab │']);
});

test('a row of cells that stays as it is is made once', t => {
	const rows = new FrameRows();
	let made = 0;
	const frame = (text: string) => rows.compose([{x: 0, y: 0, text}], {width: 30, height: 1}, () => `made ${++made}`);
	t.deepEqual([frame('漢'), frame('漢'), frame('字'), frame('漢')], [['made 1'], ['made 1'], ['made 2'], ['made 3']]);
});

test('a style left on, or an escape that is no style, is Ink\'s to judge', t => {
	for (const text of ['\u{1B}[31mred', '\u{1B}[1;31mred\u{1B}[0m', '\u{1B}[2Jgone', '\u{1B}[31mtwo\nlines\u{1B}[39m']) {
		t.is(new FrameRows().compose([{x: 0, y: 0, text}], {width: 30, height: 2}, () => 'cells'), undefined);
	}
});
