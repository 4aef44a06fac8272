import test from 'ava';
import fc from 'fast-check';
import {safetyNumber, type SafetyIdentity} from '../../../source/messenger/people/safety-number.js';

const ann: SafetyIdentity = {
	realm: '0123456789abcdef', user: 'ann', sign: 'A'.repeat(43), agree: 'B'.repeat(43),
};
const bob: SafetyIdentity = {
	realm: '0123456789abcdef', user: 'bob', sign: 'C'.repeat(43), agree: 'D'.repeat(43),
};

test('sixty digits in twelve groups, the same at both ends', t => {
	const number = safetyNumber(ann, bob);
	t.regex(number, /^\d{5}(?: \d{5}){11}$/v);
	t.is(safetyNumber(bob, ann), number);
});

test('the construction stays as it is', t => {
	t.is(safetyNumber(ann, bob), '16483 13719 02462 40663 21061 72853 57272 78600 18898 17397 44013 51945');
});

test('any other key, name or realm makes another number; the spelling of a name does not', t => {
	const number = safetyNumber(ann, bob);
	t.is(safetyNumber({...ann, user: 'Ann'}, bob), number);
	const changes = fc.constantFrom<Partial<SafetyIdentity>>({realm: 'fedcba9876543210'}, {user: 'cat'}, {sign: 'E'.repeat(43)}, {agree: 'F'.repeat(43)}, {sign: bob.sign, agree: bob.agree});
	fc.assert(fc.property(changes, fc.boolean(), (change, isFirst) => {
		t.not(isFirst ? safetyNumber({...ann, ...change}, bob) : safetyNumber(ann, {...bob, ...change, ...('sign' in change && 'agree' in change && {sign: ann.sign, agree: ann.agree})}), number);
	}), {numRuns: 12});
});
