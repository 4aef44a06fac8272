// Packet layouts: golden bytes, the mac that keeps garbage out, every truncation.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {
	decodeInit,
	decodeReset,
	decodeResp,
	deriveMacKey,
	encodeInit,
	encodeReset,
	encodeResp,
	encodeRetry,
	initNoiseOverhead,
	openRetry,
	readDataHeader,
	readRetryTarget,
	writeDataHeader,
} from '../../../source/peer/packets/packet.js';

const receiver = Uint8Array.from({length: 32}, (_, index) => index);
const macKey = deriveMacKey(receiver);
const noise = new Uint8Array(1178).fill(0xAB);

test('golden INIT', t => {
	const packet = Buffer.from(encodeInit({scid: 0x01_02_03_04, noise}, macKey));
	t.is(packet.length, 1200);
	t.is(packet.subarray(0, 8).toString('hex'), '200101020304abab');
	t.is(packet.subarray(-18).toString('hex'), 'abab2c75b53b54685526ba6774b41eac68f4');
	t.deepEqual(decodeInit(packet, macKey), {
		scid: 0x01_02_03_04, noise: packet.subarray(6, -16), cookie: undefined, mac1: packet.subarray(-16),
	});
});

test('golden INIT with a cookie', t => {
	const cookie = new Uint8Array(16).fill(0xCC);
	const packet = Buffer.from(encodeInit({scid: 0x01_02_03_04, noise, cookie}, macKey));
	t.is(packet.length, 1216);
	t.is(packet.subarray(0, 8).toString('hex'), '208101020304abab');
	t.is(packet.subarray(-34).toString('hex'), 'ababcccccccccccccccccccccccccccccccc454033feacf2d615ea5f00a3b96cb200');
	t.deepEqual(decodeInit(packet, macKey), {
		scid: 0x01_02_03_04, noise: packet.subarray(6, -32), cookie: packet.subarray(-32, -16), mac1: packet.subarray(-16),
	});
});

test('golden RETRY, which only who saw the INIT can make or read', t => {
	const mac1 = new Uint8Array(16).fill(0x11);
	const cookie = new Uint8Array(16).fill(0xCC);
	const packet = Buffer.from(encodeRetry({dcid: 0x01_02_03_04, cookie, mac1}, macKey));
	t.is(packet.toString('hex'), '2201020304cccccccccccccccccccccccccccccccc8b5d45fd94f41e5efbc660061dbfc25a');
	t.is(readRetryTarget(packet), 0x01_02_03_04);
	t.deepEqual(openRetry(packet, mac1, macKey), cookie);
	t.is(openRetry(packet, new Uint8Array(16), macKey), undefined);
	t.is(openRetry(packet, mac1, deriveMacKey(new Uint8Array(32))), undefined);
	for (let at = 0; at < packet.length; at++) {
		const changed = new Uint8Array(packet);
		changed[at]! ^= 1;
		t.is(at === 0 ? readRetryTarget(changed) : openRetry(changed, mac1, macKey), undefined);
		t.is(readRetryTarget(packet.subarray(0, at)), undefined);
	}
});

test('golden RESET', t => {
	const token = new Uint8Array(16).fill(0x77);
	const packet = encodeReset(token);
	t.is(Buffer.from(packet).toString('hex'), `23${'77'.repeat(16)}`);
	t.deepEqual(decodeReset(packet), token);
	t.is(decodeReset(packet.subarray(1)), undefined);
	t.is(decodeReset(new Uint8Array(18)), undefined);
});

test('golden RESP', t => {
	const packet = Buffer.from(encodeResp({dcid: 0xFF_FE_FD_FC, scid: 7, noise: noise.subarray(0, 60)}, macKey));
	t.is(packet.subarray(0, 10).toString('hex'), '21fffefdfc00000007ab');
	t.is(packet.subarray(-16).toString('hex'), '00153f1bd6d189888c82e2976c7adec2');
	t.deepEqual(decodeResp(packet, macKey), {dcid: 0xFF_FE_FD_FC, scid: 7, noise: packet.subarray(9, -16)});
});

test('golden DATA header', t => {
	const packet = Buffer.alloc(28);
	writeDataHeader(packet, {epoch: 255, dcid: 0x80_00_00_01, pn: (2 ** 48) - 2});
	t.is(packet.toString('hex'), `40ff80000001fffffffffffe${'00'.repeat(16)}`);
	t.deepEqual(readDataHeader(packet), {epoch: 255, dcid: 0x80_00_00_01, pn: (2 ** 48) - 2});
});

test('a handshake packet for somebody else, changed or cut is refused', t => {
	const init = encodeInit({scid: 1, noise}, macKey);
	const resp = encodeResp({dcid: 1, scid: 2, noise: noise.subarray(0, 100)}, macKey);
	const other = deriveMacKey(new Uint8Array(32));
	t.is(decodeInit(init, other), undefined);
	t.is(decodeResp(resp, other), undefined);
	for (let at = 0; at < init.length; at += 13) {
		const changed = new Uint8Array(init);
		changed[at]! ^= 4;
		t.is(decodeInit(changed, macKey), undefined);
	}

	for (let size = 0; size < init.length; size++) {
		t.is(decodeInit(init.subarray(0, size), macKey), undefined);
	}

	for (let size = 0; size < resp.length; size++) {
		t.is(decodeResp(resp.subarray(0, size), macKey), undefined);
	}
});

test('an INIT is neither small nor huge', t => {
	t.is(decodeInit(encodeInit({scid: 1, noise: noise.subarray(1)}, macKey), macKey), undefined);
	t.is(decodeInit(encodeInit({scid: 1, noise: new Uint8Array(1500)}, macKey), macKey), undefined);
	t.true(initNoiseOverhead < noise.length);
});

test('a DATA packet too short for its tag is refused', t => {
	for (let size = 0; size < 28; size++) {
		t.is(readDataHeader(Uint8Array.from({length: size}, () => 0x40)), undefined);
	}
});
