import {Buffer} from 'node:buffer';
import test from 'ava';
import {HybridClock} from '../../../source/messenger/clock.js';
import {maximumRecordBytes} from '../../../source/messenger/limits.js';
import {encodeRecord, RecordDecoder, type PeerRecord} from '../../../source/messenger/peers/records.js';
import {maximumSequence} from '../../../source/protocol/sequences.js';

const clock = new HybridClock().tick(1_700_000_000_000);
const records: readonly PeerRecord[] = [
	{
		kind: 'here', shared: 'room:den', visit: 1, seen: [[1, 9], [2 ** 40, maximumSequence]], read: [[1, 8]],
	},
	{
		kind: 'say', shared: 'session:a-Z_9', visit: 2, sequence: 7, text: 'grüße\n👋', at: 1_700_000_000_000, clock,
	},
	{
		kind: 'got', shared: 'room:den', seen: [[1, 7]], read: [],
	},
	{kind: 'bye', shared: 'room:den', visit: 3},
	{kind: 'close', shared: 'room:den', visit: 3},
	{kind: 'absent', shared: 'room:den', visit: 3},
	{
		kind: 'say', shared: 'room:den', visit: 2, sequence: 7, text: 'x', at: 1, clock, proof: {made: 5, audience: 'bob:0 кот:17', signature: 'A'.repeat(86)},
	},
	{
		kind: 'have', shared: 'room:den', visit: 3, made: 5, marks: [['0123456789abcdef', [[1, 7]]], ['fedcba9876543210', []]], missing: ['ann'],
	},
	{
		kind: 'pass', shared: 'room:den', visit: 3, card: 'a.b', lines: [{
			sequence: 1, text: 'x', at: 1, clock, audience: 'bob:0', signature: 'A'.repeat(86),
		}],
	},
	{
		kind: 'pass', shared: 'room:den', visit: 3, card: '', lines: [],
	},
	{kind: 'more', shared: 'room:den', visit: 3},
];

function frame(body: string): Uint8Array {
	const bytes = Buffer.alloc(4 + Buffer.byteLength(body));
	bytes.writeUInt32BE(Buffer.byteLength(body));
	bytes.write(body, 4);
	return bytes;
}

test('records survive every way of cutting their bytes in two', t => {
	const bytes = Buffer.concat(records.map(record => encodeRecord(record)));
	for (let cut = 0; cut <= bytes.length; cut++) {
		const decoder = new RecordDecoder();
		t.deepEqual([...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))], records);
	}
});

test('records survive single bytes', t => {
	const decoder = new RecordDecoder();
	const bytes = Buffer.concat(records.map(record => encodeRecord(record)));
	t.deepEqual([...bytes].flatMap(byte => [...decoder.push(Uint8Array.of(byte))]), records);
});

const say = {
	kind: 'say', shared: 'room:den', visit: 1, sequence: 1, text: 'x', at: 1, clock,
};
const proof = {made: 5, audience: 'bob:0', signature: 'A'.repeat(86)};
const have = {
	kind: 'have', shared: 'room:den', visit: 3, made: 5, marks: [['0123456789abcdef', [[1, 7]]]], missing: ['ann'],
};
const passed = {
	sequence: 1, text: 'x', at: 1, clock, audience: 'bob:0', signature: 'A'.repeat(86),
};
const pass = {
	kind: 'pass', shared: 'room:den', visit: 3, card: 'a.b', lines: [passed],
};
for (const [title, body] of [
	['no JSON', '{'],
	['not an object', '7'],
	['an unknown kind', '{"kind":"shout"}'],
	['an author of its own choice has no place', JSON.stringify({...say, sequence: -1, from: 'cat'})],
	['an empty text', JSON.stringify({...say, text: ''})],
	['a text that is too long', JSON.stringify({...say, text: 'é'.repeat((32 * 1024) + 1)})],
	['a clock that is none', JSON.stringify({...say, clock: 'z'.repeat(20)})],
	['a time out of bounds', JSON.stringify({...say, at: 1e300})],
	['a place that is none', JSON.stringify({...say, shared: 'den'})],
	['a list', '[]'],
	['nothing', 'null'],
	['a kind that every object has', '{"kind":"toString"}'],
	['a line without a number', JSON.stringify({...say, sequence: 0})],
	['a line whose number is too high', JSON.stringify({...say, sequence: maximumSequence + 1})],
	['half a visit', JSON.stringify({...say, visit: 0.5})],
	['a field that is missing', '{"kind":"got","shared":"room:den"}'],
	['a text that is none', JSON.stringify({...say, text: ['x']})],
	['half a proof', JSON.stringify({...say, proof: {...proof, signature: undefined}})],
	['no proof', JSON.stringify({...say, proof: null})],
	['a signature that is too short', JSON.stringify({...say, proof: {...proof, signature: 'A'}})],
	['an audience that is none', JSON.stringify({...say, proof: {...proof, audience: 'bob'}})],
	['an audience that is too long', JSON.stringify({...say, proof: {...proof, audience: `${'b'.repeat(17_000)}:0`}})],
	['marks that are no list', JSON.stringify({...have, marks: {length: 1}})],
	['a mark of a device that is none', JSON.stringify({...have, marks: [['ann', [[1, 1]]]]})],
	['a mark with too much', JSON.stringify({...have, marks: [['0123456789abcdef', [[1, 1]], 2]]})],
	...([
		['no list', 7],
		['no range', [7]],
		['half a range', [[7]]],
		['out of order', [[8, 9], [0, 4]]],
		['touching', [[1, 4], [5, 9]]],
		['upside down', [[9, 8]]],
		['below nothing', [[-1, 8]]],
		['too high', [[1, maximumSequence + 1]]],
		['no numbers', [['0', '1']]],
		['too many', Array.from({length: 17}, (_, index) => [index * 2, index * 2])],
	] as const).map(([what, seen]) => [`sequences that are ${what}`, JSON.stringify({
		kind: 'got', shared: 'room:den', seen, read: [],
	})] as const),
	['too many marks', JSON.stringify({...have, marks: Array.from({length: 513}, () => have.marks[0])})],
	['too many who are missing', JSON.stringify({...have, missing: Array.from({length: 65}, () => 'ann')})],
	['somebody missing who has no name', JSON.stringify({...have, missing: ['a b']})],
	['too many lines', JSON.stringify({...pass, lines: Array.from({length: 65}, () => passed)})],
	['a line that is passed on without a signature', JSON.stringify({...pass, lines: [{...passed, signature: undefined}]})],
	['a line that is null', JSON.stringify({...pass, lines: [null]})],
	['a card that is too long', JSON.stringify({...pass, card: 'a'.repeat(1000)})],
] as const) {
	test(`refused: ${title}`, t => {
		t.throws(() => [...new RecordDecoder().push(frame(body))], {code: 'bad-record'});
	});
}

test('a record is what is known of it, and nothing else', t => {
	t.deepEqual([...new RecordDecoder().push(frame('{"shared":"room:den","seen":[[1,7]],"read":[[1,6]],"kind":"got","from":"cat"}'))], [{
		kind: 'got', shared: 'room:den', seen: [[1, 7]], read: [[1, 6]],
	}]);
	t.deepEqual([...new RecordDecoder().push(frame(JSON.stringify({...pass, lines: [{...passed, from: 'cat'}]})))], [pass]);
	t.deepEqual([...new RecordDecoder().push(frame(JSON.stringify({...say, proof: {...proof, x: 1}})))], [{...say, proof}]);
});

test('a length beyond the limit is refused before its bytes come', t => {
	const header = Buffer.alloc(4);
	header.writeUInt32BE(maximumRecordBytes + 1);
	t.throws(() => [...new RecordDecoder().push(header)], {code: 'bad-record'});
});

const longest = {
	sequence: 1, text: '\u{1}'.repeat(16 * 1024), at: 1, clock,
};
const longestAudience = Array.from({length: 63}, (_, index) => `${'𝒳'.repeat(30)}${index}:9007199254740991`).join(' ');
for (const record of [
	{
		kind: 'say', shared: 'room:den', visit: 1, ...longest, proof: {...proof, audience: longestAudience},
	},
	{
		kind: 'pass', shared: 'room:den', visit: 1, card: 'a'.repeat(700), lines: [{...longest, audience: longestAudience, signature: proof.signature}],
	},
	{
		kind: 'have', shared: 'room:den', visit: 1, made: 5, marks: Array.from({length: 512}, () => ['0123456789abcdef', [[1, maximumSequence]]] as const), missing: Array.from({length: 64}, () => 'x'.repeat(128)),
	},
] satisfies readonly PeerRecord[]) {
	test(`the longest ${record.kind} fits`, t => {
		t.deepEqual([...new RecordDecoder().push(encodeRecord(record))], [record]);
	});
}
