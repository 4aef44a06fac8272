// A bad network between real programs: a router with an address of its own for each client, which loses, doubles and reorders datagrams.
// Clients connect to it as if it were the server; the server, and through it every peer, knows a client only by the router's address for it,
// so all datagrams cross it. The control connection passes unharmed. Knows no protocol.
import {createSocket, type RemoteInfo, type Socket} from 'node:dgram';
import {once} from 'node:events';
import {
	connect,
	createServer,
	type AddressInfo,
	type Server,
	type Socket as TcpSocket,
} from 'node:net';
import process from 'node:process';
import {seededRandom} from './random.js';

/**
What becomes of datagrams: shares from 0 to 1. Reordered ones are held back for up to `holdMs`; forged ones are followed by a copy
with a changed byte; replayed means that an older one is sent again after it.
*/
export type Weather = {
	readonly loss: number;
	readonly duplication: number;
	readonly reordering: number;
	readonly holdMs: number;
	readonly forgery?: number;
	readonly replay?: number;
};

type Client = {readonly port: number; readonly face: Socket};

const loopback = '127.0.0.1';

/**
The router. Made with `openUdpProxy`.
*/
export class UdpProxy {
	/**
	What was done to datagrams so far.
	*/
	readonly counts = {
		passed: 0, lost: 0, doubled: 0, held: 0, forged: 0, replayed: 0,
	};

	/**
	What becomes of datagrams from now on.
	*/
	weather: Weather;
	readonly #server: {readonly port: number; readonly udpPort: number};
	readonly #host: string;
	readonly #random: () => number;
	readonly #tcp: Server;
	readonly #front: Socket;
	readonly #connections = new Set<TcpSocket>();
	readonly #clients = new Map<number, Promise<Client>>();
	readonly #held = new Set<NodeJS.Timeout>();
	// `PORT PORT` of clients between whom nothing passes.
	readonly #blocked = new Set<string>();
	// Recorded ways of datagrams: what was sent, from where, to whom.
	readonly #recorded: Array<() => void> = [];

	constructor(server: {readonly port: number; readonly udpPort: number}, host: string, seed: number, weather: Weather) {
		this.#server = server;
		this.#host = host;
		this.weather = weather;
		this.#random = seededRandom(seed);
		this.#tcp = createServer(client => {
			this.#join(client, connect(server.port, loopback));
		});
		this.#front = createSocket('udp4');
		this.#front.on('message', (bytes, from) => {
			void this.#fromClient(bytes, from);
		});
	}

	/**
	What a client connects to.
	*/
	get address(): string {
		return `${this.#host}:${(this.#tcp.address() as AddressInfo).port}`;
	}

	/**
	Starts to listen: TCP on any port, UDP on the server's own, because that is where clients will look for it.
	*/
	async open(): Promise<void> {
		this.#tcp.listen(0, this.#host);
		this.#front.bind(this.#server.udpPort, this.#host);
		await Promise.all([once(this.#tcp, 'listening'), once(this.#front, 'listening')]);
	}

	/**
	From now on nothing passes between two clients, known by their own UDP ports.
	*/
	block(one: number, other: number): void {
		this.#blocked.add(`${one} ${other}`).add(`${other} ${one}`);
	}

	/**
	Everybody reaches everybody again.
	*/
	unblock(): void {
		this.#blocked.clear();
	}

	/**
	Closes every socket.
	*/
	async close(): Promise<void> {
		for (const timer of this.#held) {
			clearTimeout(timer);
		}

		for (const connection of this.#connections) {
			connection.destroy();
		}

		this.#tcp.close();
		this.#front.close();
		for (const client of this.#clients.values()) {
			const {face} = await client;
			face.close();
		}
	}

	#join(client: TcpSocket, server: TcpSocket): void {
		for (const [from, to] of [[client, server], [server, client]] as const) {
			this.#connections.add(from);
			from.setNoDelay(true);
			from.pipe(to);
			from.on('error', () => {
				to.destroy();
			});
			from.on('close', () => {
				this.#connections.delete(from);
				to.destroy();
			});
		}
	}

	// A client speaks to the server: out of its own face, which the server will take for the client's address.
	async #fromClient(bytes: Uint8Array, {port}: RemoteInfo): Promise<void> {
		const client = await (this.#clients.get(port) ?? this.#meet(port));
		this.#pass(bytes, client.face, this.#server.udpPort, loopback);
	}

	async #meet(port: number): Promise<Client> {
		const face = createSocket('udp4');
		const client = (async () => {
			face.bind(0, this.#host);
			await once(face, 'listening');
			return {port, face};
		})();
		this.#clients.set(port, client);
		face.on('message', (bytes, from) => {
			void this.#toClient(bytes, from, port);
		});
		return client;
	}

	// Somebody speaks to a client's face: the server, or another client, who must then show its own face.
	async #toClient(bytes: Uint8Array, from: RemoteInfo, port: number): Promise<void> {
		const isServer = from.address === loopback && from.port === this.#server.udpPort;
		const sender = await this.#clients.get(from.port);
		if (isServer) {
			this.#pass(bytes, this.#front, port, loopback);
		} else if (sender && !this.#blocked.has(`${sender.port} ${port}`)) {
			this.#pass(bytes, sender.face, port, loopback);
		}
	}

	#pass(bytes: Uint8Array, socket: Socket, port: number, host: string): void {
		const {
			loss, duplication, reordering, holdMs, forgery = 0, replay = 0,
		} = this.weather;
		if (this.#random() < loss) {
			this.counts.lost++;
			return;
		}

		const copies = this.#random() < duplication ? 2 : 1;
		this.counts.doubled += copies - 1;
		for (let copy = 0; copy < copies; copy++) {
			this.counts.passed++;
			if (this.#random() < reordering) {
				this.counts.held++;
				const timer = setTimeout(() => {
					this.#held.delete(timer);
					socket.send(bytes, port, host);
				}, this.#random() * holdMs);
				this.#held.add(timer);
			} else {
				socket.send(bytes, port, host);
			}
		}

		this.#recorded.push(() => {
			socket.send(bytes, port, host);
		});
		if (this.#random() < forgery && bytes.length > 0) {
			this.counts.forged++;
			const forged = Uint8Array.from(bytes);
			forged[Math.floor(this.#random() * forged.length)]! ^= 1 + Math.floor(this.#random() * 255);
			socket.send(forged, port, host);
		}

		if (!(this.#random() < replay)) {
			return;
		}

		this.counts.replayed++;
		this.#recorded[Math.floor(this.#random() * this.#recorded.length)]!();
	}
}

let opened = 0;

/**
A router in front of `server`, with a loopback address that no other test's router has.
*/
export async function openUdpProxy(server: {readonly port: number; readonly udpPort: number}, seed: number, weather: Weather): Promise<UdpProxy> {
	opened++;
	const host = `127.${100 + (opened % 100)}.${(process.pid >> 8) & 255}.${1 + (process.pid % 254)}`;
	const proxy = new UdpProxy(server, host, seed, weather);
	await proxy.open();
	return proxy;
}
