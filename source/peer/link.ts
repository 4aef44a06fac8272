// One peer: a link is opening, open, closing, draining or gone. Joins keys, recovery, streams and liveness into packets.
// Knows no socket and no other link; its time is an argument, its packets and events are polled.
// Read endpoint.ts for how links come about, streams.ts and recovery.ts for what they are made of.
import {ownPiece} from './packets/bytes.js';
import {Closing} from './closing.js';
import {type PeerConfig} from './config.js';
import {type CongestionFactory} from './congestion/congestion.js';
import {ProtocolViolation} from './errors.js';
import {type LinkEvent} from './events.js';
import {
	decodeFrames,
	type AckFrame,
	type CloseFrame,
	type Frame,
} from './packets/frame.js';
import {Liveness} from './liveness.js';
import {Outgoing, type Transmit} from './outgoing.js';
import {isLocalCeiling} from './packet-size.js';
import {maxPacketNumber, type DataHeader} from './packets/packet.js';
import {type SentPacket} from './recovery/recovery.js';
import {hostOf, type Address, type Session} from './session.js';
import {type Slab} from './packets/slab.js';
import {Streams} from './streams/streams.js';
import type {LinkTrace} from './trace/trace.js';
import {beginPath, Transport, type PathModel} from './transport.js';

export type LinkState = 'opening' | 'open' | 'closing' | 'draining' | 'gone';

/**
A snapshot for people and logs. Times are ms, sizes bytes.
*/
export type LinkStatistics = {
	peer: string;
	address: Address;
	isInitiator: boolean;
	cipher: string;
	rtt: number;
	/**
	Mean deviation of the round trip (RFC 9002, section 5.3).
	*/
	rttVariation: number;
	minimumRtt: number;
	datagramSize: number;
	congestionWindow: number;
	/**
	Packets on their way, keepalives included.
	*/
	bytesInFlight: number;
	/**
	What the user wrote and the peer has not acknowledged yet.
	*/
	bytesWaiting: number;
	/**
	Stream bytes sent for the second time or later.
	*/
	bytesResent: number;
	/**
	Bytes a millisecond that we send at most.
	*/
	pacingRate: number;
	/**
	Bytes a millisecond that the path was seen to deliver; undefined as long as nobody measured it.
	*/
	deliveryRate: number | undefined;
	streamsOpen: number;
	packetsIn: number;
	packetsOut: number;
	packetsLost: number;
	bytesIn: number;
	bytesOut: number;
	epoch: number;
	/**
	When our sending key came into use, on the clock of `now`.
	*/
	epochSince: number;
};

/**
A stream's send buffer as a multiple of the window: what is in flight, and what is behind a loss until it is repaired, twice if need be.
*/
const sendBufferWindows = 4;

/**
What became of a received packet; the endpoint counts.
*/
export type PacketFate = 'accepted' | 'forged' | 'replayed' | 'ignored';

export class Link {
	state: LinkState = 'opening';
	/**
	The peer has proved that it holds this session's keys.
	*/
	isConfirmed = false;
	readonly trace: LinkTrace | undefined;
	readonly #config: PeerConfig;
	readonly #congestionFactory: CongestionFactory;
	readonly #sizeCeiling: (address: Address) => number;
	readonly #random: (size: number) => Uint8Array;
	readonly #emit: (event: LinkEvent) => void;
	readonly #streams: Streams;
	readonly #liveness: Liveness;
	readonly #outgoing: Outgoing;
	#packetsIn = 0;
	#bytesIn = 0;
	#transport: Transport | undefined;
	#closing: Closing | undefined;

	constructor(options: {
		config: PeerConfig;
		congestion: CongestionFactory;
		/**
		The largest datagram that leaves this machine for an address in one piece.
		*/
		sizeCeiling: (address: Address) => number;
		random: (size: number) => Uint8Array;
		emit: (event: LinkEvent) => void;
		trace?: LinkTrace | undefined;
	}, now: number) {
		this.trace = options.trace;
		this.#config = options.config;
		this.#congestionFactory = options.congestion;
		this.#sizeCeiling = options.sizeCeiling;
		this.#random = options.random;
		this.#emit = options.emit;
		this.#streams = new Streams(options.config, event => {
			this.#emit(event);
		});
		this.#liveness = new Liveness(options.config, now);
		this.#outgoing = new Outgoing({
			config: options.config, streams: this.#streams, liveness: this.#liveness, trace: options.trace,
		});
	}

	get session(): Session | undefined {
		return this.#transport?.session;
	}

	/**
	Where the peer is.
	*/
	get address(): Address | undefined {
		return this.#transport?.path.address;
	}

	get streams(): Streams {
		return this.#streams;
	}

	/**
	The handshake is done: packets may flow. A link that is not confirmed yet may be given another session (both sides began at once,
	and the other handshake won); nothing that was sent under the first has arrived, so all of it is sent again.
	*/
	start(session: Session, now: number): void {
		for (const packet of this.#transport?.recovery.abandon() ?? []) {
			this.#handleLostPacket(packet);
		}

		const model = this.#beginPath(session.address, now);
		if (session.rtt !== undefined) {
			model.rtt.update(session.rtt, 0);
		}

		this.#transport = new Transport(session, model, {config: this.#config, random: this.#random}, now);
		this.#streams.setPeerLimits(session.parameters);
		this.#liveness.handleReceived(now);
		this.state = 'open';
		// The responder opens the link with the first packet it can read: never let it wait for the first line of chat.
		this.#outgoing.isPingDue = session.isInitiator;
	}

	/**
	A DATA packet for this link.
	*/
	handlePacket({packet, header, from}: {packet: Uint8Array; header: DataHeader; from: Address}, now: number): PacketFate {
		const transport = this.#transport;
		if (!transport || this.state === 'gone') {
			return 'ignored';
		}

		if (transport.replay.hasSeen(header.pn)) {
			return 'replayed';
		}

		const plaintext = transport.session.receiveKeys.open(packet, header, now);
		if (!plaintext) {
			return 'forged';
		}

		this.handleOpened(plaintext, {pn: header.pn, size: packet.length, from}, now);
		return 'accepted';
	}

	/**
	The plaintext of an authentic packet that was not seen before; its memory is ours.
	*/
	handleOpened(plaintext: Uint8Array, {pn, size, from}: {pn: number; size: number; from: Address}, now: number): void {
		const transport = this.#transport!;
		transport.path.handlePacket({from, size, isNewest: transport.replay.isNewest(pn)}, now);
		transport.replay.accept(pn);
		this.isConfirmed = true;
		this.#packetsIn++;
		this.#bytesIn += size;
		this.#liveness.handleReceived(now);
		try {
			const frames = decodeFrames(plaintext);
			this.trace?.handlePacketReceived(frames, {pn, size, epoch: transport.session.receiveKeys.epoch}, now);
			if (!frames) {
				throw new ProtocolViolation('a frame could not be read');
			}

			let isUrgent = false;
			let isEliciting = false;
			for (const frame of frames) {
				if (frame.type === 'stream') {
					frame.data = ownPiece(frame.data, plaintext.length);
				}

				this.#handleFrame(frame, transport, from, now);
				isUrgent ||= frame.type === 'ping';
				isEliciting ||= frame.type !== 'ack' && frame.type !== 'close';
			}

			transport.acknowledgements.handlePacket(pn, {size, isEliciting, isUrgent}, now);
			if (this.state === 'closing') {
				this.#closing?.repeat();
			}
		} catch (error) {
			if (!(error instanceof ProtocolViolation)) {
				throw error;
			}

			this.close(error.code, error.message, now);
		}
	}

	/**
	A hint that the peer may have died: it gets a few quick pings, and is lost when it answers none.
	*/
	probe(now: number, how: {isRefused?: boolean} = {}): void {
		if (this.state === 'open' && this.#transport) {
			this.#liveness.startProbe(this.#transport.recovery.nextPacketNumber, how, now);
		}
	}

	/**
	Ends the link in an orderly way. What was written and has not arrived is given up.
	*/
	close(code: number, reason: string, now: number): void {
		if (this.state === 'opening') {
			this.state = 'gone';
		} else if (this.state === 'open') {
			this.state = 'closing';
			this.#closing = Closing.begin({code, reason}, this.#config, now);
		} else {
			return;
		}

		this.#emit({
			type: 'closed', code, reason, by: 'us',
		});
	}

	/**
	Gives the link up: nobody is there, or a newer link took its place.
	*/
	lose(reason: string): void {
		if (this.state === 'opening' || this.state === 'open') {
			this.#emit({type: 'lost', reason});
		}

		this.state = 'gone';
	}

	handleTimeout(now: number): void {
		if (this.#closing) {
			if (this.#closing.isOver(now)) {
				this.state = 'gone';
			}

			return;
		}

		if (!this.#transport || this.state !== 'open') {
			return;
		}

		const {recovery, size, path} = this.#transport;
		const {lost, probe} = recovery.handleTimeout(now);
		if (lost.length + probe.length > 0) {
			this.trace?.handleTimerExpired(probe.length > 0 ? 'pto' : 'ack', now);
		}

		this.#handleLost(lost, this.#transport, now);
		if (size.handleTimeout(recovery.probeCount, now)) {
			this.#adoptSize(this.#transport);
		}

		for (const packet of probe) {
			this.#handleLostPacket(packet);
		}

		if (probe.length > 0) {
			this.#outgoing.isPingDue = true;
			if (this.#liveness.takeDoubt(recovery.basicProbeTimeout, now)) {
				this.#emit({type: 'silent', address: path.address});
			}
		}

		this.trace?.handleMeasures(this.#transport, now);

		switch (this.#liveness.handleTimeout({missed: recovery.probeCount, interval: recovery.basicProbeTimeout}, now)) {
			case 'ping': {
				this.#outgoing.isPingDue = true;
				recovery.probesToSend = Math.max(recovery.probesToSend, 1);
				break;
			}

			case 'lost': {
				this.lose('the peer does not answer');
				break;
			}

			default:
		}
	}

	/**
	When `handleTimeout` or `pollTransmit` has something to do.
	*/
	pollTimeout(): number | undefined {
		if (this.#closing) {
			return this.#closing.pollTimeout();
		}

		if (this.state !== 'open' || !this.#transport) {
			return undefined;
		}

		const {recovery, acknowledgements, path, size} = this.#transport;
		return Math.min(
			this.#liveness.pollTimeout(),
			this.isConfirmed && recovery.probeCount === 0 ? size.pollTimeout() : Infinity,
			path.pollTimeout() ?? Infinity,
			recovery.pollTimeout() ?? Infinity,
			acknowledgements.dueAt ?? Infinity,
			this.#outgoing.pollTimeout() ?? Infinity,
		);
	}

	/**
	The next packet to send, cut from `slab`; undefined when there is none now.
	*/
	pollTransmit(slab: Slab, now: number): Transmit | undefined {
		const transport = this.#transport;
		if (!transport || this.state === 'gone') {
			return undefined;
		}

		if (transport.recovery.nextPacketNumber > maxPacketNumber) {
			this.lose('packet numbers are used up');
			return undefined;
		}

		if (this.#closing) {
			return this.#closing.takeSend(now) ? {to: transport.path.address, data: this.#outgoing.sealAlone(transport, slab, this.#closing.frame, now)} : undefined;
		}

		return this.#outgoing.pollTransmit(transport, {slab, isConfirmed: this.isConfirmed}, now);
	}

	statistics(): LinkStatistics | undefined {
		if (!this.#transport) {
			return undefined;
		}

		const {
			session, path, size, rtt, congestion, recovery, keyStartedAt,
		} = this.#transport;
		return {
			peer: session.peer,
			address: path.address,
			isInitiator: session.isInitiator,
			cipher: session.cipherName,
			rtt: rtt.smoothed,
			rttVariation: rtt.variation,
			minimumRtt: rtt.minimum,
			datagramSize: size.current,
			congestionWindow: Math.floor(congestion.window),
			bytesInFlight: recovery.bytesInFlight,
			bytesWaiting: this.#streams.waiting,
			bytesResent: this.#streams.resent,
			pacingRate: congestion.pacingRate(rtt.smoothed),
			// Zero is what is known before the first sample, which is nothing.
			deliveryRate: congestion.bandwidth === 0 ? undefined : congestion.bandwidth,
			streamsOpen: this.#streams.open,
			packetsLost: recovery.packetsLost,
			packetsIn: this.#packetsIn,
			packetsOut: this.#outgoing.packets,
			bytesIn: this.#bytesIn,
			bytesOut: this.#outgoing.bytes,
			epoch: session.sendKeys.epoch,
			epochSince: keyStartedAt,
		};
	}

	#handleFrame(frame: Frame, transport: Transport, from: Address, now: number): void {
		if (frame.type === 'close') {
			this.#handleClose(frame, now);
			return;
		}

		if (this.state !== 'open') {
			return;
		}

		switch (frame.type) {
			case 'ack': {
				this.#handleAck(frame, transport, now);
				break;
			}

			case 'pathChallenge': {
				transport.path.handleChallenge(frame.token, from);
				break;
			}

			case 'pathResponse': {
				this.#handlePathResponse(frame.token, transport, now);
				break;
			}

			case 'stream': {
				this.#liveness.handleActivity(now);
				this.#streams.handleFrame(frame);
				break;
			}

			default: {
				this.#streams.handleFrame(frame);
			}
		}
	}

	#handleAck(frame: AckFrame, transport: Transport, now: number): void {
		const {recovery, acknowledgements, size} = transport;
		const {acked, lost} = recovery.handleAck(frame, now);
		this.#liveness.handleAcknowledged(recovery.largestAcknowledged);
		if (size.handleAck(frame, now)) {
			this.#adoptSize(transport);
		}

		for (const packet of acked) {
			size.handleAcknowledged(packet);
			for (const sent of packet.frames) {
				if (sent.type === 'ack') {
					acknowledgements.handleSettled(sent.largest);
				} else {
					this.#streams.handleAcknowledged(sent);
				}
			}
		}

		this.#handleLost(lost, transport, now);
		this.#streams.setSendBuffer(sendBufferWindows * transport.congestion.window);
		this.trace?.handleMeasures(transport, now);
	}

	#handleLost(lost: readonly SentPacket[], transport: Transport, now: number): void {
		this.trace?.handleLost(lost);
		for (const packet of lost) {
			this.#handleLostPacket(packet);
			if (transport.size.handleLost(packet, now)) {
				this.#adoptSize(transport);
			}
		}
	}

	/**
	A new address has proved itself. Unless only the port is another, as when a router forgot its mapping, that is another path, and what was
	learned of the old one says nothing about it (RFC 9000, section 9.4).
	*/
	#handlePathResponse(token: Uint8Array, transport: Transport, now: number): void {
		const {path} = transport;
		const before = path.address;
		if (!path.handleResponse(token)) {
			return;
		}

		this.trace?.handleMoved(path.address);
		if (hostOf(before) === hostOf(path.address)) {
			return;
		}

		const model = this.#beginPath(path.address, now);
		const packets = transport.handleMoved(model);
		this.#adoptSize(transport);
		for (const packet of packets) {
			this.#handleLostPacket(packet);
		}
	}

	#beginPath(address: Address, now: number): PathModel {
		const ceiling = this.#sizeCeiling(address);
		this.#liveness.setNear(isLocalCeiling(ceiling));
		return beginPath(ceiling, {config: this.#config, createCongestion: this.#congestionFactory}, now);
	}

	/**
	Packets have another size from now on.
	*/
	#adoptSize({size, congestion}: Transport): void {
		congestion.handleDatagramSize?.(size.current);
		this.trace?.handleDatagramSize(size.current);
	}

	#handleLostPacket({frames}: SentPacket): void {
		for (const sent of frames) {
			this.#streams.handleLost(sent);
		}
	}

	#handleClose(frame: CloseFrame, now: number): void {
		if (this.state === 'open') {
			this.#emit({
				type: 'closed', code: frame.code, reason: frame.reason, by: 'peer',
			});
		}

		this.#closing = Closing.answer(this.#closing, {isAnswerDue: this.state !== 'closing'}, this.#config, now);
		this.state = 'draining';
	}
}
