// The sending half of a stream: bytes from the caller, kept until they are acknowledged.
// Knows what was sent, lost and acknowledged, and the peer's limit; refuses to know packets.
import {RangeSet} from '../packets/range-set.js';
import {SendBuffer} from './send-buffer.js';

/**
A piece of the stream that is to go into one frame. `fresh` of its bytes were never sent before.
*/
export type StreamPiece = {offset: number; length: number; fin: boolean; fresh: number};

/**
A piece that went out before.
*/
type SentPiece = Omit<StreamPiece, 'fresh'>;

export class SendStream {
	/**
	The caller was told that there is no room and wants to know when there is.
	*/
	wantsRoom = false;
	/**
	Bytes that may wait to be sent or acknowledged.
	*/
	capacity: number;
	/**
	Up to which offset the peer lets us send.
	*/
	limit = 0;
	/**
	The code of our RESET_STREAM, once there is one.
	*/
	resetCode: number | undefined;
	readonly #buffer = new SendBuffer();
	readonly #lost = new RangeSet();
	/**
	Acknowledged bytes beyond the gap-free beginning, which ends at `#base`.
	*/
	readonly #acked = new RangeSet();
	#base = 0;
	#next = 0;
	#end = 0;
	#fin: 'open' | 'due' | 'sent' | 'acknowledged' = 'open';
	#reset: 'none' | 'due' | 'sent' | 'acknowledged' = 'none';

	constructor(capacity: number) {
		this.capacity = capacity;
	}

	/**
	Bytes that `write` would take.
	*/
	get room(): number {
		return this.#isEnded ? 0 : Math.max(0, this.capacity - (this.#end - this.#base));
	}

	/**
	Bytes that were written and have not been acknowledged yet.
	*/
	get waiting(): number {
		return this.#reset === 'none' ? this.#end - this.#base : 0;
	}

	/**
	Everything arrived, or nothing has to any more.
	*/
	get isDone(): boolean {
		return this.#reset === 'acknowledged' || (this.#fin === 'acknowledged' && this.#base === this.#end);
	}

	/**
	Bytes that were sent at least once.
	*/
	get sentSize(): number {
		return this.#next;
	}

	/**
	Where the piece that `take` would give begins.
	*/
	get nextOffset(): number {
		return this.#lost.first?.start ?? this.#next;
	}

	get isResetDue(): boolean {
		return this.#reset === 'due';
	}

	/**
	Takes as much of `data` as there is room for, and returns how much that was. What was taken must not change until it is acknowledged.
	*/
	write(data: Uint8Array): number {
		const taken = Math.min(this.room, data.length);
		if (taken > 0) {
			this.#buffer.append(taken === data.length ? data : data.subarray(0, taken));
			this.#end += taken;
		}

		return taken;
	}

	/**
	No more will be written.
	*/
	finish(): void {
		if (this.#fin === 'open') {
			this.#fin = 'due';
		}
	}

	/**
	Gives up what has not arrived.
	*/
	reset(code: number): void {
		if (this.#reset !== 'none' || this.isDone) {
			return;
		}

		this.resetCode = code;
		this.#reset = 'due';
		this.#buffer.release();
		this.#lost.remove(0, Number.MAX_SAFE_INTEGER);
	}

	/**
	There is something to send, given `credit` bytes on the connection.
	*/
	isReady(credit: number): boolean {
		if (this.#reset !== 'none') {
			return false;
		}

		const isFinReady = this.#fin === 'due' && this.#next === this.#end;
		return isFinReady || this.#lost.count > 0 || (credit > 0 && this.#next < Math.min(this.#end, this.limit));
	}

	/**
	The next piece of at most `size` bytes: lost ones first, then fresh ones. Only to be called when ready.
	*/
	take(size: number, credit: number): StreamPiece | undefined {
		const lost = this.#lost.first;
		if (lost) {
			const {start} = lost;
			const end = Math.min(lost.end, start + size);
			if (end === start) {
				return undefined;
			}

			this.#lost.remove(start, end);
			return {
				offset: start, length: end - start, fin: this.#takeFin(end), fresh: 0,
			};
		}

		const offset = this.#next;
		const length = Math.max(0, Math.min(size, credit, Math.min(this.#end, this.limit) - offset));
		const isFin = this.#takeFin(offset + length);
		if (length === 0 && !isFin) {
			return undefined;
		}

		this.#next += length;
		return {
			offset, length, fin: isFin, fresh: length,
		};
	}

	/**
	Copies a piece's bytes into a packet.
	*/
	copy(piece: StreamPiece, target: Uint8Array, at: number): void {
		if (piece.length > 0) {
			this.#buffer.copy(piece.offset, piece.length, target, at);
		}
	}

	/**
	A piece's bytes where they lie, if they lie in one place. They stay there until they are acknowledged.
	*/
	view({offset, length}: StreamPiece): Uint8Array | undefined {
		return this.#buffer.view(offset, length);
	}

	handleAcknowledged({offset, length, fin}: SentPiece): void {
		if (fin) {
			this.#fin = 'acknowledged';
		}

		const end = offset + length;
		this.#lost.remove(offset, end);
		if (offset > this.#base) {
			this.#acked.add(offset, end);
			return;
		}

		this.#base = Math.max(this.#base, end);
		const next = this.#acked.first;
		if (next && next.start <= this.#base) {
			this.#base = Math.max(this.#base, next.end);
			this.#acked.remove(0, this.#base);
		}

		this.#buffer.drop(this.#base);
	}

	handleLost({offset, length, fin}: SentPiece): void {
		if (this.#reset !== 'none') {
			return;
		}

		if (fin && this.#fin === 'sent') {
			this.#fin = 'due';
		}

		const end = offset + length;
		this.#lost.add(Math.max(offset, this.#base), end);
		for (const acked of this.#acked.toDescending()) {
			this.#lost.remove(acked.start, acked.end);
		}
	}

	handleResetSent(): void {
		this.#reset = 'sent';
	}

	handleResetSettled(isAcknowledged: boolean): void {
		if (this.#reset === 'sent') {
			this.#reset = isAcknowledged ? 'acknowledged' : 'due';
		}
	}

	get #isEnded(): boolean {
		return this.#fin !== 'open' || this.#reset !== 'none';
	}

	#takeFin(end: number): boolean {
		if (this.#fin !== 'due' || end !== this.#end) {
			return false;
		}

		this.#fin = 'sent';
		return true;
	}
}
