// The frame layouts once more, written as plainly as can be and as slowly: the oracle for the real codec.
import {Buffer} from 'node:buffer';
import {type Frame} from '../../../source/peer/packets/frame.js';

/**
A variable-length integer as hexadecimal, by way of BigInt.
*/
function varint(value: number): string {
	const big = BigInt(value);
	for (const [bits, prefix] of [[6n, 0n], [14n, 1n], [30n, 2n], [62n, 3n]] as const) {
		if (big < 1n << bits) {
			return ((prefix << bits) | big).toString(16).padStart(Number(bits + 2n) / 4, '0');
		}
	}

	throw new RangeError('too large');
}

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

/**
A frame as hexadecimal.
*/
export function encodeNaively(frame: Frame): string {
	switch (frame.type) {
		case 'ping': {
			return '01';
		}

		case 'ack': {
			const numbers = [frame.ranges[0]!.end - 1, frame.delay, frame.ranges.length - 1, frame.ranges[0]!.end - 1 - frame.ranges[0]!.start];
			for (let index = 1; index < frame.ranges.length; index++) {
				const before = frame.ranges[index - 1]!;
				const {start, end} = frame.ranges[index]!;
				// Unacknowledged numbers between the two, less one; then acknowledged ones, less one.
				numbers.push(before.start - end - 1, end - start - 1);
			}

			return `02${numbers.map(value => varint(value)).join('')}`;
		}

		case 'stream': {
			return `${frame.fin ? '04' : '03'}${varint(frame.stream)}${varint(frame.offset)}${frame.data.length.toString(16).padStart(4, '0')}${hex(frame.data)}`;
		}

		case 'maxData': {
			return `05${varint(frame.limit)}`;
		}

		case 'maxStreamData': {
			return `06${varint(frame.stream)}${varint(frame.limit)}`;
		}

		case 'resetStream': {
			return `07${varint(frame.stream)}${varint(frame.code)}${varint(frame.size)}`;
		}

		case 'stop': {
			return `08${varint(frame.stream)}${varint(frame.code)}`;
		}

		case 'pathChallenge': {
			return `09${hex(frame.token)}`;
		}

		case 'pathResponse': {
			return `0a${hex(frame.token)}`;
		}

		case 'close': {
			const reason = Buffer.from(frame.reason);
			return `0b${varint(frame.code)}${varint(reason.length)}${hex(reason)}`;
		}

		case 'datagram': {
			return `0c${varint(frame.data.length)}${hex(frame.data)}`;
		}
	}
}
