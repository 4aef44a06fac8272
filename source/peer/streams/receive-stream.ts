// The receiving half of a stream: puts bytes in order and gives each to the caller once.
// Knows offsets and the credit it gave; refuses to know packets.
import {closeCode, ProtocolViolation} from '../errors.js';
import {RangeSet} from '../packets/range-set.js';
import {ByteRing} from './byte-ring.js';

export class ReceiveStream {
	/**
	Up to which offset the peer may send.
	*/
	limit: number;
	/**
	We asked the peer to stop; what still comes is thrown away.
	*/
	stopCode: number | undefined;
	/**
	One past the highest byte the peer has sent.
	*/
	highest = 0;
	#window: number;
	readonly #maxWindow: number;
	readonly #maxGaps: number;
	readonly #ring = new ByteRing();
	/**
	What came ahead of its turn.
	*/
	readonly #ahead = new RangeSet();
	#next = 0;
	#consumed = 0;
	#size: number | undefined;
	#isEnded = false;

	constructor({window, maxWindow, maxGaps}: {window: number; maxWindow: number; maxGaps: number}) {
		this.#window = window;
		this.#maxWindow = maxWindow;
		this.#maxGaps = maxGaps;
		this.limit = window;
	}

	/**
	The end was delivered, or the peer gave the stream up.
	*/
	get isDone(): boolean {
		return this.#isEnded;
	}

	/**
	Bytes handed out or thrown away for good.
	*/
	get consumed(): number {
		return this.#consumed;
	}

	/**
	Takes a piece, whose memory is ours from now on, and returns what can be delivered now; undefined when that is nothing.

	@throws ProtocolViolation when the piece goes beyond the credit or contradicts the end.
	*/
	handleData({offset, data, fin}: {offset: number; data: Uint8Array; fin: boolean}): {data: Uint8Array; fin: boolean} | undefined {
		const end = offset + data.length;
		this.#checkSize(end, fin);
		if (this.#isEnded) {
			return undefined;
		}

		this.highest = Math.max(this.highest, end);
		if (fin) {
			this.#size = end;
		}

		const ready = this.#collect(offset, data, end);
		this.#isEnded = this.#next === this.#size;
		return ready.length > 0 || this.#isEnded ? {data: ready, fin: this.#isEnded} : undefined;
	}

	/**
	The peer gave the stream up after `size` bytes. Returns the bytes that nobody will consume any more; undefined when it was over before.

	@throws ProtocolViolation when `size` goes beyond the credit or contradicts what came before.
	*/
	handleReset(size: number): number | undefined {
		this.#checkSize(size, true);
		if (this.#isEnded) {
			return undefined;
		}

		this.#isEnded = true;
		this.#size = size;
		this.highest = size;
		this.#ring.release();
		const unread = size - this.#next;
		this.#next = size;
		return unread;
	}

	/**
	The caller has used `length` bytes. True when the peer should be told of new credit.
	*/
	handleConsumed(length: number): boolean {
		this.#consumed += length;
		return !this.#isEnded && this.#size === undefined && this.limit - this.#consumed < this.#window * 3 / 4;
	}

	/**
	Raises the limit to a full window and returns it. A window that was used up once is worth twice as much.
	*/
	extendLimit(): number {
		if (this.#consumed >= this.#window) {
			this.#window = Math.max(this.#window, Math.min(2 * this.#window, this.#maxWindow));
		}

		this.limit = Math.max(this.limit, this.#consumed + this.#window);
		return this.limit;
	}

	#checkSize(end: number, isFinal: boolean): void {
		if (end > this.limit) {
			throw new ProtocolViolation('a stream went beyond its credit', closeCode.flowControl);
		}

		if (this.#size === undefined ? isFinal && end < this.highest : end > this.#size || (isFinal && end !== this.#size)) {
			throw new ProtocolViolation('a stream contradicts its own end');
		}
	}

	#collect(offset: number, data: Uint8Array, end: number): Uint8Array {
		if (end <= this.#next || data.length === 0) {
			return data.subarray(0, 0);
		}

		if (offset <= this.#next && this.#ahead.count === 0) {
			const fresh = data.subarray(this.#next - offset);
			this.#next = end;
			return fresh;
		}

		const start = Math.max(offset, this.#next);
		this.#ring.reserve(this.#next, Math.max(this.#next, this.#ahead.last?.end ?? 0), end);
		this.#ring.write(start, data.subarray(start - offset));
		this.#ahead.add(start, end);
		if (this.#ahead.count > this.#maxGaps) {
			throw new ProtocolViolation('a stream has too many gaps', closeCode.tooMuch);
		}

		const first = this.#ahead.first!;
		if (first.start > this.#next) {
			return data.subarray(0, 0);
		}

		const ready = this.#ring.read(this.#next, first.end - this.#next);
		this.#next = first.end;
		this.#ahead.remove(0, this.#next);
		return ready;
	}
}
