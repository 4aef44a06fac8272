// The emulated link between two real programs: a UDP port in front of another, with a link of each direction in between.
// Knows sockets and the clock; what happens to a datagram is the emulator's business. For one client at a time.
import {createSocket, type Socket} from 'node:dgram';
import {once} from 'node:events';
import {LinkEmulator, type LinkConditions} from './link-emulator.js';
import {SeededRandom} from './random.js';

const host = '127.0.0.1';

export class LinkEmulatorProxy {
	readonly there: LinkEmulator<Uint8Array>;
	readonly back: LinkEmulator<Uint8Array>;
	readonly #front = createSocket('udp4');
	readonly #rear = createSocket('udp4');
	readonly #target: number;
	#client = 0;
	#timer: NodeJS.Timeout | undefined;

	private constructor(target: number, seed: number, conditions: Partial<LinkConditions>) {
		const random = new SeededRandom(seed);
		this.#target = target;
		this.there = new LinkEmulator(random.fork(), conditions);
		this.back = new LinkEmulator(random.fork(), conditions);
		this.#front.on('message', (data, {port}) => {
			this.#client = port;
			this.#take(this.there, data);
		});
		this.#rear.on('message', data => {
			this.#take(this.back, data);
		});
	}

	/**
	A link to `target`, a UDP port of this machine.
	*/
	static async open(target: number, seed: number, conditions: Partial<LinkConditions>): Promise<LinkEmulatorProxy> {
		const proxy = new LinkEmulatorProxy(target, seed, conditions);
		for (const socket of [proxy.#front, proxy.#rear]) {
			socket.bind(0, host);
			await once(socket, 'listening');
		}

		return proxy;
	}

	/**
	What the client sends to.
	*/
	get port(): number {
		return this.#front.address().port;
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#front.close();
		this.#rear.close();
	}

	#take(link: LinkEmulator<Uint8Array>, data: Uint8Array): void {
		link.send(data, data.length, performance.now());
		this.#deliver();
	}

	#deliver(): void {
		this.#pass(this.there, this.#rear, this.#target);
		this.#pass(this.back, this.#front, this.#client);
		clearTimeout(this.#timer);
		const next = Math.min(this.there.nextArrival() ?? Infinity, this.back.nextArrival() ?? Infinity);
		if (Number.isFinite(next)) {
			this.#timer = setTimeout(() => {
				this.#deliver();
			}, Math.max(0, next - performance.now()));
		}
	}

	#pass(link: LinkEmulator<Uint8Array>, socket: Socket, port: number): void {
		const now = performance.now();
		for (let data = link.receive(now); data; data = link.receive(now)) {
			socket.send(data, port, host);
		}
	}
}
