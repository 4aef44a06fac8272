import test from 'ava';
import fc from 'fast-check';
import {maximumTextLength, sanitiseLine, sanitiseText} from '../../source/kit/sanitise.js';
import {processorMs} from '../helpers/cost.js';

const hostile = [
	'\u{1B}[31m',
	'\u{1B}]8;;http://x\u{1B}\\',
	'\u{1B}]0;title\u{7}',
	'\u{1B}P1$r\u{1B}\\',
	'\u{1B}',
	'\u{9B}',
	'\u{9D}',
	'\u{7}',
	'\u{0}',
	'\u{7F}',
	'\u{85}',
	'\r',
	'\n',
	'\t',
	'\u{202E}',
	'\u{2066}',
	'\u{200B}',
	'\u{200D}',
	'\u{200C}',
	'\u{FEFF}',
	'\u{301}',
	'\u{308}',
	'\u{FE0F}',
	'\u{D83D}',
	'\u{DE00}',
	'👩',
	'🏽',
	'é',
	'漢',
	'a',
	' ',
	'[',
	';',
	'm',
	'\\',
	'\u{E0041}',
	'\u{FFFF}',
];
const nasty = fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({unit: 'binary', maxLength: 3})), {maxLength: 60}).map(parts => parts.join(''));

const cases: ReadonlyArray<readonly [what: string, text: string, line: string, lines?: string]> = [
	['plain text stays', 'Hello, world', 'Hello, world'],
	['accents, wide characters and emoji stay', 'é 漢字 👩‍👩‍👧‍👦 👍🏽 ❤️', 'é 漢字 👩‍👩‍👧‍👦 👍🏽 ❤️'],
	['Persian keeps its non-joiner', 'می‌خواهم', 'می‌خواهم'],
	['colours go', '\u{1B}[1;31mred\u{1B}[0m', 'red'],
	['a link loses its target and keeps its text', '\u{1B}]8;;https://evil\u{1B}\\click\u{1B}]8;;\u{1B}\\', 'click'],
	['a window title goes', 'a\u{1B}]0;owned\u{7}b', 'ab'],
	['a device control string goes', 'a\u{1B}Pq#0\u{1B}\\b', 'ab'],
	['eight-bit introducers too', 'a\u{9B}2Jb\u{9D}0;x\u{9C}c', 'abc'],
	['an unfinished string hides nothing', '\u{1B}]0;the rest', '0;the rest'],
	['a sequence that removal would make does not survive', '\u{1B}\u{1B}[31m[31mx', '[31mx'],
	['controls go', 'a\u{0}b\u{7}c\u{7F}d', 'abcd'],
	['bidi controls go', 'safe\u{202E}gpj.exe \u{2066}x\u{2069}', 'safegpj.exe x'],
	['zero-width padding goes', 'a\u{200B}d\u{2060}m\u{FEFF}in', 'admin'],
	['a joiner between Latin letters goes', 'ad\u{200D}min', 'admin'],
	['a tower of marks is cut', `e${'\u{301}'.repeat(50)}`, `e${'\u{301}'.repeat(4)}`],
	['a line does not begin with a mark', '\u{301}abc\n\u{301}d', 'abc d', 'abc\nd'],
	['half a surrogate pair is replaced', 'a\u{D83D}b', 'a\u{FFFD}b'],
	['breaks are kept or made spaces', 'a\r\nb\rc\nd\u{2028}e', 'a b c d e', 'a\nb\nc\nd\ne'],
	['tabs are spaces', 'a\tb', 'a b', 'a    b'],
	['Hangul filler is not a name', '\u{3164}', ''],
];

for (const [what, text, line, lines = line] of cases) {
	test(what, t => {
		t.is(sanitiseLine(text), line);
		t.is(sanitiseText(text), lines);
	});
}

test('no control, format character or lone surrogate ever comes out', t => {
	t.notThrows(() => {
		fc.assert(fc.property(nasty, text => {
			const line = sanitiseLine(text);
			const lines = sanitiseText(text);
			return line.isWellFormed() && lines.isWellFormed()
				&& !/[\p{Control}\u{200B}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/v.test(line)
				&& !/[\p{Control}\u{200B}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/v.test(lines.replaceAll('\n', ''));
		}), {numRuns: 3000});
	});
});

test('cleaning twice is cleaning once', t => {
	t.notThrows(() => {
		fc.assert(fc.property(nasty, text => sanitiseLine(sanitiseLine(text)) === sanitiseLine(text) && sanitiseText(sanitiseText(text)) === sanitiseText(text)), {numRuns: 3000});
	});
});

test('a megabyte of trouble is cut, and takes linear time', t => {
	for (const piece of ['\u{1B}]', '\u{1B}[', '\u{9D}0;', 'e\u{301}', '👩\u{200D}', '\t', '\u{1B}[1;']) {
		const trouble = piece.repeat(1_000_000 / piece.length);
		t.true(sanitiseText(trouble).length <= maximumTextLength);
		const cost = processorMs(() => {
			sanitiseText(trouble);
		});
		t.true(cost < 500, `${JSON.stringify(piece)} took ${cost} ms`);
	}
});
