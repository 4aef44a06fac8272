import {Buffer} from 'node:buffer';
import {createPrivateKey} from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import {
	deviceFingerprint,
	deviceId,
	maximumCardLength,
	realmId,
	rootPublicKeyOf,
	signCard,
	verifyCard,
	type Card,
} from '../../source/protocol/cards.js';
import {
	decodeBase64,
	encodeBase64,
	exportPublicKey,
	importPrivateKey,
	importPublicKey,
} from '../../source/protocol/keys.js';

const root = importPrivateKey('ed25519', new Uint8Array(32).fill(1));
const rootPublic = rootPublicKeyOf(root);
const otherRoot = importPrivateKey('ed25519', new Uint8Array(32).fill(2));
const sign = encodeBase64(new Uint8Array(32).fill(3));
const agree = encodeBase64(new Uint8Array(32).fill(4));
const issued = 1_700_000_000_000;
const expires = issued + 1000;

function cardOf(changes: Partial<Card> = {}): Card {
	return {
		realm: realmId(rootPublic), user: 'ann', device: deviceId(decodeBase64(sign)), sign, agree, issued, expires, ...changes,
	};
}

test('a signed card is read back by who knows the root', t => {
	t.deepEqual({...verifyCard(signCard(cardOf(), root), rootPublic, issued)!}, cardOf());
});

const minute = 60_000;
for (const [what, now, isValid] of [
	['at the moment of issue', issued, true],
	['by a clock ten minutes slow', issued - (10 * minute), true],
	['by a clock more than that slow', issued - (10 * minute) - 1, false],
	['in its last millisecond', expires - 1, true],
	['at its end', expires, false],
] as const) {
	test(`a card ${what} is ${isValid ? 'good' : 'not good'}`, t => {
		t.is(verifyCard(signCard(cardOf(), root), rootPublic, now) !== undefined, isValid);
	});
}

const bad: ReadonlyArray<readonly [what: string, card: Record<string, unknown>]> = [
	['another realm', {realm: realmId(new Uint8Array(32))}],
	['a device that is not its key\'s', {device: '0123456789abcdef'}],
	['a name that can\'t be', {user: 'a b'}],
	['a mixed name', {user: 'аnn'}],
	['a short key', {sign: sign.slice(1)}],
	['an agreement key of the wrong type', {agree: 7}],
	['a time that is no number', {expires: 'never'}],
	['a time that is no whole number', {issued: issued + 0.5}],
	['no end', {expires: undefined}],
];
for (const [what, changes] of bad) {
	test(`a card with ${what} is not believed, though the root signed it`, t => {
		t.is(verifyCard(signCard({...cardOf(), ...changes}, root), rootPublic, issued), undefined);
	});
}

test('a card of another root is not believed', t => {
	t.is(verifyCard(signCard(cardOf(), otherRoot), rootPublic, issued), undefined);
	t.is(verifyCard(signCard(cardOf(), root), rootPublicKeyOf(otherRoot), issued), undefined);
	t.is(verifyCard(signCard(cardOf(), root), new Uint8Array(31), issued), undefined);
});

test('no changed character leaves a card believed, and none throws', t => {
	const text = signCard(cardOf(), root);
	t.notThrows(() => {
		fc.assert(fc.property(fc.nat(text.length - 1), fc.constantFrom('A', 'b', '-', '_', '.', '=', ' ', '😀'), (index, character) => {
			const changed = text.slice(0, index) + character + text.slice(index + 1);
			const card = verifyCard(changed, rootPublic, issued);
			// Base64 has spare bits and lenient readers: what still reads as the same bytes is the same card.
			return card === undefined || JSON.stringify(card) === JSON.stringify(cardOf());
		}), {numRuns: 500});
		fc.assert(fc.property(fc.string({unit: 'binary', maxLength: 200}), noise => [noise, `${noise}.${text.split('.', 2)[1]!}`].every(candidate => verifyCard(candidate, rootPublic, issued) === undefined)));
	});
	t.is(verifyCard(`${text}.`, rootPublic, issued), undefined);
	t.is(verifyCard('x'.repeat(1_000_000), rootPublic, issued), undefined);
});

test('the longest name still fits', t => {
	const text = signCard(cardOf({user: '𐐷'.repeat(32)}), root);
	t.true(text.length <= maximumCardLength);
	t.truthy(verifyCard(text, rootPublic, issued));
});

test('a fingerprint is of both keys', t => {
	const fingerprint = deviceFingerprint(cardOf());
	t.regex(fingerprint, /^(?:[\da-f]{4} ){7}[\da-f]{4}$/v);
	t.is(deviceFingerprint(cardOf({user: 'bob', expires: 1})), fingerprint);
	t.not(deviceFingerprint(cardOf({agree: sign})), fingerprint);
	t.not(deviceFingerprint(cardOf({sign: agree})), fingerprint);
});

test('raw keys go in and out of key objects', t => {
	// RFC 8032, section 7.1, test 1; RFC 7748, section 6.1, Alice.
	const vectors = [
		['ed25519', '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'],
		['x25519', '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a', '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'],
	] as const;
	for (const [curve, secret, expected] of vectors) {
		const key = importPrivateKey(curve, Buffer.from(secret, 'hex'));
		const raw = exportPublicKey(key);
		t.is(raw.length, 32);
		t.deepEqual(exportPublicKey(importPublicKey(curve, raw)), raw);
		t.true(createPrivateKey(key.export({format: 'pem', type: 'pkcs8'})).equals(key));
		t.is(Buffer.from(raw).toString('hex'), expected);
	}

	t.throws(() => importPrivateKey('ed25519', new Uint8Array(31)));
	t.throws(() => importPublicKey('x25519', new Uint8Array(33)));
});

test('base64 bytes of a view are the view\'s', t => {
	const whole = new Uint8Array([1, 2, 3, 4]);
	t.deepEqual(decodeBase64(encodeBase64(whole.subarray(1, 3))), new Uint8Array([2, 3]));
});
