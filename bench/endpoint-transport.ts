// The third way of ping-pong.ts: Earshot's peer link, encrypted and in order, over its real UDP socket.
// Drives the endpoint as runtime/ does: everything of one turn of the event loop is answered in one go.
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {createClock} from '../source/io/clock.js';
import {UdpSocket} from '../source/io/udp-socket.js';
import {Endpoint, type EndpointEvent} from '../source/peer/endpoint.js';
import {AgreementKey} from '../source/peer/x25519.js';
import {payloadSize, type Transport} from './ping-pong.js';

const clock = createClock();

// The stream that chat records travel on.
const chatStream = 1;

// The caller knows the responder's key beforehand, as a card would tell it.
const responderKey = new Uint8Array(32).fill(1);

function identityOf(privateKey: Uint8Array): {privateKey: Uint8Array; publicKey: Uint8Array} {
	return {privateKey, publicKey: new AgreementKey(privateKey).publicKey};
}

class Driver {
	readonly endpoint: Endpoint;
	readonly #udp: UdpSocket;
	readonly #onEvent: (event: EndpointEvent) => void;
	#turn: NodeJS.Immediate | undefined;
	#timer: NodeJS.Timeout | undefined;
	#timerDue = Infinity;

	constructor(udp: UdpSocket, privateKey: Uint8Array, onEvent: (event: EndpointEvent) => void) {
		this.#udp = udp;
		this.#onEvent = onEvent;
		this.endpoint = new Endpoint({
			identity: identityOf(privateKey), credential: () => new Uint8Array(0), authenticate: () => 'peer', random: size => new Uint8Array(randomBytes(size)),
		});
		udp.listen((data, from) => {
			this.endpoint.handleDatagram(data, from, clock());
			this.schedule();
		});
	}

	schedule(): void {
		this.#turn ??= setImmediate(() => {
			this.#turn = undefined;
			this.#run();
		});
	}

	async close(): Promise<void> {
		clearTimeout(this.#timer);
		clearImmediate(this.#turn);
		await this.#udp.close();
	}

	// A timer that fires early looks again; that is cheaper than setting it anew at each turn.
	#setTimer(due: number | undefined): void {
		if (due === undefined || due >= this.#timerDue) {
			return;
		}

		clearTimeout(this.#timer);
		this.#timerDue = due;
		this.#timer = setTimeout(() => {
			this.#timerDue = Infinity;
			this.endpoint.handleTimeout(clock());
			this.#run();
		}, Math.max(0, Math.ceil(due - clock())));
	}

	#run(): void {
		for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
			this.#onEvent(event);
		}

		const now = clock();
		for (let transmit = this.endpoint.pollTransmit(now); transmit; transmit = this.endpoint.pollTransmit(now)) {
			this.#udp.send(transmit.data, transmit.to);
		}

		this.#setTimer(this.endpoint.pollTimeout());
	}
}

/**
A peer link between two processes; a fresh handshake for each call.
*/
export const peerLink: Transport = {
	async respond() {
		const udp = await UdpSocket.open(0);
		const driver = new Driver(udp, responderKey, event => {
			if (event.type === 'data') {
				driver.endpoint.write(event.link, event.stream, event.data);
			}
		});
		return {port: udp.port};
	},
	async call(port) {
		const udp = await UdpSocket.open(0);
		const target = new EventTarget();
		const opened = once(target, 'open');
		let missing = 0;
		let arrived: () => void;
		const driver = new Driver(udp, new Uint8Array(randomBytes(32)), event => {
			if (event.type === 'open') {
				target.dispatchEvent(new Event('open'));
			} else if (event.type === 'data') {
				missing -= event.data.length;
				if (missing === 0) {
					arrived();
				}
			}
		});
		const from = performance.now();
		const link = driver.endpoint.connect({publicKey: identityOf(responderKey).publicKey, candidates: [`127.0.0.1:${port}`]}, clock());
		driver.schedule();
		await opened;
		const handshakeMs = performance.now() - from;
		const payload = new Uint8Array(payloadSize);
		return {
			handshakeMs,
			ping: async () => new Promise(resolve => {
				arrived = resolve;
				missing = payloadSize;
				driver.endpoint.write(link, chatStream, payload);
				driver.schedule();
			}),
			close: async () => driver.close(),
		};
	},
};
