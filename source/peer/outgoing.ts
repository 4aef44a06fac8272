// What goes out on a link: which packet is next, and what goes into it.
// Knows the order (path probes, size probes, then ACKs, pings and streams) and what may go without asking the window;
// refuses to know what comes in and when a link ends.
import {concatBytes} from './packets/bytes.js';
import {type PeerConfig} from './config.js';
import {writeFrame, type Frame} from './packets/frame.js';
import {type Liveness} from './liveness.js';
import {dataHeaderSize, tagSize} from './packets/packet.js';
import {type Address} from './session.js';
import {type Slab} from './packets/slab.js';
import {type PacketSpace, type Streams} from './streams/streams.js';
import type {LinkTrace} from './trace/trace.js';
import {type Transport} from './transport.js';

/**
With more ranges than this to tell, an ACK asks for an answer now and then, so that it may forget the old ones (RFC 9000, section 13.2.4).
*/
const manyRanges = 16;

/**
A sealed packet and where it goes.
*/
export type Transmit = {to: Address; data: Uint8Array};

export class Outgoing {
	packets = 0;
	bytes = 0;
	/**
	The peer is to answer something with the next packet.
	*/
	isPingDue = false;
	readonly #config: PeerConfig;
	readonly #streams: Streams;
	readonly #liveness: Liveness;
	readonly #trace: LinkTrace | undefined;
	#pacedUntil: number | undefined;
	/**
	When an ACK last asked for an answer.
	*/
	#rangesToldAt = -Infinity;

	constructor({config, streams, liveness, trace}: {config: PeerConfig; streams: Streams; liveness: Liveness; trace: LinkTrace | undefined}) {
		this.#config = config;
		this.#streams = streams;
		this.#liveness = liveness;
		this.#trace = trace;
	}

	/**
	When the pace lets go what is held back now.
	*/
	pollTimeout(): number | undefined {
		return this.#pacedUntil;
	}

	/**
	The next packet of an open link, cut from `slab`; undefined when there is none now. `isConfirmed`: the peer has shown that it has the keys.
	*/
	pollTransmit(transport: Transport, {slab, isConfirmed}: {slab: Slab; isConfirmed: boolean}, now: number): Transmit | undefined {
		const {path} = transport;
		const probe = path.pollProbe(now);
		if (probe) {
			return {to: probe.to, data: this.sealAlone(transport, slab, probe.frame, now)};
		}

		const data = (isConfirmed ? this.#pollSizeProbe(transport, slab, now) : undefined) ?? this.#pollData(transport, slab, now);
		return data && {to: path.address, data};
	}

	/**
	A packet of one frame that no window holds back: it is small, few are sent, and nothing in it counts as in flight, so that its loss says
	nothing about the path.
	*/
	sealAlone(transport: Transport, slab: Slab, frame: Frame, now: number): Uint8Array {
		const space = offerSpace(slab, this.#config.datagramSize);
		space.at = writeFrame(space.bytes, space.at, frame);
		return this.#seal(transport, slab, space, now);
	}

	/**
	A PING, padded to the size that is to be tried.
	*/
	#pollSizeProbe(transport: Transport, slab: Slab, now: number): Uint8Array | undefined {
		const {size, recovery} = transport;
		const isHurried = size.isCalm(now) && this.#streams.waiting > size.current;
		const wanted = recovery.probeCount === 0 ? size.pollProbe(now, isHurried) : undefined;
		if (wanted === undefined) {
			return undefined;
		}

		const space = offerSpace(slab, wanted);
		space.bytes.fill(0, space.at, space.end);
		writeFrame(space.bytes, space.at, {type: 'ping'});
		space.at = space.end;
		size.handleProbeSent(wanted, recovery.nextPacketNumber, recovery.basicProbeTimeout, now);
		return this.#seal(transport, slab, space, now);
	}

	#pollData(transport: Transport, slab: Slab, now: number): Uint8Array | undefined {
		const {recovery, acknowledgements, size} = transport;
		this.#pacedUntil = undefined;
		const hasContent = this.isPingDue || this.#streams.isReady;
		if (!hasContent && recovery.bytesInFlight < transport.congestion.window) {
			recovery.handleAppLimited();
		}

		const isAllowed = hasContent && this.#mayGo(transport, now);
		const isAckDue = acknowledgements.dueAt !== undefined && now >= acknowledgements.dueAt;
		if (!isAllowed && !isAckDue) {
			return undefined;
		}

		// Probes of loss recovery are small: if only large packets vanish, they are what still arrives.
		const largest = isAllowed && recovery.probesToSend === 0 ? size.current : size.base;
		const space = offerSpace(slab, Math.min(largest, size.base + this.#streams.waiting));
		if (isAckDue || acknowledgements.isWaiting) {
			this.#fillAck(transport, space, now);
		}

		if (isAllowed) {
			this.#fillFrames(transport, space);
		}

		return space.at === dataHeaderSize ? undefined : this.#seal(transport, slab, space, now);
	}

	/**
	Window and pace let a full packet go; probes go in any case.
	*/
	#mayGo(transport: Transport, now: number): boolean {
		if (transport.recovery.probesToSend > 0) {
			return true;
		}

		const sendAt = transport.pollPermit(now);
		if (sendAt === undefined) {
			return false;
		}

		// A line of chat is small and does not wait for the pace of a file.
		if (sendAt > now && !this.#streams.isUrgent) {
			this.#pacedUntil = sendAt;
			return false;
		}

		return true;
	}

	#fillAck({acknowledgements, recovery, congestion, size, rtt}: Transport, space: PacketSpace, now: number): void {
		const frame = acknowledgements.takeFrame(now);
		if (!frame) {
			return;
		}

		// The room always suffices: 64 ranges of the largest numbers take 1034 bytes, the smallest packet holds 1172.
		space.at = writeFrame(space.bytes, space.at, frame);
		space.sent.push({type: 'ack', largest: frame.ranges[0]!.end - 1});
		const isTime = now - this.#rangesToldAt > rtt.smoothed && recovery.bytesInFlight + size.current <= congestion.window;
		if (!isTime || frame.ranges.length <= manyRanges) {
			return;
		}

		this.#rangesToldAt = now;
		putPing(space);
	}

	#fillFrames({recovery}: Transport, space: PacketSpace): void {
		if ((this.isPingDue || recovery.probesToSend > 0) && space.at < space.end) {
			putPing(space);
			this.isPingDue = false;
		}

		this.#streams.fill(space);
	}

	#seal(transport: Transport, slab: Slab, space: PacketSpace, now: number): Uint8Array {
		const {session, recovery} = transport;
		let isEliciting = false;
		let hasData = false;
		for (const {type} of space.sent) {
			isEliciting ||= type !== 'ack';
			hasData ||= type === 'stream';
		}

		transport.stepKey(now);
		const size = space.at + (space.tail?.length ?? 0) + tagSize;
		this.#trace?.handlePacketSent(readFrames(space), {pn: recovery.nextPacketNumber, size, epoch: session.sendKeys.epoch}, now);
		const packet = transport.seal(space, {isEliciting}, now);
		slab.keep(size);
		if (isEliciting) {
			this.#trace?.handleArmed(recovery, now);
			this.#liveness.handleSent(now);
			if (hasData) {
				this.#liveness.handleActivity(now);
			}
		}

		this.packets++;
		this.bytes += size;
		return packet;
	}
}

function offerSpace(slab: Slab, size: number): PacketSpace {
	const bytes = slab.offer(size);
	return {
		bytes, at: dataHeaderSize, end: bytes.length - tagSize, sent: [],
	};
}

function putPing(space: PacketSpace): void {
	space.at = writeFrame(space.bytes, space.at, {type: 'ping'});
	space.sent.push({type: 'ping'});
}

/**
The frames of a packet in one piece.
*/
function readFrames({bytes, at, tail}: PacketSpace): Uint8Array {
	const frames = bytes.subarray(dataHeaderSize, at);
	return tail ? concatBytes(frames, tail) : frames;
}
