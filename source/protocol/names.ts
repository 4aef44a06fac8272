// Names of users and rooms: which are allowed, and which two look like one.
// Knows Unicode scripts and look-alikes (after UTS #39, section 4 and 5.2); refuses to know who holds a name.
import {maximumNameLength} from './limits.js';

const ascii = /^\p{ASCII}*$/v;
const shape = /^[\p{Letter}\p{Number}][\p{Letter}\p{Mark}\p{Number}\-._]*$/v;
const script = {
	Latin: /\p{Script=Latin}/v,
	Cyrillic: /\p{Script=Cyrillic}/v,
	Greek: /\p{Script=Greek}/v,
	Armenian: /\p{Script=Armenian}/v,
	Hebrew: /\p{Script=Hebrew}/v,
	Arabic: /\p{Script=Arabic}/v,
	Devanagari: /\p{Script=Devanagari}/v,
	Thai: /\p{Script=Thai}/v,
	Han: /[\p{Script=Bopomofo}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/v,
} as const;

type ScriptName = keyof typeof script | 'other';

// East Asian names mix with Latin letters in daily use; any other mixture serves deceit (UTS #39, highly restrictive).
const mayMixWithLatin: ReadonlySet<ScriptName> = new Set(['Han']);

// Letters of other scripts that are drawn like a Latin one, mapped to it.
const lookAlikes: ReadonlyMap<string, string> = new Map(Object.entries({
	а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', н: 'h', о: 'o', р: 'p', ԛ: 'q', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x', г: 'r', ғ: 'f',
	α: 'a', β: 'b', γ: 'y', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', σ: 'o', τ: 't', υ: 'u', χ: 'x', ω: 'w',
	օ: 'o', ս: 'u', հ: 'h', ո: 'n', ց: 'g', զ: 'q', ı: 'i', ȷ: 'j', ɑ: 'a', ɡ: 'g',
}));

function scriptOf(letter: string): ScriptName {
	for (const [name, pattern] of Object.entries(script)) {
		if (pattern.test(letter)) {
			return name as ScriptName;
		}
	}

	return 'other';
}

/**
Why `name` can't be a user or room name, as a sentence for people, or `undefined` when it can.

A name is 1 to 32 letters and digits of one script, with `.`, `_` or `-` after the first, in NFKC form.
*/
export function nameProblem(name: string): string | undefined {
	if (name === '') {
		return 'A name is empty; it needs at least one letter or digit.';
	}

	if ([...name.slice(0, maximumNameLength * 4)].length > maximumNameLength) {
		return `A name has at most ${maximumNameLength} characters.`;
	}

	if (!name.isWellFormed() || !shape.test(name)) {
		return 'A name is made of letters and digits, with ".", "_" or "-" after the first; no spaces or control characters.';
	}

	if (name.normalize('NFKC') !== name) {
		return 'A name uses plain forms of its characters (Unicode NFKC); type it again without special forms.';
	}

	const scripts = new Set<ScriptName>();
	for (const character of name) {
		if (/\p{Letter}/v.test(character) && !/\p{Script=Common}/v.test(character)) {
			scripts.add(scriptOf(character));
		}
	}

	scripts.delete('Latin');
	const hasLatin = /\p{Script=Latin}/v.test(name);
	return scripts.size > 1 || (hasLatin && !scripts.isSubsetOf(mayMixWithLatin)) ? 'A name uses letters of one alphabet; this one mixes several, which could imitate somebody else.' : undefined;
}

/**
What two names share when a person could take one for the other: names with equal keys are the same name.
*/
export function nameKey(name: string): string {
	if (ascii.test(name)) {
		// Most names, asked for with every line: nothing in them looks like something else.
		return name.toLowerCase();
	}

	let key = '';
	// Taken apart first, so that a look-alike under an accent is found as well.
	for (const character of name.normalize('NFKD').toLowerCase()) {
		key += lookAlikes.get(character) ?? character;
	}

	return key.normalize('NFKC');
}
