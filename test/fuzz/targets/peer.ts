// The peer link: its codecs, both Noise patterns, an endpoint among strangers, and a link whose peer lies under authentic keys.
import {Buffer} from 'node:buffer';
import {strict as assert} from 'node:assert';
import {chaCha} from '../../../source/peer/crypto/cipher.js';
import {completeConfig} from '../../../source/peer/config.js';
import {Bbr} from '../../../source/peer/congestion/congestion-bbr.js';
import {decodeFrames, writeFrame, type Frame} from '../../../source/peer/packets/frame.js';
import {decodeHandshakePayload, encodeHandshakePayload} from '../../../source/peer/handshake/handshake-payload.js';
import {prologue} from '../../../source/peer/handshake/initiation.js';
import {Link} from '../../../source/peer/link.js';
import {Handshake} from '../../../source/peer/handshake/noise.js';
import {
	decodeInit,
	decodeReset,
	decodeResp,
	deriveMacKey,
	openRetry,
	readDataHeader,
	readRetryTarget,
} from '../../../source/peer/packets/packet.js';
import {deriveKeys, type Session} from '../../../source/peer/session.js';
import {Slab} from '../../../source/peer/packets/slab.js';
import {AgreementKey} from '../../../source/peer/crypto/x25519.js';
import {Pair} from '../../helpers/pair.js';
import {type SeededRandom} from '../../helpers/random.js';
import {type Target} from '../fuzzer.js';
import {maximumInputSize} from '../mutation.js';

const parameters = {
	maxData: 1e6, maxStreamData: 1e6, maxAckDelay: 25, aesFrom: 0, maxInFlight: 1e6,
};

const frames: readonly Frame[] = [
	{type: 'ping'},
	{type: 'ack', delay: 5000, ranges: [{start: 0, end: 1}]},
	{type: 'ack', delay: 0, ranges: [{start: 9, end: 12}, {start: 5, end: 7}, {start: 0, end: 3}]},
	{
		type: 'stream', stream: 1, offset: 0, data: Buffer.from('hello'), fin: false,
	},
	{
		type: 'stream', stream: 4, offset: 1000, data: new Uint8Array(40), fin: true,
	},
	{
		type: 'stream', stream: 1, offset: 70_000, data: Buffer.from('far'), fin: false,
	},
	{type: 'maxData', limit: 2_000_000},
	{type: 'maxStreamData', stream: 1, limit: 2_000_000},
	{
		type: 'resetStream', stream: 4, code: 7, size: 1040,
	},
	{type: 'stop', stream: 1, code: 7},
	{type: 'pathChallenge', token: new Uint8Array(8).fill(1)},
	{type: 'pathResponse', token: new Uint8Array(8).fill(2)},
	{type: 'datagram', data: new Uint8Array(20)},
	{type: 'close', code: 3, reason: 'enough'},
];

function encodeFrames(...list: readonly Frame[]): Uint8Array {
	const bytes = new Uint8Array(1500);
	let at = 0;
	for (const frame of list) {
		at = writeFrame(bytes, at, frame);
	}

	return bytes.slice(0, at);
}

const frameCorpus = () => [...frames.map(frame => encodeFrames(frame)), encodeFrames(...frames.slice(0, -1)), encodeFrames(frames[1]!, frames[3]!, frames[7]!)];

/**
All datagrams of a conversation with a handshake, chat, a RETRY, a RESET and an end.
*/
function conversation(): {pair: Pair; datagrams: Uint8Array[]} {
	const pair = new Pair({config: {maxHalfOpen: 2}});
	const datagrams: Uint8Array[] = [];
	pair.network.tap = ({data}) => {
		if (data.length <= 1500) {
			datagrams.push(new Uint8Array(data));
		}
	};

	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('good morning'));
	pair.bob.endpoint.write(pair.bob.link, 4, new Uint8Array(5000));
	pair.run(500);
	datagrams.push(Uint8Array.of(0x23, ...new Uint8Array(16)), Uint8Array.of(0x22, ...new Uint8Array(36)), Uint8Array.of(0x24, ...new Uint8Array(32)));
	return {pair, datagrams: datagrams.slice(0, 200)};
}

/**
The session of one side of a finished handshake.
*/
function makeSession(random: SeededRandom): Session {
	const key = () => new AgreementKey(random.bytes(32));
	const [ours, theirs] = [key(), key()];
	const one = new Handshake({
		pattern: 'IK', isInitiator: true, prologue, staticKey: ours, ephemeralKey: key(), remoteStatic: theirs.publicKey,
	});
	const other = new Handshake({
		pattern: 'IK', isInitiator: false, prologue, staticKey: theirs, ephemeralKey: key(),
	});
	other.readMessage(one.writeMessage(new Uint8Array(4))!);
	one.readMessage(other.writeMessage(new Uint8Array(4))!);
	return {
		peer: 'bob', publicKey: theirs.publicKey, address: '10.0.0.2:7600', isInitiator: true, localCid: 1, remoteCid: 2, resetToken: new Uint8Array(16), parameters, rtt: 10,
		...deriveKeys(one, chaCha, parameters, completeConfig()),
	};
}

const noiseKey = (fill: number) => new AgreementKey(new Uint8Array(32).fill(fill));

function beginNoise(pattern: 'IK' | 'XX', isInitiator: boolean): Handshake {
	return new Handshake({
		pattern, isInitiator, prologue, staticKey: noiseKey(isInitiator ? 1 : 2), ephemeralKey: noiseKey(isInitiator ? 3 : 4), ...(isInitiator && pattern === 'IK' && {remoteStatic: noiseKey(2).publicKey}),
	});
}

/**
The messages of both patterns, as they should be.
*/
function noiseMessages(): Uint8Array[] {
	// An ephemeral key of low order, which agrees with nobody.
	const messages: Uint8Array[] = [new Uint8Array(96)];
	for (const pattern of ['IK', 'XX'] as const) {
		const sides = [beginNoise(pattern, true), beginNoise(pattern, false)] as const;
		for (let turn = 0; turn < (pattern === 'IK' ? 2 : 3); turn++) {
			const message = sides[turn % 2]!.writeMessage(Buffer.from(`payload ${turn}`))!;
			messages.push(message);
			sides[(turn + 1) % 2]!.readMessage(message);
		}
	}

	return messages;
}

export const peerTargets: readonly Target[] = [
	{
		name: 'packets',
		kind: 'bytes',
		corpus: () => conversation().datagrams,
		begin() {
			const macKey = deriveMacKey(new Uint8Array(32).fill(1));
			return input => {
				decodeInit(input, macKey);
				decodeResp(input, macKey);
				decodeReset(input);
				if (readRetryTarget(input) !== undefined) {
					openRetry(input, macKey.subarray(0, 16), macKey);
				}

				readDataHeader(input);
			};
		},
	},
	{
		name: 'frames',
		kind: 'bytes',
		corpus: frameCorpus,
		begin() {
			const written = new Uint8Array(4 * maximumInputSize);
			return input => {
				const decoded = decodeFrames(input);
				if (!decoded) {
					return;
				}

				// What was read can be written, and is then read as the same.
				let at = 0;
				for (const frame of decoded) {
					at = writeFrame(written, at, frame);
				}

				assert.equal(decodeFrames(written.subarray(0, at))?.length, decoded.length);
			};
		},
	},
	{
		name: 'handshake-payloads',
		kind: 'bytes',
		corpus: () => [encodeHandshakePayload({
			scid: 7, resetToken: new Uint8Array(16), parameters, credential: Buffer.from('a card'),
		}), encodeHandshakePayload({
			scid: 7, resetToken: new Uint8Array(16), parameters, credential: new Uint8Array(0),
		}, 400)],
		begin: () => input => {
			const payload = decodeHandshakePayload(input, 1000);
			assert.ok(!payload || payload.credential.length <= 1000);
		},
	},
	{
		name: 'noise',
		kind: 'bytes',
		corpus: noiseMessages,
		begin(random) {
			const genuine = noiseMessages();
			return input => {
				const pattern = random.pick(['IK', 'XX'] as const);
				const handshake = beginNoise(pattern, false);
				const read = handshake.readMessage(input);
				if (!read || genuine.some(message => Buffer.compare(message, input) === 0)) {
					return;
				}

				assert.strictEqual(pattern, 'XX', 'a changed IK message was believed');
				handshake.writeMessage(new Uint8Array(4));
				handshake.readMessage(input);
			};
		},
	},
	{
		name: 'strangers',
		kind: 'bytes',
		inputsPerRound: 512,
		corpus: () => conversation().datagrams,
		begin(random) {
			const {pair} = conversation();
			pair.network.tap = undefined;
			return input => {
				pair.bob.endpoint.handleDatagram(input, random.chance(0.3) ? pair.ann.address : `203.0.113.${random.integer(1, 9)}:${random.integer(1, 9)}`, pair.now);
				if (random.chance(0.02)) {
					pair.run(random.pick([1, 30, 3000]));
				}

				assert.ok(pair.bob.endpoint.halfOpen <= 2);
			};
		},
	},
	{
		name: 'lying-peer',
		kind: 'bytes',
		inputsPerRound: 512,
		corpus: frameCorpus,
		begin(random) {
			const session = makeSession(random);
			const slab = new Slab();
			const config = completeConfig({
				maxStreams: 16, connectionWindow: 1 << 20, streamWindow: 1 << 18, maxWindow: 1 << 20,
			});
			let now = 1_700_000_000_000;
			let pn = 0;
			let link: Link | undefined;
			const start = () => {
				link = new Link({
					config, congestion: size => new Bbr(size), sizeCeiling: () => 1452, random: size => random.bytes(size), emit(event) {
						if (event.type === 'data') {
							taken.push([event.stream, event.data.length]);
						}
					},
				}, now);
				link.start(session, now);
				link.streams.write(1, new Uint8Array(3000));
				pn = 0;
			};

			const taken: Array<[stream: number, size: number]> = [];
			start();
			return input => {
				now += random.float() * 3;
				if (link!.state !== 'open') {
					start();
				}

				pn += random.integer(1, 3);
				link!.handleOpened(input, {pn, size: input.length + 28, from: random.chance(0.05) ? '10.0.0.9:9' : session.address}, now);
				for (const [stream, size] of taken.splice(0)) {
					link!.streams.handleConsumed(stream, size);
				}

				if (random.chance(0.1)) {
					link!.streams.write(random.pick([0, 1, 4, 8]), new Uint8Array(random.integer(0, 2000)));
				}

				if (random.chance(0.05)) {
					now += random.integer(0, 500);
				}

				link!.handleTimeout(now);
				for (let count = 0; count < 64 && link!.pollTransmit(slab, now); count++) {
					// It leaves.
				}

				const {bytesInFlight, packetsLost, packetsOut, streamsOpen, rtt, congestionWindow} = link!.statistics()!;
				assert.ok(bytesInFlight >= 0);
				assert.ok(packetsLost >= 0);
				assert.ok(packetsLost <= packetsOut);
				assert.ok(streamsOpen <= config.maxStreams);
				assert.ok(rtt > 0);
				assert.ok(congestionWindow > 0);
			};
		},
	},
];
