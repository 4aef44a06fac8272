import test from 'ava';
import fc from 'fast-check';
import {
	clear,
	createComposer,
	deleteBackward,
	insert,
	move,
	moveTo,
	setText,
	type Composer,
} from '../../source/kit/composer.js';
import {editByKey} from '../../source/kit/composer-keys.js';
import {viewComposer} from '../../source/kit/composer-view.js';
import {displayWidth} from '../../source/kit/text.js';

/**
Types: `<name>` is a key, everything else text, one grapheme at a time.
*/
function type(composer: Composer, script: string, width = 80): Composer {
	let now = composer;
	for (const {0: whole, groups} of script.matchAll(/<(?<name>[+\-_a-z]+)>|[^<]/gv)) {
		const name = groups?.name;
		now = name === undefined ? insert(now, whole) : editByKey(now, name, width) ?? now;
	}

	return now;
}

/**
The text with the cursor drawn as `|`.
*/
const drawn = ({text, cursor}: Composer) => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

const cases: ReadonlyArray<readonly [what: string, script: string, result: string]> = [
	['typing', 'abc', 'abc|'],
	['backspace', 'abc<backspace>', 'ab|'],
	['left and delete', 'abc<left><left><delete>', 'a|c'],
	['home and end', 'abc<home>x<end>y', 'xabcy|'],
	['word moves', 'one two three<alt+b><alt+b>x<alt+f>y', 'one xtwoy| three'],
	['word moves pass punctuation', 'a, b.c<ctrl+left><ctrl+left><ctrl+left>|', '||a, b.c'],
	['kill to the end and yank', 'one two<alt+b><ctrl+k><home><ctrl+y>', 'two|one '],
	['kill to the start', 'one two<alt+b><ctrl+u>', '|two'],
	['kills in a row are one', 'one two three<ctrl+w><ctrl+w><ctrl+y>', 'one two three|'],
	['kill the next word', 'one two<home><alt+d><end><ctrl+y>', ' twoone|'],
	['yank an older kill', 'one<ctrl+u>two<ctrl+u>x<ctrl+y><alt+y>', 'xone|'],
	['a new line', 'a<alt+enter>b<ctrl+j>c', 'a\nb\nc|'],
	['home is the line\'s start', 'ab<ctrl+j>cd<home>x', 'ab\nx|cd'],
	['home on a first empty line', '<ctrl+j>b<ctrl+home><home>x', 'x|\nb'],
	['kill at a line\'s end takes the break', 'ab<ctrl+j>cd<ctrl+home><end><ctrl+k>', 'ab|cd'],
	['up and down keep the column', 'abcd<ctrl+j>ef<ctrl+j>ghij<up><up>', 'ab|cd\nef\nghij'],
	['undo takes back what was typed in one go', 'one two<ctrl+_>', 'one|'],
	['undo and redo', 'abc<ctrl+u><ctrl+z><ctrl+z><alt+z>', 'abc|'],
	['an accent typed on its own', 'e\u{301}x<left><backspace>', '|x'],
];

for (const [what, script, result] of cases) {
	test(what, t => {
		t.is(drawn(type(createComposer(), script)), result);
	});
}

test('backspace removes a whole emoji', t => {
	for (const emoji of ['😀', '👩‍👩‍👧‍👦', '👍🏽', '🇩🇪', '❤️']) {
		t.is(deleteBackward(insert(createComposer(), `a${emoji}`)).text, 'a');
	}
});

test('a paste may have lines and loses its escapes', t => {
	t.is(insert(createComposer(), 'a\r\nb\u{1B}[31mc\u{7}', 'paste').text, 'a\nbc');
});

test('a paste of a megabyte fills the limit and says what was left out', t => {
	const pasted = insert(createComposer({limit: 1000}), 'x'.repeat(1_000_000), 'paste');
	t.is(pasted.text.length, 1000);
	t.is(pasted.leftOut, 999_000);
	t.is(insert(pasted, 'y').leftOut, 1);
	t.is(deleteBackward(pasted).leftOut, 0);
});

test('the limit does not cut an emoji in two', t => {
	const pasted = insert(createComposer({limit: 3}), 'ab😀', 'paste');
	t.is(pasted.text, 'ab');
	t.is(pasted.leftOut, 2);
	t.is(setText(createComposer({limit: 3}), 'ab😀').text, 'ab');
});

test('history: back, forward, and the draft at its end', t => {
	let composer = clear(insert(createComposer(), 'first'), {isRemembered: true});
	composer = clear(insert(composer, 'second'), {isRemembered: true});
	composer = clear(insert(composer, 'second'), {isRemembered: true});
	t.deepEqual(composer.history, ['first', 'second']);
	t.is(drawn(type(composer, 'draft<up>')), 'second|');
	t.is(drawn(type(composer, 'draft<up><up><up>')), 'first|');
	t.is(drawn(type(composer, 'draft<up><up><down><down>')), 'draft|');
});

test('a secret leaves nothing behind: no history, no undo, no kill', t => {
	const composer = clear(type(createComposer(), '/login ann pw<ctrl+u>/login ann pw'), {isRemembered: false});
	t.deepEqual(composer.history, []);
	t.is(type(composer, '<ctrl+_><ctrl+y><up>').text, '');
});

test('the view wraps and has the cursor', t => {
	const composer = insert(createComposer(), 'hello wide world');
	t.deepEqual(viewComposer(composer, {width: 9, maximumRows: 5}), {
		rows: ['hello', 'wide', 'world'], cursor: {row: 2, column: 5}, above: 0, below: 0,
	});
	t.deepEqual(viewComposer(moveTo(composer, 6), {width: 9, maximumRows: 5}).cursor, {row: 1, column: 0});
	t.deepEqual(viewComposer(composer, {width: 9, maximumRows: 2}), {
		rows: ['wide', 'world'], cursor: {row: 1, column: 5}, above: 1, below: 0,
	});
	t.is(viewComposer(move(composer, 'start'), {width: 9, maximumRows: 2}).below, 1);
	t.deepEqual(viewComposer(insert(createComposer(), 'a\n'), {width: 9, maximumRows: 5}).cursor, {row: 1, column: 0});
	t.deepEqual(viewComposer(createComposer(), {width: 9, maximumRows: 5}).rows, ['']);
});

test('secret stretches are dots', t => {
	const composer = insert(createComposer(), '/login ann p😀w');
	t.deepEqual(viewComposer(composer, {width: 40, maximumRows: 1, secrets: [{from: 11, to: 15}]}), {
		rows: ['/login ann •••'], cursor: {row: 0, column: 14}, above: 0, below: 0,
	});
});

const keys = [
	'alt+enter', 'backspace', 'delete', 'left', 'right', 'alt+b', 'alt+f', 'home', 'end', 'ctrl+home', 'ctrl+end', 'up', 'down', 'ctrl+k', 'ctrl+u', 'ctrl+w', 'alt+d', 'ctrl+y', 'alt+y', 'ctrl+_', 'alt+z',
];
const actions = fc.array(fc.oneof(
	fc.constantFrom(...keys).map(name => ({name})),
	fc.oneof(fc.string({unit: 'grapheme', maxLength: 4}), fc.constantFrom('👩', '\u{200D}', '🏽', '🇩', 'e', '\u{301}', ' ', 'word', '\u{D83D}', '\u{DE00}', '漢')).map(text => ({text})),
), {maxLength: 60});
const graphemes = new Intl.Segmenter(undefined, {granularity: 'grapheme'});

test('no sequence of keys tears a character, leaves the text, or overflows the view', t => {
	t.notThrows(() => {
		fc.assert(fc.property(actions, fc.integer({min: 3, max: 20}), (steps, width) => {
			let composer = createComposer({limit: 60, history: ['old one', 'older\ntwo']});
			for (const action of steps) {
				composer = 'name' in action ? editByKey(composer, action.name, width) ?? composer : insert(composer, action.text);
				const {text, cursor} = composer;
				const boundaries = new Set([...graphemes.segment(text)].map(({index}) => index)).add(text.length);
				const view = viewComposer(composer, {width, maximumRows: 4});
				if (!text.isWellFormed() || text.length > 60 || !boundaries.has(cursor)
					|| view.rows.length > 4 || view.rows.some(row => displayWidth(row) >= width)
					|| view.cursor.row >= view.rows.length || view.cursor.column >= width) {
					return false;
				}
			}

			return true;
		}), {numRuns: 1000});
	});
});
