import test from 'ava';
import fc from 'fast-check';
import {
	cutLine,
	justify,
	lineWidth,
	paint,
	paintLine,
} from '../../source/kit/style.js';
import {displayWidth} from '../../source/kit/text.js';
import {paintPanel} from '../../source/kit/panel.js';

const lines = fc.array(fc.record({text: fc.string({unit: 'grapheme-ascii', maxLength: 12}), style: fc.constantFrom({}, {bold: true}, {color: 'red'} as const)}), {maxLength: 6});

test('styles open and close their own codes', t => {
	t.is(paint('x'), 'x');
	t.is(paint('x', {color: 'cyan', bold: true}), '\u{1B}[36m\u{1B}[1mx\u{1B}[22m\u{1B}[39m');
	t.is(paint('x', {inverse: true}), '\u{1B}[7mx\u{1B}[27m');
	t.is(paint('', {bold: true}), '');
});

test('a line is cut or filled', t => {
	t.is(paintLine([{text: 'ab'}, {text: 'cd'}], 6), 'abcd  ');
	t.is(paintLine([{text: 'ab'}, {text: 'cd'}], 4), 'abcd');
	t.is(paintLine([{text: 'ab'}, {text: 'cd'}], 3), 'ab…');
	t.is(paintLine([{text: 'abc'}, {text: 'd'}], 3), 'ab…');
});

test('left and right share a row', t => {
	const joined = (width: number) => justify([{text: 'left'}], [{text: 'right'}], width).map(({text}) => text).join('');
	t.is(joined(12), 'left   right');
	t.is(joined(10), 'left right');
	t.is(joined(9), 'le… right'.replace('le…', 'le…').slice(0, 9));
	t.is(joined(5), 'left');
});

test('every line has its width exactly, whatever is in it', t => {
	t.notThrows(() => {
		fc.assert(fc.property(lines, fc.integer({min: 1, max: 40}), (line, width) =>
			displayWidth(paintLine(line, width)) === width && lineWidth(cutLine(line, width)) <= width));
	});
});

test('a panel is a rectangle', t => {
	const panel = paintPanel({
		width: 12, height: 4, title: [{text: 'hi'}], border: {}, lines: [[{text: 'one'}], [{text: 'far too long a line'}], [{text: 'not shown'}]],
	});
	t.deepEqual(panel, ['╭─ hi ─────╮', '│ one      │', '│ far too… │', '╰──────────╯']);
});
