// What strangers and liars may send: silence is the answer, memory stays bounded, links go on.
// Each test fails when the defence it names is taken out.
import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {completeConfig} from '../../source/peer/config.js';
import {closeCode} from '../../source/peer/errors.js';
import {writeFrame, type Frame} from '../../source/peer/packets/frame.js';
import {Initiation} from '../../source/peer/handshake/initiation.js';
import {
	dataHeaderSize,
	decodeInit,
	decodeResp,
	deriveMacKey,
	encodeInit,
	encodeResp,
	writeDataHeader,
} from '../../source/peer/packets/packet.js';
import {chaCha} from '../../source/peer/crypto/cipher.js';
import {type Session} from '../../source/peer/session.js';
import {AgreementKey} from '../../source/peer/crypto/x25519.js';
import {type Datagram} from '../helpers/network.js';
import {Pair, type Side} from '../helpers/pair.js';
import {SeededRandom} from '../helpers/random.js';

const stranger = '203.0.113.66:6666';
const resetToken = new Uint8Array(16).fill(0x66);
const parameters = {
	maxData: 1e6, maxStreamData: 1e6, maxAckDelay: 25, aesFrom: 0, maxInFlight: 0,
};

/**
Records all datagrams of a world.
*/
function record(pair: Pair): Datagram[] {
	const datagrams: Datagram[] = [];
	pair.network.tap = datagram => {
		datagrams.push(datagram);
	};

	return datagrams;
}

/**
Hands a datagram to bob and returns what he sends in answer to the next moments.
*/
function provoke(pair: Pair, data: Uint8Array, from = stranger): Datagram[] {
	const answers = record(pair);
	pair.bob.endpoint.handleDatagram(data, from, pair.now);
	pair.run(5);
	return answers.filter(({to}) => to === from);
}

const sum = (side: Side) => Object.values(side.endpoint.counters).reduce((total, count) => total + count, 0);

/**
Somebody with keys of his own who speaks the protocol, packet by packet, as he likes.
*/
class Liar {
	readonly key: AgreementKey;
	readonly initiation: Initiation;
	session: Session | undefined;
	pn = 0;
	readonly #pair: Pair;

	constructor(pair: Pair, {seed = 99, credential = Buffer.from('liar'), key}: {seed?: number; credential?: Uint8Array; key?: AgreementKey} = {}) {
		const random = new SeededRandom(seed);
		this.#pair = pair;
		this.key = key ?? new AgreementKey(random.bytes(32));
		this.initiation = new Initiation({
			config: completeConfig(),
			suite: chaCha,
			staticKey: this.key,
			ephemeralKey: new AgreementKey(random.bytes(32)),
			remoteStatic: pair.bob.publicKey,
			candidates: [pair.bob.address],
			localCid: 0x66_66,
			resetToken,
			parameters,
			credential,
			authenticate: () => 'bob',
		}, pair.now);
	}

	get init(): Uint8Array {
		this.initiation.addCandidate(`again:${this.pn++}`);
		const {data} = this.initiation.pollTransmit()!;
		return data;
	}

	/**
	Sends the INIT and reads the answer.
	*/
	shakeHands(): this {
		const [answer] = provoke(this.#pair, this.init);
		this.session = answer && this.initiation.handleResponse(decodeResp(answer.data, deriveMacKey(this.key.publicKey))!, this.#pair.bob.address, this.#pair.now);
		this.pn = 0;
		return this;
	}

	/**
	A DATA packet that is authentic, whatever it says.
	*/
	seal(...content: Array<Frame | Uint8Array>): Uint8Array {
		const packet = new Uint8Array(1500);
		let at = dataHeaderSize;
		for (const part of content) {
			if (part instanceof Uint8Array) {
				packet.set(part, at);
				at += part.length;
			} else {
				at = writeFrame(packet, at, part);
			}
		}

		writeDataHeader(packet, {epoch: 0, dcid: this.session!.remoteCid, pn: this.pn});
		this.session!.sendKeys.seal(packet, at, this.pn++);
		return packet.subarray(0, at + 16);
	}

	say(...content: Array<Frame | Uint8Array>): Datagram[] {
		return provoke(this.#pair, this.seal(...content));
	}
}

test('garbage of any first byte and length is met with silence, or a RESET now and then', t => {
	const pair = new Pair().open();
	const random = new SeededRandom(5);
	for (let round = 0; round < 3000; round++) {
		const data = random.bytes(random.pick([0, 1, 8, 12, 27, 28, 60, 1199, 1200, 1201, 1500]));
		if (data.length > 0 && random.chance(0.8)) {
			data[0] = random.pick([0x20, 0x21, 0x22, 0x23, 0x24, 0x40]);
		}

		pair.bob.endpoint.handleDatagram(data, stranger, pair.now);
	}

	t.is(sum(pair.bob), 3000);
	const answers = record(pair);
	pair.run(3000);
	const told = answers.filter(({to}) => to === stranger);
	t.true(told.length <= 10 && told.every(({data}) => data[0] === 0x23), 'at most a few RESETs for what looks like DATA');
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('fine'));
	t.true(pair.runUntil(() => pair.bob.received(1).toString() === 'fine', 1000));
});

test('every truncation and every changed byte of every packet of a conversation is dropped', t => {
	const pair = new Pair();
	const datagrams = record(pair);
	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('hello'));
	pair.run(100);
	const before = sum(pair.bob);
	const {packetsIn} = pair.bob.endpoint.statistics(pair.bob.link)!;
	let tried = 0;
	const towardsBob = datagrams.filter(({to}) => to === pair.bob.address);
	for (const {data} of towardsBob) {
		for (let at = 0; at < data.length; at += data.length > 1000 ? 7 : 1) {
			const changed = new Uint8Array(data);
			changed[at]! ^= 0x10;
			pair.bob.endpoint.handleDatagram(changed, pair.ann.address, pair.now);
			pair.bob.endpoint.handleDatagram(data.subarray(0, at), pair.ann.address, pair.now);
			tried += 2;
		}
	}

	t.is(sum(pair.bob) - before, tried);
	t.is(pair.bob.endpoint.statistics(pair.bob.link)!.packetsIn, packetsIn);
	t.deepEqual(pair.bob.events.map(({type}) => type), ['open', 'data']);
});

test('a replayed packet is not delivered again, not even much later', t => {
	const pair = new Pair();
	const datagrams = record(pair);
	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('pay 10'));
	pair.run(100);
	const all = datagrams.filter(({to, data}) => to === pair.bob.address && data[0] === 0x40);
	const {packetsIn} = pair.bob.endpoint.statistics(pair.bob.link)!;
	for (const {data, from} of all) {
		pair.bob.endpoint.handleDatagram(data, from, pair.now);
	}

	t.is(pair.bob.endpoint.counters.replayed, all.length);
	t.is(pair.bob.endpoint.statistics(pair.bob.link)!.packetsIn, packetsIn);
	pair.run(300_000);
	for (const {data, from} of all) {
		pair.bob.endpoint.handleDatagram(data, from, pair.now);
	}

	t.is(pair.bob.received(1).toString(), 'pay 10');
	t.is(pair.bob.endpoint.counters.replayed, 2 * all.length);
});

test('a packet thrown back at its sender opens nothing', t => {
	const pair = new Pair();
	const datagrams = record(pair);
	pair.open();
	for (let round = 0; round < 20; round++) {
		pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('echo?'));
		pair.run(2);
	}

	const own = datagrams.find(({to, data}) => to === pair.ann.address && data[0] === 0x40)!.data;
	const sent = datagrams.filter(({from}) => from === pair.ann.address);
	for (const {data} of sent) {
		pair.ann.endpoint.handleDatagram(data, pair.bob.address, pair.now);
		// Once more, addressed to ann, so that only the keys tell the direction.
		const back = new Uint8Array(data);
		back.set(own.subarray(2, 6), 2);
		pair.ann.endpoint.handleDatagram(back, pair.bob.address, pair.now);
	}

	pair.run(100);
	t.deepEqual(pair.ann.events.map(({type}) => type), ['open']);
	t.true(pair.ann.endpoint.counters.forged > 0 && pair.ann.endpoint.counters.malformed > 0);
});

test('a forged sender: an INIT in ann\'s name without her key opens nothing', t => {
	const annKey = new Uint8Array(32).fill(9);
	const {publicKey} = new AgreementKey(annKey);
	// Whoever holds another key is not ann, whatever the credential says.
	const pair = new Pair({
		ann: {privateKey: annKey},
		bob: {authenticate: (staticKey, credential) => Buffer.from(staticKey).equals(publicKey) ? Buffer.from(credential).toString() : undefined},
	});
	const impostor = new Liar(pair, {credential: Buffer.from('ann')});
	t.deepEqual(provoke(pair, impostor.init), []);
	t.is(pair.bob.endpoint.counters.refused, 1);
	t.is(pair.bob.endpoint.halfOpen, 0);
	t.is(pair.open().bob.ofType('open')[0]?.peer, 'ann');
});

test('who stole bob\'s key cannot open a link to bob in ann\'s name', t => {
	const stolen = new Uint8Array(32).fill(8);
	const pair = new Pair({bob: {privateKey: stolen}});
	const {publicKey} = pair.ann;
	// The secret of the two static keys can be had with either private key: message 1 convinces, message 2 asks for more.
	const key = {publicKey, agree: () => new AgreementKey(stolen).agree(publicKey)} as unknown as AgreementKey;
	const impostor = new Liar(pair, {key, credential: Buffer.from('ann')}).shakeHands();
	t.is(pair.bob.endpoint.halfOpen, 1);
	t.is(impostor.session, undefined);
	pair.run(10_000);
	t.deepEqual(pair.bob.events, []);
});

test('an INIT under our own key, thrown back or made with a copy of it, is not answered', t => {
	const own = new Uint8Array(32).fill(7);
	const pair = new Pair({bob: {privateKey: own}});
	const mirror = new Liar(pair, {key: new AgreementKey(own), credential: Buffer.from('bob')});
	t.deepEqual(provoke(pair, mirror.init), []);
	t.is(pair.bob.endpoint.halfOpen, 0);
	pair.run(10_000);
	t.deepEqual(pair.bob.events, []);
});

test('a replayed INIT changes nothing: no event, no lost link, one answer, and it expires', t => {
	const pair = new Pair();
	const datagrams = record(pair);
	pair.open();
	const init = datagrams.find(({data}) => data[0] === 0x20)!;
	pair.run(100);
	t.deepEqual(provoke(pair, init.data), [], 'the link it opened still lives');
	t.is(pair.bob.endpoint.halfOpen, 0);
	pair.ann.endpoint.close(pair.ann.link, 0, '', pair.now);
	pair.run(10_000);
	const events = pair.bob.events.length;
	const answers = provoke(pair, init.data);
	t.is(answers.length, 1);
	t.true(answers[0]!.data.length < init.data.length, 'no amplification');
	t.is(pair.bob.endpoint.halfOpen, 1);
	pair.run(10_000);
	t.is(pair.bob.endpoint.halfOpen, 0);
	t.is(pair.bob.events.length, events);
	t.is(pair.bob.endpoint.pollTimeout(), undefined);
});

test('a replayed INIT cannot push out the link that a newer handshake opened', t => {
	const pair = new Pair();
	const datagrams = record(pair);
	pair.open();
	const old = datagrams.find(({data}) => data[0] === 0x20)!;
	pair.ann.endpoint.close(pair.ann.link, 0, '', pair.now);
	pair.run(10_000);
	pair.connect();
	t.true(pair.runUntil(() => pair.bob.ofType('open').length === 2, 1000));
	const {link} = pair.bob;
	pair.run(100);
	for (let round = 0; round < 20; round++) {
		provoke(pair, old.data);
	}

	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('undisturbed'));
	t.true(pair.runUntil(() => pair.bob.received(1, link).toString() === 'undisturbed', 1000));
	t.deepEqual(pair.bob.ofType('lost'), []);
});

test('a packet caught and sent on from elsewhere does not turn the link there', t => {
	const pair = new Pair({conditions: {delay: 10}}).open();
	pair.run(1000);
	const datagrams = record(pair);
	for (let round = 0; round < 20; round++) {
		pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('x'));
		pair.flush();
		// The copy comes first, from the stranger's address; the packet itself is then a replay.
		pair.bob.endpoint.handleDatagram(datagrams.findLast(({from}) => from === pair.ann.address)!.data, stranger, pair.now);
		pair.run(100);
	}

	t.is(pair.bob.endpoint.statistics(pair.bob.link)!.address, pair.ann.address);
	const diverted = datagrams.filter(({to}) => to === stranger);
	t.true(diverted.length > 0 && diverted.every(({data}) => data.length === 12 + 9 + 16), 'nothing but challenges');
	t.true(diverted.length <= 20 * 4);
	pair.bob.endpoint.write(pair.bob.link, 1, Buffer.from('to ann'));
	t.true(pair.runUntil(() => pair.ann.received(1).toString() === 'to ann', 1000));
});

test('connection ids in the clear header cannot be altered', t => {
	const pair = new Pair();
	const datagrams = record(pair);
	pair.connect();
	pair.flush();
	const init = decodeInit(datagrams[0]!.data, deriveMacKey(pair.bob.publicKey))!;
	const altered = encodeInit({...init, scid: init.scid ^ 1}, deriveMacKey(pair.bob.publicKey));
	t.deepEqual(provoke(pair, altered), []);
	t.is(pair.bob.endpoint.counters.forged, 1);
	const other = new Pair();
	other.connect();
	other.network.isBlocked = ({to}) => to === other.ann.address;
	const answers = record(other);
	other.run(10);
	const {data} = answers.find(({to}) => to === other.ann.address)!;
	const resp = decodeResp(data, deriveMacKey(other.ann.publicKey))!;
	other.ann.endpoint.handleDatagram(encodeResp({...resp, scid: resp.scid ^ 1}, deriveMacKey(other.ann.publicKey)), other.bob.address, other.now);
	t.is(other.ann.endpoint.counters.forged, 1);
	other.network.isBlocked = () => false;
	t.true(other.runUntil(() => other.bob.link > 0, 1000), 'the true answer still opens the link');
});

test('half-open handshakes are few, and under a flood an INIT has to bring a cookie', t => {
	const pair = new Pair({config: {maxHalfOpen: 10, maxHandshakesPerSecond: 50}});
	const many = Array.from({length: 60}, (_, index) => new Liar(pair, {seed: 1000 + index}).init);
	const answers = record(pair);
	for (const init of many) {
		pair.bob.endpoint.handleDatagram(init, stranger, pair.now);
	}

	t.is(pair.bob.endpoint.halfOpen, 5);
	t.is(pair.bob.endpoint.counters.retried, 55);
	pair.flush();
	const retries = answers.filter(({data}) => data[0] === 0x22);
	t.is(retries.length, 55);
	t.true(retries.every(({data}) => data.length === 37));
	pair.connect();
	t.true(pair.runUntil(() => pair.bob.link > 0, 1000), 'who can read what is sent to them gets through under the flood');
	pair.run(10_000);
	t.is(pair.bob.endpoint.halfOpen, 0);
});

test('one peer cannot take all places', t => {
	const pair = new Pair({config: {maxHalfOpen: 10}});
	const victim = new Liar(pair, {seed: 1}).init;
	pair.bob.endpoint.handleDatagram(victim, stranger, pair.now);
	const config = completeConfig();
	const staticKey = new AgreementKey(new Uint8Array(32).fill(2));
	for (let round = 0; round < 30; round++) {
		const greedy = new Initiation({
			config, suite: chaCha, staticKey, ephemeralKey: new AgreementKey(new Uint8Array(32).fill(round + 1)), remoteStatic: pair.bob.publicKey, candidates: ['x'], localCid: round, resetToken, parameters, credential: new Uint8Array(0), authenticate: () => 'x',
		}, pair.now);
		pair.bob.endpoint.handleDatagram(greedy.pollTransmit()!.data, stranger, pair.now);
	}

	t.is(pair.bob.endpoint.halfOpen, 5);
});

test('links are not more than allowed', t => {
	const pair = new Pair({config: {maxLinks: 3}});
	const liars = Array.from({length: 5}, (_, index) => new Liar(pair, {seed: 50 + index}).shakeHands());
	for (const liar of liars) {
		liar.say({type: 'ping'});
	}

	t.is(pair.bob.ofType('open').length, 3);
	t.is(pair.bob.endpoint.counters.overload, 2);
});

test('an authentic peer that breaks the rules is shut out with a code, the others are not disturbed', t => {
	const data = (frame: Partial<Frame & {type: 'stream'}>): Frame => ({
		type: 'stream', stream: 1, offset: 0, data: Buffer.from('x'), fin: false, ...frame,
	});
	const cases: Array<[string, number, Array<Frame | Uint8Array>]> = [
		['an unknown frame', closeCode.protocolViolation, [Uint8Array.of(0x7F)]],
		['a frame cut short', closeCode.protocolViolation, [Uint8Array.of(0x03, 1)]],
		['beyond the stream\'s credit', closeCode.flowControl, [data({offset: 1024 * 1024})]],
		['beyond the link\'s credit', closeCode.flowControl, [0, 1, 4, 8, 12].map(stream => data({stream, offset: (1024 * 1024) - 1}))],
		['an acknowledgement of nothing', closeCode.protocolViolation, [{type: 'ack', delay: 0, ranges: [{start: 0, end: 1000}]}]],
		['too many streams', closeCode.tooMuch, Array.from({length: 70}, (_, index) => data({stream: index * 4}))],
		['two ends', closeCode.protocolViolation, [data({fin: true}), data({offset: 5, fin: true})]],
	];
	for (const [name, code, frames] of cases) {
		const pair = new Pair().open();
		const liar = new Liar(pair).shakeHands();
		liar.say({type: 'ping'});
		t.is(pair.bob.ofType('open').length, 2, name);
		liar.say(...frames);
		const closed = pair.bob.ofType('closed');
		t.like(closed[0], {by: 'us', code}, name);
		pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('fine'));
		t.true(pair.runUntil(() => pair.bob.received(1, 1).toString() === 'fine', 1000), name);
	}
});

test('an authentic peer that lies in every other way is bounded', t => {
	const pair = new Pair().open();
	const liar = new Liar(pair).shakeHands();
	liar.say({type: 'ping'});
	const random = new SeededRandom(77);
	for (let round = 0; round < 2000; round++) {
		const frame = random.pick<Frame>([
			{type: 'ping'},
			{type: 'pathChallenge', token: random.bytes(8)},
			{type: 'pathResponse', token: random.bytes(8)},
			{type: 'maxData', limit: random.integer(0, 2 ** 40)},
			{type: 'maxStreamData', stream: 4 * random.integer(0, 50), limit: random.integer(0, 2 ** 40)},
			{type: 'datagram', data: random.bytes(50)},
			{
				type: 'stream', stream: 4 * random.integer(0, 50), offset: random.integer(0, 5000), data: random.bytes(random.integer(0, 100)), fin: false,
			},
			{type: 'stop', stream: 4 * random.integer(0, 50), code: 1},
		]);
		liar.pn += random.integer(0, 3);
		pair.bob.endpoint.handleDatagram(liar.seal(frame), stranger, pair.now);
		pair.run(1);
	}

	t.deepEqual(pair.bob.ofType('closed'), []);
	const statistics = pair.bob.endpoint.statistics(2)!;
	t.true(statistics.bytesInFlight <= statistics.congestionWindow + 2400);
});

test('an empty piece ahead of its turn does no harm', t => {
	const pair = new Pair();
	const liar = new Liar(pair).shakeHands();
	t.notThrows(() => {
		liar.say({
			type: 'stream', stream: 1, offset: 500, data: new Uint8Array(0), fin: false,
		});
	});
	t.deepEqual(pair.bob.ofType('closed'), []);
});

test('an acknowledgement for another\'s packets, and a RESP for another\'s INIT, do nothing', t => {
	const pair = new Pair();
	const other = new Pair({seed: 2});
	const foreign = record(other);
	other.open();
	pair.connect();
	pair.flush();
	for (const {data} of foreign) {
		pair.ann.endpoint.handleDatagram(data, pair.bob.address, pair.now);
		pair.bob.endpoint.handleDatagram(data, pair.ann.address, pair.now);
	}

	t.true(pair.runUntil(() => pair.ann.link > 0 && pair.bob.link > 0, 1000));
	t.is(pair.ann.ofType('open').length, 1);
});

test('arbitrary datagrams, alone or as mutations of real ones, never throw and never grow the endpoint', t => {
	const pair = new Pair();
	const datagrams = record(pair);
	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.alloc(3000));
	pair.run(1000);
	const originals = datagrams.map(({data}) => data);
	t.notThrows(() => {
		fc.assert(fc.property(fc.nat(originals.length - 1), fc.array(fc.tuple(fc.nat(1500), fc.nat(255)), {maxLength: 4}), fc.nat(1500), (index, changes, size) => {
			const data = new Uint8Array(originals[index]!).subarray(0, size);
			for (const [at, value] of changes) {
				data[at] = value;
			}

			for (const side of [pair.ann, pair.bob]) {
				side.endpoint.handleDatagram(data, stranger, pair.now);
			}

			pair.run(1);
		}), {numRuns: 2000});
	});
	t.true(pair.bob.endpoint.halfOpen <= 1);
	t.deepEqual(pair.bob.events.map(({type}) => type).filter(type => type !== 'data'), ['open']);
});
