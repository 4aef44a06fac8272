// The TLS front door: accepts, finishes TLS 1.3 in time, hands over connections.
// Knows sockets and their counts; refuses to know what is said on them.
import type {AddressInfo, Socket} from 'node:net';
import {constants} from 'node:crypto';
import {createServer, type Server, type TLSSocket} from 'node:tls';

export type ListenerOptions = {
	/**
	Private key and certificate in PEM.
	*/
	readonly tls: string;
	readonly handshakeTimeoutMs: number;
	/**
	Connections at once, those in their handshake included.
	*/
	readonly maximumConnections: number;
	/**
	Connections of one address that are in their handshake at once.
	*/
	readonly maximumHandshakes: number;
	readonly now: () => number;
	onConnection(socket: TLSSocket, acceptedAt: number): void;
};

export class Listener {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #handshakes = new Handshakes();

	constructor(options: ListenerOptions) {
		const {tls, handshakeTimeoutMs, maximumHandshakes, now} = options;
		this.#server = createServer({
			key: tls,
			cert: tls,
			minVersion: 'TLSv1.3',
			handshakeTimeout: handshakeTimeoutMs,
			// Clients come back with a resume token of our own; a ticket a connection would only cost memory.
			secureOptions: constants.SSL_OP_NO_TICKET,
		});
		this.#server.maxConnections = options.maximumConnections;
		// Each raw socket is seen first here, then, when TLS stands, below.
		this.#server.prependListener('connection', (socket: Socket) => {
			const place = placeOf(socket);
			this.#sockets.add(socket);
			socket.on('close', () => {
				this.#sockets.delete(socket);
				this.#handshakes.end(place);
			});
			if (this.#handshakes.begin(place, now()) > maximumHandshakes) {
				socket.destroy();
			}
		});
		this.#server.on('secureConnection', socket => {
			options.onConnection(socket, this.#handshakes.end(placeOf(socket)) ?? now());
		});
		// Not TLS at all, or not ours: there is nobody to tell.
		this.#server.on('tlsClientError', (_error, socket) => {
			socket.destroy();
		});
	}

	/**
	@throws {NodeJS.ErrnoException} EADDRINUSE, EACCES, EADDRNOTAVAIL…
	*/
	async listen(port: number, host: string): Promise<number> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once('error', reject);
			this.#server.listen({port, host, backlog: 1024}, () => {
				this.#server.removeListener('error', reject);
				// A failed accept (no file descriptor left) concerns that one connection.
				this.#server.on('error', () => {});
				resolve();
			});
		});
		return (this.#server.address() as AddressInfo).port;
	}

	/**
	Accepts no more, gives open connections `graceMs` to end, then ends them.
	*/
	async close(graceMs: number): Promise<void> {
		const closed = new Promise<void>(resolve => {
			this.#server.close(() => {
				resolve();
			});
		});
		const timer = setTimeout(() => {
			for (const socket of this.#sockets) {
				socket.destroy();
			}
		}, graceMs);
		await closed;
		clearTimeout(timer);
	}
}

/**
Where a connection comes from: enough to know a raw socket and its TLS socket for the same connection.
*/
type Place = {readonly host: string; readonly port: number};

function placeOf({remoteAddress = '', remotePort = 0}: Socket): Place {
	return {host: remoteAddress, port: remotePort};
}

/**
Connections whose TLS is not finished: since when, by address and port.
*/
class Handshakes {
	readonly #begun = new Map<string, Map<number, number>>();

	/**
	@returns How many handshakes this address now has.
	*/
	begin({host, port}: Place, now: number): number {
		const ofHost = this.#begun.get(host) ?? new Map<number, number>();
		this.#begun.set(host, ofHost);
		ofHost.set(port, now);
		return ofHost.size;
	}

	/**
	@returns When it began, where it had not ended before.
	*/
	end({host, port}: Place): number | undefined {
		const ofHost = this.#begun.get(host);
		const begunAt = ofHost?.get(port);
		ofHost?.delete(port);
		if (ofHost?.size === 0) {
			this.#begun.delete(host);
		}

		return begunAt;
	}
}
