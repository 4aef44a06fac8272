// A connection to a control server without the client's manners: any bytes, in TLS or bare.
// Knows sockets and lines; refuses to know what a well-behaved client would say.
import {once} from 'node:events';
import {connect as connectTcp, type Socket} from 'node:net';
import {connect as connectTls} from 'node:tls';
import {Expectations, type Patience} from './expectations.js';

/**
The raw connection. Made with `openRaw`.
*/
export class RawConnection {
	/**
	Everything that came back.
	*/
	received = '';
	isClosed = false;
	readonly #socket: Socket;
	readonly #expectations = new Expectations(() => `Received: ${this.received.slice(0, 2000)}\n`);

	constructor(socket: Socket) {
		this.#socket = socket;
		socket.setEncoding('latin1');
		socket.on('data', (text: string) => {
			this.received += text;
			this.#expectations.notify();
		});
		socket.on('error', () => {
			// How it ends is what the test looks at.
		});
		socket.on('close', () => {
			this.isClosed = true;
			this.#expectations.notify();
		});
	}

	/**
	Sends bytes as they are.
	*/
	send(bytes: string | Uint8Array): void {
		this.#socket.write(bytes);
	}

	/**
	Waits until something like this came back.
	*/
	async receives(pattern: RegExp, patience?: Patience): Promise<void> {
		await this.#expectations.until(`the server to answer ${String(pattern)}`, () => pattern.test(this.received) || undefined, patience);
	}

	/**
	Waits until the other end has closed the connection.
	*/
	async closes(patience?: Patience): Promise<void> {
		await this.#expectations.until('the server to close the connection', () => this.isClosed || undefined, patience);
	}

	destroy(): void {
		this.#socket.destroy();
	}
}

/**
Connects to `port` of 127.0.0.1.
*/
export async function openRaw(port: number, how: 'tcp' | 'tls'): Promise<RawConnection> {
	if (how === 'tcp') {
		const socket = connectTcp(port, '127.0.0.1');
		await once(socket, 'connect');
		return new RawConnection(socket);
	}

	const socket = connectTls({
		port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1.3',
	});
	await once(socket, 'secureConnect');
	return new RawConnection(socket);
}
