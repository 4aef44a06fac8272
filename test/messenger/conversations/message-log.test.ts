import test from 'ava';
import type {HistoryLine} from '../../../source/messenger/effects.js';
import {MessageLog} from '../../../source/messenger/conversations/message-log.js';

function line(id: string, clock: string) {
	return {
		id, from: 'ann', text: id, at: 0, clock,
	};
}

test('lines stand in the order of their clocks, whenever they came', t => {
	const log = new MessageLog(10);
	for (const clock of ['3', '1', '2', '4']) {
		log.addLine(line(clock, clock));
	}

	t.deepEqual(log.view.map(({id}) => id), ['1', '2', '3', '4']);
});

test('the oldest rows make room', t => {
	const log = new MessageLog(3);
	for (const clock of ['1', '2', '3', '4', '5']) {
		log.addLine(line(clock, clock));
	}

	t.deepEqual(log.view.map(({id}) => id), ['3', '4', '5']);
});

test('a line shows the least advanced of its recipients', t => {
	const log = new MessageLog(10);
	log.addOwnLine({...line('a-1', '1'), recipients: ['bob', 'cat']});
	const shown = () => log.view.map(row => row.kind === 'line' ? `${row.delivery} ${row.revision}` : '');
	t.deepEqual(shown(), ['queued 0']);
	log.setDelivery('a-1', 'bob', 'delivered');
	t.deepEqual(shown(), ['queued 0']);
	log.setDelivery('a-1', 'cat', 'sent');
	t.deepEqual(shown(), ['sent 1']);
	log.setDelivery('a-1', 'Cat', 'delivered');
	t.deepEqual(shown(), ['delivered 2']);
	log.setDelivery('unknown', 'cat', 'failed');
	t.deepEqual(shown(), ['delivered 2']);
});

test('the view is the same array until something changed', t => {
	const log = new MessageLog(10);
	const before = log.view;
	t.is(log.view, before);
	log.addNotice('info', 'something happened', {clock: '1', at: 0});
	t.not(log.view, before);
});

function earlierLine(number: number, change: Partial<HistoryLine> = {}): HistoryLine {
	const clock = String(number).padStart(3, '0');
	return {
		realm: 'r', owner: 'ann', place: 'session:bob', id: `b-${number}`, device: 'b', sequence: number, from: 'bob', text: clock, at: 0, clock, state: undefined, isUnread: false, proof: undefined, ...change,
	};
}

test('earlier lines stand before those of now, once each, and are let go again from the oldest on', t => {
	const log = new MessageLog(3);
	t.is(log.earlier, 'unknown');
	t.is(log.oldestLine, undefined);
	log.addNotice('info', 'hello', {clock: '000', at: 0});
	log.addLine(line('b-5', '005'));
	log.awaitEarlier();
	t.is(log.earlier, 'loading');
	t.deepEqual(log.addEarlier([4, 5].map(number => earlierLine(number)), {isEnd: false}).map(({id}) => id), ['b-4']);
	t.is(log.earlier, 'some');
	t.deepEqual(log.oldestLine, {clock: '004', id: 'b-4'});
	log.addEarlier([1, 2, 3].map(number => earlierLine(number, number === 2 ? {from: 'ann', state: 'read'} : {})), {isEnd: true});
	t.is(log.earlier, 'none');
	t.deepEqual(log.view.map(({id}) => id), ['notice-1', 'b-1', 'b-2', 'b-3', 'b-4', 'b-5']);
	t.like(log.view[2], {isOwn: true, delivery: 'read'});
	log.trim();
	t.deepEqual(log.view.map(({id}) => id), ['b-3', 'b-4', 'b-5']);
	t.is(log.earlier, 'some');
});

test('a conversation of any length never fills the memory', t => {
	const log = new MessageLog(10);
	for (let page = 200; page > 0; page--) {
		log.addEarlier(Array.from({length: 100}, (_, index) => earlierLine(index, {id: `p${page}-${index}`, clock: String((page * 100) + index).padStart(6, '0')})), {isEnd: false});
	}

	t.is(log.view.length, 10_000);
	t.is(log.earlier, 'none');
});

test('long lines count for more, and the newest row always stays', t => {
	const log = new MessageLog(10);
	const long = (id: string, clock: string) => ({...line(id, clock), text: 'x'.repeat(4 * 1024)});
	for (const [index, id] of ['b-1', 'b-2', 'b-3'].entries()) {
		log.addLine(long(id, `00${index}`));
	}

	t.deepEqual(log.view.map(({id}) => id), ['b-2', 'b-3']);
	log.addLine({...line('b-4', '004'), text: 'x'.repeat(64 * 1024)});
	t.deepEqual(log.view.map(({id}) => id), ['b-4']);
	log.addEarlier(Array.from({length: 200}, (_, index) => earlierLine(index, {id: `p-${index}`, clock: `000${String(index).padStart(3, '0')}`, text: 'x'.repeat(63 * 1024)})), {isEnd: false});
	t.true(log.view.length > 100 && log.view.length < 200);
	t.is(log.earlier, 'none');
});

test('a line of an earlier run goes by how far it is in all', t => {
	const log = new MessageLog(10);
	log.addEarlier([{
		realm: 'r', owner: 'ann', place: 'room:den', id: 'a-1', device: 'a', sequence: 1, from: 'ann', text: 'hi', at: 1, clock: '1', state: 'stored', isUnread: false, proof: undefined,
	}], {isEnd: true});
	log.setDelivery('a-1', 'bob', 'read', 'stored');
	t.like(log.view, [{delivery: 'stored', revision: 0}]);
	log.setDelivery('a-1', 'cat', 'read', 'read');
	t.like(log.view, [{delivery: 'read', revision: 1}]);
});
