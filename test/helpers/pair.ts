// Two endpoints on a virtual network and clock, joined by function calls. `step` jumps to the next thing that happens.
import {Buffer} from 'node:buffer';
import {type PeerConfig} from '../../source/peer/config.js';
import {
	Endpoint,
	type EndpointEvent,
	type EndpointOptions,
	type LinkId,
} from '../../source/peer/endpoint.js';
import {AgreementKey} from '../../source/peer/crypto/x25519.js';
import {VirtualNetwork, type Datagram, type NetworkConditions} from './network.js';
import {SeededRandom} from './random.js';

/**
One endpoint with its address and all that it told so far.
*/
export class Side {
	readonly endpoint: Endpoint;
	readonly publicKey: Uint8Array;
	readonly events: EndpointEvent[] = [];
	/**
	False: the process is gone; it neither sends, nor hears, nor feels time.
	*/
	isRunning = true;
	readonly name: string;
	/**
	Where the others find it; may change under way.
	*/
	address: string;
	readonly #received = new Map<string, Uint8Array[]>();

	constructor(name: string, address: string, random: SeededRandom, options: Partial<EndpointOptions> & {privateKey?: Uint8Array} = {}) {
		this.name = name;
		this.address = address;
		const privateKey = options.privateKey ?? random.bytes(32);
		this.publicKey = new AgreementKey(privateKey).publicKey;
		this.endpoint = new Endpoint({
			identity: {privateKey, publicKey: this.publicKey},
			credential: () => Buffer.from(name),
			authenticate: (_staticKey, credential) => Buffer.from(credential).toString(),
			random: size => random.bytes(size),
			...options,
		});
	}

	/**
	The link that was opened last.
	*/
	get link(): LinkId {
		return this.ofType('open').at(-1)?.link ?? 0;
	}

	ofType<Type extends EndpointEvent['type']>(type: Type): Array<Extract<EndpointEvent, {type: Type}>> {
		return this.events.filter(event => event.type === type) as Array<Extract<EndpointEvent, {type: Type}>>;
	}

	/**
	All bytes that came on a stream of a link, by default the last.
	*/
	received(stream: number, link = this.link): Buffer {
		return Buffer.concat(this.#received.get(`${link} ${stream}`) ?? []);
	}

	/**
	How many bytes that is.
	*/
	receivedSize(stream: number, link = this.link): number {
		let size = 0;
		for (const {length} of this.#received.get(`${link} ${stream}`) ?? []) {
			size += length;
		}

		return size;
	}

	/**
	Takes all events the endpoint has. Data are copied and freed at once, so that memory which is still needed elsewhere would be missed.
	*/
	takeEvents(): void {
		for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
			if (event.type === 'data') {
				const key = `${event.link} ${event.stream}`;
				const data = new Uint8Array(event.data);
				this.endpoint.free(event.data);
				event = {...event, data};
				this.#received.set(key, [...this.#received.get(key) ?? [], data]);
			}

			this.events.push(event);
		}
	}
}

export type PairOptions = {
	seed?: number;
	conditions?: Partial<NetworkConditions>;
	config?: Partial<PeerConfig>;
	ann?: Partial<EndpointOptions> & {privateKey?: Uint8Array};
	bob?: Partial<EndpointOptions> & {privateKey?: Uint8Array};
};

export class Pair {
	now = 1_700_000_000_000;
	readonly random: SeededRandom;
	readonly network: VirtualNetwork;
	readonly ann: Side;
	readonly bob: Side;
	/**
	Everybody who is on the network; more may join.
	*/
	readonly sides: Side[];
	/**
	Datagrams for addresses where nobody is.
	*/
	readonly stray: Datagram[] = [];

	constructor({seed = 1, conditions = {}, config = {}, ann = {}, bob = {}}: PairOptions = {}) {
		this.random = new SeededRandom(seed);
		this.network = new VirtualNetwork(this.random.fork(), conditions);
		this.ann = new Side('ann', '10.0.0.1:7600', this.random.fork(), {config, ...ann});
		this.bob = new Side('bob', '10.0.0.2:7600', this.random.fork(), {config, ...bob});
		this.sides = [this.ann, this.bob];
	}

	/**
	Ann begins a link to bob.
	*/
	connect(candidates: readonly string[] = [this.bob.address]): LinkId {
		return this.ann.endpoint.connect({publicKey: this.bob.publicKey, candidates}, this.now);
	}

	/**
	Ann and bob have an open link.
	*/
	open(): this {
		this.connect();
		this.runUntil(() => this.ann.link > 0 && this.bob.link > 0, 60_000);
		return this;
	}

	/**
	Everything that happens at this moment: packets leave, events are taken.
	*/
	flush(): void {
		for (const side of this.sides) {
			if (!side.isRunning) {
				continue;
			}

			for (let datagram = side.endpoint.pollTransmit(this.now); datagram; datagram = side.endpoint.pollTransmit(this.now)) {
				this.network.send({from: side.address, ...datagram}, this.now);
			}

			side.takeEvents();
		}
	}

	/**
	Jumps to the next arrival or timer, at most to `limit`; false when nothing is left to happen before it.
	*/
	step(limit = Infinity): boolean {
		this.flush();
		const running = this.sides.filter(side => side.isRunning);
		const wakeUps = running.map(side => side.endpoint.pollTimeout() ?? Infinity);
		const next = Math.min(this.network.nextArrival() ?? Infinity, ...wakeUps);
		if (next > limit) {
			this.now = Number.isFinite(limit) ? limit : this.now;
			return false;
		}

		this.now = Math.max(this.now, next);
		for (let datagram = this.network.receive(this.now); datagram; datagram = this.network.receive(this.now)) {
			this.deliver(datagram);
		}

		for (const side of running) {
			if ((side.endpoint.pollTimeout() ?? Infinity) <= this.now) {
				side.endpoint.handleTimeout(this.now);
			}
		}

		this.flush();
		return true;
	}

	/**
	Hands a datagram to whoever lives at its destination.
	*/
	deliver(datagram: Datagram): void {
		const side = this.sides.find(({address}) => address === datagram.to);
		if (!side) {
			this.stray.push(datagram);
		} else if (side.isRunning) {
			side.endpoint.handleDatagram(datagram.data, datagram.from, this.now);
		}
	}

	/**
	Steps until `isDone`; false when that did not happen within `time` ms.
	*/
	runUntil(isDone: () => boolean, time: number): boolean {
		const limit = this.now + time;
		while (!isDone()) {
			if (!this.step(limit)) {
				return isDone();
			}
		}

		return true;
	}

	/**
	Lets `time` ms pass.
	*/
	run(time: number): void {
		this.runUntil(() => false, time);
	}
}
