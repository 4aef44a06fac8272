import test from 'ava';
import type {Effect, OutboxEntry, StoreWrite} from '../../../source/messenger/effects.js';
import {Inbox} from '../../../source/messenger/lines/inbox.js';
import {
	deferMs,
	gatherMs,
	maximumGathered,
	maximumUnreadEntries,
} from '../../../source/messenger/limits.js';
import {Journal} from '../../../source/messenger/journal.js';
import {laneOf, Outbox} from '../../../source/messenger/lines/outbox.js';
import {maximumSequence} from '../../../source/protocol/sequences.js';

function entry(sequence: number, to: string, room?: string): OutboxEntry {
	return {
		id: `d-${sequence}`, sequence, realm: 'r', from: 'ann', to, place: room === undefined ? {kind: 'session', name: to} : {kind: 'room', name: room}, text: 'x', at: 0, clock: '', state: {step: 'queued'},
	};
}

test('lanes keep their order and do not mix', t => {
	const outbox = new Outbox([entry(1, 'bob'), entry(2, 'bob', 'den'), entry(2, 'cat', 'den'), entry(3, 'bob'), entry(4, 'Bob', 'Den')]);
	t.deepEqual(outbox.waiting('BOB', 'session').map(({sequence}) => sequence), [1, 3]);
	t.deepEqual(outbox.waiting('bob', 'room:den').map(({sequence}) => sequence), [2, 4]);
	t.is(outbox.count('bob'), 4);
	t.deepEqual(outbox.remove('bob', 'room:den', ({sequence}) => sequence <= 2).map(({sequence}) => sequence), [2]);
	t.deepEqual(outbox.remove('bob', 'room:den', ({sequence}) => sequence <= 2), []);
	t.deepEqual(outbox.removeLane('room:den', () => true).waiting.map(({to, sequence}) => `${to} ${sequence}`), ['Bob 4', 'cat 2']);
	t.deepEqual(outbox.waiting('cat', 'room:den'), []);
	t.is(outbox.count('bob'), 2);
	t.is(laneOf({kind: 'room', name: 'Dеn'}), 'room:den');
});

test('a line is shown once its mark is durable, and never again', t => {
	const effects: Effect[] = [];
	const journal = new Journal(effect => {
		effects.push(effect);
	});
	const inbox = new Inbox(journal, () => 'realm/bob', {seen: new Map([['device realm/bob/session', [[1, 4]]]]), read: new Map()});
	const shown: number[] = [];
	const take = (sequence: number) => inbox.take({device: 'device', lane: 'session', sequence}, [], () => {
		shown.push(sequence);
	});
	t.is(take(4), 'old');
	t.is(take(5), 'new');
	t.is(take(5), 'pending');
	journal.flush(0);
	t.is(take(6), 'new');
	journal.flush(gatherMs);
	t.deepEqual(shown, []);
	t.deepEqual(inbox.seen('device', 'session'), [[1, 4]]);
	journal.handleStored(1, 0);
	t.deepEqual(shown, [5]);
	t.deepEqual(inbox.seen('device', 'session'), [[1, 5]]);
	t.is(take(5), 'old');
	t.is(take(6), 'pending');
	journal.handleStored(2, 0);
	t.deepEqual(shown, [5, 6]);
	t.deepEqual(inbox.seen('device', 'room:den'), []);
	t.deepEqual(effects.map(effect => effect.type === 'store' && effect.writes), [
		[{
			kind: 'seen', device: 'device', place: 'realm/bob/session', sequences: [[1, 5]],
		}],
		[{
			kind: 'seen', device: 'device', place: 'realm/bob/session', sequences: [[1, 6]],
		}],
	]);
	t.true(journal.isIdle);
});

test('what was received waits to be read, within bounds, and a line is as far as the one furthest behind', t => {
	const outbox = new Outbox([entry(1, 'bob', 'den'), entry(1, 'cat', 'den'), entry(2, 'bob', 'den')]);
	t.is(outbox.stateOf('d-1'), 'queued');
	t.deepEqual(outbox.receive('bob', 'room:den', [[1, 1]], () => true).received.map(({sequence}) => sequence), [1]);
	t.is(outbox.stateOf('d-1'), 'queued');
	t.is(outbox.count('bob'), 1);
	outbox.receive('cat', 'room:den', [[1, 5]], () => true);
	t.is(outbox.stateOf('d-1'), 'delivered');
	t.deepEqual(outbox.read('bob', 'room:den', [[1, 9]], () => true).map(({sequence}) => sequence), [1], 'only what was received was read');
	t.is(outbox.stateOf('d-1'), 'delivered');
	outbox.read('cat', 'room:den', [[1, 1]], () => true);
	t.is(outbox.stateOf('d-1'), 'read');

	const full = new Outbox(Array.from({length: maximumUnreadEntries + 5}, (_, index) => entry(index + 1, 'bob')));
	t.deepEqual(full.receive('bob', 'session', [[1, maximumSequence]], () => true).forgotten.map(({sequence}) => sequence), [1, 2, 3, 4, 5]);
	t.is([...full].length, maximumUnreadEntries);
});

test('delivered entries come back from disk as such', t => {
	const outbox = new Outbox([{...entry(1, 'bob'), state: {step: 'delivered'}}, {
		...entry(2, 'bob'), state: {
			step: 'stored', device: 'b', prekey: 1, at: 5,
		},
	}]);
	t.deepEqual(outbox.waiting('bob', 'session').map(({sequence}) => sequence), [2]);
	t.is(outbox.stateOf('d-2'), 'stored');
	t.deepEqual([...outbox.lanes()].map(({recipient, lane}) => `${recipient} ${lane}`), ['bob session']);
});

test('two names of one device have marks of their own', t => {
	const journal = new Journal(() => {});
	let owner = 'realm/bob';
	const inbox = new Inbox(journal, () => owner, {seen: new Map([['device realm/bob/session', [[1, 4]]]]), read: new Map()});
	owner = 'realm/bobby';
	t.deepEqual(inbox.seen('device', 'session'), []);
	t.is(inbox.take({device: 'device', lane: 'session', sequence: 3}, [], () => {}), 'new');
});

test('what was read is written once however many lines that was, and never beyond what was shown', t => {
	const writes: StoreWrite[] = [];
	const journal = new Journal(effect => {
		writes.push(...effect.type === 'store' ? effect.writes : []);
	});
	const inbox = new Inbox(journal, () => 'o', {seen: new Map([['device o/session', [[1, 4]]]]), read: new Map()});
	t.true(inbox.markRead('device', 'session', {isKept: true}));
	t.false(inbox.markRead('device', 'session', {isKept: true}));
	t.deepEqual(inbox.read('device', 'session'), [[1, 4]]);
	inbox.flush();
	inbox.flush();
	journal.flush(0);
	t.deepEqual(writes, [], 'not by itself');
	t.is(journal.pollTimeout(), deferMs);
	journal.flush(deferMs);
	t.deepEqual(writes, [{
		kind: 'read', device: 'device', place: 'o/session', sequences: [[1, 4]],
	}]);
});

test('gathered changes wait a little after the last batch, and go before what is urgent', t => {
	const batches: string[][] = [];
	const journal = new Journal(effect => {
		batches.push(effect.type === 'store' ? effect.writes.map(write => write.kind === 'sequence' ? `urgent ${write.next}` : write.kind) : []);
	});
	const mark = (): StoreWrite => ({
		kind: 'seen', device: 'device', place: 'session', sequences: [[1, 1]],
	});
	journal.gather([mark()]);
	journal.flush(1000);
	t.deepEqual(batches.splice(0), [['seen']], 'after a silence the first goes at once');
	journal.handleStored(1, 1000.5);
	journal.gather([mark()]);
	journal.flush(1000.5);
	t.deepEqual(batches.splice(0), [['seen']], 'so does the next where the disk keeps up');
	journal.gather([mark()]);
	journal.flush(1001);
	t.deepEqual(batches, []);
	t.false(journal.isIdle);
	t.is(journal.pollTimeout(), 1000.5 + gatherMs);
	journal.write([{kind: 'sequence', next: 7}]);
	journal.flush(1002);
	t.deepEqual(batches.splice(0), [['seen', 'urgent 7']]);
	t.is(journal.pollTimeout(), undefined);
	journal.gather([mark()]);
	journal.flush(1002 + gatherMs);
	t.deepEqual(batches.splice(0), [['seen']]);
	for (let count = 0; count < maximumGathered; count++) {
		journal.gather([mark()]);
	}

	journal.flush(1003 + gatherMs);
	t.is(batches[0]?.length, maximumGathered, 'many go at once');
});
