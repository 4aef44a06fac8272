// Inputs that are nearly right: genuine ones, changed in a few places, so that they get past the first check.
// Knows bytes, and text by its tokens; refuses to know whose input it is. All chance comes from the caller's seed.
import {Buffer} from 'node:buffer';
import {type SeededRandom} from '../helpers/random.js';

/**
Bytes: numbers and lengths anywhere. Text: words, JSON tokens and brackets, and bytes now and then.
*/
export type Kind = 'bytes' | 'text';

/**
No input is longer; what must be longer to be interesting is a target's own business.
*/
export const maximumInputSize = 8192;

/**
Numbers at which counters, lengths and varints turn over.
*/
const turningPoints = [0, 1, 2, 0x3F, 0x40, 0x7F, 0x80, 0xFF, 0x1_00, 0x3F_FF, 0x40_00, 0x7F_FF, 0x80_00, 0xFF_FF, 0x3F_FF_FF_FF, 0x40_00_00_00, 0x7F_FF_FF_FF, 0x80_00_00_00, 0xFF_FF_FF_FF] as const;

const strangeTexts = [
	'',
	' ',
	'\n',
	'\r\n',
	'\t',
	'\0',
	'\u{7}',
	'\u{1B}[2J',
	'\u{1B}]0;x\u{7}',
	'\u{9B}31m',
	'\u{202E}',
	'\u{200D}',
	'\u{FEFF}',
	'\u{E0001}',
	'\u{300}'.repeat(40),
	'ё',
	'漢',
	'👨‍👩‍👧‍👦',
	'\u{D800}',
	'"',
	'\\',
	String.raw`\ud800`,
	String.raw`\u0000`,
	'{}',
	'[]',
	'[[[[[[[[',
	'{"a":',
	',',
	':',
	'null',
	'true',
	'false',
	'-1',
	'0',
	'1e999',
	'-0',
	'1.5',
	'9007199254740992',
	'18446744073709551616',
	'NaN',
	'__proto__',
	'constructor',
	'toString',
	'ann',
	'bob',
	'den',
	'server',
	'*',
	'/',
	'../',
	'..\\',
	'%s',
	'$(x)',
	'127.0.0.1:7600',
	'[::1]:7600',
	'::',
	'999.999.999.999:99999',
	'a'.repeat(33),
	'x'.repeat(3000),
] as const;

const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[\p{Letter}_]+|[^\s\d\p{Letter}"]|\s+/gv;

/**
An input made from the corpus.
*/
export function mutate(corpus: readonly Uint8Array[], kind: Kind, random: SeededRandom): Uint8Array {
	if (random.chance(0.04)) {
		return random.bytes(random.integer(0, random.chance(0.1) ? 1500 : 40));
	}

	let input: Uint8Array = new Uint8Array(random.pick(corpus));
	if (random.chance(0.04)) {
		return input;
	}

	for (let count = random.integer(1, 4); count > 0; count--) {
		input = kind === 'text' && random.chance(0.75) ? changeText(input, corpus, random) : changeBytes(input, corpus, random);
	}

	return input.length > maximumInputSize ? input.slice(0, maximumInputSize) : input;
}

function changeBytes(input: Uint8Array, corpus: readonly Uint8Array[], random: SeededRandom): Uint8Array {
	const at = random.integer(0, Math.max(0, input.length - 1));
	switch (random.integer(0, 8)) {
		case 0: {
			return set(input, at, [(input[at] ?? 0) ^ (1 << random.integer(0, 7))]);
		}

		case 1: {
			return set(input, at, [random.pick(turningPoints) & 0xFF]);
		}

		case 2: {
			// A number of two, four or eight bytes; the latter two are varints of RFC 9000 when their first bits say so.
			const bytes = Buffer.alloc(8);
			const size = random.pick([2, 4, 8]);
			bytes.writeUIntBE(random.pick(turningPoints), 2, 6);
			const number = bytes.subarray(8 - size);
			number[0]! |= random.pick([0, 0x40, 0x80, 0xC0]);
			return set(input, at, number);
		}

		case 3: {
			return input.slice(0, at);
		}

		case 4: {
			const end = at + random.integer(1, 16);
			return join(input.subarray(0, at), input.subarray(end));
		}

		case 5: {
			const part = input.subarray(at, at + random.integer(1, 64));
			return join(input.subarray(0, at), part, input.subarray(at));
		}

		case 6: {
			return join(input.subarray(0, at), random.bytes(random.integer(1, 16)), input.subarray(at));
		}

		case 7: {
			const other = random.pick(corpus);
			return join(input.subarray(0, at), other.subarray(random.integer(0, Math.max(0, other.length - 1))));
		}

		default: {
			return join(input, random.pick(corpus));
		}
	}
}

function changeText(input: Uint8Array, corpus: readonly Uint8Array[], random: SeededRandom): Uint8Array {
	const words = toText(input).match(tokens) ?? [''];
	const at = random.integer(0, words.length - 1);
	switch (random.integer(0, 6)) {
		case 0:
		case 1: {
			words[at] = random.pick(strangeTexts);
			break;
		}

		case 2: {
			words[at] = JSON.stringify(random.pick(strangeTexts));
			break;
		}

		case 3: {
			words.splice(at, random.integer(1, 4));
			break;
		}

		case 4: {
			words.splice(at, 0, ...words.slice(at, at + random.integer(1, 6)));
			break;
		}

		case 5: {
			words[at] = random.pick(toText(random.pick(corpus)).match(tokens) ?? ['']);
			break;
		}

		default: {
			const depth = random.pick([1, 3, 200]);
			words[at] = `${'['.repeat(depth)}${words[at]!}${']'.repeat(depth)}`;
		}
	}

	return Buffer.from(words.join(''));
}

function toText(input: Uint8Array): string {
	return Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString();
}

function set(input: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
	const size = Math.min(bytes.length, Math.max(0, input.length - at));
	for (let index = 0; index < size; index++) {
		input[at + index] = bytes[index]!;
	}

	return input;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
	return new Uint8Array(Buffer.concat(parts));
}
