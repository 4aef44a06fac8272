import test from 'ava';
import {namedEvents, type KeyEvent} from '../../source/kit/keys.js';

const key = (name: string): KeyEvent => ({kind: 'key', name});
const text = (value: string): KeyEvent => ({kind: 'text', text: value});

const cases: ReadonlyArray<readonly [what: string, input: string, flags: Parameters<typeof namedEvents>[1], events: readonly KeyEvent[]]> = [
	['a letter', 'a', {}, [text('a')]],
	['a capital letter', 'A', {shift: true}, [text('A')]],
	['an emoji', '👩‍👩‍👧', {}, [text('👩‍👩‍👧')]],
	['fast typing with Enter', 'hello\r', {}, [text('hello'), key('enter')]],
	['two lines at once', 'a\rb\r', {}, [text('a'), key('enter'), text('b'), key('enter')]],
	['control characters amid text', 'a\u{1}b\u{7F}\t\u{1F}\n', {}, [text('a'), key('ctrl+a'), text('b'), key('backspace'), key('tab'), key('ctrl+_'), key('ctrl+j')]],
	['Enter', '\r', {return: true}, [key('enter')]],
	['Alt-Enter', '\r', {return: true, meta: true}, [key('alt+enter')]],
	['Ctrl-J', '\n', {}, [key('ctrl+j')]],
	['Ctrl-K', 'k', {ctrl: true}, [key('ctrl+k')]],
	['Ctrl-Space', ' ', {ctrl: true}, [key('ctrl+space')]],
	['Alt-B', 'b', {meta: true}, [key('alt+b')]],
	['Alt-1', '1', {meta: true}, [key('alt+1')]],
	['Alt-Up', '', {upArrow: true, meta: true}, [key('alt+up')]],
	['Shift-Tab', '', {tab: true, shift: true}, [key('shift+tab')]],
	['Escape', '', {escape: true}, [key('escape')]],
	['Escape twice', '', {escape: true, meta: true}, [key('escape')]],
	['a released key', 'a', {eventType: 'release'}, []],
	['a function key without a name', '', {}, []],
	['a focus report', '[I', {}, []],
	['an unknown sequence', '[1;5Q', {}, []],
	['a bracket and a letter', '[a', {}, [text('[a')]],
];

for (const [what, input, flags, events] of cases) {
	test(what, t => {
		t.deepEqual(namedEvents(input, flags), events);
	});
}
