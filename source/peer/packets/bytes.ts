// Numbers in byte arrays, network order. Knows no packet and no frame.
// Readers return undefined past the end; writers expect room, which their callers have checked.
import {Buffer} from 'node:buffer';

/**
What a 32-bit word can count.
*/
const wordSize = 2 ** 32;

export function readUint16(bytes: Uint8Array, at: number): number {
	return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >>> 8;
	bytes[at + 1] = value;
}

export function readUint32(bytes: Uint8Array, at: number): number {
	return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
}

export function readUint48(bytes: Uint8Array, at: number): number {
	return (readUint16(bytes, at) * wordSize) + readUint32(bytes, at + 2);
}

export function writeUint48(bytes: Uint8Array, at: number, value: number): void {
	writeUint16(bytes, at, Math.floor(value / wordSize));
	writeUint32(bytes, at + 2, value % wordSize);
}

/**
The order of two byte strings, as `Array.prototype.sort` wants it.
*/
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
	return Buffer.compare(a, b);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
	return new Uint8Array(Buffer.concat(parts));
}

/**
Smaller pieces are cheaper to leave to the garbage collector.
*/
const minFreed = 16_384;

/**
Gives the memory of a large byte string that nobody will read again back at once; a garbage collector that finds gigabytes of
it in a second takes a third of that second. What is less than half of the memory it lies in is left alone.
*/
export function freeBytes(bytes: Uint8Array): void {
	const {buffer} = bytes;
	if (bytes.length >= minFreed && isMostOf(bytes, buffer.byteLength) && buffer instanceof ArrayBuffer) {
		buffer.transfer(0);
	}
}

/**
A copy of a small piece of a large byte string of `size` bytes, so that whoever keeps it keeps no more than it; any other piece itself.
So at most one piece of a large byte string shares its memory, and that one may be given to `freeBytes`.
*/
export function ownPiece(piece: Uint8Array, size: number): Uint8Array {
	return size < minFreed || isMostOf(piece, size) ? piece : new Uint8Array(piece);
}

function isMostOf(piece: Uint8Array, size: number): boolean {
	return 2 * piece.length > size;
}

/**
A byte string as a map key.
*/
export function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/**
Size of a variable-length integer (RFC 9000, section 16): 1, 2, 4 or 8 bytes.
*/
export function varintSize(value: number): number {
	if (value < 0x40) {
		return 1;
	}

	if (value < 0x40_00) {
		return 2;
	}

	return value < 0x40_00_00_00 ? 4 : 8;
}

/**
Writes a variable-length integer of at most 2^53 - 1 and returns the position after it.
*/
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
	if (value < 0x40) {
		bytes[at] = value;
		return at + 1;
	}

	if (value < 0x40_00) {
		writeUint16(bytes, at, value | 0x40_00);
		return at + 2;
	}

	if (value < 0x40_00_00_00) {
		writeUint32(bytes, at, (value | 0x80_00_00_00) >>> 0);
		return at + 4;
	}

	writeUint32(bytes, at, (Math.floor(value / wordSize) | 0xC0_00_00_00) >>> 0);
	writeUint32(bytes, at + 4, value % wordSize);
	return at + 8;
}

/**
Walks through untrusted bytes. Once something is missing or too large it stays failed, so callers check once, at the end.
*/
export class ByteReader {
	/**
	Something could not be read; every later read returns zero or nothing.
	*/
	failed = false;
	readonly #bytes: Uint8Array;
	#position: number;
	readonly #end: number;

	constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
		this.#bytes = bytes;
		this.#position = position;
		this.#end = end;
	}

	get remaining(): number {
		return this.#end - this.#position;
	}

	readByte(): number {
		return this.#has(1) ? this.#bytes[this.#position++]! : 0;
	}

	readUint16(): number {
		if (!this.#has(2)) {
			return 0;
		}

		const value = readUint16(this.#bytes, this.#position);
		this.#position += 2;
		return value;
	}

	readUint32(): number {
		if (!this.#has(4)) {
			return 0;
		}

		const value = readUint32(this.#bytes, this.#position);
		this.#position += 4;
		return value;
	}

	/**
	A variable-length integer; above 2^53 - 1 counts as a failure.
	*/
	readVarint(): number {
		const first = this.#has(1) ? this.#bytes[this.#position]! : 0;
		const size = 1 << (first >>> 6);
		if (!this.#has(size)) {
			return 0;
		}

		const at = this.#position;
		this.#position += size;
		switch (size) {
			case 1: {
				return first;
			}

			case 2: {
				return readUint16(this.#bytes, at) & 0x3F_FF;
			}

			case 4: {
				return readUint32(this.#bytes, at) & 0x3F_FF_FF_FF;
			}

			default: {
				const high = readUint32(this.#bytes, at) & 0x3F_FF_FF_FF;
				if (high >= 2 ** 21) {
					this.failed = true;
					return 0;
				}

				return (high * wordSize) + readUint32(this.#bytes, at + 4);
			}
		}
	}

	/**
	A view of the next bytes, not a copy.
	*/
	readBytes(size: number): Uint8Array {
		if (!this.#has(size)) {
			return new Uint8Array(0);
		}

		const at = this.#position;
		this.#position += size;
		return this.#bytes.subarray(at, at + size);
	}

	#has(size: number): boolean {
		if (this.failed || this.remaining < size) {
			this.failed = true;
			return false;
		}

		return true;
	}
}
