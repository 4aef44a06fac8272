// Key epochs: sealing and opening, steps, old keys that fade, epochs that cannot be guessed.
import test from 'ava';
import {chaCha} from '../../../source/peer/crypto/cipher.js';
import {agreeOnCiphers} from '../../../source/peer/crypto/ciphers.js';
import {ReceiveKeys, SendKeys} from '../../../source/peer/crypto/keys.js';
import {dataHeaderSize, tagSize, writeDataHeader} from '../../../source/peer/packets/packet.js';

const never = agreeOnCiphers(chaCha, 0, 0);
const secret = new Uint8Array(32).fill(5);
const size = dataHeaderSize + 20 + tagSize;

function seal(keys: SendKeys, pn: number): Uint8Array {
	const packet = new Uint8Array(size).fill(1);
	writeDataHeader(packet, {epoch: keys.epoch & 0xFF, dcid: 1, pn});
	keys.seal(packet, size - tagSize, pn);
	return packet;
}

function canOpen(keys: ReceiveKeys, packet: Uint8Array, pn: number, now = 0): boolean {
	return keys.open(packet, {epoch: packet[1]!, pn}, now) !== undefined;
}

test('the two directions have different keys, each packet its own nonce', t => {
	const keys = new SendKeys(secret, never);
	const [first, second] = [seal(keys, 0), seal(keys, 2 ** 40)];
	t.notDeepEqual(first.subarray(12, 32), second.subarray(12, 32));
	t.true(canOpen(new ReceiveKeys(secret, never, 1000), first, 0));
	t.true(canOpen(new ReceiveKeys(secret, never, 1000), second, 2 ** 40));
	t.false(canOpen(new ReceiveKeys(secret, never, 1000), second, 1));
	t.false(canOpen(new ReceiveKeys(new Uint8Array(32).fill(6), never, 1000), first, 0));
});

test('the clear header is part of what the tag covers', t => {
	const packet = seal(new SendKeys(secret, never), 3);
	for (let at = 0; at < dataHeaderSize; at++) {
		const changed = new Uint8Array(packet);
		changed[at]! ^= 1;
		// Epoch and number as they were, so that neither key nor nonce gives the change away.
		t.is(new ReceiveKeys(secret, never, 1000).open(changed, {epoch: 0, pn: 3}, 0), undefined, `byte ${at}`);
	}

	t.true(canOpen(new ReceiveKeys(secret, never, 1000), packet, 3));
});

test('the receiver follows hundreds of steps, one at a time', t => {
	const send = new SendKeys(secret, never);
	const receive = new ReceiveKeys(secret, never, 1000);
	for (let pn = 0; pn < 600; pn++) {
		t.true(canOpen(receive, seal(send, pn), pn, pn));
		send.step();
		t.is(receive.epoch, send.epoch - 1);
	}
});

test('the old key opens for a while, then no more; a step is not undone', t => {
	const send = new SendKeys(secret, never);
	const receive = new ReceiveKeys(secret, never, 1000);
	const old = seal(send, 0);
	send.step();
	t.true(canOpen(receive, seal(send, 1), 1, 0));
	t.true(canOpen(receive, old, 0, 999));
	t.false(canOpen(receive, old, 0, 1000));
	t.is(receive.epoch, 1);
});

test('two steps ahead, or a forged next epoch, moves nothing', t => {
	const send = new SendKeys(secret, never);
	const receive = new ReceiveKeys(secret, never, 1000);
	send.step();
	const next = seal(send, 0);
	send.step();
	t.false(canOpen(receive, seal(send, 1), 1));
	const forged = new Uint8Array(next);
	forged[20]! ^= 1;
	t.false(canOpen(receive, forged, 0));
	t.is(receive.epoch, 0);
	t.true(canOpen(receive, next, 0));
});
