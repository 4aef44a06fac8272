import test from 'ava';
import fc from 'fast-check';
import {nameKey, nameProblem} from '../../source/protocol/names.js';

const allowed = ['ann', 'Ann', 'a', '7', 'ann-2', 'ann.b_c', 'müller', 'josé', 'Ωmega'.slice(1), 'анна', 'Ελένη', '太郎', '太郎san', '田中さん', '김철수', 'עדי', 'علي', 'अनिता', 'สมชาย', 'x'.repeat(32), '𐐷'.repeat(32)];
for (const name of allowed) {
	test(`${name} can be a name`, t => {
		t.is(nameProblem(name), undefined);
	});
}

/**
A name in which nothing is invisible.
*/
function escape(name: string): string {
	return Array.from(name, character => /^[\w,\-.\/:]$/v.test(character) ? character : String.raw`\u{${character.codePointAt(0)!.toString(16)}}`).join('');
}

const refused: ReadonlyArray<readonly [name: string, why: RegExp]> = [
	['', /empty/v],
	['x'.repeat(33), /at most 32/v],
	['𐐷'.repeat(33), /at most 32/v],
	['x'.repeat(100_000), /at most 32/v],
	['a b', /letters and digits/v],
	[' ann', /letters and digits/v],
	['ann ', /letters and digits/v],
	['-ann', /letters and digits/v],
	['.ann', /letters and digits/v],
	['_', /letters and digits/v],
	['a,b', /letters and digits/v],
	['a:b', /letters and digits/v],
	['a/b', /letters and digits/v],
	['a\nb', /letters and digits/v],
	['a\u{0}b', /letters and digits/v],
	['a\u{1B}[31m', /letters and digits/v],
	['a\u{202E}b', /letters and digits/v],
	['a\u{200B}b', /letters and digits/v],
	['a\u{200D}b', /letters and digits/v],
	['a\u{FEFF}b', /letters and digits/v],
	['a\u{AD}b', /letters and digits/v],
	['a\u{D800}', /letters and digits/v],
	['👩', /letters and digits/v],
	['\u{301}a', /letters and digits/v],
	['ａnn', /plain forms/v],
	['ﬁn', /plain forms/v],
	['ann²', /plain forms/v],
	['e\u{301}', /plain forms/v],
	['аnn', /one alphabet/v],
	['annа', /one alphabet/v],
	['αnn', /one alphabet/v],
	['анα', /one alphabet/v],
	['太анна', /one alphabet/v],
];
for (const [name, why] of refused) {
	test(`${escape(name.slice(0, 40))} (${name.length}) can't be a name`, t => {
		t.regex(nameProblem(name) ?? '', why);
	});
}

const alike = [['ann', 'ANN'], ['ace', 'асе'], ['cop', 'сор'], ['yo', 'уо'], ['ë', 'ё'], ['á', 'а\u{301}'], ['o', 'ο'], ['strasse', 'STRASSE'], ['ﬁ', 'fi'], ['é', 'e\u{301}']] as const;
for (const [one, other] of alike) {
	test(`${one} and ${other} are one name`, t => {
		t.is(nameKey(one), nameKey(other));
	});
}

const different = [['ann', 'anna'], ['ann', 'bob'], ['ann-2', 'ann_2'], ['müller', 'muller'], ['ß', 'ss'], ['太', '大'], ['и', 'й']] as const;
for (const [one, other] of different) {
	test(`${one} and ${other} are two names`, t => {
		t.not(nameKey(one), nameKey(other));
	});
}

test('a key is its own key, and nothing makes the checks throw', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.string({unit: 'binary', maxLength: 50}), text => {
			nameProblem(text);
			const key = nameKey(text);
			return nameKey(key) === key;
		}), {numRuns: 2000});
	});
});
