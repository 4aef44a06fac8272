// Peers on one side, a bare endpoint that can say anything on the other.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {
	deviceId,
	realmId,
	signCard,
	type Card,
} from '../../../source/protocol/cards.js';
import {encodeBase64, exportPublicKey, importPrivateKey} from '../../../source/protocol/keys.js';
import {Endpoint, type EndpointEvent} from '../../../source/peer/endpoint.js';
import {authenticatePeer, Peers} from '../../../source/messenger/peers/peers.js';
import {encodeRecord} from '../../../source/messenger/peers/records.js';
import {Rendezvous} from '../../../source/messenger/peers/rendezvous.js';
import {SeededRandom} from '../../helpers/random.js';

const start = 1_700_000_000_000;
const root = importPrivateKey('ed25519', new Uint8Array(32).fill(1));
const rootKey = encodeBase64(exportPublicKey(root));
const punch = {sid: '01020304', secret: 'S'.repeat(43)};

function keysOf(seed: number) {
	const sign = new Uint8Array(32).fill(seed);
	const agree = new Uint8Array(32).fill(seed + 100);
	return {agree, signPublic: exportPublicKey(importPrivateKey('ed25519', sign)), agreePublic: exportPublicKey(importPrivateKey('x25519', agree))};
}

function cardOf(user: string, seed: number, changes: Partial<Card> = {}, signer = root): string {
	const {signPublic, agreePublic} = keysOf(seed);
	return signCard({
		realm: realmId(exportPublicKey(root)), user, device: deviceId(signPublic), sign: encodeBase64(signPublic), agree: encodeBase64(agreePublic), issued: start, expires: start + 1e9, ...changes,
	}, signer);
}

class Scene {
	now = start;
	readonly told: string[] = [];
	readonly peers: Peers;
	readonly bobEvents: EndpointEvent[] = [];
	readonly bob: Endpoint;
	isExpecting = false;
	readonly #ann: Endpoint;

	constructor() {
		const random = new SeededRandom(1);
		const make = (user: string, seed: number): Endpoint => new Endpoint({
			identity: {privateKey: keysOf(seed).agree, publicKey: keysOf(seed).agreePublic},
			credential: () => Buffer.from(cardOf(user, seed)),
			authenticate: (staticKey, credential, now) => authenticatePeer(rootKey, staticKey, credential, now),
			random: size => random.bytes(size),
		});
		this.#ann = make('ann', 1);
		this.bob = make('bob', 2);
		this.peers = new Peers({
			endpoint: this.#ann,
			rendezvous: new Rendezvous(size => random.bytes(size)),
			listener: {
				handleCard() {},
				handleLinkUp: peer => {
					this.told.push(`up ${peer}`);
				},
				handleLinkDown: (peer, {isStranger}) => {
					this.told.push(`down ${peer}${isStranger ? ', a stranger to them' : ''}`);
				},
				handleRecord: (peer, record) => {
					this.told.push(`${peer}: ${record.kind}`);
				},
				handleSilence: address => {
					this.told.push(`silence at ${address}`);
				},
				isExpecting: () => this.isExpecting,
			},
			device: deviceId(keysOf(1).signPublic),
		});
	}

	introduceBob(card = cardOf('bob', 2)): boolean {
		return this.peers.introduce({
			user: 'bob', card, addresses: ['10.0.0.2:1'], punch,
		}, rootKey, this.now);
	}

	/**
	Bob dials ann.
	*/
	dial(): number {
		return this.bob.connect({publicKey: keysOf(1).agreePublic, candidates: ['10.0.0.1:1']}, this.now);
	}

	run(ms: number): this {
		const end = this.now + ms;
		for (;;) {
			this.#exchange();
			const next = Math.min(...[this.#ann.pollTimeout(), this.bob.pollTimeout(), this.peers.pollTimeout()].map(at => at ?? Infinity));
			if (next > end) {
				this.now = end;
				return this;
			}

			this.now = Math.max(this.now, next);
			this.#ann.handleTimeout(this.now);
			this.bob.handleTimeout(this.now);
			this.peers.handleTimeout(this.now);
		}
	}

	#exchange(): void {
		for (let isBusy = true; isBusy;) {
			isBusy = false;
			this.peers.handleEvents(this.now);
			for (let event = this.bob.pollEvent(); event; event = this.bob.pollEvent()) {
				this.bobEvents.push(event);
			}

			for (let datagram = this.#ann.pollTransmit(this.now); datagram; datagram = this.#ann.pollTransmit(this.now)) {
				this.bob.handleDatagram(new Uint8Array(datagram.data), '10.0.0.1:1', this.now);
				isBusy = true;
			}

			for (let datagram = this.bob.pollTransmit(this.now); datagram; datagram = this.bob.pollTransmit(this.now)) {
				this.#ann.handleDatagram(new Uint8Array(datagram.data), '10.0.0.2:1', this.now);
				isBusy = true;
			}
		}
	}
}

const bye = encodeRecord({kind: 'bye', shared: 'room:den', visit: 1});

test('a card is believed with the root\'s signature, for the key that the handshake proved, in its time', t => {
	const ofBob = (card: string, key = keysOf(2).agreePublic, now = start): string | undefined => authenticatePeer(rootKey, key, Buffer.from(card), now);
	t.is(ofBob(cardOf('bob', 2)), `bob/${deviceId(keysOf(2).signPublic)}`);
	t.is(ofBob(cardOf('bob', 2), keysOf(3).agreePublic), undefined);
	t.is(ofBob(cardOf('ann', 2, {}, importPrivateKey('ed25519', new Uint8Array(32).fill(9)))), undefined);
	t.is(ofBob(cardOf('bob', 2), keysOf(2).agreePublic, start + 2e9), undefined);
	t.is(ofBob(cardOf('bob', 2, {realm: '0'.repeat(16)})), undefined);
	t.is(ofBob('garbage'), undefined);
	t.is(authenticatePeer(undefined, keysOf(2).agreePublic, Buffer.from(cardOf('bob', 2)), start), undefined);
});

test('an introduction with a card that is not the root\'s, or somebody else\'s, is refused', t => {
	const scene = new Scene();
	t.false(scene.introduceBob(cardOf('bob', 2, {}, importPrivateKey('ed25519', new Uint8Array(32).fill(9)))));
	t.false(scene.introduceBob(cardOf('cat', 2)));
	t.true(scene.introduceBob());
});

test('a link that comes before its peer is needed is held, with what it said', t => {
	const scene = new Scene();
	scene.bob.write(scene.dial(), 1, bye);
	scene.run(1000);
	t.deepEqual(scene.told, []);
	scene.introduceBob();
	scene.peers.hold('bob', 'room:den', scene.now);
	scene.run(1);
	t.deepEqual(scene.told, ['up bob', 'bob: bye']);
	t.true(scene.peers.isLinked('Bob'));
	t.is(scene.peers.addressOf('bob'), '10.0.0.2:1');
});

test('a stranger\'s link is closed after a while, and later if the server may yet announce it', t => {
	const scene = new Scene();
	scene.dial();
	scene.isExpecting = true;
	scene.run(9000);
	t.false(scene.bobEvents.some(({type}) => type === 'closed'));
	scene.isExpecting = false;
	scene.run(2000);
	t.like(scene.bobEvents.at(-1), {type: 'closed', by: 'peer', code: 0x1_01});
	t.deepEqual(scene.told, []);
});

test('a stranger who talks too much is closed at once', t => {
	const scene = new Scene();
	const link = scene.dial();
	scene.run(100);
	for (let count = 0; count < 20; count++) {
		scene.bob.write(link, 1, new Uint8Array(50_000));
		scene.run(100);
	}

	t.like(scene.bobEvents.findLast(({type}) => type === 'closed'), {by: 'peer', code: 0x1_03});
});

test('bob on another device than the one announced is a stranger', t => {
	const scene = new Scene();
	scene.introduceBob(cardOf('bob', 3));
	scene.peers.hold('bob', 'room:den', scene.now);
	scene.dial();
	scene.run(500);
	t.deepEqual(scene.told, []);
});

test('a record that can\'t be read closes the link; it is dialled again', t => {
	const scene = new Scene();
	scene.introduceBob();
	scene.peers.hold('bob', 'room:den', scene.now);
	scene.run(3000);
	t.deepEqual(scene.told, ['up bob']);
	const open = scene.bobEvents.find(event => event.type === 'open');
	scene.bob.write(open!.link, 1, Buffer.from('\u{0}\u{0}\u{0}\u{2}{}'));
	scene.run(5000);
	t.deepEqual(scene.told, ['up bob', 'down bob', 'up bob']);
	t.like(scene.bobEvents.find(({type}) => type === 'closed'), {by: 'peer', code: 0x1_02});
});

test('a link that nobody needs lingers for a moment, then ends', t => {
	const scene = new Scene();
	scene.introduceBob();
	scene.peers.hold('bob', 'room:den', scene.now);
	scene.run(3000);
	scene.peers.release('bob', 'room:den', scene.now);
	scene.run(900);
	t.true(scene.peers.isLinked('bob'));
	scene.peers.hold('bob', 'room:attic', scene.now);
	scene.run(2000);
	t.true(scene.peers.isLinked('bob'));
	scene.peers.release('bob', 'room:attic', scene.now);
	scene.run(1100);
	t.false(scene.peers.isLinked('bob'));
	t.like(scene.bobEvents.at(-1), {type: 'closed', by: 'peer', code: 0x1_00});
});
