import {Buffer} from 'node:buffer';
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {
	decodePunch,
	encodePunch,
	isPunchAuthentic,
	punchLength,
} from '../../source/protocol/punch.js';

const bytes = (length: number) => fc.uint8Array({minLength: length, maxLength: length});
const punch = fc.record({sid: bytes(4), txid: bytes(12), kind: fc.constantFrom('ask' as const, 'answer' as const)});
const secret = fc.uint8Array({minLength: 16, maxLength: 64});

test('a known one, byte by byte', t => {
	const encoded = encodePunch({sid: Buffer.from('01020304', 'hex'), txid: Buffer.from('0a0b0c0d0e0f101112131415', 'hex'), kind: 'answer'}, Buffer.alloc(32, 7));
	t.is(Buffer.from(encoded.subarray(0, 18)).toString('hex'), '24010203040a0b0c0d0e0f10111213141501');
	t.is(Buffer.from(encoded.subarray(18)).toString('hex'), 'deaf91075d20cb10dae13b5a96490269');
	t.is(encoded.length, punchLength);
	t.is(punchLength, 34);
});

test('what is written is read back and authentic', t => {
	t.notThrows(() => {
		fc.assert(fc.property(punch, secret, (message, key) => {
			const encoded = encodePunch(message, key);
			return isDeepStrictEqual({...decodePunch(encoded)}, {...message}) && isPunchAuthentic(encoded, key);
		}));
	});
});

test('any flipped bit and any other secret is not', t => {
	t.notThrows(() => {
		fc.assert(fc.property(punch, secret, secret, fc.nat((punchLength * 8) - 1), (message, key, other, bit) => {
			const encoded = encodePunch(message, key);
			const isFooled = isPunchAuthentic(encoded, other) && Buffer.compare(key, other) !== 0;
			encoded[bit >> 3] = encoded[bit >> 3]! ^ (1 << (bit & 7));
			return !isFooled && !isPunchAuthentic(encoded, key);
		}));
	});
});

test('any other bytes have not the shape', t => {
	const good = encodePunch({sid: new Uint8Array(4), txid: new Uint8Array(12), kind: 'ask'}, new Uint8Array(16));
	for (let length = 0; length < punchLength; length++) {
		t.is(decodePunch(good.subarray(0, length)), undefined);
		t.false(isPunchAuthentic(good.subarray(0, length), new Uint8Array(16)));
	}

	t.is(decodePunch(Buffer.concat([good, Buffer.alloc(1)])), undefined);
	t.notThrows(() => {
		fc.assert(fc.property(fc.uint8Array({maxLength: 100}), data => {
			const decoded = decodePunch(data);
			return (decoded !== undefined) === (data.length === punchLength && data[0] === 0x24 && data[17]! <= 1);
		}));
	});
});

test('what was read does not change with the buffer it came in', t => {
	const encoded = encodePunch({sid: new Uint8Array(4).fill(1), txid: new Uint8Array(12).fill(2), kind: 'ask'}, new Uint8Array(16));
	const decoded = decodePunch(encoded)!;
	encoded.fill(0);
	t.deepEqual([decoded.sid[0], decoded.txid[0]], [1, 2]);
});
