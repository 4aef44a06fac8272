// Gives every key one name ("ctrl+k", "alt+enter", "pageup"), so that keymaps are plain tables.
// Ink delivers what the terminal sent in one read as one input: fast typing, or a test, brings "hello\r" in one piece, which is text and a key.
// It refuses to know what keys do.
import type {Key} from 'ink';

export type KeyEvent =
	| {readonly kind: 'key'; readonly name: string}
	| {readonly kind: 'text'; readonly text: string};

const namedKeys: ReadonlyArray<readonly [keyof Key, string]> = [
	['upArrow', 'up'],
	['downArrow', 'down'],
	['leftArrow', 'left'],
	['rightArrow', 'right'],
	['pageUp', 'pageup'],
	['pageDown', 'pagedown'],
	['home', 'home'],
	['end', 'end'],
	['return', 'enter'],
	['escape', 'escape'],
	['tab', 'tab'],
	['backspace', 'backspace'],
	['delete', 'delete'],
];

const controlNames: Readonly<Record<string, string>> = {
	'\0': 'ctrl+space',
	'\b': 'backspace',
	'\t': 'tab',
	'\n': 'ctrl+j',
	'\r': 'enter',
	'\u{1B}': 'escape',
	'\u{7F}': 'backspace',
};

// A sequence that Ink does not know (focus reports, unusual function keys) arrives without its escape character.
const unknownSequence = /^\[(?:[\d:;<=>?]+[$@A-Z^a-z~]|[IO])$/v;
const controls = /[\u{00}-\u{1F}\u{7F}]/v;

/**
The events in one input of Ink's `useInput`, in order; none for keys without a meaning here.
*/
export function namedEvents(input: string, key: Partial<Key>): KeyEvent[] {
	if (key.eventType === 'release') {
		return [];
	}

	const named = namedKeys.find(([flag]) => key[flag] === true)?.[1];
	if (named !== undefined) {
		return [{kind: 'key', name: withModifiers(named, key)}];
	}

	if (input === '' || unknownSequence.test(input)) {
		return [];
	}

	if (key.ctrl === true || key.meta === true) {
		const letter = input === ' ' ? 'space' : input.toLowerCase();
		return [{kind: 'key', name: withModifiers(letter, {ctrl: key.ctrl ?? false, meta: key.meta ?? false})}];
	}

	return splitControls(input);
}

function withModifiers(name: string, {ctrl, meta, shift}: Partial<Key>): string {
	// A lone escape that comes twice is still an escape.
	return name === 'escape' ? name : `${ctrl ? 'ctrl+' : ''}${meta ? 'alt+' : ''}${shift ? 'shift+' : ''}${name}`;
}

function splitControls(input: string): KeyEvent[] {
	if (!controls.test(input)) {
		return [{kind: 'text', text: input}];
	}

	const events: KeyEvent[] = [];
	let text = '';
	for (const character of input) {
		if (!controls.test(character)) {
			text += character;
			continue;
		}

		if (text !== '') {
			events.push({kind: 'text', text});
			text = '';
		}

		events.push({kind: 'key', name: controlNames[character] ?? controlName(character)});
	}

	if (text !== '') {
		events.push({kind: 'text', text});
	}

	return events;
}

/**
0x01 is Ctrl-A, 0x1F is Ctrl-_.
*/
function controlName(character: string): string {
	return `ctrl+${String.fromCodePoint(character.codePointAt(0)! + 64).toLowerCase()}`;
}
