// What the handshake carries inside: round trips, later parameters, limits, truncations.
import {Buffer} from 'node:buffer';
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {decodeHandshakePayload, encodeHandshakePayload} from '../../../source/peer/handshake/handshake-payload.js';

const payload = {
	scid: 0x0A_0B_0C_0D,
	resetToken: Uint8Array.from({length: 16}, (_, index) => index),
	parameters: {
		maxData: 4_194_304, maxStreamData: 1_048_576, maxAckDelay: 25, aesFrom: 12_288, maxInFlight: 2_097_152,
	},
	credential: Buffer.from('card'),
};

test('golden payload', t => {
	t.is(Buffer.from(encodeHandshakePayload(payload, 56)).toString('hex'), '0a0b0c0d000102030405060708090a0b0c0d0e0f001401804000000280100000031904700005802000000004636172640000000000000000');
});

test('a payload comes back as it was, padded or not', t => {
	t.notThrows(() => {
		const limitsOf = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.nat(10_000), fc.nat(), fc.nat());
		const [tokens, credentials] = [fc.uint8Array({minLength: 16, maxLength: 16}), fc.uint8Array({maxLength: 300})];
		fc.assert(fc.property(fc.nat(0xFF_FF_FF_FF), limitsOf, tokens, credentials, fc.nat(1000), (scid, limits, resetToken, credential, size) => {
			const [maxData, maxStreamData, maxAckDelay, aesFrom, maxInFlight] = limits;
			const value = {
				scid, resetToken, parameters: {
					maxData, maxStreamData, maxAckDelay, aesFrom, maxInFlight,
				}, credential,
			};
			const decoded = decodeHandshakePayload(encodeHandshakePayload(value, size), 300)!;
			if (!isDeepStrictEqual(decoded, value)) {
				throw new Error('decoded otherwise');
			}
		}));
	});
});

test('unknown parameters are skipped', t => {
	const later = Buffer.from('0a0b0c0d000102030405060708090a0b0c0d0e0f001701804000003f4001028010000003190470000580200000000463617264', 'hex');
	t.deepEqual(decodeHandshakePayload(later, 100)?.parameters, payload.parameters);
});

test('a cut payload, a credential too long and an absurd delay are refused', t => {
	const encoded = encodeHandshakePayload(payload);
	for (let size = 0; size < encoded.length; size++) {
		t.is(decodeHandshakePayload(encoded.subarray(0, size), 100), undefined);
	}

	t.is(decodeHandshakePayload(encoded, 3), undefined);
	t.is(decodeHandshakePayload(encodeHandshakePayload({...payload, parameters: {...payload.parameters, maxAckDelay: 60_000}}), 100), undefined);
});
