import test from 'ava';
import type {Effect} from '../../source/messenger/effects.js';
import {Journal} from '../../source/messenger/journal.js';
import {
	deferMs,
	floodBatch,
	floodGatherMs,
	gatherMs,
} from '../../source/messenger/limits.js';

type Store = Effect & {type: 'store'};

function start() {
	const batches: Store[] = [];
	const journal = new Journal(effect => {
		batches.push(effect as Store);
	});
	const stored: number[] = [];
	const mark = (sequence: number, place: 'room:den' | 'room:attic' = 'room:den') => {
		journal.gatherLatest(place, {
			kind: 'seen', device: 'a', place, sequences: [[1, sequence]],
		}, () => {
			stored.push(sequence);
		});
	};

	return {
		journal, batches, stored, mark, sizes: () => batches.map(({writes}) => writes.length),
	};
}

test('a lone change goes to disk at once, those that come while it is on its way go together', t => {
	const {journal, batches, mark, stored, sizes} = start();
	mark(1);
	journal.flush(1000);
	t.deepEqual(sizes(), [1]);
	mark(2);
	mark(7, 'room:attic');
	journal.flush(1001);
	t.deepEqual(sizes(), [1]);
	t.is(journal.pollTimeout(), 1000 + gatherMs);
	journal.flush(1000 + gatherMs);
	t.deepEqual(sizes(), [1, 2]);
	t.is(journal.pollTimeout(), undefined);
	journal.handleStored(batches[1]!.batch, 1012);
	t.deepEqual(stored, [2, 7]);
});

test('of one subject only the last change is written, and all who wait for it are told', t => {
	const {journal, batches, mark, stored} = start();
	mark(1);
	mark(5, 'room:attic');
	mark(2);
	mark(3);
	journal.flush(1000);
	t.deepEqual(batches[0]!.writes.map(write => write.kind === 'seen' && [write.place, write.sequences]), [['room:den', [[1, 3]]], ['room:attic', [[1, 5]]]]);
	journal.handleStored(batches[0]!.batch, 1001);
	t.deepEqual(stored, [1, 5, 2, 3]);
	mark(4);
	journal.flush(1000 + gatherMs);
	t.deepEqual(batches[1]!.writes.map(write => write.kind === 'seen' && write.sequences), [[[1, 4]]]);
});

test('in a flood changes are gathered longer, until it is over', t => {
	const {journal, mark, sizes} = start();
	for (let sequence = 1; sequence <= floodBatch; sequence++) {
		mark(sequence);
	}

	journal.flush(1000);
	mark(50);
	t.is(journal.pollTimeout(), 1000 + floodGatherMs);
	journal.flush(1000 + gatherMs);
	t.deepEqual(sizes(), [1]);
	journal.flush(1000 + floodGatherMs);
	t.deepEqual(sizes(), [1, 1]);
	mark(51);
	t.is(journal.pollTimeout(), 1000 + floodGatherMs + gatherMs);
});

test('what somebody waits for takes along what was gathered', t => {
	const {journal, mark, sizes} = start();
	mark(1);
	journal.flush(1000);
	mark(2);
	journal.write([{kind: 'sequence', next: 128}]);
	journal.flush(1001);
	t.deepEqual(sizes(), [1, 2]);
});

test('what nobody waits for goes with the next batch, alone after a while, or when hurried', t => {
	const {journal, batches, mark} = start();
	const read = (sequence: number) => {
		journal.defer('a', {
			kind: 'read', device: 'a', place: 'room:den', sequences: [[1, sequence]],
		});
	};

	const kinds = () => batches.map(({writes}) => writes.map(({kind}) => kind).join(' '));
	read(1);
	read(2);
	journal.flush(1000);
	t.deepEqual(kinds(), []);
	t.true(journal.isIdle);
	t.is(journal.pollTimeout(), 1000 + deferMs);
	mark(1);
	journal.flush(1001);
	t.deepEqual(kinds(), ['seen read']);
	t.is(journal.pollTimeout(), undefined);
	read(3);
	journal.flush(2000);
	journal.flush(2000 + deferMs);
	t.deepEqual(kinds(), ['seen read', 'read']);
	read(4);
	journal.hurry();
	journal.flush(4000);
	t.is(kinds().length, 3);
	journal.hurry();
	journal.flush(5000);
	t.is(kinds().length, 3, 'nothing to hurry');
});
