// The TLS connection to a control server: opens it, carries lines out and bytes in, says why it ended.
// Knows TLS and what can go wrong on the way; refuses to know what is said, and whether the certificate is the right one:
// that is the core's to decide from the fingerprint, and nothing is sent before it has.
import type {Buffer} from 'node:buffer';
import {connect, type TLSSocket} from 'node:tls';
import type {ControlEvent} from '../messenger/effects.js';
import {formatHostPort, type HostPort} from '../protocol/addresses.js';

/**
TCP and TLS must both stand by then.
*/
const connectTimeoutMs = 5000;

/**
A server that lets this many bytes lie unread has stopped listening.
*/
const maximumQueuedBytes = 256 * 1024;

/**
A good-bye has this long to reach the server before the connection is cut.
*/
const farewellMs = 500;

const unreachableReasons: ReadonlyMap<string, (place: string, host: string) => string> = new Map([
	['ECONNREFUSED', place => `No server answers at ${place}: the connection was refused. Is earshotd running there?`],
	['ENOTFOUND', (_place, host) => `There is no host called ${host}. Check the spelling.`],
	['EAI_AGAIN', (_place, host) => `The name ${host} can't be looked up now. Is this machine connected to a network?`],
	['EHOSTUNREACH', place => `No route leads to ${place}. Is this machine connected to a network?`],
	['ENETUNREACH', place => `No route leads to ${place}. Is this machine connected to a network?`],
	['ETIMEDOUT', place => `${place} does not answer.`],
	['ECONNRESET', place => `${place} closed the connection before it stood.`],
	['EPIPE', place => `${place} closed the connection before it stood.`],
]);

type Failure = {readonly code: 'unreachable' | 'not-tls'; readonly message: string};

/**
Why a connection to `server` never stood, in a sentence.
*/
export function describeFailure(server: HostPort, error: NodeJS.ErrnoException): Failure {
	const place = formatHostPort(server);
	const {code = '', message} = error;
	const isForeign = code === 'EPROTO' || /^ERR_(?:SSL|TLS)_/v.test(code);
	return isForeign
		? {code: 'not-tls', message: `What listens at ${place} is not an Earshot server: it does not speak TLS 1.3. Check the port.`}
		: {code: 'unreachable', message: unreachableReasons.get(code)?.(place, server.host) ?? `${place} can't be reached: ${message}.`};
}

/**
One attempt at a connection, from the first packet to the last. After `closed` was reported, or `close` called, it is silent for good.
*/
export class ControlSocket {
	readonly #server: HostPort;
	readonly #socket: TLSSocket;
	readonly #timer: NodeJS.Timeout;
	readonly #onEvent: (event: ControlEvent) => void;
	#isSecure = false;
	#isSilent = false;
	#error: NodeJS.ErrnoException | undefined;

	constructor(server: HostPort, onEvent: (event: ControlEvent) => void, timeoutMs: number = connectTimeoutMs) {
		this.#server = server;
		this.#onEvent = onEvent;
		this.#timer = setTimeout(() => {
			this.#socket.destroy(Object.assign(new Error('timed out'), {code: 'ETIMEDOUT'}));
		}, timeoutMs);
		this.#socket = connect({
			...server,
			minVersion: 'TLSv1.3',
			// Servers sign their own certificates; the core pins the fingerprint instead.
			rejectUnauthorized: false,
		});
		this.#socket.setNoDelay(true);
		this.#socket.on('secureConnect', () => {
			this.#handleSecure();
		});
		this.#socket.on('data', (chunk: Buffer) => {
			this.#report({type: 'data', chunk});
		});
		this.#socket.on('error', (error: NodeJS.ErrnoException) => {
			this.#error = error;
		});
		this.#socket.on('close', () => {
			this.#handleClose();
		});
	}

	/**
	Sends one line, its newline included. Before `opened` and after the end it goes nowhere.
	*/
	send(line: string): void {
		if (!this.#isSecure || this.#isSilent) {
			return;
		}

		this.#socket.write(line);
		if (this.#socket.writableLength > maximumQueuedBytes) {
			this.#socket.destroy(Object.assign(new Error('the server does not read what it is sent'), {code: 'ESTALLED'}));
		}
	}

	/**
	Ends the connection after what was sent; resolves when it is gone. No event comes any more.
	*/
	async close(): Promise<void> {
		this.#isSilent = true;
		clearTimeout(this.#timer);
		const socket = this.#socket;
		if (socket.closed) {
			return;
		}

		await new Promise<void>(resolve => {
			socket.once('close', () => {
				clearTimeout(cut);
				resolve();
			});
			const cut = setTimeout(() => {
				socket.destroy();
			}, farewellMs);
			if (this.#isSecure) {
				socket.end();
				// What still comes in is thrown away, or the end would never be seen.
				socket.resume();
			} else {
				socket.destroy();
			}
		});
	}

	#handleSecure(): void {
		clearTimeout(this.#timer);
		this.#isSecure = true;
		const fingerprint = this.#socket.getPeerX509Certificate()?.fingerprint256;
		const {remoteAddress} = this.#socket;
		if (fingerprint === undefined || remoteAddress === undefined) {
			this.#socket.destroy();
			return;
		}

		this.#report({type: 'opened', fingerprint: fingerprint.replaceAll(':', '').toLowerCase(), remoteAddress: remoteAddress.replace(/^::ffff:/v, '')});
	}

	#handleClose(): void {
		clearTimeout(this.#timer);
		const place = formatHostPort(this.#server);
		if (!this.#isSecure) {
			this.#report({type: 'closed', ...describeFailure(this.#server, this.#error ?? Object.assign(new Error('closed'), {code: 'ECONNRESET'}))});
		} else if (this.#error) {
			this.#report({type: 'closed', code: 'lost', message: `The connection to ${place} broke: ${this.#error.message}.`});
		} else {
			this.#report({type: 'closed', code: 'lost', message: `${place} closed the connection.`});
		}

		this.#isSilent = true;
	}

	#report(event: ControlEvent): void {
		if (!this.#isSilent) {
			this.#onEvent(event);
		}
	}
}
