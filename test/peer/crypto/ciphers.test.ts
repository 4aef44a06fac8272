// Two ciphers on one link: which packet gets which, what both sides agree on, and that nobody can talk them out of it.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {aesGcm, nodeChaCha, type CipherSuite} from '../../../source/peer/crypto/cipher.js';
import {agreeOnCiphers, measureAesThreshold} from '../../../source/peer/crypto/ciphers.js';
import {ReceiveKeys, SendKeys} from '../../../source/peer/crypto/keys.js';
import {
	dataHeaderSize,
	decodeInit,
	deriveMacKey,
	encodeInit,
	tagSize,
	writeDataHeader,
} from '../../../source/peer/packets/packet.js';
import {type Datagram} from '../../helpers/network.js';
import {Pair, type PairOptions} from '../../helpers/pair.js';

const loopback = {sizeCeiling: () => 65_507};
const secret = new Uint8Array(32).fill(3);

function seal(keys: SendKeys, size: number, pn: number): Uint8Array {
	const packet = new Uint8Array(size);
	writeDataHeader(packet, {epoch: keys.epoch & 0xFF, dcid: 1, pn});
	keys.seal(packet, size - tagSize, pn);
	return packet;
}

test('the larger wish holds, and one refusal is enough', t => {
	t.is(agreeOnCiphers(nodeChaCha, 4096, 12_288).largeFrom, 12_288);
	t.is(agreeOnCiphers(nodeChaCha, 12_288, 4096).largeFrom, 12_288);
	for (const [ours, theirs] of [[0, 4096], [4096, 0], [Infinity, 4096], [0, 0]] as const) {
		t.is(agreeOnCiphers(nodeChaCha, ours, theirs).largeFrom, Infinity);
	}
});

test('the size of a packet says its cipher, exactly at the border, in every epoch', t => {
	const used: string[] = [];
	const spy = (name: string, {create}: CipherSuite): CipherSuite => ({
		name,
		create(key) {
			const cipher = create(key);
			return {
				...cipher,
				seal(...parts) {
					used.push(name);
					cipher.seal(...parts);
				},
			};
		},
	});
	const ciphers = {small: spy('small', nodeChaCha), large: spy('large', aesGcm), largeFrom: 5000};
	const send = new SendKeys(secret, ciphers);
	const receive = new ReceiveKeys(secret, ciphers, 1000);
	let pn = 0;
	for (let epoch = 0; epoch < 3; epoch++) {
		for (const size of [28, 4999, 5000, 60_000]) {
			t.is(receive.open(seal(send, size, pn), {epoch: epoch & 0xFF, pn}, pn)?.length, size - dataHeaderSize - tagSize);
			pn++;
		}

		send.step();
	}

	t.deepEqual(used, Array.from({length: 3}, () => ['small', 'small', 'large', 'large']).flat());
});

test('both ciphers of an epoch have keys of their own', t => {
	const large = new SendKeys(secret, {small: nodeChaCha, large: nodeChaCha, largeFrom: 0});
	const small = new SendKeys(secret, {small: nodeChaCha, large: nodeChaCha, largeFrom: Infinity});
	t.notDeepEqual(seal(large, 100, 0).subarray(12), seal(small, 100, 0).subarray(12));
});

test('a packet that was cut or padded over the border opens with neither', t => {
	const ciphers = agreeOnCiphers(nodeChaCha, 5000, 5000);
	const send = new SendKeys(secret, ciphers);
	const receive = new ReceiveKeys(secret, ciphers, 1000);
	const large = seal(send, 5000, 0);
	t.is(receive.open(large.subarray(0, 4999), {epoch: 0, pn: 0}, 0), undefined);
	const padded = new Uint8Array(5000);
	padded.set(seal(send, 4999, 1));
	t.is(receive.open(padded, {epoch: 0, pn: 1}, 0), undefined);
	t.truthy(receive.open(large, {epoch: 0, pn: 0}, 0));
});

const links: Array<[string, PairOptions, RegExp]> = [
	['both alike', {}, /aes-256-gcm \(node\) from 12288 bytes$/v],
	['one wants AES later', {ann: {config: {aesFrom: 20_000}}}, /from 20000 bytes$/v],
	['one would rather not', {bob: {config: {aesFrom: Infinity}}}, /^chacha20-poly1305 \(\w+\)$/v],
	['without libsodium on one side', {ann: {suite: nodeChaCha}}, /from 12288 bytes$/v],
	['without libsodium on either side', {ann: {suite: nodeChaCha}, bob: {suite: nodeChaCha}}, /^chacha20-poly1305 \(node\), /v],
];

for (const [name, {ann = {}, bob = {}}, cipher] of links) {
	test(`a link with ${name} carries small and large packets`, t => {
		const pair = new Pair({ann: {...loopback, ...ann}, bob: {...loopback, ...bob}}).open();
		pair.run(100);
		const bytes = Buffer.alloc(400_000, 'all of it ');
		pair.ann.endpoint.write(pair.ann.link, 2, bytes);
		pair.bob.endpoint.write(pair.bob.link, 2, bytes);
		pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('hi'));
		t.true(pair.runUntil(() => pair.bob.receivedSize(2) === bytes.length && pair.ann.receivedSize(2) === bytes.length, 20_000));
		t.true(pair.bob.received(2).equals(bytes));
		t.true(pair.ann.received(2).equals(bytes));
		t.is(pair.bob.received(1).toString(), 'hi');
		for (const side of [pair.ann, pair.bob]) {
			t.regex(side.endpoint.statistics(side.link)!.cipher, cipher);
			t.is(side.endpoint.counters.forged, 0);
		}
	});
}

test('a wish changed on its way opens no link', t => {
	const pair = new Pair();
	const datagrams: Datagram[] = [];
	pair.network.tap = datagram => {
		datagrams.push(datagram);
	};

	pair.connect();
	pair.flush();
	const macKey = deriveMacKey(pair.bob.publicKey);
	const init = decodeInit(datagrams[0]!.data, macKey)!;
	const {forged} = pair.bob.endpoint.counters;
	// The wishes stand near the beginning of the sealed payload; who knows bob's public key can make mac1 right again.
	for (let at = 80; at < 130; at++) {
		const noise = new Uint8Array(init.noise);
		noise[at]! ^= 1;
		pair.bob.endpoint.handleDatagram(encodeInit({scid: init.scid, noise}, macKey), pair.ann.address, pair.now);
	}

	t.is(pair.bob.endpoint.counters.forged, forged + 50);
	t.is(pair.bob.endpoint.halfOpen, 0);
});

test('the threshold follows the clock: never where AES is slow, early where it is fast', t => {
	// A stopwatch that is read before and after each try; `aes` tries are every other five pairs.
	const watch = (aes: number, chaCha: number) => {
		let reads = 0;
		let now = 0;
		return () => {
			const isAes = Math.floor(reads / 12) % 2 === 0;
			now += reads % 2 === 1 ? (isAes ? aes : chaCha) : 0;
			reads++;
			return now;
		};
	};

	t.is(measureAesThreshold(watch(5, 1)), Infinity);
	t.is(measureAesThreshold(watch(1, 5)), 1024);
});
