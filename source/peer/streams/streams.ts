// All streams of one link: their order of service, the credit of the whole link, and what acknowledged and lost frames mean to them.
// Knows frames; refuses to know packets, keys and time.
import {type PeerConfig} from '../config.js';
import {closeCode, ProtocolViolation} from '../errors.js';
import {
	frameSize,
	frameType,
	streamFrameOverhead,
	writeFrame,
	writeStreamHeader,
	type Frame,
	type ResetStreamFrame,
	type StopFrame,
	type StreamFrame,
} from '../packets/frame.js';
import {RangeSet} from '../packets/range-set.js';
import {type SentFrame} from '../recovery/recovery.js';
import {ReceiveStream} from './receive-stream.js';
import {SendStream} from './send-stream.js';

/**
The control stream: both sides have it without opening it.
*/
export const controlStream = 0;
/**
The stream of chat records, in order.
*/
export const chatStream = 1;

/**
Which streams go first: the lower class empties itself before the next gets a byte.
Control, chat, then ids 4n+2 (files somebody waits for), then 4n (files in the background).
*/
export function streamClass(id: number): number {
	if (id <= chatStream) {
		return id;
	}

	return id % 4 === 2 ? 2 : 3;
}

/**
What happened to a stream that its user should know.
*/
export type StreamEvent =
	| {type: 'data'; stream: number; data: Uint8Array; fin: boolean}
	| {type: 'writable'; stream: number}
	| {type: 'reset'; stream: number; code: number}
	| {type: 'stopped'; stream: number; code: number};

type Stream = {
	id: number;
	class: number;
	send: SendStream;
	receive: ReceiveStream;
	/**
	Serves streams of one class in turn.
	*/
	servedAt: number;
	isLimitDue: boolean;
	isStopDue: boolean;
};

/**
The room left in the packet that is being filled, and what went into it. A `tail` follows what was written and ends the packet: data that
are sealed from where they lie.
*/
export type PacketSpace = {bytes: Uint8Array; at: number; end: number; sent: SentFrame[]; tail?: Uint8Array};

/**
With less room than this left in a packet, data wait for the next.
*/
const minPiece = 32;

/**
From this length on data that fill the rest of a packet are not copied into it.
*/
const minTail = 16 * 1024;
/**
What is sealed from where it lies begins at a multiple of this in the packet, behind padding. Where its target lies less than 16 bytes before
the sealed bytes, modulo a page, AMD's processors take fifteen times as long to copy it there (`rep movsb`). Both pieces of memory
begin at multiples of 16, so now the distance is one, too.
*/
const tailAlignment = 16;

/**
Ids of one kind lie four apart; here they lie side by side, so that finished ones melt into few ranges.
*/
function finishedPlace(id: number): number {
	return ((id % 4) * (2 ** 50)) + Math.floor(id / 4);
}

/**
Credit of the link that files leave to chat, as a share of the whole and in bytes at most: a gap in a file must not stop a line.
*/
const reservedShare = 1 / 16;
const maxReserved = 64 * 1024;

/**
More ranges of finished streams than this are made on purpose.
*/
const maxFinishedRanges = 1024;

export class Streams {
	/**
	Bytes sent for the second time or later.
	*/
	resent = 0;
	readonly #config: PeerConfig;
	readonly #emit: (event: StreamEvent) => void;
	readonly #streams = new Map<number, Stream>();
	/**
	Ids of streams that are over, so that late packets do not open them again.
	*/
	readonly #finished = new RangeSet();
	#turn = 0;
	/**
	The peer's credit for us, and what we used of it.
	*/
	#maxData = 0;
	#initialStreamLimit = 0;
	#dataSent = 0;
	/**
	Our credit for the peer, what it used, and what our caller consumed.
	*/
	#dataLimit: number;
	#window: number;
	#sendBuffer: number;
	#dataReceived = 0;
	#dataConsumed = 0;
	#isDataLimitDue = false;

	constructor(config: PeerConfig, emit: (event: StreamEvent) => void) {
		this.#config = config;
		this.#emit = emit;
		this.#dataLimit = config.connectionWindow;
		this.#window = config.connectionWindow;
		this.#sendBuffer = config.sendBuffer;
	}

	/**
	The peer's first credit, known from the handshake.
	*/
	setPeerLimits({maxData, maxStreamData}: {maxData: number; maxStreamData: number}): void {
		this.#maxData = Math.max(this.#maxData, maxData);
		this.#initialStreamLimit = maxStreamData;
		for (const {send} of this.#streams.values()) {
			send.limit = Math.max(send.limit, maxStreamData);
		}
	}

	/**
	Takes bytes to send and returns how many fitted; a short answer is followed by a `writable` event. They are not copied where they are many,
	so they must not change until they are acknowledged.
	*/
	write(id: number, data: Uint8Array): number {
		const send = this.#open(id)?.send;
		if (!send) {
			return 0;
		}

		const taken = send.write(data);
		send.wantsRoom ||= taken < data.length;
		return taken;
	}

	/**
	Bytes that `write` would take.
	*/
	writable(id: number): number {
		if (this.#isFinished(id)) {
			return 0;
		}

		const stream = this.#streams.get(id);
		if (stream) {
			return stream.send.room;
		}

		return this.#streams.size < this.#config.maxStreams ? this.#sendBuffer : 0;
	}

	/**
	Streams that are not over yet.
	*/
	get open(): number {
		return this.#streams.size;
	}

	/**
	Bytes of all streams that were written and have not been acknowledged yet.
	*/
	get waiting(): number {
		let bytes = 0;
		for (const {send} of this.#streams.values()) {
			bytes += send.waiting;
		}

		return bytes;
	}

	/**
	Room for what the path holds while a loss is repaired.
	*/
	setSendBuffer(bytes: number): void {
		const {sendBuffer, maxSendBuffer} = this.#config;
		this.#sendBuffer = Math.max(sendBuffer, Math.min(Math.floor(bytes), maxSendBuffer));
		for (const {send} of this.#streams.values()) {
			send.capacity = this.#sendBuffer;
		}
	}

	finish(id: number): void {
		this.#open(id)?.send.finish();
	}

	reset(id: number, code: number): void {
		this.#streams.get(id)?.send.reset(code);
	}

	/**
	Asks the peer to stop sending; what still comes is not delivered.
	*/
	stop(id: number, code: number): void {
		const stream = this.#streams.get(id);
		if (!(stream && !stream.receive.isDone && stream.receive.stopCode === undefined)) {
			return;
		}

		stream.receive.stopCode = code;
		stream.isStopDue = true;
	}

	/**
	The caller has used `length` bytes of a stream, so the peer may send as many more.
	*/
	handleConsumed(id: number, length: number): void {
		this.#consumeData(length);
		const stream = this.#streams.get(id);
		if (stream?.receive.handleConsumed(length)) {
			stream.isLimitDue = true;
		}
	}

	/**
	Takes what the peer says about streams; other frames are none of our business.

	@throws ProtocolViolation when the peer went beyond what it was allowed.
	*/
	handleFrame(frame: Frame): void {
		switch (frame.type) {
			case 'stream': {
				this.#handleData(frame);
				break;
			}

			case 'maxData': {
				this.#maxData = Math.max(this.#maxData, frame.limit);
				break;
			}

			case 'maxStreamData': {
				const send = this.#accept(frame.stream)?.send;
				if (send) {
					send.limit = Math.max(send.limit, frame.limit);
				}

				break;
			}

			case 'resetStream': {
				this.#handleReset(frame);
				break;
			}

			case 'stop': {
				this.#handleStop(frame);
				break;
			}

			default:
		}
	}

	/**
	There is something to send.
	*/
	get isReady(): boolean {
		if (this.#isDataLimitDue) {
			return true;
		}

		for (const stream of this.#streams.values()) {
			if (stream.isLimitDue || stream.isStopDue || stream.send.isResetDue || stream.send.isReady(this.#credit(stream.class))) {
				return true;
			}
		}

		return false;
	}

	/**
	A control message or a line of chat waits to be sent.
	*/
	get isUrgent(): boolean {
		return this.#isStreamReady(controlStream) || this.#isStreamReady(chatStream);
	}

	#isStreamReady(id: number): boolean {
		return this.#streams.get(id)?.send.isReady(this.#credit(id)) ?? false;
	}

	/**
	Fills a packet: credit and resets first, then data by class.
	*/
	fill(space: PacketSpace): void {
		this.#fillControl(space);
		for (;;) {
			const stream = this.#pickStream();
			if (!stream || !this.#fillData(stream, space)) {
				return;
			}
		}
	}

	handleAcknowledged(frame: SentFrame): void {
		if (frame.type !== 'stream' && frame.type !== 'resetStream') {
			return;
		}

		const stream = this.#streams.get(frame.stream);
		if (!stream) {
			return;
		}

		const {send} = stream;
		if (frame.type === 'stream') {
			send.handleAcknowledged(frame);
		} else {
			send.handleResetSettled(true);
		}

		if (send.wantsRoom && send.room >= send.capacity / 4) {
			send.wantsRoom = false;
			this.#emit({type: 'writable', stream: stream.id});
		}

		this.#forgetIfDone(stream);
	}

	/**
	Whatever still matters of a lost frame is sent again, with today's values.
	*/
	handleLost(frame: SentFrame): void {
		if (frame.type === 'maxData') {
			this.#isDataLimitDue = true;
			return;
		}

		const stream = 'stream' in frame ? this.#streams.get(frame.stream) : undefined;
		if (!stream) {
			return;
		}

		switch (frame.type) {
			case 'stream': {
				stream.send.handleLost(frame);
				break;
			}

			case 'resetStream': {
				stream.send.handleResetSettled(false);
				break;
			}

			case 'maxStreamData': {
				stream.isLimitDue = !stream.receive.isDone;
				break;
			}

			case 'stop': {
				stream.isStopDue = !stream.receive.isDone;
				break;
			}

			default:
		}
	}

	#handleData(frame: StreamFrame): void {
		const {stream: id} = frame;
		const stream = this.#accept(id);
		if (!stream) {
			return;
		}

		const {receive} = stream;
		const before = receive.highest;
		const ready = receive.handleData(frame);
		this.#countReceived(receive.highest - before);
		if (!ready) {
			return;
		}

		if (receive.stopCode === undefined) {
			this.#emit({
				type: 'data', stream: id, data: ready.data, fin: ready.fin,
			});
		} else {
			this.handleConsumed(id, ready.data.length);
		}

		this.#forgetIfDone(stream);
	}

	#handleReset({stream: id, code, size}: ResetStreamFrame): void {
		const stream = this.#accept(id);
		if (!stream) {
			return;
		}

		const {receive} = stream;
		const before = receive.highest;
		const unread = receive.handleReset(size);
		this.#countReceived(receive.highest - before);
		if (unread === undefined) {
			return;
		}

		this.#consumeData(unread);
		this.#emit({type: 'reset', stream: id, code});
		this.#forgetIfDone(stream);
	}

	#handleStop({stream: id, code}: StopFrame): void {
		const stream = this.#accept(id);
		if (!stream || stream.send.resetCode !== undefined || stream.send.isDone) {
			return;
		}

		stream.send.reset(code);
		this.#emit({type: 'stopped', stream: id, code});
	}

	#countReceived(bytes: number): void {
		this.#dataReceived += bytes;
		if (this.#dataReceived > this.#dataLimit) {
			throw new ProtocolViolation('the peer went beyond the credit of the link', closeCode.flowControl);
		}
	}

	#consumeData(length: number): void {
		this.#dataConsumed += length;
		if (this.#dataLimit - this.#dataConsumed < this.#window * 3 / 4) {
			this.#isDataLimitDue = true;
		}
	}

	#fillControl(space: PacketSpace): void {
		if (this.#isDataLimitDue) {
			if (this.#dataConsumed >= this.#window) {
				this.#window = Math.max(this.#window, Math.min(2 * this.#window, this.#config.maxWindow));
			}

			const limit = this.#dataConsumed + this.#window;
			if (this.#put(space, {type: 'maxData', limit}, {type: 'maxData'})) {
				this.#dataLimit = limit;
				this.#isDataLimitDue = false;
			}
		}

		for (const stream of this.#streams.values()) {
			const {id, send, receive} = stream;
			stream.isLimitDue &&= !this.#put(space, {type: 'maxStreamData', stream: id, limit: receive.extendLimit()}, {type: 'maxStreamData', stream: id});
			stream.isStopDue &&= !this.#put(space, {type: 'stop', stream: id, code: receive.stopCode ?? 0}, {type: 'stop', stream: id});
			const reset = {type: 'resetStream', stream: id} as const;
			if (send.isResetDue && this.#put(space, {...reset, code: send.resetCode ?? 0, size: send.sentSize}, reset)) {
				send.handleResetSent();
			}
		}
	}

	#put(space: PacketSpace, frame: Frame, sent: SentFrame): boolean {
		if (space.at + frameSize(frame) > space.end) {
			return false;
		}

		space.at = writeFrame(space.bytes, space.at, frame);
		space.sent.push(sent);
		return true;
	}

	/**
	What streams of a class may still use of the link's credit.
	*/
	#credit(rank: number): number {
		const reserved = rank > chatStream ? Math.min(this.#maxData * reservedShare, maxReserved) : 0;
		return Math.max(0, Math.floor(this.#maxData - this.#dataSent - reserved));
	}

	#pickStream(): Stream | undefined {
		let best: Stream | undefined;
		for (const stream of this.#streams.values()) {
			const isBefore = !best || stream.class < best.class || (stream.class === best.class && stream.servedAt < best.servedAt);
			if (isBefore && stream.send.isReady(this.#credit(stream.class))) {
				best = stream;
			}
		}

		return best;
	}

	/**
	Puts one piece of `stream` into the packet; false when the packet is full.
	*/
	#fillData(stream: Stream, space: PacketSpace): boolean {
		const {id, send} = stream;
		const overhead = streamFrameOverhead(id, send.nextOffset);
		const free = space.end - space.at - overhead;
		const padding = free >= minTail + tailAlignment ? -(space.at + overhead) & (tailAlignment - 1) : 0;
		const room = Math.min(free - padding, 0xFF_FF);
		if (room < minPiece) {
			return false;
		}

		const piece = send.take(room, this.#credit(stream.class));
		if (!piece) {
			return false;
		}

		const sent = {
			type: 'stream', stream: id, offset: piece.offset, length: piece.length, fin: piece.fin,
		} as const;
		const tail = piece.length === room && room >= minTail ? send.view(piece) : undefined;
		if (tail) {
			space.bytes.fill(frameType.padding, space.at, space.at + padding);
			space.at = writeStreamHeader(space.bytes, space.at + padding, sent);
			space.tail = tail;
			space.end = space.at;
		} else {
			space.at = writeStreamHeader(space.bytes, space.at, sent);
			send.copy(piece, space.bytes, space.at);
			space.at += piece.length;
		}

		space.sent.push(sent);
		this.#dataSent += piece.fresh;
		this.resent += piece.length - piece.fresh;
		stream.servedAt = ++this.#turn;
		return true;
	}

	/**
	The stream our caller names, opened where it is new; undefined when it is over or one too many.
	*/
	#open(id: number): Stream | undefined {
		const known = this.#streams.get(id);
		if (known !== undefined || this.#streams.size >= this.#config.maxStreams || this.#isFinished(id)) {
			return known;
		}

		const stream: Stream = {
			id,
			class: streamClass(id),
			send: new SendStream(this.#sendBuffer),
			receive: new ReceiveStream({window: this.#config.streamWindow, maxWindow: this.#config.maxWindow, maxGaps: this.#config.maxGaps}),
			servedAt: 0,
			isLimitDue: false,
			isStopDue: false,
		};
		stream.send.limit = this.#initialStreamLimit;
		this.#streams.set(id, stream);
		return stream;
	}

	/**
	The stream the peer names; undefined when it is over.
	*/
	#accept(id: number): Stream | undefined {
		const stream = this.#open(id);
		if (!stream && !this.#isFinished(id)) {
			throw new ProtocolViolation('the peer opened too many streams', closeCode.tooMuch);
		}

		return stream;
	}

	#isFinished(id: number): boolean {
		return this.#finished.has(finishedPlace(id));
	}

	#forgetIfDone(stream: Stream): void {
		if (!(stream.send.isDone && stream.receive.isDone)) {
			return;
		}

		this.#streams.delete(stream.id);
		const place = finishedPlace(stream.id);
		this.#finished.add(place, place + 1);
		if (this.#finished.count > maxFinishedRanges) {
			throw new ProtocolViolation('the peer scatters its streams', closeCode.tooMuch);
		}
	}
}
