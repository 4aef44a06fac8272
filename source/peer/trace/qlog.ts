// The words of qlog for what is in our packets: frames and packet headers, as draft-ietf-quic-qlog-quic-events-02 names them.
// Lengths and numbers only: no key, no token and no byte of what people say. Refuses to know when something happens (trace.ts).
import {dataHeaderSize, packetType, tagSize} from '../packets/packet.js';
import type {Frame} from '../packets/frame.js';
import type {SentFrame} from '../recovery/recovery.js';
import type {Address} from '../session.js';

/**
The `data` of an event, or a part of it.
*/
export type QlogData = Readonly<Record<string, unknown>>;

/**
Our datagrams under the names of their nearest kin in QUIC, by first byte.
*/
const packetNames: ReadonlyMap<number | undefined, string> = new Map([
	[packetType.init, 'initial'],
	[packetType.resp, 'handshake'],
	[packetType.retry, 'retry'],
	[packetType.reset, 'stateless_reset'],
	[packetType.data, '1RTT'],
]);

export function describePacketType(firstByte: number | undefined): string {
	return packetNames.get(firstByte) ?? 'unknown';
}

/**
A connection id as qlog writes it, hex.
*/
export function describeCid(cid: number): string {
	return cid.toString(16).padStart(8, '0');
}

/**
Size of a DATA packet, and of the frames in it.
*/
export function describeSize(size: number): QlogData {
	return {length: size, payload_length: size - dataHeaderSize - tagSize};
}

export function describeFrame(frame: Frame): QlogData {
	switch (frame.type) {
		case 'ping': {
			return {frame_type: 'ping'};
		}

		case 'ack': {
			return {frame_type: 'ack', ack_delay: frame.delay / 1000, acked_ranges: frame.ranges.toReversed().map(({start, end}) => [start, end - 1])};
		}

		case 'stream': {
			return {
				frame_type: 'stream', stream_id: frame.stream, offset: frame.offset, length: frame.data.length, ...(frame.fin && {fin: true}),
			};
		}

		case 'maxData': {
			return {frame_type: 'max_data', maximum: frame.limit};
		}

		case 'maxStreamData': {
			return {frame_type: 'max_stream_data', stream_id: frame.stream, maximum: frame.limit};
		}

		case 'resetStream': {
			return {
				frame_type: 'reset_stream', stream_id: frame.stream, error_code: frame.code, final_size: frame.size,
			};
		}

		case 'stop': {
			return {frame_type: 'stop_sending', stream_id: frame.stream, error_code: frame.code};
		}

		case 'pathChallenge': {
			return {frame_type: 'path_challenge'};
		}

		case 'pathResponse': {
			return {frame_type: 'path_response'};
		}

		case 'close': {
			return {
				frame_type: 'connection_close', error_space: 'application', error_code: frame.code, raw_error_code: frame.code, reason: frame.reason,
			};
		}

		case 'datagram': {
			return {frame_type: 'datagram', length: frame.data.length};
		}
	}
}

/**
What is remembered of a frame on its way.
*/
export function describeSentFrame(sent: SentFrame): QlogData {
	switch (sent.type) {
		case 'stream': {
			const {stream, offset, length, fin} = sent;
			return {
				frame_type: 'stream', stream_id: stream, offset, length, ...(fin && {fin}),
			};
		}

		case 'maxStreamData': {
			return {frame_type: 'max_stream_data', stream_id: sent.stream};
		}

		case 'resetStream': {
			return {frame_type: 'reset_stream', stream_id: sent.stream};
		}

		case 'stop': {
			return {frame_type: 'stop_sending', stream_id: sent.stream};
		}

		case 'maxData': {
			return {frame_type: 'max_data'};
		}

		case 'ack':
		case 'ping': {
			return {frame_type: sent.type};
		}
	}
}

/**
The two ends of a connection. Our own address is not known here: the socket is bound to all there are.
*/
export function describeEnds(remote: Address): QlogData {
	const colon = remote.lastIndexOf(':');
	const isSix = remote.startsWith('[');
	return {
		ip_version: isSix ? 'v6' : 'v4',
		src_ip: isSix ? '::' : '0.0.0.0',
		dst_ip: isSix ? remote.slice(1, colon - 1) : remote.slice(0, colon),
		dst_port: Number(remote.slice(colon + 1)),
	};
}
