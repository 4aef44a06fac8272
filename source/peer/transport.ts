// All of a link that begins anew with each session: its keys, its packet numbers, and what is known of the path.
// Knows how a packet is numbered and sealed, when the key is due to step, and whether window and pace let a full packet go;
// refuses to know frames and streams.
import {Acknowledgements} from './packets/acknowledgements.js';
import {type PeerConfig} from './config.js';
import {type CongestionController, type CongestionFactory} from './congestion/congestion.js';
import {LocalCongestion} from './congestion/congestion-local.js';
import {Pacer} from './congestion/pacer.js';
import {isLocalCeiling, PacketSize} from './packet-size.js';
import {tagSize, writeDataHeader} from './packets/packet.js';
import {Path} from './path.js';
import {Recovery, type SentPacket} from './recovery/recovery.js';
import {ReplayWindow} from './packets/replay-window.js';
import {RttEstimator} from './recovery/rtt.js';
import {type Session} from './session.js';
import {type PacketSpace} from './streams/streams.js';

/**
What is known of a path.
*/
export type PathModel = {
	readonly size: PacketSize;
	readonly rtt: RttEstimator;
	readonly congestion: CongestionController;
	readonly pacer: Pacer;
};

/**
What is known of a path at its beginning: nothing, but whether it leaves this machine, which `ceiling` tells, the largest datagram that
goes there in one piece.
*/
export function beginPath(ceiling: number, {config, createCongestion}: {config: PeerConfig; createCongestion: CongestionFactory}, now: number): PathModel {
	const {datagramSize, maxDatagramSize, initialRtt} = config;
	const network = createCongestion(datagramSize);
	return {
		size: new PacketSize({base: datagramSize, ceiling: Math.min(maxDatagramSize, ceiling)}, now),
		rtt: new RttEstimator(initialRtt),
		congestion: isLocalCeiling(ceiling) ? new LocalCongestion(network, datagramSize) : network,
		pacer: new Pacer(datagramSize),
	};
}

export class Transport {
	readonly session: Session;
	readonly path: Path;
	readonly recovery: Recovery;
	readonly replay = new ReplayWindow();
	readonly acknowledgements: Acknowledgements;
	size: PacketSize;
	rtt: RttEstimator;
	congestion: CongestionController;
	/**
	When our sending key came into use.
	*/
	keyStartedAt: number;
	readonly #config: PeerConfig;
	#pacer: Pacer;
	/**
	First packet number under the current send key.
	*/
	#keyStartedWith = 0;

	constructor(session: Session, model: PathModel, {config, random}: {config: PeerConfig; random: (size: number) => Uint8Array}, now: number) {
		this.session = session;
		this.#config = config;
		this.path = new Path(session.address, random);
		this.size = model.size;
		this.rtt = model.rtt;
		this.congestion = model.congestion;
		this.#pacer = model.pacer;
		this.recovery = new Recovery({...model, peerMaxAckDelay: session.parameters.maxAckDelay, maxProbeTimeout: config.activePing});
		this.acknowledgements = new Acknowledgements(config);
		this.keyStartedAt = now;
	}

	/**
	The peer is reached by another path. Returns what was in flight on the old one; it counts as lost.
	*/
	handleMoved(model: PathModel): SentPacket[] {
		this.size = model.size;
		this.rtt = model.rtt;
		this.congestion = model.congestion;
		this.#pacer = model.pacer;
		return this.recovery.handleMoved(model);
	}

	/**
	When a full packet may go: `now` or earlier if it may at once, `undefined` when the window is full and only an ACK helps.
	*/
	pollPermit(now: number): number | undefined {
		const {recovery, congestion, size} = this;
		// The peer's socket must take in what it is too busy to read; what the path itself holds has not reached it yet.
		const window = Math.min(congestion.window, this.session.parameters.maxInFlight + congestion.capacity);
		if (recovery.bytesInFlight > 0 && recovery.bytesInFlight + size.current > window) {
			return undefined;
		}

		const rate = congestion.pacingRate(this.rtt.smoothed);
		return rate === Infinity ? now : this.#pacer.timeToSend(size.current, rate, now);
	}

	/**
	Numbers and seals a packet where it lies. With `isEliciting` it counts as in flight.
	*/
	seal(space: PacketSpace, {isEliciting}: {isEliciting: boolean}, now: number): Uint8Array {
		const {session, recovery} = this;
		const pn = recovery.nextPacketNumber;
		const size = space.at + (space.tail?.length ?? 0) + tagSize;
		writeDataHeader(space.bytes, {epoch: session.sendKeys.epoch & 0xFF, dcid: session.remoteCid, pn});
		session.sendKeys.seal(space.bytes, space.at, pn, space.tail);
		recovery.handleSent(size, space.sent, isEliciting, now);
		if (isEliciting) {
			this.#pacer.handleSent(size);
		}

		return space.bytes.subarray(0, size);
	}

	/**
	Replaces the send key when it is old, once the peer has shown that it has the current one.
	*/
	stepKey(now: number): void {
		const {session, recovery} = this;
		const pn = recovery.nextPacketNumber;
		const isOld = now - this.keyStartedAt >= this.#config.keyLifetime || pn - this.#keyStartedWith >= this.#config.keyPackets;
		if (!(isOld && recovery.largestAcknowledged >= this.#keyStartedWith)) {
			return;
		}

		session.sendKeys.step();
		this.keyStartedAt = now;
		this.#keyStartedWith = pn;
	}
}
