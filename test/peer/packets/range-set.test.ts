// Range sets against a plain set of numbers.
import test from 'ava';
import fc from 'fast-check';
import {RangeSet} from '../../../source/peer/packets/range-set.js';

const limit = 40;
const command = fc.record({kind: fc.constantFrom('add', 'remove'), start: fc.nat(limit), length: fc.nat(12)});

function list(ranges: RangeSet): number[] {
	return ranges.toDescending().toReversed().flatMap(({start, end}) => Array.from({length: end - start}, (_, index) => start + index));
}

test('any row of adding and removing leaves what a plain set holds', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(command, {maxLength: 40}), commands => {
			const ranges = new RangeSet();
			const oracle = new Set<number>();
			for (const {kind, start, length} of commands) {
				for (let value = start; value < start + length; value++) {
					oracle[kind === 'add' ? 'add' : 'delete'](value);
				}

				ranges[kind === 'add' ? 'add' : 'remove'](start, start + length);
				const expected = [...oracle].toSorted((a, b) => a - b);
				if (list(ranges).join(',') !== expected.join(',')) {
					throw new Error(`${list(ranges).join(',')} instead of ${expected.join(',')}`);
				}

				const starts = expected.filter(value => !oracle.has(value - 1));
				if (ranges.count !== starts.length) {
					throw new Error(`${ranges.count} ranges for ${starts.length} runs`);
				}

				for (let value = 0; value < limit + 12; value++) {
					if (ranges.has(value) !== oracle.has(value)) {
						throw new Error(`has(${value})`);
					}
				}
			}
		}), {numRuns: 300});
	});
});

test('the lowest ranges are forgotten first', t => {
	const ranges = new RangeSet();
	for (const start of [0, 10, 20, 30]) {
		ranges.add(start, start + 5);
	}

	ranges.keepLast(2);
	t.deepEqual(ranges.toDescending(), [{start: 30, end: 35}, {start: 20, end: 25}]);
	t.deepEqual(ranges.first, {start: 20, end: 25});
	t.deepEqual(ranges.last, {start: 30, end: 35});
});
