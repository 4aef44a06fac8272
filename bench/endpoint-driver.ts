// An endpoint over its real UDP socket, driven as runtime/ does: everything of one turn of the event loop is answered in one go,
// and so many datagrams leave in one turn.
import {randomBytes} from 'node:crypto';
import {createClock} from '../source/io/clock.js';
import {createSizeCeiling} from '../source/io/path-sizes.js';
import {UdpSocket} from '../source/io/udp-socket.js';
import {Endpoint, type EndpointEvent, type EndpointOptions} from '../source/peer/endpoint.js';
import {AgreementKey} from '../source/peer/crypto/x25519.js';

const datagramsPerTurn = 256;

/**
So many bytes are answered within the turn: with all of its window unanswered the peer would stand still.
*/
const bytesPerAnswer = 512 * 1024;

export const clock = createClock();

function identityOf(privateKey: Uint8Array): {privateKey: Uint8Array; publicKey: Uint8Array} {
	return {privateKey, publicKey: new AgreementKey(privateKey).publicKey};
}

// The caller knows the responder's key beforehand, as a card would tell it.
const responder = identityOf(new Uint8Array(32).fill(1));

export class Driver {
	readonly endpoint: Endpoint;
	readonly port: number;
	readonly #udp: UdpSocket;
	readonly #onEvent: (event: EndpointEvent) => void;
	#turn: NodeJS.Immediate | undefined;
	#isDue = false;
	#unanswered = 0;
	#timer: NodeJS.Timeout | undefined;
	#timerDue = Infinity;

	constructor(udp: UdpSocket, {privateKey, onEvent, ...options}: Partial<EndpointOptions> & {privateKey: Uint8Array; onEvent: (event: EndpointEvent) => void}) {
		this.#udp = udp;
		this.port = udp.port;
		this.#onEvent = onEvent;
		this.endpoint = new Endpoint({
			identity: identityOf(privateKey), credential: () => new Uint8Array(0), authenticate: () => 'peer', random: size => new Uint8Array(randomBytes(size)), sizeCeiling: createSizeCeiling(clock), ...options,
		});
		udp.listen((data, from) => {
			this.endpoint.handleDatagram(data, from, clock());
			this.#answer(data.length);
		});
	}

	/**
	The side that is called.
	*/
	static async respond(onEvent: (event: EndpointEvent) => void, options: Partial<EndpointOptions> = {}): Promise<Driver> {
		return new Driver(await UdpSocket.open(0), {privateKey: responder.privateKey, onEvent, ...options});
	}

	/**
	The side that calls; `connect` comes next.
	*/
	static async call(onEvent: (event: EndpointEvent) => void, options: Partial<EndpointOptions> = {}): Promise<Driver> {
		return new Driver(await UdpSocket.open(0), {privateKey: new Uint8Array(randomBytes(32)), onEvent, ...options});
	}

	/**
	Begins a link to the responder, by default on this machine.
	*/
	connect(port: number, host = '127.0.0.1'): number {
		const link = this.endpoint.connect({publicKey: responder.publicKey, candidates: [`${host}:${port}`]}, clock());
		this.schedule();
		return link;
	}

	/**
	Writes to a stream and sends at once what may go.
	*/
	write(link: number, stream: number, data: Uint8Array): number {
		const taken = this.endpoint.write(link, stream, data);
		this.#transmit();
		this.#awaitEnd();
		return taken;
	}

	/**
	Ends a link; the peer hears of it at once.
	*/
	hangUp(link: number): void {
		this.endpoint.close(link, 256, 'done', clock());
		this.#transmit();
	}

	schedule(): void {
		this.#isDue = true;
		this.#awaitEnd();
	}

	async close(): Promise<void> {
		clearTimeout(this.#timer);
		clearImmediate(this.#turn);
		await this.#udp.close();
	}

	// The first datagram of a turn at once, those that come with it in one go, unless they are large and many.
	#answer(size: number): void {
		this.#unanswered += size;
		if (this.#turn && this.#unanswered < bytesPerAnswer) {
			this.#isDue = true;
			return;
		}

		this.#run();
		this.#awaitEnd();
	}

	// When everything of this turn was heard the timer is set: by then most of what it would have waited for was sent.
	#awaitEnd(): void {
		this.#turn ??= setImmediate(() => {
			this.#turn = undefined;
			if (this.#isDue) {
				this.#run();
			}

			this.#setTimer(this.endpoint.pollTimeout());
		});
	}

	#run(): void {
		this.#isDue = false;
		this.#unanswered = 0;
		for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
			this.#onEvent(event);
		}

		this.#transmit();
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
			this.schedule();
		}, Math.max(0, Math.ceil(due - clock())));
	}

	#transmit(): void {
		const now = clock();
		for (let count = 0; count < datagramsPerTurn; count++) {
			const transmit = this.endpoint.pollTransmit(now);
			if (!transmit) {
				return;
			}

			if (this.#udp.send(transmit.data, transmit.to)) {
				this.endpoint.giveBack(transmit.data);
			}
		}

		this.schedule();
	}
}
