// A made-up world: one server and several clients, all real cores, on one virtual clock and one bad network.
// One seed makes one world; `step` jumps to the next thing that happens in it.
import {SeededRandom} from '../helpers/random.js';
import {VirtualNetwork, type Datagram, type NetworkConditions} from '../helpers/network.js';
import {Agenda} from './agenda.js';
import {ClientNode, type ClientSettings} from './client-node.js';
import {check, Ledger} from './ledger.js';
import {serverAddress, serverHost, ServerNode} from './server-node.js';
import type {Wire} from './wire.js';

/**
More steps than this within one moment mean that something goes round in circles.
*/
const maximumStepsAtOnce = 20_000;

export class World {
	/**
	Float ms since the epoch.
	*/
	now = 1_700_000_000_000;
	readonly chance: SeededRandom;
	readonly network: VirtualNetwork;
	readonly ledger = new Ledger();
	readonly server: ServerNode;
	readonly clients = new Map<string, ClientNode>();
	readonly wires = new Set<Wire>();
	/**
	Everything that happened, newest last, where that is asked for.
	*/
	readonly #trace: string[] | undefined;
	readonly #start = this.now;
	readonly #agenda = new Agenda();
	/**
	Hosts on one side of a partition.
	*/
	#parted: ReadonlySet<string> | undefined;
	readonly #blocked = new Set<string>();
	/**
	How long a client's disk takes to make a write durable, in ms.
	*/
	diskMs = 2;
	/**
	How long bytes take between a client and the server, one way.
	*/
	wireMs = 1;
	#wireCount = 0;
	#stepsAtOnce = 0;
	steps = 0;

	constructor(seed: number, {conditions = {}, isTraced = false}: {conditions?: Partial<NetworkConditions>; isTraced?: boolean} = {}) {
		const random = new SeededRandom(seed);
		this.chance = random.fork();
		this.network = new VirtualNetwork(random.fork(), conditions);
		this.network.isBlocked = ({from, to}) => this.isParted(hostOf(from), hostOf(to)) || this.#blocked.has(`${hostOf(from)} ${hostOf(to)}`);
		this.#trace = isTraced ? [] : undefined;
		this.server = new ServerNode(this);
		this.server.start();
	}

	get traceLines(): readonly string[] {
		return this.#trace ?? [];
	}

	addClient(name: string, settings: ClientSettings): ClientNode {
		const client = new ClientNode(this, name, `10.0.0.${this.clients.size + 1}`, settings);
		this.clients.set(name, client);
		client.start();
		return client;
	}

	nextWire(): number {
		return ++this.#wireCount;
	}

	plan(ms: number, act: () => void): void {
		this.#agenda.plan(this.now + ms, act);
	}

	planAt(at: number, act: () => void): void {
		this.#agenda.plan(at, act);
	}

	send(datagram: Datagram): void {
		this.network.send({...datagram, data: new Uint8Array(datagram.data)}, this.now);
	}

	/**
	An empty datagram of `client`'s: a host on which nobody has that port refuses it, and now and then somebody lies.
	*/
	poke(client: ClientNode, address: string): void {
		const {incarnation} = client;
		const isOpen = this.clients.values().some(other => other.client && other.address === address);
		const isReached = !this.isParted(client.host, hostOf(address)) && !this.#blocked.has(`${client.host} ${hostOf(address)}`);
		if (!((isReached && !isOpen) || this.chance.chance(0.1))) {
			return;
		}

		this.plan(2 * this.network.conditions.delay, () => {
			if (client.incarnation === incarnation) {
				client.handleUnreachable(address);
			}
		});
	}

	/**
	Cuts the world in two: these hosts (IPs, or `server`) and the rest.
	*/
	part(hosts: Iterable<string>): void {
		this.#parted = new Set(hosts);
	}

	/**
	Swallows the datagrams between two hosts, whoever else they reach.
	*/
	block(one: string, other: string): void {
		this.#blocked.add(`${one} ${other}`).add(`${other} ${one}`);
	}

	heal(): void {
		this.#parted = undefined;
		this.#blocked.clear();
	}

	isParted(one: string, other: string): boolean {
		return this.#parted !== undefined && this.#parted.has(one) !== this.#parted.has(other);
	}

	trace(who: string, what: unknown): void {
		this.#trace?.push(`${((this.now - this.#start) / 1000).toFixed(4).padStart(9)}  ${who.padEnd(7)} ${typeof what === 'string' ? what : JSON.stringify(what)}`);
	}

	/**
	Jumps to the next thing that happens, at most to `limit`; false when nothing does before it.
	*/
	step(limit: number): boolean {
		const nodes = this.clients.values().filter(({client}) => client).toArray();
		const timers = [this.server.core?.pollTimeout(), ...nodes.map(({client}) => client!.pollTimeout())].map(at => at ?? Infinity);
		const next = Math.max(this.now, Math.min(this.#agenda.next ?? Infinity, this.network.nextArrival() ?? Infinity, ...timers));
		if (next > limit) {
			this.now = limit;
			return false;
		}

		this.#stepsAtOnce = next > this.now ? 0 : this.#stepsAtOnce + 1;
		check(this.#stepsAtOnce < maximumStepsAtOnce, 'the world goes round in circles without time passing');
		this.now = next;
		this.steps++;
		if ((this.#agenda.next ?? Infinity) <= next) {
			this.#agenda.take()!();
		} else if ((this.network.nextArrival() ?? Infinity) <= next) {
			this.#deliver(this.network.receive(next)!);
		} else if (timers[0]! <= next) {
			this.server.handleTimeout();
		} else {
			nodes[timers.findIndex(at => at <= next) - 1]!.handleTimeout();
		}

		return true;
	}

	/**
	Lets `ms` pass.
	*/
	run(ms: number): void {
		const limit = this.now + ms;
		while (this.step(limit)) {
			// Everything happens in `step`.
		}
	}

	/**
	Steps until `isDone`; false when that did not happen within `ms`.
	*/
	runUntil(isDone: () => boolean, ms = 60_000): boolean {
		const limit = this.now + ms;
		while (!isDone()) {
			if (!this.step(limit)) {
				return isDone();
			}
		}

		return true;
	}

	#deliver({from, to, data}: Datagram): void {
		if (to === serverAddress) {
			this.server.handleDatagram(data, from);
			return;
		}

		for (const client of this.clients.values()) {
			if (client.address === to && client.client) {
				client.handleDatagram(data, from);
			}
		}
	}
}

function hostOf(address: string): string {
	const host = address.slice(0, address.lastIndexOf(':'));
	return host === serverHost ? 'server' : host;
}
