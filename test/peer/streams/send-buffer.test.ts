// The bytes of a stream that wait: whatever is written, dropped and asked for, in any sizes.
import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {SendBuffer} from '../../../source/peer/streams/send-buffer.js';
import {SeededRandom} from '../../helpers/random.js';

const sizes = fc.oneof(fc.integer({min: 0, max: 300}), fc.integer({min: 3000, max: 20_000}), fc.constantFrom(16_383, 16_384, 65_536, 70_000));

test('gives back any piece of what was written and not dropped', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(sizes, {minLength: 1, maxLength: 40}), fc.integer(), (pieces, seed) => {
			const random = new SeededRandom(seed);
			const stream = random.bytes(pieces.reduce((sum, size) => sum + size, 0) + 1);
			const buffer = new SendBuffer();
			let base = 0;
			let end = 0;
			for (const size of [...pieces, 1]) {
				// A view of its own for each, as a caller has it.
				buffer.append(stream.slice(end, end + size));
				end += size;
				for (const start of end > base ? [base, random.integer(base, end - 1), random.integer(base, end - 1)] : []) {
					const length = random.integer(1, end - start);
					const target = new Uint8Array(length + 2);
					buffer.copy(start, length, target, 1);
					const view = buffer.view(start, length) ?? target.subarray(1, length + 1);
					const isRight = [view, target.subarray(1, length + 1)].every(bytes => Buffer.compare(bytes, stream.subarray(start, start + length)) === 0);
					if (!isRight || target[0] !== 0 || target[length + 1] !== 0) {
						return false;
					}
				}

				base = random.integer(base, end);
				buffer.drop(base);
			}

			return true;
		}), {numRuns: 200});
	});
});

test('small pieces are copied, large ones are not', t => {
	const buffer = new SendBuffer();
	const small = new Uint8Array(100).fill(1);
	const large = new Uint8Array(20_000).fill(1);
	buffer.append(small);
	buffer.append(large);
	small.fill(2);
	large.fill(2);
	const target = new Uint8Array(20_100);
	buffer.copy(0, 20_100, target, 0);
	t.true(target.subarray(0, 100).every(byte => byte === 1));
	t.true(target.subarray(100).every(byte => byte === 2));
	t.is(buffer.view(100, 20_000)?.buffer, large.buffer);
	t.is(buffer.view(99, 2), undefined, 'two places');
});

test('what was released is gone, and writing may begin anew behind it', t => {
	const buffer = new SendBuffer();
	buffer.append(Uint8Array.of(1, 2, 3));
	buffer.release();
	buffer.append(Uint8Array.of(4, 5));
	const target = new Uint8Array(2);
	buffer.copy(3, 2, target, 0);
	t.deepEqual(target, Uint8Array.of(4, 5));
});
