// What happens on the links, told to an observer as the events of qlog (draft-ietf-quic-qlog-quic-events-02).
// Knows when something is worth an event; refuses to know files. Nothing of this exists where nobody observes.
//
// All events of a connection carry its group, the connection id that its initiator chose, so that both ends' traces name it alike.
import {readUint32} from '../packets/bytes.js';
import type {CongestionController} from '../congestion/congestion.js';
import type {EndpointCounters, LinkEvent} from '../events.js';
import {decodeFrames, type Frame} from '../packets/frame.js';
import type {LinkParameters} from '../handshake/handshake-payload.js';
import {packetType} from '../packets/packet.js';
import type {Recovery, SentPacket} from '../recovery/recovery.js';
import type {RttEstimator} from '../recovery/rtt.js';
import type {Address, Session} from '../session.js';
import {
	describeCid,
	describeEnds,
	describeFrame,
	describePacketType,
	describeSentFrame,
	describeSize,
	type QlogData,
} from './qlog.js';

/**
One event. `time` is on the clock of `now`, `name` is `category:type`.
*/
export type TraceEvent = {readonly time: number; readonly group: string; readonly name: string; readonly data: QlogData};

/**
Is told of every event at once, and must not throw.
*/
export type TraceObserver = (event: TraceEvent) => void;

/**
The group of datagrams that belong to no connection.
*/
const nobody = 'endpoint';

/**
Why a datagram was dropped, by what the endpoint counted.
*/
const dropTriggers: Readonly<Record<keyof EndpointCounters, string>> = {
	malformed: 'header_parse_error',
	unknown: 'unknown_connection_id',
	forged: 'payload_decrypt_error',
	replayed: 'duplicate',
	refused: 'invalid_initial',
	retried: 'dos_prevention',
	overload: 'dos_prevention',
};

/**
Traces the datagrams of an endpoint and makes the tracers of its links.
*/
export class EndpointTrace {
	/**
	The moment of the endpoint's last input.
	*/
	now = 0;
	readonly #observer: TraceObserver;
	#before: EndpointCounters | undefined;

	constructor(observer: TraceObserver) {
		this.#observer = observer;
	}

	emit(group: string, name: string, data: QlogData): void {
		this.#observer({
			time: this.now, group, name, data,
		});
	}

	createLink(): LinkTrace {
		return new LinkTrace(this);
	}

	/**
	A datagram is about to be handled.
	*/
	handleArrival(counters: EndpointCounters, now: number): void {
		this.now = now;
		this.#before = {...counters};
	}

	/**
	The datagram was handled; `linkGroup` is the group of the link it was for, if there is one.
	*/
	handleReceived(data: Uint8Array, counters: EndpointCounters, linkGroup: string | undefined): void {
		const dropped = (Object.keys(dropTriggers) as Array<keyof EndpointCounters>).find(reason => counters[reason] !== this.#before?.[reason]);
		const group = linkGroup ?? groupOf(data);
		this.emit(group, 'transport:datagrams_received', {count: 1, raw: [{length: data.length}]});
		if (dropped !== undefined) {
			this.emit(group, 'transport:packet_dropped', {header: {packet_type: describePacketType(data[0])}, raw: {length: data.length}, trigger: dropTriggers[dropped]});
		} else if (data[0] !== packetType.data) {
			this.emit(group, 'transport:packet_received', describeHandshakePacket(data));
		}
	}

	/**
	A datagram leaves. What is in a DATA packet its link has told.
	*/
	handleSent(data: Uint8Array, linkGroup: string | undefined, now: number): void {
		this.now = now;
		const group = linkGroup ?? groupOf(data);
		if (data[0] !== packetType.data) {
			this.emit(group, 'transport:packet_sent', describeHandshakePacket(data));
		}

		this.emit(group, 'transport:datagrams_sent', {count: 1, raw: [{length: data.length}]});
	}

	/**
	An INIT was answered; whether anybody comes of it is not known yet.
	*/
	handleAnswered({remoteCid, localCid, address}: Session): void {
		const group = describeCid(remoteCid);
		this.emit(group, 'connectivity:connection_started', {...describeEnds(address), src_cid: describeCid(localCid), dst_cid: group});
		this.emit(group, 'connectivity:connection_state_updated', {new: 'handshake_started'});
	}
}

/**
The group of a datagram of the handshake; all of these carry the initiator's connection id.
*/
function groupOf(data: Uint8Array): string {
	switch (data[0]) {
		case packetType.init: {
			return data.length < 6 ? nobody : describeCid(readUint32(data, 2));
		}

		case packetType.resp:
		case packetType.retry: {
			return data.length < 5 ? nobody : describeCid(readUint32(data, 1));
		}

		default: {
			return nobody;
		}
	}
}

function describeHandshakePacket(data: Uint8Array): QlogData {
	const hasNoise = data[0] === packetType.init || data[0] === packetType.resp;
	return {
		header: {packet_type: describePacketType(data[0]), ...(hasNoise && {packet_number: 0})},
		raw: {length: data.length},
		frames: hasNoise ? [{frame_type: 'crypto', offset: 0, length: data.length}] : [],
	};
}

/**
What recovery and congestion control are at.
*/
type Measures = {readonly rtt: RttEstimator; readonly congestion: CongestionController; readonly recovery: Recovery};

/**
Traces one link. Values that have not changed are not told again.
*/
export class LinkTrace {
	/**
	Names the connection, once it has begun.
	*/
	group = nobody;
	readonly #endpoint: EndpointTrace;
	#state: string | undefined;
	#isConfirmed = false;
	#metrics: Record<string, number> = {};
	#congestionState: string | undefined;
	#timerDue: number | undefined;
	#datagramSize = 0;
	#receiveEpoch = 0;
	#sendEpoch = 0;

	constructor(endpoint: EndpointTrace) {
		this.#endpoint = endpoint;
	}

	/**
	We begin a handshake.
	*/
	handleAttempt({localCid, candidates}: {localCid: number; candidates: readonly Address[]}, now: number): void {
		this.#endpoint.now = now;
		this.group = describeCid(localCid);
		this.#emit('connectivity:connection_started', {...describeEnds(candidates[0] ?? ''), src_cid: this.group});
		this.#updateState('attempted');
	}

	/**
	The handshake is done.
	*/
	handleStarted(session: Session, {local, datagramSize}: {local: LinkParameters; datagramSize: number}, now: number): void {
		this.#endpoint.now = now;
		const {isInitiator, localCid, remoteCid, cipherName, parameters} = session;
		this.group = describeCid(isInitiator ? localCid : remoteCid);
		this.#isConfirmed = false;
		this.#receiveEpoch = 0;
		this.#sendEpoch = 0;
		this.#metrics = {};
		this.#datagramSize = datagramSize;
		for (const [owner, {maxData, maxStreamData, maxAckDelay}] of [['local', local], ['remote', parameters]] as const) {
			this.#emit('transport:parameters_set', {
				owner,
				tls_cipher: cipherName,
				initial_max_data: maxData,
				initial_max_stream_data_bidi_local: maxStreamData,
				initial_max_stream_data_bidi_remote: maxStreamData,
				max_ack_delay: maxAckDelay,
			});
		}

		this.#emit('recovery:parameters_set', {max_datagram_size: datagramSize});
		for (const isOurs of [true, false]) {
			this.#updateKey(isOurs, 0, 'tls');
		}

		this.#emit('connectivity:path_assigned', {path_id: '', path_remote: describeEnds(session.address)});
		this.#updateState('handshake_complete');
	}

	/**
	A packet is about to be sealed; `frames` is its plaintext.
	*/
	handlePacketSent(frames: Uint8Array, {pn, size, epoch}: {pn: number; size: number; epoch: number}, now: number): void {
		this.#endpoint.now = now;
		if (epoch !== this.#sendEpoch) {
			this.#sendEpoch = epoch;
			this.#updateKey(true, epoch, 'local_update');
		}

		this.#emit('transport:packet_sent', {
			header: {packet_type: '1RTT', packet_number: pn}, raw: describeSize(size), frames: decodeFrames(frames)?.map(frame => describeFrame(frame)) ?? [],
		});
	}

	/**
	An authentic packet was opened.
	*/
	handlePacketReceived(frames: readonly Frame[] | undefined, {pn, size, epoch}: {pn: number; size: number; epoch: number}, now: number): void {
		this.#endpoint.now = now;
		if (epoch !== this.#receiveEpoch) {
			this.#receiveEpoch = epoch;
			this.#updateKey(false, epoch, 'remote_update');
		}

		if (!this.#isConfirmed) {
			this.#isConfirmed = true;
			this.#updateState('handshake_confirmed');
		}

		this.#emit('transport:packet_received', {
			header: {packet_type: '1RTT', packet_number: pn}, raw: describeSize(size), frames: frames?.map(frame => describeFrame(frame)) ?? [],
		});
	}

	handleLost(packets: readonly SentPacket[]): void {
		for (const {pn, frames} of packets) {
			this.#emit('recovery:packet_lost', {header: {packet_type: '1RTT', packet_number: pn}, frames: frames.map(sent => describeSentFrame(sent))});
		}
	}

	/**
	An acknowledgement or a timer may have changed what is known of the path.
	*/
	handleMeasures({rtt, congestion, recovery}: Measures, now: number): void {
		this.#endpoint.now = now;
		const metrics: Record<string, number> = {
			min_rtt: rtt.minimum,
			smoothed_rtt: rtt.smoothed,
			latest_rtt: rtt.latest,
			rtt_variance: rtt.variation,
			pto_count: recovery.probeCount,
			congestion_window: Math.floor(congestion.window),
			bytes_in_flight: recovery.bytesInFlight,
		};
		const pacingRate = congestion.pacingRate(rtt.smoothed);
		if (Number.isFinite(pacingRate)) {
			// Bits a second.
			metrics.pacing_rate = Math.round(pacingRate * 8000);
		}

		const changed = Object.entries(metrics).filter(([name, value]) => this.#metrics[name] !== value);
		if (changed.length > 0) {
			this.#metrics = metrics;
			this.#emit('recovery:metrics_updated', Object.fromEntries(changed));
		}

		const {state} = congestion;
		if (state !== undefined && state !== this.#congestionState) {
			this.#emit('recovery:congestion_state_updated', {...(this.#congestionState !== undefined && {old: this.#congestionState}), new: state});
			this.#congestionState = state;
		}

		this.#updateTimer(recovery, now);
	}

	/**
	Something that has to be acknowledged went out; a timer that runs already moves with every packet, which nobody wants to read.
	*/
	handleArmed(recovery: Recovery, now: number): void {
		if (this.#timerDue === undefined) {
			this.#updateTimer(recovery, now);
		}
	}

	/**
	The loss timer rang: packets are lost by time, or a probe goes out.
	*/
	handleTimerExpired(timer: 'ack' | 'pto', now: number): void {
		this.#endpoint.now = now;
		this.#timerDue = undefined;
		this.#emit('recovery:loss_timer_updated', {event_type: 'expired', timer_type: timer});
	}

	handleDatagramSize(size: number): void {
		if (size === this.#datagramSize) {
			return;
		}

		this.#emit('connectivity:mtu_updated', {old: this.#datagramSize, new: size});
		this.#datagramSize = size;
	}

	/**
	The peer has another address.
	*/
	handleMoved(address: Address): void {
		this.#emit('connectivity:path_assigned', {path_id: '', path_remote: describeEnds(address)});
	}

	handleEvent(event: LinkEvent): void {
		if (event.type === 'closed') {
			this.#emit('connectivity:connection_closed', {
				owner: event.by === 'us' ? 'local' : 'remote', application_code: event.code, reason: event.reason, trigger: 'application',
			});
		} else if (event.type === 'lost') {
			this.#emit('connectivity:connection_closed', {owner: 'local', reason: event.reason, trigger: 'error'});
		} else {
			return;
		}

		this.#updateState('closed');
	}

	/**
	Nobody answered.
	*/
	handleFailed(reason: string): void {
		this.#emit('connectivity:connection_closed', {owner: 'local', reason, trigger: 'handshake_timeout'});
		this.#updateState('closed');
	}

	#updateTimer(recovery: Recovery, now: number): void {
		const due = recovery.pollTimeout();
		if (due === this.#timerDue) {
			return;
		}

		this.#timerDue = due;
		this.#emit('recovery:loss_timer_updated', due === undefined
			? {event_type: 'cancelled'}
			: {event_type: 'set', timer_type: recovery.isLossTimeSet ? 'ack' : 'pto', delta: due - now});
	}

	/**
	That a key changed, never the key.
	*/
	#updateKey(isOurs: boolean, phase: number, trigger: string): void {
		this.#emit('security:key_updated', {owner: isOurs ? 'local' : 'remote', key_phase: phase, trigger});
	}

	#updateState(state: string): void {
		if (state === this.#state) {
			return;
		}

		this.#emit('connectivity:connection_state_updated', {...(this.#state !== undefined && {old: this.#state}), new: state});
		this.#state = state;
	}

	#emit(name: string, data: QlogData): void {
		this.#endpoint.emit(this.group, name, data);
	}
}
