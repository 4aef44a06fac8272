import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {HybridClock} from '../../../source/messenger/clock.js';
import {decodeLetter, encodeLetter, type Letter} from '../../../source/messenger/mail/letters.js';
import {maximumSealedLength, maximumTextBytes} from '../../../source/protocol/limits.js';

const clock = new HybridClock().tick(1_700_000_000_000);
const line: Letter = {
	kind: 'line', sequence: 7, after: 5, at: 1_700_000_000_000, clock, text: 'grüße\n👋',
};
const receipt: Letter = {
	kind: 'receipt', lane: 'room:den', got: [[1, 8], [2 ** 40, (2 ** 48) - 1]], read: [[1, 6]],
};

const plea: Letter = {kind: 'plea', lane: 'room:den', got: [[1, 2 ** 40]]};

const proven: Letter = {
	...line, proof: {made: 1_700_000_000_000, audience: 'bob:0 kät:4', signature: Buffer.alloc(64, 7).toString('base64url')},
};

test('lines, receipts and pleas survive', t => {
	for (const letter of [line, proven, plea, receipt, {...receipt, lane: 'session' as const}]) {
		t.deepEqual(decodeLetter(encodeLetter(letter)), letter);
	}
});

test('their bytes do not change from one version to the next', t => {
	t.is(Buffer.from(encodeLetter(line)).toString('hex'), `01000000000007000000000005018bcfe56800${Buffer.from(clock).toString('hex')}6772c3bcc39f650af09f918b`);
	t.is(Buffer.from(encodeLetter(receipt)).toString('hex'), '0402000000000001000000000008010000000000ffffffffffff01000000000001000000000006' + Buffer.from('room:den').toString('hex'));
	t.is(Buffer.from(encodeLetter(plea)).toString('hex'), '0501000000000001010000000000' + Buffer.from('room:den').toString('hex'));
});

test('receipts and pleas that tell of the last line alone are understood', t => {
	const lane = Buffer.from('room:den').toString('hex');
	t.deepEqual(decodeLetter(Buffer.from('02010000000000000000000000' + lane, 'hex')), {
		kind: 'receipt', lane: 'room:den', got: [[1, 2 ** 40]], read: [],
	});
	t.deepEqual(decodeLetter(Buffer.from('03010000000000' + lane, 'hex')), plea);
	t.is(decodeLetter(Buffer.from('030100000000', 'hex')), undefined);
});

test('any line fits its mail, whatever its characters', t => {
	for (const text of ['\u{1}'.repeat(maximumTextBytes), '👋'.repeat(maximumTextBytes / 4)]) {
		const bytes = encodeLetter({...line, text});
		t.true(Math.ceil((bytes.length + 58) * 4 / 3) <= maximumSealedLength);
		t.deepEqual(decodeLetter(bytes), {...line, text});
		const long = {...proven, text};
		t.true(Math.ceil((encodeLetter(long).length + 58) * 4 / 3) <= maximumSealedLength);
		t.deepEqual(decodeLetter(encodeLetter(long)), long);
		const longer = {...long, proof: {...proven.proof!, audience: Array.from({length: 300}, (_, index) => `reader${index}:7`).join(' ')}};
		t.deepEqual(decodeLetter(encodeLetter(longer)), {...line, text}, 'one that would not fit goes without its proof');
	}
});

const bad: ReadonlyArray<readonly [string, Uint8Array]> = [
	['nothing', new Uint8Array()],
	['a kind from the future', Uint8Array.of(9, 1, 2, 3)],
	['a line without text', encodeLetter({...line, text: ''})],
	['a proof without a text', encodeLetter({...proven, text: ''})],
	['a proof that ends within its audience', encodeLetter(proven).subarray(0, 110)],
	['a proof that ends before it', encodeLetter(proven).subarray(0, 100)],
	['a proof whose audience is none', encodeLetter({...proven, proof: {...proven.proof!, audience: 'bob'}})],
	['a line that is too long', encodeLetter({...line, text: 'x'.repeat(maximumTextBytes + 1)})],
	['a line with number 0', encodeLetter({...line, sequence: 0})],
	['a line with a broken moment', encodeLetter({...line, clock: 'x'.repeat(16)})],
	['a line that is no UTF-8', Buffer.concat([encodeLetter(line), Uint8Array.of(0xFF)])],
	['a receipt without a lane', encodeLetter(receipt).subarray(0, 39)],
	['a plea without a lane', encodeLetter(plea).subarray(0, 14)],
	['a receipt that ends within a range', encodeLetter(receipt).subarray(0, 20)],
	['a plea whose ranges are out of order', encodeLetter({...plea, got: [[9, 9], [1, 4]]})],
	['a receipt for no lane', Buffer.concat([encodeLetter(receipt).subarray(0, 39), Buffer.from('attic')])],
];

for (const [name, bytes] of bad) {
	test(`refused: ${name}`, t => {
		t.is(decodeLetter(bytes), undefined);
	});
}

test('whatever bytes come, reading never throws', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.uint8Array({maxLength: 80}), bytes => {
			for (const kind of [0, 1, 2, 3, 4, 5, 6]) {
				decodeLetter(Buffer.concat([Uint8Array.of(kind), bytes]));
			}
		}));
	});
});
