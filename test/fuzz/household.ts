// Ann, a real client core; a real server core; and bob, who speaks both protocols by hand and may say anything. One session between them.
// Everything is a function call, time stands still unless it is told to pass. What went to whom is kept as genuine inputs for the mutator.
import {Buffer} from 'node:buffer';
import type {KeyObject} from 'node:crypto';
import {Client} from '../../source/messenger/client.js';
import type {Effect} from '../../source/messenger/effects.js';
import {authenticatePeer} from '../../source/messenger/peers/peers.js';
import {recordStream} from '../../source/messenger/peers/records.js';
import {Endpoint} from '../../source/peer/endpoint.js';
import {deviceId, realmId, verifyCard} from '../../source/protocol/cards.js';
import {encodeLine} from '../../source/protocol/framing.js';
import {
	decodeBase64,
	encodeBase64,
	exportPublicKey,
	importPrivateKey,
} from '../../source/protocol/keys.js';
import {punchType} from '../../source/protocol/punch.js';
import {MemoryProfile} from '../helpers/memory-profile.js';
import {type SeededRandom} from '../helpers/random.js';
import {FakeServer, type FakeClient} from '../server/helpers/fake-server.js';

const annAddress = '10.0.0.1:5000';
const bobAddress = '10.0.0.2:5000';
const serverAddress = '10.0.0.100:7600';

/**
Somebody of a room who is away: when the room was made, and what they sign with.
*/
export type Absentee = {readonly made: number; readonly card: string; readonly realm: string; readonly device: string; readonly key: KeyObject};

/**
Inputs of each kind that are kept; the oldest are as good as the newest.
*/
const maximumKept = 400;

export class Household {
	now: number;
	readonly server = new FakeServer();
	readonly ann: Client;
	readonly bob: Endpoint;
	readonly bobAtServer: FakeClient;
	/**
	Genuine inputs: lines to ann and to the server, datagrams to ann.
	*/
	readonly kept = {toAnn: [] as Uint8Array[], toServer: [] as Uint8Array[], datagrams: [] as Uint8Array[]};
	/**
	The session's name on the peers' link.
	*/
	shared = 'session:none';
	readonly #bobKeys: {sign: Uint8Array; agree: Uint8Array};
	readonly #rootKey: string;
	readonly #disk = new MemoryProfile();
	#annAtServer: FakeClient | undefined;
	#connections = 0;
	#tag = 0;

	constructor(random: SeededRandom) {
		this.now = this.server.now;
		const annKeys = {sign: random.bytes(32), agree: random.bytes(32)};
		this.ann = new Client({
			device: annKeys,
			random: size => random.bytes(size),
			now: this.now,
			mode: 'many',
			accept: 'everyone',
			stored: this.#disk.load(),
			addresses: () => [annAddress],
			program: 'fuzz',
		});
		this.#bobKeys = {sign: random.bytes(32), agree: random.bytes(32)};
		const publicOf = (curve: 'ed25519' | 'x25519', key: Uint8Array) => exportPublicKey(importPrivateKey(curve, key));
		const agreePublic = publicOf('x25519', this.#bobKeys.agree);
		this.bobAtServer = this.server.register('bob', {remote: '10.0.0.2:40000', device: {sign: encodeBase64(publicOf('ed25519', this.#bobKeys.sign)), agree: encodeBase64(agreePublic)}});
		const {rootKey} = this.server.connect().ask('hello', {protocol: 1, program: 'test'});
		this.#rootKey = rootKey;
		this.bob = new Endpoint({
			identity: {privateKey: this.#bobKeys.agree, publicKey: agreePublic},
			credential: () => Buffer.from(this.bobAtServer.login.card),
			authenticate: (staticKey, credential, now) => authenticatePeer(rootKey, staticKey, credential, now),
			random: size => random.bytes(size),
		});
		this.comeTogether();
	}

	/**
	Ann's current connection at the server.
	*/
	get connection(): FakeClient | undefined {
		return this.#annAtServer;
	}

	/**
	Whether ann and bob have a link.
	*/
	get isLinked(): boolean {
		return this.#link !== undefined;
	}

	#link: number | undefined;

	/**
	Ann connects and logs in if need be, and has a session with bob and a link to him.
	*/
	comeTogether(): void {
		if (!this.#annAtServer) {
			this.type('c 10.0.0.100');
			this.type('register ann ann-secret');
			this.type('login ann ann-secret');
			this.run(100);
		}

		if (this.isLinked) {
			return;
		}

		this.bobAtServer.notices.length = 0;
		this.type('cs');
		this.type('o bob');
		this.run(200);
		const request = this.bobAtServer.take('request').at(-1);
		if (request) {
			this.shared = `session:${request.session}`;
			this.bobAtServer.ask('answer', {session: request.session, answer: 'accept'});
		}

		this.run(100);
		const peer = this.bobAtServer.take('session').at(-1)?.peer;
		const card = peer && verifyCard(peer.card, decodeBase64(this.#rootKey), this.now);
		if (card) {
			this.bob.connect({publicKey: decodeBase64(card.agree), candidates: [annAddress]}, this.now);
		}

		this.run(2500);
	}

	/**
	Ann and bob are in a room as well, and eve, who is away, has a card. When the room was made, and what eve signs with.
	*/
	enterRoom(room: string, eveKeys: {readonly sign: Uint8Array; readonly agree: Uint8Array}): Absentee {
		const key = importPrivateKey('ed25519', eveKeys.sign);
		const sign = exportPublicKey(key);
		const eve = this.server.register('eve', {remote: '10.0.0.3:40000', device: {sign: encodeBase64(sign), agree: encodeBase64(exportPublicKey(importPrivateKey('x25519', eveKeys.agree)))}});
		const {card} = eve.login;
		this.type(`or ${room}`);
		this.run(100);
		const {made} = this.bobAtServer.ask('enter', {room});
		this.run(100);
		return {
			made: made!, card, realm: realmId(decodeBase64(this.#rootKey)), device: deviceId(sign), key,
		};
	}

	/**
	Ann types a command line.
	*/
	type(line: string): void {
		this.#tag++;
		this.ann.handleCommand(line, this.#tag, this.now);
		this.pump();
	}

	/**
	Bytes from the server reach ann.
	*/
	tellAnn(chunk: Uint8Array): void {
		this.ann.handleControl({type: 'data', chunk}, this.now);
		this.pump();
	}

	/**
	A datagram reaches ann, from bob unless said.
	*/
	sendAnn(data: Uint8Array, from = bobAddress): void {
		this.ann.handleDatagram(data, from, this.now);
		this.pump();
	}

	/**
	Bob says bytes of his on the stream of records. False when there is no link or no room.
	*/
	say(bytes: Uint8Array): boolean {
		const taken = this.#link !== undefined && this.bob.write(this.#link, recordStream, bytes) === bytes.length;
		this.run(3);
		return taken;
	}

	/**
	Lets time pass.
	*/
	run(ms: number): void {
		const end = this.now + ms;
		for (;;) {
			this.pump();
			const next = Math.min(...[this.ann.pollTimeout(), this.bob.pollTimeout(), this.server.core.pollTimeout()].map(at => at ?? Infinity));
			this.now = Math.min(end, Math.max(this.now, next));
			this.server.now = this.now;
			if (next > end) {
				this.pump();
				return;
			}

			this.ann.handleTimeout(this.now);
			this.bob.handleTimeout(this.now);
			this.server.core.handleTimeout(this.now);
			this.server.perform();
		}
	}

	/**
	Everything that can happen at this moment.
	*/
	pump(): void {
		for (let isBusy = true; isBusy;) {
			isBusy = false;
			for (let effect = this.ann.pollEffect(); effect; effect = this.ann.pollEffect()) {
				this.#perform(effect);
				isBusy = true;
			}

			for (let datagram = this.ann.pollTransmit(this.now); datagram; datagram = this.ann.pollTransmit(this.now)) {
				isBusy = true;
				const data = new Uint8Array(datagram.data);
				if (datagram.to === serverAddress) {
					this.server.core.handleDatagram(data, annAddress, this.now);
					this.server.perform();
				} else if (datagram.to === bobAddress && data[0] !== punchType) {
					this.bob.handleDatagram(data, annAddress, this.now);
				}
			}

			for (let datagram = this.bob.pollTransmit(this.now); datagram; datagram = this.bob.pollTransmit(this.now)) {
				isBusy = true;
				const data = new Uint8Array(datagram.data);
				keep(this.kept.datagrams, data);
				this.ann.handleDatagram(data, bobAddress, this.now);
			}

			for (let event = this.bob.pollEvent(); event; event = this.bob.pollEvent()) {
				if (event.type === 'open') {
					this.#link = event.link;
				} else if (['closed', 'lost', 'failed'].includes(event.type) && event.link === this.#link) {
					this.#link = undefined;
				}
			}
		}
	}

	#perform(effect: Effect): void {
		switch (effect.type) {
			case 'connect': {
				this.#connect();
				break;
			}

			case 'send': {
				keep(this.kept.toServer, Buffer.from(effect.line));
				if (this.#annAtServer) {
					this.server.core.handleLine(this.#annAtServer.id, effect.line.trimEnd(), this.now);
					this.server.perform();
				}

				break;
			}

			case 'disconnect': {
				this.#annAtServer?.drop();
				this.#annAtServer = undefined;
				break;
			}

			case 'store': {
				this.#disk.apply(effect.writes);
				this.ann.handleStored(effect.batch, this.now);
				break;
			}

			case 'recall': {
				this.ann.handleRecalled(effect.recall, this.#disk.answer(effect.query), this.now);
				break;
			}

			case 'export': {
				this.ann.handleExported(effect.task, {ok: false, error: {code: 'bad-file', message: 'There is no disk here.'}}, this.now);
				break;
			}

			default:
		}
	}

	#connect(): void {
		this.#annAtServer?.drop();
		this.server.now = this.now;
		const client = this.server.connect(`10.0.0.1:${10_000 + (this.#connections++ % 50_000)}`);
		this.#annAtServer = client;
		const tell = (message: unknown) => {
			const line = Buffer.from(encodeLine(message));
			keep(this.kept.toAnn, line);
			if (this.#annAtServer === client) {
				this.ann.handleControl({type: 'data', chunk: line}, this.now);
			}
		};

		client.handle = tell;
		client.handleCut = closing => {
			if (closing) {
				tell(closing);
			}

			if (this.#annAtServer !== client) {
				return;
			}

			this.#annAtServer = undefined;
			this.ann.handleControl({type: 'closed', code: 'lost', message: 'The connection broke.'}, this.now);
		};

		this.ann.handleControl({type: 'opened', fingerprint: 'fe'.repeat(32), remoteAddress: '10.0.0.100'}, this.now);
	}
}

function keep(list: Uint8Array[], input: Uint8Array): void {
	if (list.length < maximumKept && list.every(known => Buffer.compare(known, input) !== 0)) {
		list.push(new Uint8Array(input));
	}
}
