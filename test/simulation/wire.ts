// A TCP-like connection between a client and the server: bytes in order, late, or never; it can be cut or go half-open.
// Knows delivery only; TLS is a fingerprint.
import {Buffer} from 'node:buffer';
import type {World} from './world.js';
import type {ClientNode} from './client-node.js';

type End = 'client' | 'server';

/**
What is on the way to one end, in order; the newest arrives at `at`.
*/
type Line = {at: number; readonly acts: Array<() => void>; isStuck: boolean};

const retransmissionMs = 200;

export class Wire {
	readonly id: number;
	readonly client: ClientNode;
	readonly #world: World;
	readonly #incarnation: number;
	readonly #serverIncarnation: number;
	#isOpen = true;
	/**
	Nothing passes any more, and neither end is told.
	*/
	#isHalfOpen = false;
	#isClientDeaf = false;
	readonly #lines: Record<End, Line> = {
		client: {at: 0, acts: [], isStuck: false},
		server: {at: 0, acts: [], isStuck: false},
	};

	constructor(world: World, client: ClientNode, id: number) {
		this.#world = world;
		this.client = client;
		this.id = id;
		this.#incarnation = client.incarnation;
		this.#serverIncarnation = world.server.incarnation;
		world.wires.add(this);
		this.#later('client', () => {
			client.handleControl({type: 'opened', fingerprint: 'fe'.repeat(32), remoteAddress: '10.0.0.100'});
		});
		this.#later('server', () => {
			world.server.handleOpened(this);
		});
	}

	get isOpen(): boolean {
		return this.#isOpen;
	}

	/**
	A line from the client.
	*/
	sendUp(line: string): void {
		this.#later('server', () => {
			this.#world.server.handleLine(this, line.trimEnd());
		});
	}

	/**
	A line from the server, cut into two chunks somewhere.
	*/
	sendDown(line: string): void {
		this.#later('client', () => {
			const bytes = Buffer.from(line);
			const cut = this.#world.chance.integer(0, bytes.length - 1);
			for (const chunk of cut === 0 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)]) {
				if (this.#isOpen && !this.#isClientDeaf) {
					this.client.handleControl({type: 'data', chunk});
				}
			}
		});
	}

	/**
	The client ends it, once what it sent has arrived.
	*/
	closeByClient(): void {
		this.#isClientDeaf = true;
		this.#later('server', () => {
			this.#end();
			this.#world.server.handleClosed(this);
		});
	}

	/**
	The server ends it, once what it sent has arrived.
	*/
	closeByServer(): void {
		this.#later('client', () => {
			this.#end();
			this.#tellClient();
		});
	}

	/**
	Breaks: what is on the way is lost, both ends are told.
	*/
	cut(): void {
		if (!this.#isOpen) {
			return;
		}

		this.#end();
		this.#world.plan(this.#world.wireMs, () => {
			this.#tellClient();
		});
		this.#world.plan(this.#world.wireMs, () => {
			this.#world.server.handleClosed(this);
		});
	}

	goHalfOpen(): void {
		this.#isHalfOpen = true;
	}

	#end(): void {
		this.#isOpen = false;
		this.#world.wires.delete(this);
	}

	#tellClient(): void {
		if (this.#isClientDeaf || this.client.incarnation !== this.#incarnation) {
			return;
		}

		this.#isClientDeaf = true;
		this.client.handleControl({type: 'closed', code: 'lost', message: 'The connection broke.'});
	}

	/**
	After the network's delay, in order, and not before a partition between the two has healed.
	*/
	#later(end: End, act: () => void): void {
		const {wireMs, chance, now} = this.#world;
		const line = this.#lines[end];
		line.at = Math.max(line.at, now + (wireMs * (1 + chance.float())));
		line.acts.push(act);
		this.#world.planAt(line.at, () => {
			this.#deliver(end);
		});
	}

	#deliver(end: End): void {
		const line = this.#lines[end];
		if (!this.#isOpen || this.#isHalfOpen || line.isStuck) {
			return;
		}

		if (this.#world.isParted(this.client.host, 'server')) {
			// As TCP does: sent again later, and all that follows waits behind it.
			line.isStuck = true;
			this.#world.plan(retransmissionMs, () => {
				line.isStuck = false;
				const count = line.acts.length;
				for (let index = 0; index < count && !line.isStuck; index++) {
					this.#deliver(end);
				}
			});
			return;
		}

		const act = line.acts.shift();
		const isThere = end === 'client' ? !this.#isClientDeaf && this.client.incarnation === this.#incarnation : this.#world.server.incarnation === this.#serverIncarnation;
		if (isThere) {
			act?.();
		}
	}
}
