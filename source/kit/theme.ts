// What each colour means, and which colour a name has. Two themes: in colour, and without (NO_COLOR, a dumb terminal).
// It uses the terminal's own sixteen colours, so that it fits dark and light alike; it refuses to know what is drawn with them.
import type {Color, Style} from './style.js';

/**
The styles by meaning. `id` tells cached lines of one theme from those of another.
*/
export type Theme = {
	readonly id: string;
	readonly plain: Style;
	readonly strong: Style;
	readonly muted: Style;
	readonly accent: Style;
	readonly good: Style;
	readonly warning: Style;
	readonly danger: Style;
	readonly title: Style;
	readonly rule: Style;
	readonly selected: Style;
	readonly match: Style;
	/**
	Colours that people's names are given, each always the same one.
	*/
	readonly names: readonly Style[];
};

// Red is left out: it means trouble. So is dark blue: it cannot be read on black.
const nameColors: readonly Color[] = ['cyan', 'green', 'yellow', 'magenta', 'brightBlue', 'brightCyan', 'brightGreen', 'brightYellow', 'brightMagenta'];

export const colorTheme: Theme = {
	id: 'color',
	plain: {},
	strong: {bold: true},
	muted: {color: 'gray'},
	accent: {color: 'cyan'},
	good: {color: 'green'},
	warning: {color: 'yellow'},
	danger: {color: 'red'},
	title: {bold: true},
	rule: {color: 'gray'},
	selected: {inverse: true},
	match: {color: 'cyan', bold: true},
	names: nameColors.map(color => ({color})),
};

export const plainTheme: Theme = {
	id: 'plain',
	plain: {},
	strong: {bold: true},
	muted: {dim: true},
	accent: {bold: true},
	good: {},
	warning: {bold: true},
	danger: {bold: true},
	title: {bold: true},
	rule: {dim: true},
	selected: {inverse: true},
	match: {underline: true},
	names: [{}],
};

/**
No colour when `NO_COLOR` is set and not empty (no-color.org), or when the terminal calls itself dumb.
*/
export function chooseTheme(environment: Readonly<Record<string, string | undefined>>): Theme {
	return (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb' ? plainTheme : colorTheme;
}

/**
The name's own style: the same on every screen, in every session (FNV-1a over its code units, then mixed: short names differ in few bits).
*/
export function styleOfName(theme: Theme, name: string): Style {
	let hash = 0x81_1C_9D_C5;
	for (let index = 0; index < name.length; index++) {
		hash = Math.imul(hash ^ name.codePointAt(index)!, 0x01_00_01_93);
	}

	hash = Math.imul(hash ^ (hash >>> 15), 0x2C_1B_3C_6D);
	hash ^= hash >>> 12;
	return theme.names[(hash >>> 0) % theme.names.length] ?? theme.plain;
}
