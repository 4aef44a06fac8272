// The queue of links that may have something to send: everybody's turn comes, nobody stands in it twice.
import test from 'ava';
import {LinkTable, type LinkEntry} from '../../source/peer/link-table.js';

function list(table: LinkTable): LinkEntry {
	const id = table.createId();
	const entry = {
		id, link: {session: undefined}, publicKey: Uint8Array.of(id), initiation: undefined, initName: undefined, isReady: false,
	} as unknown as LinkEntry;
	table.add(entry);
	return entry;
}

function takeAll(table: LinkTable): number[] {
	const ids = [];
	for (let entry = table.takeReady(); entry; entry = table.takeReady()) {
		ids.push(entry.id);
	}

	return ids;
}

test('a link that is marked twice has one turn, at its first place', t => {
	const table = new LinkTable();
	const [first, second] = [list(table), list(table)];
	table.markReady(first);
	table.markReady(second);
	t.deepEqual(takeAll(table), [first.id, second.id]);
	t.deepEqual(takeAll(table), []);
});

test('who has more to send goes to the end of the queue', t => {
	const table = new LinkTable();
	const [first, second] = [list(table), list(table)];
	t.is(table.takeReady(), first);
	table.markReady(first);
	t.deepEqual(takeAll(table), [second.id, first.id]);
});

test('a link that is gone has no turn, whether it waited for one or not', t => {
	const table = new LinkTable();
	const [first, second, third] = [list(table), list(table), list(table)];
	table.remove(second);
	t.is(table.takeReady(), first);
	table.remove(first);
	t.deepEqual(takeAll(table), [third.id]);
	table.remove(third);
	t.deepEqual(takeAll(table), []);
});
