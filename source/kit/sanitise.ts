// Makes foreign text safe to draw: no escape sequence, control, bidi override, invisible padding or tower of marks leaves this file.
// It knows Unicode and ECMA-48 escapes; it refuses to know colours, widths or who wrote the text.
// Every name, message and error that others wrote goes through here before the screen or the plain face sees it.

/**
Longest text that is looked at, in UTF-16 code units; what lies beyond is cut off.
*/
export const maximumTextLength = 65_536;

/**
Marks kept on one base character: enough for every living script, too few for a tower.
*/
export const maximumMarks = 4;

/**
Zero-width joiners kept in one chain: the longest emoji in Unicode's list has four.
*/
const maximumJoins = 4;

const printableAscii = /^[\u{20}-\u{7E}]*$/v;

// ECMA-48 5.3-5.6: CSI with its parameters, strings (OSC, DCS, SOS, PM, APC) up to their terminator, then any other escape.
// A string without an end loses its introducer only, so that it cannot hide the rest of a message.
// No class overlaps the one after it, so matching is linear.
const controlSequence = /(?:\u{1B}\[|\u{9B})[\u{30}-\u{3F}]*[\u{20}-\u{2F}]*[\u{40}-\u{7E}]?/v;
const controlString = /(?:\u{1B}[PX\]^_]|[\u{90}\u{98}\u{9D}-\u{9F}])[^\u{07}\u{1B}\u{90}\u{98}\u{9C}-\u{9F}]*(?:\u{07}|\u{1B}\\|\u{9C})/v;
const otherEscape = /\u{1B}[\u{20}-\u{2F}]*[\u{30}-\u{7E}]?/v;
const escapeSequences = new RegExp([controlSequence, controlString, otherEscape].map(({source}) => source).join('|'), 'gv');

const lineBreaks = /\r\n|[\n\v\f\r\u{85}\u{2028}\u{2029}]/gv;
const blanks = /[\t\n]/gv;
const invisible = /^[\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}]$/v;
// A line break is a control, and a variation selector cannot be seen, but both are meant.
const meant = /^(?:\n|\p{Variation_Selector})$/v;
const nonCharacter = /^\p{Noncharacter_Code_Point}$/v;
const mark = /^\p{Mark}$/v;
// Joiners have a meaning after a pictograph, after a mark, and in scripts that join; elsewhere they only hide.
const joinsAfter = /^[\p{Emoji_Modifier}\p{Extended_Pictographic}\p{Mark}\p{Script=Arabic}\p{Script=Bengali}\p{Script=Devanagari}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Khmer}\p{Script=Malayalam}\p{Script=Mongolian}\p{Script=Myanmar}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Syriac}\p{Script=Tamil}\p{Script=Telugu}]$/v;
const joinsBefore = /^[\p{Extended_Pictographic}\p{Letter}\p{Mark}]$/v;

/**
Text for a single line (names, titles, errors): line breaks and tabs become spaces.
*/
export function sanitiseLine(text: string): string {
	return sanitise(text, ' ', ' ');
}

/**
Text that may have several lines (messages): `\n` stays, tabs become four spaces.
*/
export function sanitiseText(text: string): string {
	return sanitise(text, '\n', ' '.repeat(4));
}

function sanitise(text: string, newline: string, tab: string): string {
	if (text.length <= maximumTextLength && printableAscii.test(text)) {
		return text;
	}

	const plain = text
		.slice(0, maximumTextLength)
		.replaceAll(escapeSequences, '')
		.replaceAll(lineBreaks, '\n')
		.replaceAll(blanks, blank => blank === '\n' ? newline : tab)
		.slice(0, maximumTextLength)
		.toWellFormed();

	return printableAscii.test(plain) ? plain : keepVisible(plain);
}

/**
Drops what cannot be seen, and marks beyond the cap; deciding from what was kept makes a second pass change nothing.
*/
function keepVisible(text: string): string {
	let kept = '';
	let previous = '';
	let joiner = '';
	let joins = 0;
	// A line, or a word, may not begin with a mark: it would sit on whatever is drawn before it.
	let marks = maximumMarks;

	for (const character of text) {
		if (character === '\u{200C}' || character === '\u{200D}') {
			joiner ||= character;
			continue;
		}

		if (invisible.test(character) && !meant.test(character)) {
			continue;
		}

		if (mark.test(character)) {
			if (marks >= maximumMarks) {
				continue;
			}

			marks++;
		} else {
			marks = character === '\n' || character === ' ' ? maximumMarks : 0;
		}

		if (joiner !== '' && joins < maximumJoins && joinsAfter.test(previous) && joinsBefore.test(character)) {
			kept += joiner;
			joins++;
		} else if (marks === 0) {
			joins = 0;
		}

		joiner = '';
		previous = nonCharacter.test(character) ? '\u{FFFD}' : character;
		kept += previous;
	}

	return kept;
}
