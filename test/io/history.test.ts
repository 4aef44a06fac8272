import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {exportHistory, formatLine} from '../../source/io/history-export.js';
import {HistoryTable, type HistoryWrite} from '../../source/io/history-table.js';
import {migrate} from '../../source/io/profile-schema.js';
import {ProfileStore} from '../../source/io/profile-store.js';
import type {HistoryLine, HistoryQuery, OutboxEntry} from '../../source/messenger/effects.js';
import {join as joinSequences, type Sequences} from '../../source/protocol/sequences.js';
import {MemoryProfile} from '../helpers/memory-profile.js';

const person = {realm: 'r', owner: 'ann'};

function temporaryFolder(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
}

function makeLine(sequence: number, change: Partial<HistoryLine> = {}): HistoryLine {
	return {
		...person, place: 'session:bob', id: `d-${sequence}`, device: 'd', sequence, from: 'bob', text: `line ${sequence}`, at: 1000 * sequence, clock: String(sequence).padStart(6, '0'), state: undefined, isUnread: false, proof: undefined, ...change,
	};
}

function makeTable(): HistoryTable {
	const database = new DatabaseSync(':memory:');
	migrate(database);
	return new HistoryTable(database);
}

const words = ['tea', 'teapot', 'Übung', 'ubung', 'can\'t', 'крот', '', '💬', 'a-b'];
const lines = fc.record({
	realm: fc.constantFrom('r', 'q'),
	owner: fc.constantFrom('ann', 'Ann'),
	place: fc.constantFrom<HistoryLine['place']>('session:bob', 'room:den', 'room:session:x'),
	device: fc.constantFrom('d', 'e'),
	sequence: fc.integer({min: 1, max: 30}),
	from: fc.constantFrom('bob', 'ann'),
	text: fc.array(fc.constantFrom(...words), {maxLength: 4}).map(chosen => chosen.join(' ')),
	at: fc.integer({min: 0, max: 50}),
	clock: fc.integer({min: 0, max: 20}).map(moment => String(moment).padStart(3, '0')),
	state: fc.constantFrom(undefined, 'queued' as const, 'delivered' as const),
	isUnread: fc.boolean(),
	proof: fc.option(fc.record({
		made: fc.constantFrom(1, 1, 1, 2), audience: fc.constantFrom('ann:0', 'ann:0 bob:0', 'bob:0', 'annie:0 bob:7', 'bob:3', 'bob:25 ann:0'), signature: fc.constant('s'), card: fc.constantFrom('c1', 'c2'),
	}), {nil: undefined}),
}).map((line): HistoryLine => ({...line, id: `${line.device}-${line.sequence}`}));
const writes = fc.oneof(
	{weight: 5, arbitrary: lines.map((line): HistoryWrite => ({kind: 'history-add', line}))},
	{weight: 1, arbitrary: fc.tuple(fc.constantFrom('d', 'e'), fc.integer({min: 1, max: 30})).map(([device, sequence]): HistoryWrite => ({kind: 'history-state', id: `${device}-${sequence}`, state: 'read'}))},
	{
		weight: 1, arbitrary: fc.constantFrom<HistoryWrite>({kind: 'history-read', ...person, place: 'session:bob'}, {
			kind: 'history-read', realm: 'q', owner: 'Ann', place: 'room:den',
		}),
	},
);
function joinAll(parts: ReadonlyArray<readonly [first: number, more: number]>): Sequences {
	let all: Sequences = [];
	for (const [first, more] of parts) {
		all = joinSequences(all, [first, first + more]);
	}

	return all;
}

const whose = fc.record({realm: fc.constantFrom('r', 'q'), owner: fc.constantFrom('ann', 'Ann', 'nobody')});
const place = fc.constantFrom<HistoryLine['place']>('session:bob', 'room:den', 'session:nobody');
const queries: fc.Arbitrary<HistoryQuery> = fc.oneof(
	fc.tuple(whose, fc.record({
		kind: fc.constant('page' as const), place, before: fc.option(fc.record({clock: fc.constantFrom('000', '010', '020', '9'), id: fc.constantFrom('d-3', 'e-9', '')}), {nil: undefined}), limit: fc.integer({min: 1, max: 10}),
	})).map(([who, query]) => ({...who, ...query})),
	fc.tuple(whose, fc.record({
		kind: fc.constant('passable' as const), place, made: fc.constantFrom(1, 1, 2), reader: fc.constantFrom('ann', 'bob', 'Bob', 'nobody'), marks: fc.uniqueArray(fc.tuple(fc.constantFrom('d', 'e', 'f'), fc.array(fc.tuple(fc.nat(20), fc.nat(5)), {maxLength: 3})), {selector: ([device]) => device}).map(marks => new Map(marks.map(([device, parts]) => [device as string, joinAll(parts)]))), since: fc.constantFrom(0, 0, 5, 60), limit: fc.integer({min: 1, max: 10}),
	})).map(([who, query]) => ({...who, ...query})),
	fc.tuple(whose, fc.record({
		kind: fc.constant('search' as const), words: fc.constantFrom('tea', 'teap', 'tea крот', 'teapot te', 'te teapot', 'can\'t', '"', '', 'a-b', 'NEAR(', '*', 'TEA'), limit: fc.integer({min: 1, max: 10}), context: fc.nat(2),
	})).map(([who, query]) => ({...who, ...query})),
);

test('the table answers as plain arrays do', t => {
	fc.assert(fc.property(fc.array(writes, {maxLength: 60}), fc.array(queries, {minLength: 1, maxLength: 8}), (history, questions) => {
		const table = makeTable();
		const oracle = new MemoryProfile();
		for (const write of history) {
			table.apply(write);
		}

		oracle.apply(history);
		for (const query of questions) {
			t.deepEqual(table.recall(query), oracle.recall(query), JSON.stringify(query));
		}

		const byPlace = (rows: ReturnType<HistoryTable['unread']>) => rows.map(row => JSON.stringify(row)).toSorted();
		t.deepEqual(byPlace(table.unread()), byPlace(oracle.load().unread));
	}), {numRuns: 150});
});

test('accents and case do not matter in a search, and the beginning of a word is enough', t => {
	const table = makeTable();
	for (const [index, text] of ['Übung macht', 'die Meister', 'ein Übungsleiter'].entries()) {
		table.apply({kind: 'history-add', line: makeLine(index + 1, {text})});
	}

	const find = (query: string) => table.recall({
		kind: 'search', ...person, words: query, limit: 10, context: 1,
	});
	t.deepEqual(find('ubung').map(({id}) => id), ['d-3', 'd-1']);
	t.deepEqual(find('ubung')[0]!.before!.map(({id}) => id), ['d-2']);
	t.deepEqual(find('ubung')[1]!.after!.map(({id}) => id), ['d-2']);
});

test('the index of words is brought into fewer pieces, a little at a time, and finds what it found', t => {
	const database = new DatabaseSync(':memory:');
	migrate(database);
	const table = new HistoryTable(database);
	for (let sequence = 1; sequence <= 1001; sequence++) {
		table.apply({kind: 'history-add', line: makeLine(sequence, {text: `tea ${sequence} ${sequence % 7}`})});
	}

	const search = () => table.recall({
		kind: 'search', ...person, words: 'tea 3', limit: 20, context: 0,
	}).map(({sequence}) => sequence);
	const pieces = () => database.prepare('SELECT count(DISTINCT segid) AS count FROM history_text_idx').get()!.count as number;
	const before = search();
	t.is(before.length, 20);
	const many = pieces();
	let steps = 1;
	while (!table.tidyIndex() && steps < 1000) {
		steps++;
	}

	t.true(steps > 1 && steps < 1000);
	t.true(pieces() < many, `${pieces()} of ${many}`);
	t.true(table.tidyIndex(), 'there is an end to it');
	t.deepEqual(search(), before);
});

test('a store answers with everything that was written before the question', async t => {
	const store = await ProfileStore.open({folder: temporaryFolder(t)});
	t.teardown(async () => store.close());
	const written = [1, 2, 3].map(async sequence => store.write([{kind: 'history-add', line: makeLine(sequence)}]));
	const query: HistoryQuery = {
		kind: 'page', ...person, place: 'session:bob', before: undefined, limit: 2,
	};
	const answers = await Promise.all([store.recall(query), store.recall({...query, limit: 1}), ...written]);
	t.deepEqual(answers[0], [makeLine(2), makeLine(3)]);
	t.deepEqual(answers[1], [makeLine(3)]);
});

/**
A store over a profile that an earlier version has left.
*/
async function openOld(t: ExecutionContext, version: number): Promise<ProfileStore> {
	const folder = temporaryFolder(t);
	const first = await ProfileStore.open({folder});
	await first.close();
	const path = join(folder, 'profiles', '1', 'profile.db');
	rmSync(path);
	const old = new DatabaseSync(path);
	old.exec(readFileSync(new URL(`../../../fixtures/profile-version-${version}.sql`, import.meta.url), 'utf8'));
	old.close();
	const store = await ProfileStore.open({folder});
	t.teardown(async () => store.close());
	return store;
}

test('a profile of the first version keeps everything and gains a history', async t => {
	const store = await openOld(t, 1);
	t.deepEqual(store.stored.outbox, [{
		id: 'device-1', sequence: 1, realm: 'realm', from: 'ann', to: 'bob', place: {kind: 'room', name: 'den'}, text: 'line 1', at: 1000.5, clock: 'c', state: {step: 'queued'},
	}]);
	t.deepEqual(store.stored.seen, new Map([['d session', [[1, 7]]]]));
	t.is(store.stored.nextSequence, 64);
	t.deepEqual(store.stored.logins, new Map([['a:1', {user: 'ann', token: 't'}]]));
	await store.write([{kind: 'history-add', line: makeLine(1)}]);
	t.is((await store.recall({
		kind: 'search', ...person, words: 'line', limit: 5, context: 0,
	})).length, 1);
});

test('a profile of the second version keeps everything and can take what is needed to pass lines on', async t => {
	const store = await openOld(t, 2);
	t.deepEqual(store.stored.outbox, [{
		id: 'device-1', sequence: 1, realm: 'realm', from: 'ann', to: 'bob', place: {kind: 'room', name: 'den'}, text: 'line 1', at: 1000.5, clock: 'c', state: {
			step: 'stored', device: 'd2', prekey: 0, at: 1001,
		},
	}]);
	const proof = {
		made: 5, audience: 'ann:0 cat:0', signature: 's', card: 'c',
	};
	await store.write([{kind: 'history-add', line: makeLine(2, {place: 'room:den', proof})}]);
	t.deepEqual((await store.recall({
		kind: 'page', ...person, place: 'room:den', before: undefined, limit: 9,
	})).map(({id, proof: kept}) => [id, kept]), [['d-1', undefined], ['d-2', proof]]);
	t.deepEqual((await store.recall({
		kind: 'passable', ...person, place: 'room:den', made: 5, reader: 'Cat', marks: new Map(), since: 0, limit: 9,
	})).map(({id}) => id), ['d-2']);
});

test('an outbox entry keeps what is needed to pass it on', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	const entry: OutboxEntry = {
		id: 'd-1', sequence: 1, realm: 'r', from: 'ann', to: 'bob', place: {kind: 'room', name: 'den'}, text: 'x', at: 1, clock: 'c', proof: {made: 5, audience: 'bob:0 cat:0', signature: 's'}, state: {step: 'queued'},
	};
	await store.write([{kind: 'outbox-add', entry}]);
	await store.close();
	const again = await ProfileStore.open({folder});
	t.teardown(async () => again.close());
	t.deepEqual(again.stored.outbox, [entry]);
});

test('who lacks lines is found them far back among many authors, and who lacks none costs nothing', t => {
	const table = makeTable();
	const said = (device: string, sequence: number, audience: string) => {
		table.apply({
			kind: 'history-add', line: makeLine(sequence, {
				place: 'room:den', id: `${device}-${sequence}`, device, proof: {
					made: 5, audience, signature: 's', card: 'c',
				},
			}),
		});
	};

	for (let sequence = 1; sequence <= 3000; sequence++) {
		said('a', sequence, 'bob:0 cat:0');
		said('b', sequence, sequence > 2900 ? 'bob:0 cat:0' : 'bob:0 dan:0');
		said('c', sequence, 'bob:0 dan:0');
	}

	const find = (reader: string, marks: Readonly<Record<string, number>>) => table.recall({
		kind: 'passable', ...person, place: 'room:den', made: 5, reader, marks: new Map(Object.entries(marks).map(([device, last]) => [device, [[1, last]]])), since: 0, limit: 2,
	}).map(({id}) => id);
	t.deepEqual(find('cat', {}), ['a-1', 'a-2']);
	t.deepEqual(find('cat', {a: 3000}), ['b-2901', 'b-2902']);
	t.deepEqual(find('cat', {a: 3000, b: 3000}), []);
	t.deepEqual(find('cat', {a: 3000, b: 2950}), ['b-2951', 'b-2952']);
	t.deepEqual(find('dan', {}), ['c-1', 'c-2']);
	t.deepEqual(find('eve', {}), []);
});

test('a profile of the third version keeps everything; what was one number stands for all lines below it', async t => {
	const store = await openOld(t, 3);
	t.deepEqual(store.stored.seen, new Map([['d session', [[1, 7]]], ['e room:den', [[1, 1_760_000_000_123]]]]));
	t.deepEqual(store.stored.read, new Map([['d session', [[1, 5]]]]));
	t.deepEqual(store.stored.outbox, [{
		id: 'device-1', sequence: 1, realm: 'realm', from: 'ann', to: 'bob', place: {kind: 'room', name: 'den'}, text: 'line 1', at: 1000.5, clock: 'c', state: {
			step: 'stored', device: 'd2', prekey: 0, at: 1001,
		}, proof: {made: 5, audience: 'bob:0 cat:0', signature: 's'},
	}]);
	t.is(store.stored.nextSequence, 64);
	t.like((await store.recall({
		kind: 'page', ...person, place: 'room:den', before: undefined, limit: 9,
	}))[0], {
		id: 'd-1', text: 'old line', proof: {
			made: 5, audience: 'ann:0 cat:0', signature: 's', card: 'a card',
		},
	});
});

test('proofs that nobody may ask for any more are erased, those of the last week are not, and all lines stay', t => {
	const table = makeTable();
	const [day, now] = [24 * 3_600_000, Date.parse('2026-03-01T12:00:00Z')];
	const proof = {
		made: 5, audience: 'bob:0 cat:0', signature: 's', card: 'c',
	};
	for (const [index, age] of [30, 9, 7, 0, -400].entries()) {
		table.apply({kind: 'history-add', line: makeLine(index + 1, {place: 'room:den', at: now - (age * day), proof})});
	}

	table.apply({kind: 'history-add', line: makeLine(6, {place: 'room:den', at: now - (20 * day)})});
	t.is(table.eraseProofs(now), 2);
	t.is(table.eraseProofs(now), 0);
	const left = table.recall({
		kind: 'page', ...person, place: 'room:den', before: undefined, limit: 9,
	});
	t.deepEqual(left.map(line => line.proof !== undefined), [false, false, true, true, true, false]);
	t.is(table.recall({
		kind: 'search', ...person, words: 'line', limit: 9, context: 0,
	}).length, 6);
});

test('an export is a new file for the user alone, as text or as JSON', async t => {
	const folder = temporaryFolder(t);
	const store = await ProfileStore.open({folder});
	t.teardown(async () => store.close());
	const history = [makeLine(1, {text: 'one\ntwo \u{1B}[31mred'}), makeLine(2, {from: 'ann', state: 'read'})];
	await store.write(history.map(line => ({kind: 'history-add', line})));
	const order = {...person, place: 'session:bob' as const};
	const text = join(folder, 'a.txt');
	t.deepEqual(await store.export({...order, path: text, format: 'text'}), {ok: true, lines: 2});
	t.is(readFileSync(text, 'utf8'), history.map(line => formatLine(line)).join(''));
	t.regex(readFileSync(text, 'utf8'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d bob: one\n {4}two red\n/v);
	t.is(statSync(text).mode % 0o1000, 0o600);

	const json = join(folder, 'a.json');
	t.deepEqual(await store.export({...order, path: json, format: 'json'}), {ok: true, lines: 2});
	t.deepEqual(JSON.parse(readFileSync(json, 'utf8')), [
		{
			id: 'd-1', from: 'bob', session: 'bob', text: 'one\ntwo \u{1B}[31mred', at: '1970-01-01T00:00:01.000Z',
		},
		{
			id: 'd-2', from: 'ann', session: 'bob', text: 'line 2', at: '1970-01-01T00:00:02.000Z', state: 'read',
		},
	]);
});

test('an export never writes over a file, and leaves none that is not whole', t => {
	const folder = temporaryFolder(t);
	const taken = join(folder, 'taken');
	writeFileSync(taken, 'mine');
	mkdirSync(join(folder, 'folder'));
	for (const [path, sentence] of [[taken, /exists already/v], [join(folder, 'no', 'such'), /no folder/v], [join(folder, 'folder'), /exists already/v]] as const) {
		const result = exportHistory(path, 'text', [makeLine(1)]);
		t.false(result.ok);
		t.regex(result.ok ? '' : result.error.message, sentence);
	}

	t.is(readFileSync(taken, 'utf8'), 'mine');
	const broken = join(folder, 'broken');
	const result = exportHistory(broken, 'json', (function * () {
		yield makeLine(1);
		throw new Error('the disk has gone');
	})());
	t.like(result, {ok: false, error: {message: `${broken} can't be written: the disk has gone. Name another file.`}});
	t.throws(() => statSync(broken), {code: 'ENOENT'});
});
