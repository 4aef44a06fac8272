import test from 'ava';
import {MessageLog} from '../../source/messenger/message-log.js';

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
