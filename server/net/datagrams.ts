// The UDP side of the server: datagrams in and out.
// Knows sockets and families; refuses to know what a datagram says.
import type {Buffer} from 'node:buffer';
import {isIPv6} from 'node:net';
import {DgramAsPromised, type RemoteInfo, type SocketAsPromised} from 'dgram-as-promised';
import {parseHostPort} from '../../source/protocol/addresses.js';
import {formatSocketAddress} from './socket-address.js';

export class Datagrams {
	readonly #socket: SocketAsPromised;
	readonly #isDual: boolean;

	private constructor(socket: SocketAsPromised, isDual: boolean) {
		this.#socket = socket;
		this.#isDual = isDual;
	}

	/**
	@param port
	@param host Address to bind; an IPv6 one receives IPv4 as well where it is `::`.
	@param onDatagram
	@throws {NodeJS.ErrnoException} EADDRINUSE, EACCES, EADDRNOTAVAIL…
	*/
	static async bind(port: number, host: string, onDatagram: (bytes: Buffer, from: string) => void): Promise<Datagrams> {
		const isDual = isIPv6(host);
		const socket = DgramAsPromised.createSocket({
			type: isDual ? 'udp6' : 'udp4',
			// Addresses are given, never names: no resolver, no detour through its thread.
			lookup(address, _options, callback) {
				callback(null, address, isDual ? 6 : 4);
			},
		});
		// Its own receiving loses datagrams while the reader works, so the inner socket is heard directly.
		socket.socket.on('message', (bytes: Buffer, {address, port: source}: RemoteInfo) => {
			onDatagram(bytes, formatSocketAddress(address, source));
		});
		await socket.bind(port, host);
		return new Datagrams(socket, isDual);
	}

	get port(): number {
		return this.#socket.address().port;
	}

	/**
	Sends and forgets: a lost datagram is asked for again.
	*/
	send(bytes: Uint8Array, to: string): void {
		const place = parseHostPort(to);
		if (place) {
			this.#socket.socket.send(bytes, place.port, this.#isDual && !isIPv6(place.host) ? `::ffff:${place.host}` : place.host, () => {});
		}
	}

	async close(): Promise<void> {
		await this.#socket.close();
	}
}
