import test from 'ava';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {
	displayWidth,
	fit,
	measure,
	truncate,
	truncateStart,
	wrap,
} from '../../source/kit/text.js';
import {sanitiseText} from '../../source/kit/sanitise.js';
import {processorMs} from '../helpers/cost.js';

const piece = fc.constantFrom('a', 'bc', ' ', '  ', '漢', '字', '👩‍👩‍👧', '👍🏽', 'é', 'e\u{301}', '\n', 'word', 'ᄀ', 'ᄀ'.repeat(9), '🇩🇪', 'ｶﾞ', 'का');
const texts = fc.array(fc.oneof(piece, fc.string({unit: 'grapheme', maxLength: 4})), {maxLength: 40}).map(parts => sanitiseText(parts.join('')));
const widths = fc.integer({min: 2, max: 30});

test('width counts columns', t => {
	for (const [text, width] of [['', 0], ['abc', 3], ['漢字', 4], ['é', 1], ['e\u{301}', 1], ['👩‍👩‍👧‍👦', 2], ['❤️', 2]] as const) {
		t.is(displayWidth(text), width, `${text} is ${width} wide`);
	}
});

test('the quick way and Unicode agree about every character', t => {
	for (let code = 0x20; code < 0x28_00; code++) {
		const character = String.fromCodePoint(code);
		t.is(displayWidth(character), stringWidth(character), code.toString(16));
		t.is(displayWidth(`a${character}${character}`), stringWidth(`a${character}${character}`), code.toString(16));
	}
});

test('cutting keeps whole characters and says that something is missing', t => {
	t.is(truncate('hello', 5), 'hello');
	t.is(truncate('hello!', 5), 'hell…');
	t.is(truncate('漢字漢字', 4), '漢…');
	t.is(truncate('👩‍👩‍👧x', 2), '…');
	t.is(truncate('abc', 0), '');
	t.is(truncateStart('/home/ann/file', 8), '…nn/file');
	t.is(fit('ab', 4), 'ab  ');
	t.is(fit('ab', 4, 'right'), '  ab');
	t.is(fit('漢字', 3), '漢…');
});

const wrapped: ReadonlyArray<readonly [text: string, width: number, rows: readonly string[]]> = [
	['', 10, ['']],
	['one two three', 7, ['one two', 'three']],
	['one two', 3, ['one', 'two']],
	['one   two', 4, ['one', 'two']],
	['one ', 3, ['one']],
	['ab cd\n\nef', 10, ['ab cd', '', 'ef']],
	['ends\n', 10, ['ends', '']],
	['abc   \nd', 3, ['abc', 'd']],
	['abcdefgh', 3, ['abc', 'def', 'gh']],
	['a abcdefgh', 4, ['a', 'abcd', 'efgh']],
	['  indented text', 10, ['  indented', 'text']],
	['漢字漢字', 5, ['漢字', '漢字']],
	['ab漢字cd', 4, ['ab漢', '字cd']],
	['👩‍👩‍👧👩‍👩‍👧', 3, ['👩‍👩‍👧', '👩‍👩‍👧']],
];

for (const [text, width, rows] of wrapped) {
	test(`wrap ${JSON.stringify(text)} to ${width}`, t => {
		t.deepEqual(wrap(text, width), rows);
	});
}

test('no row is wider than asked, and nothing but spaces and breaks is lost', t => {
	t.notThrows(() => {
		fc.assert(fc.property(texts, widths, (text, width) => {
			const rows = wrap(text, width);
			return rows.every(row => displayWidth(row) <= width)
				&& rows.join('').replaceAll(' ', '') === text.replaceAll(/[\n ]/gv, '');
		}), {numRuns: 3000});
	});
});

test('words that fit stay whole', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.string({unit: fc.constantFrom('a', 'b', 'z'), minLength: 1, maxLength: 8}), {maxLength: 20}), fc.integer({min: 8, max: 20}), (words, width) => {
			const rows = wrap(words.join(' '), width);
			return rows.join(' ').trim() === words.join(' ');
		}));
	});
});

test('cutting never exceeds the width, filling always meets it', t => {
	t.notThrows(() => {
		fc.assert(fc.property(texts.map(text => text.replaceAll('\n', ' ')), fc.integer({min: 0, max: 30}), (text, width) =>
			displayWidth(truncate(text, width)) <= width && displayWidth(truncateStart(text, width)) <= width && displayWidth(fit(text, width)) === width));
	});
});

test('cells put together are the text', t => {
	t.notThrows(() => {
		fc.assert(fc.property(texts, text => measure(text).map(cell => cell.text).join('') === text && measure(text).every(cell => text.startsWith(cell.text, cell.start) && cell.width <= 2)));
	});
});

test('long text wraps in linear time', t => {
	for (const text of ['x'.repeat(60_000), 'x '.repeat(30_000), ' '.repeat(60_000), '漢'.repeat(20_000), 'ᄀ'.repeat(20_000)]) {
		const cost = processorMs(() => {
			wrap(text, 40);
		});
		t.true(cost < 1000, `${JSON.stringify(text.slice(0, 2))} took ${cost} ms`);
	}
});
