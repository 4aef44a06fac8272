import {generateKeyPairSync} from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import {
	afterFor,
	encodeAudience,
	isAudience,
	isProven,
	signLine,
	takeable,
	type ProvenLine,
} from '../../source/protocol/line-proof.js';
import {encodeBase64, exportPublicKey} from '../../source/protocol/keys.js';
import {nameKey} from '../../source/protocol/names.js';

const {privateKey} = generateKeyPairSync('ed25519');
const signKey = encodeBase64(exportPublicKey(privateKey));
const line: ProvenLine = {
	realm: 'abcdef0123456789', room: 'den', made: 1_700_000_000_000, device: '0123456789abcdef', sequence: 7, at: 1_700_000_000_001, clock: '0123456789abcdef', audience: 'bob:0 cat:5', text: 'tea?',
};

test('a signature holds for what was signed', t => {
	t.true(isProven(line, signLine(line, privateKey), signKey));
});

for (const [field, value] of Object.entries({
	realm: '0bcdef0123456789', room: 'attic', made: 1_700_000_000_001, device: '1123456789abcdef', sequence: 8, at: 1, clock: '1123456789abcdef', audience: 'bob:0 cat:4', text: 'tea!',
} satisfies ProvenLine)) {
	test(`a signature does not hold for another ${field}`, t => {
		t.false(isProven({...line, [field]: value}, signLine(line, privateKey), signKey));
	});
}

test('a signature of another device, and what is none, does not hold', t => {
	t.false(isProven(line, signLine(line, generateKeyPairSync('ed25519').privateKey), signKey));
	t.false(isProven(line, '', signKey));
	t.false(isProven(line, 'A'.repeat(86), signKey));
});

test('a text with half a character is signed as a disk keeps it', t => {
	const said = {...line, text: 'half \u{D83D}'};
	t.true(isProven({...said, text: said.text.toWellFormed()}, signLine(said, privateKey), signKey));
});

const names = fc.uniqueArray(fc.constantFrom('ann', 'bob', 'bobby', 'ob', 'b-ob', 'кот', 'x.y'), {minLength: 1});

test('everybody in an audience is found with their line, and nobody else', t => {
	fc.assert(fc.property(names, fc.array(fc.nat(), {minLength: 7, maxLength: 7}), (readers, afters) => {
		const audience = encodeAudience(readers.map((reader, index) => [nameKey(reader), afters[index]!]));
		t.true(isAudience(audience));
		for (const name of ['ann', 'bob', 'bobby', 'ob', 'b-ob', 'кот', 'x.y', 'o', 'y'] as const) {
			t.is(afterFor(audience, name), afters[(readers as readonly string[]).indexOf(name)]);
		}
	}), {numRuns: 200});
});

for (const text of ['', 'bob', 'bob:', ':1', 'bob:1 ', ' bob:1', 'bob:1  cat:2', 'bob:-1', 'bob:1\ncat:2', 'bob:12345678901234567', `${'b'.repeat(20_000)}:1`]) {
	test(`no audience: ${JSON.stringify(text).slice(0, 40)}`, t => {
		t.false(isAudience(text));
	});
}

test('lines can be taken one after the other, but what comes after a gap', t => {
	const lines = ([[3, 'bob:0'], [4, 'bob:3 cat:0'], [6, 'cat:4'], [7, 'bob:5 cat:6'], [9, 'cat:7']] as const).map(([sequence, audience]) => ({sequence, audience}));
	const numbers = (reader: string, mark: number) => takeable(lines, reader, [[1, mark]]).map(({sequence}) => sequence);
	t.deepEqual(numbers('bob', 0), [3, 4]);
	t.deepEqual(numbers('bob', 2), [3, 4]);
	t.deepEqual(numbers('bob', 4), []);
	t.deepEqual(numbers('bob', 5), [7]);
	t.deepEqual(numbers('cat', 0), [4, 6, 7, 9]);
	t.deepEqual(numbers('cat', 6), [7, 9]);
	t.deepEqual(numbers('dan', 0), []);
});
