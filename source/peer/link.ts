// One peer: a link is opening, open, closing, draining or gone. Joins keys, recovery, streams and liveness into packets.
// Knows no socket and no other link; its time is an argument, its packets and events are polled.
// Read endpoint.ts for how links come about, streams.ts and recovery.ts for what they are made of.
import {Acknowledgements} from './acknowledgements.js';
import {concatBytes, ownPiece} from './bytes.js';
import {type PeerConfig} from './config.js';
import {type CongestionController, type CongestionFactory} from './congestion.js';
import {LocalCongestion} from './congestion-local.js';
import {closeCode, ProtocolViolation} from './errors.js';
import {
	decodeFrames,
	maxReasonSize,
	writeFrame,
	type AckFrame,
	type Frame,
} from './frame.js';
import {Liveness} from './liveness.js';
import {Pacer} from './pacer.js';
import {isLocalCeiling, PacketSize} from './packet-size.js';
import {Path} from './path.js';
import {
	dataHeaderSize,
	maxPacketNumber,
	tagSize,
	writeDataHeader,
	type DataHeader,
} from './packet.js';
import {Recovery, type SentPacket} from './recovery.js';
import {ReplayWindow} from './replay-window.js';
import {RttEstimator} from './rtt.js';
import {hostOf, type Address, type Session} from './session.js';
import {type Slab} from './slab.js';
import {Streams, type PacketSpace, type StreamEvent} from './streams.js';
import type {LinkTrace} from './trace.js';

export type LinkState = 'opening' | 'open' | 'closing' | 'draining' | 'gone';

/**
What a link tells its user.
*/
export type LinkEvent =
	| StreamEvent
	| {type: 'closed'; code: number; reason: string; by: 'us' | 'peer'}
	| {type: 'lost'; reason: string}
	/**
	The peer's answer is overdue. Whoever can should send an empty datagram to `address` from another port, and tell `handleUnreachable`
	if it is refused.
	*/
	| {type: 'silent'; address: Address};

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
With more ranges than this to tell, an ACK asks for an answer now and then, so that it may forget the old ones (RFC 9000, section 13.2.4).
*/
const manyRanges = 16;

/**
What became of a received packet; the endpoint counts.
*/
export type PacketFate = 'accepted' | 'forged' | 'replayed' | 'ignored';

/**
All that begins anew with each session.
*/
type Transport = {
	session: Session;
	path: Path;
	size: PacketSize;
	rtt: RttEstimator;
	congestion: CongestionController;
	recovery: Recovery;
	pacer: Pacer;
	replay: ReplayWindow;
	acknowledgements: Acknowledgements;
	/**
	When an ACK last asked for an answer.
	*/
	rangesToldAt: number;
	keyStartedAt: number;
	/**
	First packet number under the current send key.
	*/
	keyStartedWith: number;
};

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
	readonly #counts = {
		packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0,
	};

	#transport: Transport | undefined;
	#isPingDue = false;
	#pacedUntil = 0;
	#close: {frame: Frame & {type: 'close'}; sendsLeft: number; sendAt: number; endsAt: number} | undefined;

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

		this.#transport = {
			session,
			path: new Path(session.address, this.#random),
			...model,
			recovery: new Recovery({
				...model, peerMaxAckDelay: session.parameters.maxAckDelay, maxProbeTimeout: this.#config.activePing,
			}),
			replay: new ReplayWindow(),
			acknowledgements: new Acknowledgements(this.#config),
			rangesToldAt: now,
			keyStartedAt: now,
			keyStartedWith: 0,
		};
		this.#streams.setPeerLimits(session.parameters);
		this.#liveness.handleReceived(now);
		this.state = 'open';
		// The responder opens the link with the first packet it can read: never let it wait for the first line of chat.
		this.#isPingDue = session.isInitiator;
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
		this.#counts.packetsIn++;
		this.#counts.bytesIn += size;
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
			if (this.state === 'closing' && this.#close) {
				// Whoever still talks has not heard our CLOSE.
				this.#close.sendsLeft = Math.max(this.#close.sendsLeft, 1);
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
			const {closeSends, closeInterval, drainTime} = this.#config;
			this.#close = {
				frame: {type: 'close', code, reason: reason.slice(0, maxReasonSize)}, sendsLeft: closeSends, sendAt: now, endsAt: now + (closeSends * closeInterval) + drainTime,
			};
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
		if (this.#close) {
			if (now >= this.#close.endsAt) {
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
			this.#isPingDue = true;
			if (this.#liveness.takeDoubt(recovery.basicProbeTimeout, now)) {
				this.#emit({type: 'silent', address: path.address});
			}
		}

		this.trace?.handleMeasures(this.#transport, now);

		switch (this.#liveness.handleTimeout({missed: recovery.probeCount, interval: recovery.basicProbeTimeout}, now)) {
			case 'ping': {
				this.#isPingDue = true;
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
		if (this.#close) {
			return this.#close.sendsLeft > 0 ? Math.min(this.#close.sendAt, this.#close.endsAt) : this.#close.endsAt;
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
			this.#pacedUntil > 0 ? this.#pacedUntil : Infinity,
		);
	}

	/**
	The next packet to send, cut from `slab`; undefined when there is none now.
	*/
	pollTransmit(slab: Slab, now: number): {to: Address; data: Uint8Array} | undefined {
		const transport = this.#transport;
		if (!transport) {
			return undefined;
		}

		if (this.state === 'open') {
			const probe = transport.path.pollProbe(now);
			if (probe) {
				return this.#sealProbe(transport, slab, probe, now);
			}

			const data = this.#pollSizeProbe(transport, slab, now);
			if (data) {
				return {to: transport.path.address, data};
			}
		}

		const data = this.#close ? this.#pollClose(transport, slab, now) : this.#pollData(transport, slab, now);
		return data && {to: transport.path.address, data};
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
			...this.#counts,
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
		const {path, recovery} = transport;
		const before = path.address;
		if (!path.handleResponse(token)) {
			return;
		}

		this.trace?.handleMoved(path.address);
		if (hostOf(before) === hostOf(path.address)) {
			return;
		}

		const model = this.#beginPath(path.address, now);
		Object.assign(transport, model);
		this.#adoptSize(transport);
		for (const packet of recovery.handleMoved(model)) {
			this.#handleLostPacket(packet);
		}
	}

	/**
	What is known of a path at its beginning: nothing, but whether it leaves this machine.
	*/
	#beginPath(address: Address, now: number): Pick<Transport, 'size' | 'rtt' | 'congestion' | 'pacer'> {
		const {datagramSize, maxDatagramSize, initialRtt} = this.#config;
		const ceiling = this.#sizeCeiling(address);
		const isNear = isLocalCeiling(ceiling);
		this.#liveness.setNear(isNear);
		const network = this.#congestionFactory(datagramSize);
		return {
			size: new PacketSize({base: datagramSize, ceiling: Math.min(maxDatagramSize, ceiling)}, now),
			rtt: new RttEstimator(initialRtt),
			congestion: isNear ? new LocalCongestion(network, datagramSize) : network,
			pacer: new Pacer(datagramSize),
		};
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

	#handleClose(frame: Frame & {type: 'close'}, now: number): void {
		if (this.state === 'open') {
			this.#emit({
				type: 'closed', code: frame.code, reason: frame.reason, by: 'peer',
			});
		}

		// One CLOSE answers theirs, so that they need not repeat it; theirs answers ours.
		const sendsLeft = this.state === 'closing' ? 0 : 1;
		this.state = 'draining';
		this.#close = {
			frame: {type: 'close', code: closeCode.none, reason: ''}, sendsLeft, sendAt: now, endsAt: this.#close?.endsAt ?? (now + this.#config.drainTime),
		};
	}

	#pollClose(transport: Transport, slab: Slab, now: number): Uint8Array | undefined {
		const close = this.#close!;
		if (this.state === 'gone' || close.sendsLeft === 0 || now < close.sendAt) {
			return undefined;
		}

		close.sendsLeft--;
		close.sendAt = now + this.#config.closeInterval;
		const space = this.#offerSpace(slab, this.#config.datagramSize);
		space.at = writeFrame(space.bytes, space.at, close.frame);
		return this.#seal(transport, slab, space, now);
	}

	/**
	A packet for one address only, which no window holds back: it is small, and few are sent.
	*/
	#sealProbe(transport: Transport, slab: Slab, {to, frame}: {to: Address; frame: Frame}, now: number): {to: Address; data: Uint8Array} | undefined {
		const space = this.#offerSpace(slab, this.#config.datagramSize);
		space.at = writeFrame(space.bytes, space.at, frame);
		// Nothing in it counts as in flight: that it gets lost says nothing about the path in use.
		const data = this.#seal(transport, slab, space, now);
		return data && {to, data};
	}

	/**
	A PING, padded to the size that is to be tried.
	*/
	#pollSizeProbe(transport: Transport, slab: Slab, now: number): Uint8Array | undefined {
		const {size, recovery} = transport;
		const wanted = this.isConfirmed && recovery.probeCount === 0 ? size.pollProbe(now) : undefined;
		if (wanted === undefined) {
			return undefined;
		}

		const space = this.#offerSpace(slab, wanted);
		space.bytes.fill(0, space.at, space.end);
		writeFrame(space.bytes, space.at, {type: 'ping'});
		space.at = space.end;
		size.handleProbeSent(wanted, recovery.nextPacketNumber, recovery.basicProbeTimeout, now);
		return this.#seal(transport, slab, space, now);
	}

	#pollData(transport: Transport, slab: Slab, now: number): Uint8Array | undefined {
		if (this.state !== 'open') {
			return undefined;
		}

		const {recovery, acknowledgements, size} = transport;
		this.#pacedUntil = 0;
		const hasContent = this.#isPingDue || this.#streams.isReady;
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
		const space = this.#offerSpace(slab, Math.min(largest, size.base + this.#streams.waiting));
		if (isAckDue || acknowledgements.isWaiting) {
			this.#fillAck(transport, space, now);
		}

		if (isAllowed) {
			this.#fillFrames(space, recovery);
		}

		return space.at === dataHeaderSize ? undefined : this.#seal(transport, slab, space, now);
	}

	/**
	Window and pacer let a full packet go; probes go in any case.
	*/
	#mayGo({
		session, recovery, congestion, pacer, rtt, size,
	}: Transport, now: number): boolean {
		if (recovery.probesToSend > 0) {
			return true;
		}

		// The peer's socket must take in what it is too busy to read; what the path itself holds has not reached it yet.
		const window = Math.min(congestion.window, session.parameters.maxInFlight + congestion.capacity);
		if (recovery.bytesInFlight > 0 && recovery.bytesInFlight + size.current > window) {
			return false;
		}

		const rate = congestion.pacingRate(rtt.smoothed);
		const sendAt = rate === Infinity ? now : pacer.timeToSend(size.current, rate, now);
		// A line of chat is small and does not wait for the pace of a file.
		if (sendAt > now && !this.#streams.isUrgent) {
			this.#pacedUntil = sendAt;
			return false;
		}

		return true;
	}

	#fillAck(transport: Transport, space: PacketSpace, now: number): void {
		const frame = transport.acknowledgements.takeFrame(now);
		if (!frame) {
			return;
		}

		// The room always suffices: 64 ranges of the largest numbers take 1034 bytes, the smallest packet holds 1172.
		space.at = writeFrame(space.bytes, space.at, frame);
		space.sent.push({type: 'ack', largest: frame.ranges[0]!.end - 1});
		const {recovery, congestion, size, rtt} = transport;
		const isTime = now - transport.rangesToldAt > rtt.smoothed && recovery.bytesInFlight + size.current <= congestion.window;
		if (!isTime || frame.ranges.length <= manyRanges) {
			return;
		}

		transport.rangesToldAt = now;
		this.#putPing(space);
	}

	#putPing(space: PacketSpace): void {
		space.at = writeFrame(space.bytes, space.at, {type: 'ping'});
		space.sent.push({type: 'ping'});
	}

	#fillFrames(space: PacketSpace, recovery: Recovery): void {
		if ((this.#isPingDue || recovery.probesToSend > 0) && space.at < space.end) {
			this.#putPing(space);
			this.#isPingDue = false;
		}

		this.#streams.fill(space);
	}

	#offerSpace(slab: Slab, size: number): PacketSpace {
		const bytes = slab.offer(size);
		return {
			bytes, at: dataHeaderSize, end: bytes.length - tagSize, sent: [],
		};
	}

	#seal(transport: Transport, slab: Slab, space: PacketSpace, now: number): Uint8Array | undefined {
		const {session, recovery, pacer} = transport;
		let isEliciting = false;
		let hasData = false;
		for (const {type} of space.sent) {
			isEliciting ||= type !== 'ack';
			hasData ||= type === 'stream';
		}

		const pn = recovery.nextPacketNumber;
		if (pn > maxPacketNumber) {
			this.lose('packet numbers are used up');
			return undefined;
		}

		this.#stepKey(transport, pn, now);
		const size = space.at + (space.tail?.length ?? 0) + tagSize;
		this.trace?.handlePacketSent(readFrames(space), {pn, size, epoch: session.sendKeys.epoch}, now);
		writeDataHeader(space.bytes, {epoch: session.sendKeys.epoch & 0xFF, dcid: session.remoteCid, pn});
		session.sendKeys.seal(space.bytes, space.at, pn, space.tail);
		slab.keep(size);
		recovery.handleSent(size, space.sent, isEliciting, now);
		if (isEliciting) {
			this.trace?.handleArmed(recovery, now);
			pacer.handleSent(size);
			this.#liveness.handleSent(now);
			if (hasData) {
				this.#liveness.handleActivity(now);
			}
		}

		this.#counts.packetsOut++;
		this.#counts.bytesOut += size;
		return space.bytes.subarray(0, size);
	}

	/**
	Replaces the send key when it is old, once the peer has shown that it has the current one.
	*/
	#stepKey(transport: Transport, pn: number, now: number): void {
		const {session, recovery} = transport;
		const isOld = now - transport.keyStartedAt >= this.#config.keyLifetime || pn - transport.keyStartedWith >= this.#config.keyPackets;
		if (!(isOld && recovery.largestAcknowledged >= transport.keyStartedWith)) {
			return;
		}

		session.sendKeys.step();
		transport.keyStartedAt = now;
		transport.keyStartedWith = pn;
	}
}

/**
The frames of a packet in one piece.
*/
function readFrames({bytes, at, tail}: PacketSpace): Uint8Array {
	const frames = bytes.subarray(dataHeaderSize, at);
	return tail ? concatBytes(frames, tail) : frames;
}
