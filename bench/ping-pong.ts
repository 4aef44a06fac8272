// Three ways to send 64 bytes to another process and get them back: raw datagrams, TLS, and a peer link.
// Knows how each is opened; refuses to know how often and in what order they are measured.
import {createSocket, type Socket} from 'node:dgram';
import {once} from 'node:events';
import {connect, createServer, type TLSSocket} from 'node:tls';
import type {AddressInfo, LookupFunction} from 'node:net';

/**
What is sent there and back.
*/
export const payloadSize = 64;

/**
The other process's half: answers whatever comes.
*/
export type Responder = {readonly port: number};

/**
This process's half.
*/
export type Caller = {
	/**
	One round trip.
	*/
	readonly ping: () => Promise<void>;
	/**
	Keeps a stream of another kind on the same connection full until the function it returns is called, which tells how many bytes it took.
	*/
	readonly fill?: () => () => number;
	readonly close: () => Promise<void> | void;
	/**
	From nothing to a connection that carries data, in ms; 0 where there is no such thing.
	*/
	readonly handshakeMs: number;
};

/**
One way to send.
*/
export type Transport = {
	readonly respond: () => Promise<Responder>;
	readonly call: (port: number) => Promise<Caller>;
};

const host = '127.0.0.1';

// The resolver would cost a raw datagram 1-2 µs that neither of the others pays.
const lookup = ((address: string, _options: unknown, callback: (error: Error | null, address: string, family: number) => void) => {
	callback(null, address, 4);
}) as LookupFunction;

async function openDatagramSocket(): Promise<Socket> {
	const socket = createSocket({type: 'udp4', lookup: lookup as never});
	// With such a lookup the socket is bound before `bind` returns.
	const listening = once(socket, 'listening');
	socket.bind(0, host);
	await listening;
	return socket;
}

/**
Datagrams with nothing around them: no order, no encryption, no second try. The floor.
*/
export const rawDatagrams: Transport = {
	async respond() {
		const socket = await openDatagramSocket();
		socket.on('message', (bytes, {port}) => {
			socket.send(bytes, port, host);
		});
		return {port: socket.address().port};
	},
	async call(port) {
		const socket = await openDatagramSocket();
		const payload = new Uint8Array(payloadSize);
		let arrived: () => void;
		socket.on('message', () => {
			arrived();
		});
		return {
			handshakeMs: 0,
			ping: async () => new Promise(resolve => {
				arrived = resolve;
				socket.send(payload, port, host);
			}),
			close() {
				socket.close();
			},
		};
	},
};

/**
TLS 1.3 over TCP, without delay, as Node.js brings it.
*/
export function tls(certificate: () => Promise<{key: string; cert: string}>): Transport {
	return {
		async respond() {
			const server = createServer({...await certificate(), minVersion: 'TLSv1.3'}, socket => {
				socket.setNoDelay(true);
				socket.on('error', () => {
					socket.destroy();
				});
				socket.pipe(socket);
			});
			server.listen(0, host);
			await once(server, 'listening');
			return {port: (server.address() as AddressInfo).port};
		},
		async call(port) {
			const from = performance.now();
			const socket: TLSSocket = connect({
				port, host, rejectUnauthorized: false, minVersion: 'TLSv1.3',
			});
			await once(socket, 'secureConnect');
			const handshakeMs = performance.now() - from;
			socket.setNoDelay(true);
			const payload = new Uint8Array(payloadSize);
			let missing = 0;
			let arrived: () => void;
			socket.on('data', chunk => {
				missing -= chunk.length;
				if (missing === 0) {
					arrived();
				}
			});
			return {
				handshakeMs,
				ping: async () => new Promise(resolve => {
					arrived = resolve;
					missing = payloadSize;
					socket.write(payload);
				}),
				close() {
					socket.destroy();
				},
			};
		},
	};
}
