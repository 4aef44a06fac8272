// A text editor for one message as a value: text, cursor, undo, kill ring and history; every edit returns a new one.
// The cursor stands between graphemes only, so no key can tear an emoji or leave half a surrogate pair.
// It refuses to know keys (composer-keys.ts), rows and columns (composer-view.ts), and what the text is for.
import {maximumTextLength, sanitiseText} from './sanitise.js';

type Snapshot = {
	readonly text: string;
	readonly cursor: number;
};

export type Composer = Snapshot & {
	/**
	Longest text, in UTF-16 code units.
	*/
	readonly limit: number;
	/**
	Code units that the last insertion had to leave out because of the limit.
	*/
	readonly leftOut: number;
	/**
	The kind of the last edit: consecutive typing is one undo step, consecutive kills are one entry of the kill ring.
	*/
	readonly lastEdit: 'none' | 'type' | 'kill-forward' | 'kill-backward' | 'yank';
	readonly undone: readonly Snapshot[];
	readonly past: readonly Snapshot[];
	readonly kills: readonly string[];
	/**
	Which kill the last yank inserted, and how long it is.
	*/
	readonly yanked: number;
	readonly history: readonly string[];
	/**
	Where in the history one is; its length means the draft.
	*/
	readonly position: number;
	readonly draft: string;
};

const maximumUndo = 100;
const maximumKills = 16;
const maximumHistory = 200;
export const defaultComposerLimit = 8192;

const graphemes = new Intl.Segmenter(undefined, {granularity: 'grapheme'});
const wordCharacter = /[\p{Letter}\p{Mark}\p{Number}_]/v;

export function createComposer({limit = defaultComposerLimit, history = []}: {readonly limit?: number; readonly history?: readonly string[]} = {}): Composer {
	return {
		text: '', cursor: 0, limit, leftOut: 0, lastEdit: 'none', undone: [], past: [], kills: [], yanked: 0, history, position: history.length, draft: '',
	};
}

/**
Inserts foreign text at the cursor, sanitised; what is beyond the limit is left out and counted in `leftOut`.
*/
export function insert(composer: Composer, foreign: string, kind: 'type' | 'paste' = 'type'): Composer {
	const {text, cursor} = composer;
	// A combining mark typed on its own belongs to the letter before it, so it is judged together with that letter.
	const before = text.slice(previousGrapheme(text, cursor), cursor);
	const together = sanitiseText(before + foreign);
	const clean = together.startsWith(before) ? together.slice(before.length) : sanitiseText(foreign);
	const room = Math.max(0, composer.limit - text.length);
	const fitting = clean.length <= room ? clean : clean.slice(0, graphemeFloor(clean, room));
	// What the sanitiser cut off because of its own limit is left out too.
	const leftOut = clean.length - fitting.length + Math.max(0, foreign.length - maximumTextLength);
	if (fitting === '') {
		return {...composer, leftOut};
	}

	const isContinued = kind === 'type' && composer.lastEdit === 'type' && !/^\s/v.test(fitting);
	const next = replace(composer, cursor, cursor, fitting, isContinued);
	return {...next, lastEdit: kind === 'type' ? 'type' : 'none', leftOut};
}

/**
Replaces the whole text, the cursor at its end, as one edit that can be taken back.
*/
export function setText(composer: Composer, text: string): Composer {
	const clean = sanitiseText(text);
	return replace(composer, 0, composer.text.length, clean.slice(0, graphemeFloor(clean, composer.limit)));
}

/**
Begins another text, as a draft of its own: undo does not lead back, kills and history stay.
*/
export function startText(composer: Composer, text: string): Composer {
	return {
		...createComposer({limit: composer.limit, history: composer.history}), kills: composer.kills, text, cursor: text.length,
	};
}

export function deleteBackward(composer: Composer): Composer {
	return replace(composer, previousGrapheme(composer.text, composer.cursor), composer.cursor, '');
}

export function deleteForward(composer: Composer): Composer {
	return replace(composer, composer.cursor, nextGrapheme(composer.text, composer.cursor), '');
}

export type Motion = 'left' | 'right' | 'word-left' | 'word-right' | 'line-start' | 'line-end' | 'start' | 'end';

/**
Where the motion leads from the cursor.
*/
export function target({text, cursor}: Snapshot, motion: Motion): number {
	switch (motion) {
		case 'left': {
			return previousGrapheme(text, cursor);
		}

		case 'right': {
			return nextGrapheme(text, cursor);
		}

		case 'word-left': {
			return wordStart(text, cursor);
		}

		case 'word-right': {
			return wordEnd(text, cursor);
		}

		case 'line-start': {
			return cursor === 0 ? 0 : text.lastIndexOf('\n', cursor - 1) + 1;
		}

		case 'line-end': {
			const end = text.indexOf('\n', cursor);
			return end === -1 ? text.length : end;
		}

		case 'start': {
			return 0;
		}

		case 'end': {
			return text.length;
		}
	}
}

export function move(composer: Composer, motion: Motion): Composer {
	return moveTo(composer, target(composer, motion));
}

/**
Puts the cursor at the offset, or at the next place between graphemes.
*/
export function moveTo(composer: Composer, offset: number): Composer {
	return {
		...composer, cursor: graphemeCeiling(composer.text, offset), lastEdit: 'none', leftOut: 0,
	};
}

/**
Removes from the cursor to where the motion leads, into the kill ring. At a line's end its newline goes.
*/
export function kill(composer: Composer, motion: Motion): Composer {
	const {cursor, text} = composer;
	let to = target(composer, motion);
	if (to === cursor && motion === 'line-end') {
		to = nextGrapheme(text, cursor);
	}

	if (to === cursor) {
		return composer;
	}

	const direction = to > cursor ? 'kill-forward' : 'kill-backward';
	const killed = text.slice(Math.min(cursor, to), Math.max(cursor, to));
	const [latest = '', ...older] = composer.kills;
	const isContinued = composer.lastEdit === 'kill-forward' || composer.lastEdit === 'kill-backward';
	const joined = direction === 'kill-forward' ? latest + killed : killed + latest;
	const kills = isContinued ? [joined, ...older] : [killed, ...composer.kills].slice(0, maximumKills);
	return {...replace(composer, Math.min(cursor, to), Math.max(cursor, to), ''), kills, lastEdit: direction};
}

/**
Inserts the latest kill.
*/
export function yank(composer: Composer): Composer {
	const [latest] = composer.kills;
	return latest === undefined ? composer : {...insert(composer, latest, 'paste'), lastEdit: 'yank', yanked: 0};
}

/**
Straight after a yank: puts the kill before it in its place.
*/
export function yankOlder(composer: Composer): Composer {
	if (composer.lastEdit !== 'yank') {
		return composer;
	}

	const yanked = (composer.yanked + 1) % composer.kills.length;
	return {...insert(undo(composer), composer.kills[yanked]!, 'paste'), lastEdit: 'yank', yanked};
}

export function undo(composer: Composer): Composer {
	const snapshot = composer.past.at(-1);
	return snapshot
		? {
			...composer, ...snapshot, past: composer.past.slice(0, -1), undone: [...composer.undone, {text: composer.text, cursor: composer.cursor}], lastEdit: 'none', leftOut: 0,
		}
		: composer;
}

export function redo(composer: Composer): Composer {
	const snapshot = composer.undone.at(-1);
	return snapshot
		? {
			...composer, ...snapshot, undone: composer.undone.slice(0, -1), past: [...composer.past, {text: composer.text, cursor: composer.cursor}], lastEdit: 'none', leftOut: 0,
		}
		: composer;
}

/**
One entry back; what was being written waits as the draft.
*/
export function historyBack(composer: Composer): Composer {
	return composer.position === 0 ? composer : recall(composer, composer.position - 1);
}

/**
One entry forward, at last the draft again.
*/
export function historyForward(composer: Composer): Composer {
	return composer.position >= composer.history.length ? composer : recall(composer, composer.position + 1);
}

/**
Empties the composer; what stood there goes into the history unless it is secret, blank or a repetition.
*/
export function clear(composer: Composer, {isRemembered}: {readonly isRemembered: boolean}): Composer {
	const {text, history} = composer;
	const remembered = isRemembered && text.trim() !== '' && text !== history.at(-1) ? [...history, text].slice(-maximumHistory) : history;
	// Undo ends here: a password that was typed must not come back with Ctrl-_.
	return {...createComposer({limit: composer.limit, history: remembered}), kills: isRemembered ? composer.kills : []};
}

function recall(composer: Composer, position: number): Composer {
	const draft = composer.position === composer.history.length ? composer.text : composer.draft;
	const text = composer.history[position] ?? draft;
	return {
		...composer, text, cursor: text.length, position, draft, past: [], undone: [], lastEdit: 'none', leftOut: 0,
	};
}

function replace(composer: Composer, from: number, to: number, inserted: string, isContinued = false): Composer {
	if (from === to && inserted === '') {
		return {...composer, lastEdit: 'none', leftOut: 0};
	}

	const text = composer.text.slice(0, from) + inserted + composer.text.slice(to);
	const past = isContinued ? composer.past : [...composer.past, {text: composer.text, cursor: composer.cursor}].slice(-maximumUndo);
	// What stands on both sides of the cut may have become one grapheme.
	return {
		...composer, text, cursor: graphemeCeiling(text, from + inserted.length), past, undone: [], lastEdit: 'none', leftOut: 0,
	};
}

function previousGrapheme(text: string, offset: number): number {
	return offset <= 0 ? 0 : graphemes.segment(text).containing(offset - 1)!.index;
}

function nextGrapheme(text: string, offset: number): number {
	if (offset >= text.length) {
		return text.length;
	}

	const {index, segment} = graphemes.segment(text).containing(offset)!;
	return index + segment.length;
}

/**
The nearest place between graphemes at or before the offset.
*/
function graphemeFloor(text: string, offset: number): number {
	return offset >= text.length ? text.length : graphemes.segment(text).containing(Math.max(0, offset))!.index;
}

/**
The nearest place between graphemes at or after the offset.
*/
function graphemeCeiling(text: string, offset: number): number {
	const floor = graphemeFloor(text, offset);
	return floor >= offset ? floor : nextGrapheme(text, floor);
}

function wordStart(text: string, offset: number): number {
	let start = offset;
	while (start > 0 && !isWordAt(text, previousGrapheme(text, start))) {
		start = previousGrapheme(text, start);
	}

	while (start > 0 && isWordAt(text, previousGrapheme(text, start))) {
		start = previousGrapheme(text, start);
	}

	return start;
}

function wordEnd(text: string, offset: number): number {
	let end = offset;
	while (end < text.length && !isWordAt(text, end)) {
		end = nextGrapheme(text, end);
	}

	while (end < text.length && isWordAt(text, end)) {
		end = nextGrapheme(text, end);
	}

	return end;
}

function isWordAt(text: string, offset: number): boolean {
	return wordCharacter.test(String.fromCodePoint(text.codePointAt(offset) ?? 0x20));
}
