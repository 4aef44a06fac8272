// Noise against published vectors, against an independent library, and against meddling.
import {Buffer} from 'node:buffer';
import {createRequire} from 'node:module';
import test from 'ava';
import {chaCha} from '../../../source/peer/crypto/cipher.js';
import {Handshake, type HandshakeOptions} from '../../../source/peer/handshake/noise.js';
import {AgreementKey} from '../../../source/peer/crypto/x25519.js';
import {SeededRandom} from '../../helpers/random.js';
import {vectorIk, vectorXx, type NoiseVector} from './noise-vectors.js';

const fromHex = (text: string) => Buffer.from(text, 'hex');
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const key = (text: string) => new AgreementKey(fromHex(text));

function createPair(vector: NoiseVector, options: Partial<HandshakeOptions> = {}): [Handshake, Handshake] {
	const {pattern, prologue, initiatorStatic, initiatorEphemeral, responderStatic, responderEphemeral} = vector;
	const responder = key(responderStatic);
	return [
		new Handshake({
			pattern, isInitiator: true, prologue: fromHex(prologue), staticKey: key(initiatorStatic), ephemeralKey: key(initiatorEphemeral), remoteStatic: responder.publicKey, ...options,
		}),
		new Handshake({
			pattern, isInitiator: false, prologue: fromHex(prologue), staticKey: responder, ephemeralKey: key(responderEphemeral), ...options,
		}),
	];
}

for (const vector of [vectorIk, vectorXx]) {
	test(`the published vector of ${vector.pattern} comes out byte for byte`, t => {
		const pair = createPair(vector);
		const handshakeLength = vector.pattern === 'IK' ? 2 : 3;
		for (const [turn, [payload, ciphertext]] of vector.messages.slice(0, handshakeLength).entries()) {
			const message = pair[turn % 2]!.writeMessage(fromHex(payload));
			t.is(toHex(message!), ciphertext);
			t.is(toHex(pair[1 - (turn % 2)]!.readMessage(message!)!), payload);
		}

		for (const side of pair) {
			t.true(side.isComplete);
			t.is(toHex(side.handshakeHash), vector.handshakeHash);
		}

		t.deepEqual(pair[0].remoteStatic, key(vector.responderStatic).publicKey);
		t.deepEqual(pair[1].remoteStatic, key(vector.initiatorStatic).publicKey);
		const transport = pair.map(side => side.split());
		for (const [index, [payload, ciphertext]] of vector.messages.slice(handshakeLength).entries()) {
			const sender = (index + handshakeLength) % 2;
			const nonce = new Uint8Array(12);
			nonce[4] = Math.floor(index / 2);
			const sealed = new Uint8Array((payload.length / 2) + 16);
			chaCha.create(transport[sender]!.send).seal(sealed, fromHex(payload), new Uint8Array(0), nonce);
			t.is(toHex(sealed), ciphertext);
			t.deepEqual(transport[sender]!.send, transport[1 - sender]!.receive);
		}
	});
}

type OtherNoise = {
	initialise(prologue: Uint8Array, remoteStatic?: Uint8Array): void;
	send(payload: Uint8Array): Uint8Array;
	recv(message: Uint8Array): Uint8Array;
	complete: boolean;
	tx: Uint8Array;
	rx: Uint8Array;
	hash: Uint8Array;
};
const OtherHandshake = createRequire(import.meta.url)('noise-handshake') as new (pattern: string, isInitiator: boolean, keys: {publicKey: Uint8Array; secretKey: Uint8Array}) => OtherNoise;

for (const pattern of ['IK', 'XX'] as const) {
	for (const isInitiator of [true, false]) {
		test(`${pattern} as ${isInitiator ? 'initiator' : 'responder'} agrees with noise-handshake (BLAKE2b)`, t => {
			const random = new SeededRandom(7);
			for (let round = 0; round < 5; round++) {
				const ourStatic = new AgreementKey(random.bytes(32));
				const theirSecret = random.bytes(32);
				const theirPublic = new AgreementKey(theirSecret).publicKey;
				const prologue = random.bytes(random.integer(0, 40));
				const ours = new Handshake({
					pattern, hash: 'BLAKE2b', isInitiator, prologue, staticKey: ourStatic, ephemeralKey: new AgreementKey(random.bytes(32)), ...(isInitiator && {remoteStatic: theirPublic}),
				});
				const theirs = new OtherHandshake(pattern, !isInitiator, {publicKey: Buffer.from(theirPublic), secretKey: Buffer.from(theirSecret)});
				theirs.initialise(Buffer.from(prologue), Buffer.from(ourStatic.publicKey));
				for (let turn = 0; !ours.isComplete; turn++) {
					const payload = random.bytes(random.integer(0, 300));
					const isOurs = (turn % 2 === 0) === isInitiator;
					const got = isOurs ? theirs.recv(Buffer.from(ours.writeMessage(payload)!)) : ours.readMessage(theirs.send(Buffer.from(payload)));
					t.deepEqual(new Uint8Array(got!), payload);
				}

				t.true(theirs.complete);
				t.is(toHex(ours.handshakeHash), toHex(theirs.hash));
				t.is(toHex(ours.split().send), toHex(theirs.rx));
				t.is(toHex(ours.split().receive), toHex(theirs.tx));
			}
		});
	}
}

test('a forked handshake goes on by itself: a wrong answer to one leaves the other as it was', t => {
	const [, [, second]] = vectorIk.messages as [unknown, [string, string]];
	const [initiator] = createPair(vectorIk);
	initiator.writeMessage(fromHex(vectorIk.messages[0]![0]));
	const wrong = fromHex(second);
	wrong[40]! ^= 1;
	t.is(initiator.fork().readMessage(wrong), undefined);
	const forks = [initiator.fork(), initiator.fork()];
	for (const fork of forks) {
		t.is(toHex(fork.readMessage(fromHex(second))!), vectorIk.messages[1]![0]);
		t.is(toHex(fork.handshakeHash), vectorIk.handshakeHash);
	}

	t.deepEqual(forks[0]!.split(), forks[1]!.split());
	t.false(initiator.isComplete);
});

test('no byte of a message may change, be missing or be added', t => {
	const first = fromHex(vectorIk.messages[0]![1]);
	const second = fromHex(vectorIk.messages[1]![1]);
	for (let at = 0; at < first.length; at++) {
		const changed = Buffer.from(first);
		changed[at]! ^= 1;
		t.is(createPair(vectorIk)[1].readMessage(changed), undefined);
		t.is(createPair(vectorIk)[1].readMessage(first.subarray(0, at)), undefined);
	}

	for (let at = 0; at < second.length; at++) {
		const changed = Buffer.from(second);
		changed[at]! ^= 1;
		for (const message of [changed, second.subarray(0, at), Buffer.concat([second, Buffer.alloc(1)])]) {
			const [initiator] = createPair(vectorIk);
			initiator.writeMessage(fromHex(vectorIk.messages[0]![0]));
			t.is(initiator.readMessage(message), undefined);
		}
	}
});

test('another prologue, another responder and a point of low order open nothing', t => {
	const first = fromHex(vectorIk.messages[0]![1]);
	t.is(createPair(vectorIk, {prologue: Buffer.from('other')})[1].readMessage(first), undefined);
	t.is(createPair(vectorIk, {staticKey: key(vectorIk.initiatorStatic)})[1].readMessage(first), undefined);
	const lowOrder = Buffer.from(first);
	lowOrder.fill(0, 0, 32);
	t.is(createPair(vectorIk)[1].readMessage(lowOrder), undefined);
	t.is(createPair(vectorIk, {remoteStatic: new Uint8Array(32)})[0].writeMessage(new Uint8Array(0)), undefined);
});

test('misuse is our own bug and throws', t => {
	const [initiator, responder] = createPair(vectorIk);
	t.throws(() => responder.writeMessage(new Uint8Array(0)), {message: /turn/v});
	t.throws(() => initiator.readMessage(new Uint8Array(96)), {message: /turn/v});
	t.throws(() => initiator.split(), {message: /not complete/v});
	const {remoteStatic, ...missing} = {
		pattern: 'IK', isInitiator: true, prologue: new Uint8Array(0), staticKey: key(vectorIk.initiatorStatic), ephemeralKey: key(vectorIk.initiatorEphemeral), remoteStatic: undefined,
	} as const;
	t.is(remoteStatic, undefined);
	t.throws(() => new Handshake(missing), {message: /static key/v});
});
