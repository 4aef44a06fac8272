// A rehearsal: two made-up people and a made-up server go through a session in memory, so that the first real one finds its code compiled.
// V8 compiles each function when it is first called, and the first session calls hundreds of them for the first time, at both ends, while
// two people wait. Nothing of it leaves this file: no datagram, no write, no word to anybody.
// Knows the play; refuses to know when there is time for it (runtime/rehearsing.ts).
import {Buffer} from 'node:buffer';
import type {KeyObject} from 'node:crypto';
import {
	deviceId,
	realmId,
	rootPublicKeyOf,
	signCard,
} from '../protocol/cards.js';
import {encodeLine} from '../protocol/framing.js';
import {encodeBase64, exportPublicKey, importPrivateKey} from '../protocol/keys.js';
import {defaultPort, protocolVersion} from '../protocol/limits.js';
import type {Introduction, Request} from '../protocol/messages.js';
import {maxDatagramSize} from '../peer/config.js';
import {Client} from './client.js';
import type {Effect, StoredState} from './effects.js';
import type {MessengerEvent} from './events.js';

type Actor = {readonly name: string; readonly address: string; readonly introduction: Introduction; readonly client: Client};

const server = {host: '192.0.2.1', port: defaultPort};
const session = 'rehearsed';

const cardMs = 3_600_000;
const largeFrom = 8192;

/**
The play takes some 75 steps; should it ever go round in circles, it ends here.
*/
const maximumSteps = 500;

export class Rehearsal {
	readonly #random: (size: number) => Uint8Array;
	#now: number;
	readonly #realm: {readonly root: KeyObject; readonly rootKey: Uint8Array; readonly punch: Introduction['punch']};
	/**
	Ann, who asks, and Bob, who accepts.
	*/
	#actors: Actor[] = [];
	/**
	What happens next, in order.
	*/
	#acts: Array<() => void>;
	#steps = 0;
	#isPlayed = false;

	/**
	`random` gives unpredictable bytes; `now` is float ms since the epoch, from which on the play keeps its own time.
	*/
	constructor({random, now}: {random: (size: number) => Uint8Array; now: number}) {
		this.#random = random;
		this.#now = now;
		const root = importPrivateKey('ed25519', random(32));
		this.#realm = {root, rootKey: rootPublicKeyOf(root), punch: {sid: Buffer.from(random(4)).toString('hex'), secret: encodeBase64(random(32))}};
		this.#acts = ['ann', 'bob'].map(name => () => {
			this.#cast(name);
		});
	}

	/**
	The session was opened, a line said each way and the session closed.
	*/
	get isPlayed(): boolean {
		return this.#isPlayed;
	}

	/**
	Goes one step on: a datagram, a line of the server's, an effect. False when there is no more; then nothing is left of the play.
	*/
	step(): boolean {
		this.#steps++;
		const act = this.#acts.shift() ?? this.#nextTimeout();
		if (!act || this.#isPlayed || this.#steps > maximumSteps) {
			this.#acts = [];
			this.#actors = [];
			return false;
		}

		act();
		return true;
	}

	#cast(name: string): void {
		const {rootKey, punch} = this.#realm;
		const device = {sign: this.#random(32), agree: this.#random(32)};
		const sign = exportPublicKey(importPrivateKey('ed25519', device.sign));
		const agree = exportPublicKey(importPrivateKey('x25519', device.agree));
		const address = `192.0.2.${this.#actors.length + 2}:${defaultPort}`;
		const card = signCard({
			realm: realmId(rootKey),
			user: name,
			device: deviceId(sign),
			sign: encodeBase64(sign),
			agree: encodeBase64(agree),
			issued: Math.floor(this.#now),
			expires: Math.floor(this.#now) + cardMs,
		}, this.#realm.root);
		const actor: Actor = {
			name,
			address,
			introduction: {
				user: name, card, addresses: [address], punch,
			},
			client: new Client({
				device,
				random: this.#random,
				now: this.#now,
				mode: 'one',
				accept: 'ask',
				stored: remembered(name, this.#now),
				addresses: () => [address],
				program: 'rehearsal',
				user: name,
				// Large datagrams are tried as soon as a link stands, and have a cipher of their own.
				sizeCeiling: () => maxDatagramSize,
				peerConfig: {aesFrom: largeFrom},
			}),
		};
		this.#actors.push(actor);
		this.#type(actor, `c ${server.host}:${server.port}`);
	}

	/**
	Plans something that comes to an actor, and with it all that it leads to.
	*/
	#play(actor: Actor, input: (actor: Actor) => void): void {
		this.#acts.push(() => {
			input(actor);
			this.#drain(actor);
		});
	}

	#drain(actor: Actor): void {
		for (let effect = actor.client.pollEffect(); effect; effect = actor.client.pollEffect()) {
			this.#perform(actor, effect);
		}

		for (let datagram = actor.client.pollTransmit(this.#now); datagram; datagram = actor.client.pollTransmit(this.#now)) {
			const {to, data} = datagram;
			const reader = this.#actors.find(each => each.address === to);
			if (reader) {
				this.#play(reader, ({client}) => {
					client.handleDatagram(data, actor.address, this.#now);
				});
			}
		}

		const due = actor.client.pollTimeout();
		if (due !== undefined && due <= this.#now) {
			this.#play(actor, ({client}) => {
				client.handleTimeout(this.#now);
			});
		}
	}

	/**
	Nobody has anything to do now: time goes on to what is due next.
	*/
	#nextTimeout(): (() => void) | undefined {
		const [first] = this.#actors.map(actor => ({actor, due: actor.client.pollTimeout() ?? Infinity})).toSorted((one, other) => one.due - other.due);
		if (!first || first.due === Infinity) {
			return undefined;
		}

		return () => {
			this.#now = Math.max(this.#now, first.due);
			first.actor.client.handleTimeout(this.#now);
			this.#drain(first.actor);
		};
	}

	#perform(actor: Actor, effect: Effect): void {
		switch (effect.type) {
			case 'connect': {
				this.#play(actor, ({client}) => {
					client.handleControl({type: 'opened', fingerprint: '00'.repeat(32), remoteAddress: server.host}, this.#now);
				});
				break;
			}

			case 'send': {
				this.#serve(actor, JSON.parse(effect.line) as Request);
				break;
			}

			case 'store': {
				this.#play(actor, ({client}) => {
					client.handleStored(effect.batch, this.#now);
				});
				break;
			}

			case 'recall': {
				this.#play(actor, ({client}) => {
					client.handleRecalled(effect.recall, {ok: true, lines: []}, this.#now);
				});
				break;
			}

			case 'event': {
				this.#follow(actor, effect.event);
				break;
			}

			default:
		}
	}

	/**
	The server's part.
	*/
	#serve(actor: Actor, request: Request): void {
		const [ann, bob] = this.#actors as [Actor, Actor];
		const other = actor === ann ? bob : ann;
		const {user, card, punch} = actor.introduction;
		const reply = (fields: Record<string, unknown> = {}): void => {
			this.#tell(actor, {id: request.id, ok: true, ...fields});
		};

		switch (request.op) {
			case 'hello': {
				reply({
					protocol: protocolVersion, program: 'rehearsal', rootKey: encodeBase64(this.#realm.rootKey), udpPort: defaultPort, term: 0,
				});
				break;
			}

			case 'resume': {
				reply({
					user, card, token: user, punch, prekeys: {signed: signedPrekey, oneTime: oneTimePrekeys.length},
				});
				this.#tell(actor, {event: 'presence', users: this.#actors.map(({name}) => ({name, online: true})), snapshot: true});
				if (actor === bob) {
					this.#type(ann, 'o bob');
				}

				break;
			}

			case 'open': {
				reply({session, expiresInMs: 30_000});
				this.#tell(other, {
					event: 'request', session, from: actor.name, expiresInMs: 30_000,
				});
				break;
			}

			case 'answer': {
				reply();
				for (const [one, peer] of [[ann, bob], [bob, ann]] as const) {
					this.#tell(one, {
						event: 'session', session, with: peer.name, state: 'open', peer: peer.introduction,
					});
				}

				break;
			}

			case 'close': {
				reply();
				this.#tell(other, {
					event: 'session', session, with: actor.name, state: 'closed',
				});
				break;
			}

			default: {
				reply();
			}
		}
	}

	/**
	The actors' parts: each answers to its cue.
	*/
	#follow(actor: Actor, event: MessengerEvent): void {
		const isAnn = actor === this.#actors[0];
		if (event.type === 'request') {
			this.#type(actor, `accept ${event.from}`);
		} else if (isAnn && event.type === 'session' && event.state === 'open') {
			this.#type(actor, 's Is anybody there?');
		} else if (event.type === 'message' && event.from !== actor.name) {
			this.#type(actor, isAnn ? 'cs' : 's I am.');
		} else if (!isAnn && event.type === 'session' && event.state === 'closed') {
			this.#isPlayed = true;
		}
	}

	#type(actor: Actor, line: string): void {
		this.#play(actor, ({client}) => {
			client.handleCommand(line, 0, this.#now);
		});
	}

	#tell(actor: Actor, message: Record<string, unknown>): void {
		const chunk = Buffer.from(encodeLine(message));
		this.#play(actor, ({client}) => {
			client.handleControl({type: 'data', chunk}, this.#now);
		});
	}
}

// Enough prekeys, on both sides, that nobody makes a hundred new ones; none is ever used.
const signedPrekey = 1;
const oneTimePrekeys = Array.from({length: 100}, (_, index) => index + 2);

/**
Somebody who was here before, and needs no password.
*/
function remembered(user: string, madeAt: number): StoredState {
	const secret = new Uint8Array(32);
	return {
		outbox: [],
		seen: new Map(),
		read: new Map(),
		debts: new Map(),
		pleas: new Map(),
		takenMail: new Set(),
		prekeys: [
			{
				id: signedPrekey, kind: 'signed', secret, madeAt,
			},
			...oneTimePrekeys.map(id => ({
				id, kind: 'one-time' as const, secret, madeAt,
			})),
		],
		contacts: [],
		knownKeys: [],
		departures: new Map(),
		unread: [],
		nextSequence: 1,
		pins: new Map(),
		logins: new Map([[`${server.host}:${server.port}`, {user, token: user}]]),
	};
}
