// The ways that `bench transfer` compares: each moves so many bytes from the memory of one process into that of another.
// Knows how each is opened, fed and drained; refuses to know in what order they run.
import {Buffer} from 'node:buffer';
import {randomBytes, generateKeyPairSync} from 'node:crypto';
import {createSocket, type Socket} from 'node:dgram';
import {once} from 'node:events';
import {
	connect as connectTcp,
	createServer as createTcpServer,
	type AddressInfo,
} from 'node:net';
import {connect as connectTls, createServer as createTlsServer} from 'node:tls';
import {createRequire} from 'node:module';
import type {Duplex} from 'node:stream';
import {makeCertificate} from '../server/store/certificate.js';
import type {PeerConfig} from '../source/peer/config.js';
import {Driver} from './endpoint-driver.js';

const host = '127.0.0.1';

/**
What is written at once: as much as is read from a file at once.
*/
const mebibyte = 1024 * 1024;
const chunk = new Uint8Array(randomBytes(mebibyte));

// A file that somebody waits for.
const fileStream = 2;

export type BulkTransport = {
	/**
	Waits for one sender on the port it tells, and calls `onDone` with what came and how many ms passed between its first and last byte.
	*/
	readonly receive: (onDone: (received: {bytes: number; ms: number}) => void) => Promise<number>;
	/**
	Sends `size` bytes; resolves when the other side has them.
	*/
	readonly send: (port: number, size: number) => Promise<void>;
};

/**
Counts bytes and the time they took.
*/
class Meter {
	bytes = 0;
	#from: number | undefined;

	count(length: number): void {
		this.#from ??= performance.now();
		this.bytes += length;
	}

	read(): {bytes: number; ms: number} {
		return {bytes: this.bytes, ms: performance.now() - (this.#from ?? performance.now())};
	}
}

function drain(socket: Duplex, onDone: (received: {bytes: number; ms: number}) => void): void {
	const meter = new Meter();
	socket.on('data', (data: Uint8Array) => {
		meter.count(data.length);
	});
	socket.on('end', () => {
		onDone(meter.read());
		socket.end();
	});
}

/**
Writes until `size` bytes are through and the other side has ended, too.
*/
async function feed(socket: Duplex, size: number): Promise<void> {
	const {promise, resolve} = Promise.withResolvers<void>();
	socket.on('end', resolve);
	socket.resume();
	let left = size;
	const pump = (): void => {
		while (left > 0) {
			const piece = left < chunk.length ? chunk.subarray(0, left) : chunk;
			left -= piece.length;
			if (!socket.write(piece)) {
				socket.once('drain', pump);
				return;
			}
		}

		socket.end();
	};

	pump();
	return promise;
}

async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
	return new Promise(resolve => {
		server.listen(0, host, () => {
			resolve((server.address() as AddressInfo).port);
		});
	});
}

const tcp: BulkTransport = {
	async receive(onDone) {
		return listen(createTcpServer(socket => {
			drain(socket, onDone);
		}));
	},
	async send(port, size) {
		return feed(connectTcp(port, host), size);
	},
};

const tls: BulkTransport = {
	async receive(onDone) {
		const {privateKey, publicKey} = generateKeyPairSync('ed25519');
		const certificate = {key: privateKey.export({format: 'pem', type: 'pkcs8'}), cert: makeCertificate(privateKey, publicKey, randomBytes(16))};
		return listen(createTlsServer({...certificate, minVersion: 'TLSv1.3'}, socket => {
			drain(socket, onDone);
		}));
	},
	async send(port, size) {
		return feed(connectTls({
			port, host, rejectUnauthorized: false, minVersion: 'TLSv1.3',
		}), size);
	},
};

type UdxSocket = {
	bind(port: number, host: string): void;
	address(): {port: number};
	on(event: 'message', listener: (message: Uint8Array, from: {port: number}) => void): void;
	send(message: Uint8Array, port: number, host: string): Promise<boolean>;
};
type UdxStream = Duplex & {connect(socket: UdxSocket, remoteId: number, port: number, host: string): void};
type Udx = {createSocket(): UdxSocket; createStream(id: number): UdxStream};

function openUdx(): {library: Udx; socket: UdxSocket} {
	const Library = createRequire(import.meta.url)('udx-native') as new () => Udx;
	const library = new Library();
	const socket = library.createSocket();
	socket.bind(0, host);
	return {library, socket};
}

const udx: BulkTransport = {
	async receive(onDone) {
		const {library, socket} = openUdx();
		socket.on('message', (_message, from) => {
			const stream = library.createStream(1);
			drain(stream, onDone);
			stream.connect(socket, 2, from.port, host);
			void socket.send(Buffer.from('ready'), from.port, host);
		});
		return socket.address().port;
	},
	async send(port, size) {
		const {library, socket} = openUdx();
		const {promise, resolve} = Promise.withResolvers<void>();
		socket.on('message', () => {
			resolve();
		});
		await socket.send(Buffer.from('hello'), port, host);
		await promise;
		const stream = library.createStream(2);
		stream.connect(socket, 1, port, host);
		return feed(stream, size);
	},
};

const bareSize = 1452;
const bareWindow = 256;
const bareAckEvery = 32;

async function openBare(): Promise<Socket> {
	const socket = createSocket({
		type: 'udp4',
		recvBufferSize: 4 * mebibyte,
		lookup(name, _options, callback) {
			callback(null, name, 4);
		},
	});
	// With such a lookup the socket is bound before `bind` returns.
	const listening = once(socket, 'listening');
	socket.bind(0, host);
	await listening;
	return socket;
}

/**
Datagrams of 1452 bytes through Node's own socket, told of now and then, and nothing else: not encrypted, not ordered, not sent again. An
empty one ends them. No link whose datagrams are no larger can be faster.
*/
const bareDatagrams: BulkTransport = {
	async receive(onDone) {
		const socket = await openBare();
		const meter = new Meter();
		let count = 0;
		socket.on('message', (data, {port, address}) => {
			const isEnd = data.length === 0;
			if (isEnd) {
				onDone(meter.read());
			} else {
				meter.count(data.length);
				count++;
			}

			if (!isEnd && count % bareAckEvery !== 0) {
				return;
			}

			const told = Buffer.alloc(8);
			told.writeDoubleLE(isEnd ? Infinity : count);
			socket.send(told, port, address);
		});
		return socket.address().port;
	},
	async send(port, size) {
		const socket = await openBare();
		const {promise, resolve} = Promise.withResolvers<void>();
		const datagram = chunk.subarray(0, bareSize);
		const total = Math.ceil(size / bareSize);
		let sent = 0;
		let hasEnded = false;
		const pump = (told: number): void => {
			for (; sent < Math.min(total, told + bareWindow); sent++) {
				socket.send(sent === total - 1 ? datagram.subarray(0, size - (sent * bareSize)) : datagram, port, host);
			}

			if (hasEnded || sent < total) {
				return;
			}

			hasEnded = true;
			socket.send(new Uint8Array(0), port, host);
		};

		socket.on('message', data => {
			const told = data.readDoubleLE();
			if (told === Infinity) {
				resolve();
			} else {
				pump(told);
			}
		});
		pump(0);
		return promise;
	},
};

function peerLink(config: Partial<PeerConfig>): BulkTransport {
	return {
		async receive(onDone) {
			const meter = new Meter();
			const driver = await Driver.respond(event => {
				if (event.type !== 'data') {
					return;
				}

				meter.count(event.data.length);
				driver.endpoint.free(event.data);
				if (!event.fin) {
					return;
				}

				onDone(meter.read());
				driver.endpoint.finish(event.link, event.stream);
			}, {config});
			return driver.port;
		},
		async send(port, size) {
			const {promise, resolve} = Promise.withResolvers<void>();
			let left = size;
			const pump = (link: number): void => {
				while (left > 0) {
					const taken = driver.endpoint.write(link, fileStream, left < chunk.length ? chunk.subarray(0, left) : chunk);
					if (taken === 0) {
						return;
					}

					left -= taken;
				}

				driver.endpoint.finish(link, fileStream);
			};

			const driver = await Driver.call(event => {
				if (event.type === 'open' || event.type === 'writable') {
					pump(event.link);
				} else if (event.type === 'data') {
					resolve();
				}
			}, {config});
			driver.connect(port);
			await promise;
		},
	};
}

export const bulkTransports = {
	'Node net': tcp,
	'Node tls': tls,
	'udx-native': udx,
	'bare dgram, 1452 B': bareDatagrams,
	Earshot: peerLink({}),
	'Earshot, 1452 B': peerLink({maxDatagramSize: 1452}),
} as const satisfies Record<string, BulkTransport>;

export type BulkTransportName = keyof typeof bulkTransports;
