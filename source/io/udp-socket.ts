// The UDP port of a client: one number, open for IPv4 and, where the machine has it, for IPv6.
// Knows sockets and their buffers; refuses to know what a datagram says.
//
// Two sockets share the number instead of one dual-stack socket: addresses then read the same on every platform
// (`127.0.0.1`, never `::ffff:127.0.0.1`), and a machine without IPv6 loses nothing but IPv6.
import type {Buffer} from 'node:buffer';
import type {RemoteInfo} from 'node:dgram';
import {DgramAsPromised, type SocketAsPromised} from 'dgram-as-promised';
import {ProtocolError} from '../protocol/errors.js';

/**
`from` is `ip:port` or `[v6]:port`. `data` is only there until the listener returns: the memory of large ones is then given back at once,
because a garbage collector that finds gigabytes of it in a second takes a third of that second.
*/
export type DatagramListener = (data: Uint8Array, from: string) => void;

/**
Asked of the system, which may grant less: its default of 208 KiB loses a quarter of a burst.
*/
const wantedReceiveBuffer = 4 * 1024 * 1024;

/**
Smaller datagrams are left to the garbage collector.
*/
const freedSize = 16 * 1024;

/**
How often a free number is looked for that is free in both families.
*/
const freePortAttempts = 5;

type Family = 'udp4' | 'udp6';

// Every address sent to is an IP address already; the resolver would cost 1-2 µs a datagram, and the
// pattern of `isIP` 4 ms of the start.
function skipLookup(family: 4 | 6) {
	return (hostname: string, _options: unknown, callback: (error: Error | null, address: string, family: number) => void): void => {
		callback(null, hostname, family);
	};
}

const lookups = {udp4: skipLookup(4), udp6: skipLookup(6)};

/**
A socket that takes IP addresses only.
*/
export function createSocket(family: Family): SocketAsPromised {
	return DgramAsPromised.createSocket({
		type: family, ipv6Only: family === 'udp6', reuseAddr: false, lookup: lookups[family],
	});
}

const ignore = () => {
	// A datagram may get lost anywhere on its way; here is as good as later.
};

/**
A bound UDP port.
*/
export class UdpSocket {
	/**
	The number of the port, the same in both families.
	*/
	readonly port: number;
	/**
	Bytes that the system really keeps for us between two reads.
	*/
	readonly receiveBufferSize: number;
	readonly #four: SocketAsPromised;
	readonly #six: SocketAsPromised | undefined;
	/**
	The sender of the last datagram, in words: most come from the same one.
	*/
	#sender: RemoteInfo | undefined;
	#from = '';
	/**
	Where the last datagram went, taken apart: most go to the same place.
	*/
	#target: Target | undefined;
	#listener: DatagramListener = ignore;
	#isClosed = false;

	private constructor(port: number, four: SocketAsPromised, six: SocketAsPromised | undefined) {
		this.port = port;
		this.#four = four;
		this.#six = six;
		for (const socket of this.#sockets) {
			socket.socket.on('error', ignore);
			// The wrapper's own `recv` loses datagrams while its caller is busy, so the inner socket is listened to.
			socket.socket.on('message', (data: Buffer, remote: RemoteInfo) => {
				this.#receive(data, remote);
			});
		}

		try {
			four.setRecvBufferSize(wantedReceiveBuffer);
			six?.setRecvBufferSize(wantedReceiveBuffer);
		} catch {
			// A system that refuses keeps its default; what counts is read back below.
		}

		this.receiveBufferSize = Math.min(...this.#sockets.map(socket => socket.getRecvBufferSize()));
	}

	/**
	Binds `port`, or a free one for 0.

	@throws {ProtocolError} `port-in-use` or `port-refused`, naming the port.
	*/
	static async open(port: number): Promise<UdpSocket> {
		for (let attempt = 1; ; attempt++) {
			const four = createSocket('udp4');
			const bound = await bind(four, port);
			const six = createSocket('udp6');
			try {
				await six.bind({port: bound, exclusive: true});
				return new UdpSocket(bound, four, six);
			} catch (error) {
				await six.close();
				// No IPv6 here, or nobody asked for this very number and none is free in both families: IPv4 alone will do.
				if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || (port === 0 && attempt === freePortAttempts)) {
					return new UdpSocket(bound, four, undefined);
				}

				await four.close();
				if (port !== 0) {
					throw portError(port, error);
				}
			}
		}
	}

	/**
	Who gets the datagrams from now on.
	*/
	listen(listener: DatagramListener): void {
		this.#listener = listener;
	}

	/**
	Sends to `ip:port` or `[v6]:port`. Whatever goes wrong is a lost datagram, which the protocol above bears.
	True when the system has taken `data`, or never will; otherwise it must not change, because it is read later.
	*/
	send(data: Uint8Array, to: string): boolean {
		if (this.#target?.to !== to) {
			this.#target = parseTarget(to);
		}

		const {host, port, isSix} = this.#target;
		const socket = (isSix ? this.#six : this.#four)?.socket;
		if (!socket || this.#isClosed || !(port > 0 && port < 65_536)) {
			return true;
		}

		// Without a callback: it would cost a tick of its own for each datagram.
		socket.send(data, port, host);
		return socket.getSendQueueCount() === 0;
	}

	/**
	Resolves when what was sent has gone out and the port is free again. Safe to call twice.
	*/
	async close(): Promise<void> {
		if (this.#isClosed) {
			return;
		}

		this.#isClosed = true;
		await Promise.all(this.#sockets.map(async socket => socket.close()));
	}

	#receive(data: Buffer, remote: RemoteInfo): void {
		if (remote.port !== this.#sender?.port || remote.address !== this.#sender.address) {
			this.#sender = remote;
			this.#from = remote.family === 'IPv6' ? `[${remote.address}]:${remote.port}` : `${remote.address}:${remote.port}`;
		}

		this.#listener(data, this.#from);
		const {buffer} = data;
		if (data.length >= freedSize && data.length === buffer.byteLength && buffer instanceof ArrayBuffer) {
			buffer.transfer(0);
		}
	}

	get #sockets(): readonly SocketAsPromised[] {
		return this.#six ? [this.#four, this.#six] : [this.#four];
	}
}

type Target = {to: string; host: string; port: number; isSix: boolean};

/**
Takes `ip:port` or `[v6]:port` apart; nonsense gives a port that is no number.
*/
export function parseTarget(to: string): Target {
	const isSix = to.startsWith('[');
	const colon = to.lastIndexOf(':');
	return {
		to, isSix, host: isSix ? to.slice(1, colon - 1) : to.slice(0, colon), port: Number(to.slice(colon + 1)),
	};
}

async function bind(socket: SocketAsPromised, port: number): Promise<number> {
	try {
		const address = await socket.bind({port, exclusive: true});
		return address.port;
	} catch (error) {
		await socket.close();
		throw portError(port, error);
	}
}

function portError(port: number, error: unknown): ProtocolError {
	const {code, message} = error as NodeJS.ErrnoException;
	return code === 'EADDRINUSE'
		? new ProtocolError('port-in-use', `UDP port ${port} is in use by another program. Choose another one with --udp-port, or leave it out to take a free one.`)
		: new ProtocolError('port-refused', `UDP port ${port} can't be opened: ${message}. Choose another one with --udp-port.`);
}
