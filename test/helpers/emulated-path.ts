// Flows of real endpoints over one emulated path, in virtual time: what a benchmark or a test of speed needs of the world.
// Timers ring as late as a program's do (whole milliseconds); packets are not encrypted, because only their pace counts.
import {Buffer} from 'node:buffer';
import {type CipherSuite} from '../../source/peer/crypto/cipher.js';
import {type PeerConfig} from '../../source/peer/config.js';
import {type CongestionFactory} from '../../source/peer/congestion/congestion.js';
import {Endpoint, type LinkId, type LinkStatistics} from '../../source/peer/endpoint.js';
import {AgreementKey} from '../../source/peer/crypto/x25519.js';
import {LinkEmulator, type LinkConditions} from './link-emulator.js';
import {SeededRandom} from './random.js';

const tagSize = 16;

/**
Seals nothing and opens everything.
*/
export const clearSuite: CipherSuite = {
	name: 'clear',
	create: () => ({
		seal(sealed, plaintext, _header, _nonce, tail) {
			if (sealed.byteOffset !== plaintext.byteOffset) {
				sealed.set(plaintext);
			}

			if (tail) {
				sealed.set(tail, plaintext.length);
			}
		},
		open: sealed => sealed.slice(0, sealed.length - tagSize),
	}),
};

type Datagram = {to: string; from: string; data: Uint8Array};

/**
One endpoint with its timer.
*/
class Host {
	readonly endpoint: Endpoint;
	readonly address: string;
	readonly publicKey: Uint8Array;
	wakeAt = Infinity;
	/**
	Something came in that has to be answered in this turn.
	*/
	isAwake = true;

	constructor(address: string, random: SeededRandom, options: {config: Partial<PeerConfig>; congestion: CongestionFactory | undefined; suite: CipherSuite}) {
		const privateKey = random.bytes(32);
		this.address = address;
		this.publicKey = new AgreementKey(privateKey).publicKey;
		this.endpoint = new Endpoint({
			identity: {privateKey, publicKey: this.publicKey},
			credential: () => new Uint8Array(0),
			authenticate: () => 'peer',
			random: size => random.bytes(size),
			config: options.config,
			suite: options.suite,
			...(options.congestion && {congestion: options.congestion}),
		});
	}
}

/**
The stream that carries the bulk, and the one for chat.
*/
const bulkStream = 4;
const chatStream = 1;
const lineSize = 64;
const pattern = new SeededRandom(7).bytes(256 * 1024);

/**
A sender and a receiver: bulk one way as fast as it goes, lines there and back, both as wished.
*/
export class Flow {
	readonly from: Host;
	readonly to: Host;
	link: LinkId = 0;
	/**
	Bulk bytes that came in order, and how many of them were wrong.
	*/
	received = 0;
	damaged = 0;
	/**
	Round trips of lines, ms.
	*/
	readonly lineTimes: number[] = [];
	/**
	One way only.
	*/
	readonly lineDelays: number[] = [];
	linesSent = 0;
	/**
	Bytes of bulk to send; Infinity for as long as the world lasts.
	*/
	total = 0;
	readonly #lineStarts: number[] = [];
	#written = 0;
	#echoed = 0;
	#arrived = 0;

	constructor(from: Host, to: Host) {
		this.from = from;
		this.to = to;
	}

	get statistics(): LinkStatistics | undefined {
		return this.from.endpoint.statistics(this.link);
	}

	/**
	Begins to send `total` bytes of bulk.
	*/
	start(total: number): void {
		this.total = total;
		this.fill();
	}

	say(now: number): void {
		this.#lineStarts.push(now);
		this.linesSent++;
		this.from.endpoint.write(this.link, chatStream, new Uint8Array(lineSize));
		this.from.isAwake = true;
	}

	fill(): void {
		for (;;) {
			const at = this.#written % pattern.length;
			const piece = pattern.subarray(at, Math.min(pattern.length, at + 65_536, at + this.total - this.#written));
			const taken = piece.length > 0 ? this.from.endpoint.write(this.link, bulkStream, piece) : 0;
			this.#written += taken;
			this.from.isAwake ||= taken > 0;
			if (taken === 0) {
				return;
			}
		}
	}

	takeEvents(now: number): void {
		for (let event = this.from.endpoint.pollEvent(); event; event = this.from.endpoint.pollEvent()) {
			if (event.type === 'writable') {
				this.fill();
			} else if (event.type === 'data') {
				this.#echoed += event.data.length;
				while (this.lineTimes.length < Math.floor(this.#echoed / lineSize)) {
					this.lineTimes.push(now - this.#lineStarts[this.lineTimes.length]!);
				}
			}
		}

		for (let event = this.to.endpoint.pollEvent(); event; event = this.to.endpoint.pollEvent()) {
			if (event.type !== 'data') {
				continue;
			}

			if (event.stream === bulkStream) {
				this.#check(event.data);
				continue;
			}

			this.#arrived += event.data.length;
			while (this.lineDelays.length < Math.floor(this.#arrived / lineSize)) {
				this.lineDelays.push(now - this.#lineStarts[this.lineDelays.length]!);
			}

			this.to.endpoint.write(event.link, chatStream, event.data);
			this.to.isAwake = true;
		}
	}

	#check(data: Uint8Array): void {
		for (let done = 0; done < data.length;) {
			const at = this.received % pattern.length;
			const length = Math.min(data.length - done, pattern.length - at);
			if (Buffer.compare(data.subarray(done, done + length), pattern.subarray(at, at + length)) !== 0) {
				this.damaged += length;
			}

			this.received += length;
			done += length;
		}
	}
}

export type FlowOptions = {config?: Partial<PeerConfig>; congestion?: CongestionFactory; suite?: CipherSuite};

/**
A path that all flows share: what senders send goes `there`, what receivers send goes `back`.
*/
export class EmulatedPath {
	now = 1000;
	readonly there: LinkEmulator<Datagram>;
	readonly back: LinkEmulator<Datagram>;
	readonly flows: Flow[] = [];
	readonly #random: SeededRandom;
	readonly #hosts = new Map<string, Host>();

	constructor(seed: number, conditions: Partial<LinkConditions>, backConditions = conditions) {
		this.#random = new SeededRandom(seed);
		this.there = new LinkEmulator(this.#random.fork(), conditions);
		this.back = new LinkEmulator(this.#random.fork(), backConditions);
	}

	/**
	A flow whose link is open.
	*/
	open({config = {}, congestion, suite = clearSuite}: FlowOptions = {}): Flow {
		const index = this.flows.length;
		const [from, to] = ['from', 'to'].map(side => {
			const host = new Host(`${side}:${index}`, this.#random.fork(), {config, congestion, suite});
			this.#hosts.set(host.address, host);
			return host;
		}) as [Host, Host];
		const flow = new Flow(from, to);
		this.flows.push(flow);
		flow.link = from.endpoint.connect({publicKey: to.publicKey, candidates: [to.address]}, this.now);
		from.isAwake = true;
		this.runUntil(() => from.endpoint.statistics(flow.link) !== undefined, 10_000);
		return flow;
	}

	/**
	Lets `time` ms pass.
	*/
	run(time: number): void {
		this.runUntil(() => false, time);
	}

	/**
	False when `isDone` did not come true within `time` ms.
	*/
	runUntil(isDone: () => boolean, time: number): boolean {
		const limit = this.now + time;
		this.#turn();
		while (!isDone()) {
			let next = Math.min(this.there.nextArrival() ?? Infinity, this.back.nextArrival() ?? Infinity);
			for (const {wakeAt} of this.#hosts.values()) {
				next = Math.min(next, wakeAt);
			}

			if (next > limit) {
				this.now = limit;
				return isDone();
			}

			this.now = Math.max(this.now, next);
			this.#turn();
		}

		return true;
	}

	#turn(): void {
		for (const link of [this.there, this.back]) {
			for (let datagram = link.receive(this.now); datagram; datagram = link.receive(this.now)) {
				const host = this.#hosts.get(datagram.to);
				host?.endpoint.handleDatagram(datagram.data, datagram.from, this.now);
				if (host) {
					host.isAwake = true;
				}
			}
		}

		for (const host of this.#hosts.values()) {
			if (!(host.wakeAt <= this.now)) {
				continue;
			}

			host.endpoint.handleTimeout(this.now);
			host.isAwake = true;
		}

		for (const flow of this.flows) {
			if (flow.from.isAwake || flow.to.isAwake) {
				flow.takeEvents(this.now);
			}
		}

		for (const host of this.#hosts.values()) {
			if (host.isAwake) {
				this.#transmit(host);
			}
		}
	}

	#transmit(host: Host): void {
		const {endpoint, address} = host;
		const link = address.startsWith('from') ? this.there : this.back;
		host.isAwake = false;
		for (let datagram = endpoint.pollTransmit(this.now); datagram; datagram = endpoint.pollTransmit(this.now)) {
			link.send({...datagram, from: address}, datagram.data.length, this.now);
		}

		const due = endpoint.pollTimeout();
		// As setTimeout: whole milliseconds, at least one.
		host.wakeAt = due === undefined ? Infinity : this.now + Math.max(1, Math.ceil(due - this.now));
	}
}
