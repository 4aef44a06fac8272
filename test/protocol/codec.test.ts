import test from 'ava';
import fc from 'fast-check';
import {parseReply, parseRequest, parseServerLine} from '../../source/protocol/codec.js';
import {operations, type Operation} from '../../source/protocol/messages.js';

const key = 'A'.repeat(43);
const device = {sign: key, agree: key};
const punch = {sid: '0123abcd', secret: key};
const peer = {
	user: 'ann', card: 'x.y', addresses: ['10.0.0.1:7600', '[::1]:7600'], punch,
};
const session = 'aZ09_-';
const prekey = {id: 1, key};
const signature = 'A'.repeat(86);
const deviceName = '0123456789abcdef';
const mail = {
	to: 'ann', device: deviceName, mail: 'mail-1', sealed: 'AZaz09_-',
};

const requests: Readonly<Record<Operation, {readonly good: ReadonlyArray<Record<string, unknown>>; readonly bad: ReadonlyArray<Record<string, unknown>>}>> = {
	hello: {good: [{protocol: 1, program: 'x'}], bad: [{}, {protocol: '1', program: 'x'}, {protocol: 1.5, program: 'x'}, {protocol: 1, program: 'x'.repeat(501)}]},
	register: {
		good: [{user: 'ann', password: 'x', device}, {user: 'ann', password: 'x'.repeat(1024), device}],
		bad: [
			{user: 'ann', password: '', device},
			{user: 'ann', password: 'é'.repeat(513), device},
			{user: 'a b', password: 'x', device},
			{user: 'ann', password: 'x'},
			{user: 'ann', password: 'x', device: {sign: key}},
			{user: 'ann', password: 'x', device: {sign: `${key}A`, agree: key}},
			{user: 'ann', password: 'x', device: {sign: key.replace('A', '+'), agree: key}},
			{user: ['ann'], password: 'x', device},
		],
	},
	login: {good: [{user: 'ann', password: 'x', device}], bad: [{user: 'ann', device}, {password: 'x', device}]},
	resume: {good: [{token: '', device}, {token: 'x.y', device}], bad: [{token: 'x'.repeat(1001), device}, {token: 'x'}]},
	lu: {good: [{}, {after: 'ann'}], bad: [{after: 1}, {after: null}]},
	lcu: {good: [{}], bad: [{after: {}}]},
	lr: {good: [{}], bad: [{after: []}]},
	lru: {good: [{room: 'den'}], bad: [{}, {room: ''}]},
	whois: {good: [{user: 'ann'}], bad: [{}, {user: 7}]},
	announce: {
		good: [{addresses: []}, {addresses: Array.from({length: 8}, () => '10.0.0.1:1')}, {addresses: ['[fe80::1]:5000']}],
		bad: [{}, {addresses: '10.0.0.1:1'}, {addresses: Array.from({length: 9}, () => '10.0.0.1:1')}, {addresses: ['ann']}, {addresses: ['10.0.0.256:1']}, {addresses: ['10.0.0.1:70000']}, {addresses: ['[::zz]:1']}],
	},
	open: {good: [{user: 'ann'}], bad: [{user: 'аnn'}, {user: 'a\u{7}'}]},
	answer: {good: [{session, answer: 'accept'}, {session, answer: 'busy'}], bad: [{session}, {session, answer: 'maybe'}, {session: '', answer: 'accept'}, {session: 'a b', answer: 'accept'}, {session: 'x'.repeat(65), answer: 'accept'}]},
	close: {good: [{session}], bad: [{}, {session: 1}]},
	enter: {good: [{room: 'den'}], bad: [{room: 'd en'}]},
	leave: {good: [{room: 'den'}], bad: [{}]},
	'close-room': {good: [{room: 'den'}], bad: [{}]},
	restore: {good: [{session, with: 'ann'}], bad: [{session}, {with: 'ann'}]},
	group: {good: [{session, user: 'ann'}], bad: [{session}, {user: 'ann'}, {session: 'a b', user: 'ann'}]},
	invite: {good: [{room: 'den', user: 'ann'}], bad: [{room: 'den'}, {user: 'ann'}, {room: 'd en', user: 'ann'}]},
	'answer-invitation': {
		good: [{invitation: session, answer: 'accept'}, {invitation: session, answer: 'decline'}, {invitation: session, answer: 'busy'}],
		bad: [{invitation: session}, {invitation: session, answer: 'yes'}, {invitation: '', answer: 'accept'}],
	},
	publish: {
		good: [{oneTime: []}, {signed: {...prekey, signature}, oneTime: [prekey, {id: 0xFF_FF_FF_FF, key}]}, {oneTime: Array.from({length: 100}, () => prekey)}],
		bad: [
			{},
			{oneTime: prekey},
			{oneTime: Array.from({length: 101}, () => prekey)},
			{oneTime: [{id: -1, key}]},
			{oneTime: [{id: 0x1_00_00_00_00, key}]},
			{oneTime: [{id: 1, key: 'short'}]},
			{signed: prekey, oneTime: []},
			{signed: {...prekey, signature: `${signature}A`}, oneTime: []},
		],
	},
	bundle: {
		good: [{user: 'ann', count: 0}, {user: 'ann', device: deviceName, count: 20}],
		bad: [{user: 'ann'}, {count: 1}, {user: 'ann', count: 21}, {user: 'ann', count: 0.5}, {user: 'ann', device: 'ann', count: 1}, {user: 'ann', device: deviceName.toUpperCase(), count: 1}],
	},
	mail: {
		good: [{...mail, sealed: ''}, mail, {
			...mail, room: 'den', slot: 'receipt-1', sealed: 'A'.repeat(90_000),
		}],
		bad: [
			{...mail, sealed: 'A'.repeat(90_001)},
			{...mail, sealed: 'A+/='},
			{...mail, mail: ''},
			{...mail, device: 'x'},
			{...mail, slot: 'a slot'},
			{...mail, room: 'a room'},
			{...mail, to: undefined},
			{...mail, sealed: undefined},
		],
	},
	fetch: {good: [{}, {after: 0}, {after: 7, room: 'den', slots: true}], bad: [{after: -1}, {after: '1'}, {room: ''}, {slots: 1}]},
	ack: {good: [{mails: []}, {mails: [1, 2]}, {mails: Array.from({length: 400}, (_, index) => index)}], bad: [{}, {mails: 1}, {mails: [-1]}, {mails: ['1']}, {mails: Array.from({length: 401}, () => 1)}]},
	departed: {good: [{at: 1_700_000_000_000}], bad: [{}, {at: -1}, {at: '2026-01-01'}]},
	ping: {good: [{}], bad: []},
	bye: {good: [{}], bad: []},
};

for (const op of Object.keys(operations) as Operation[]) {
	test(`requests of ${op}`, t => {
		for (const fields of requests[op].good) {
			t.deepEqual(parseRequest(JSON.stringify({id: 1, op, ...fields})), {request: {id: 1, op, ...fields}} as unknown);
			t.deepEqual(parseRequest(JSON.stringify({
				unknown: 1, id: 1, op, ...fields,
			})), {request: {id: 1, op, ...fields}} as unknown, 'what it does not know it leaves out');
		}

		for (const fields of requests[op].bad) {
			const parsed = parseRequest(JSON.stringify({id: 1, op, ...fields}));
			t.like(parsed, {id: 1, op, error: {code: 'bad-request'}}, `refuses ${JSON.stringify(fields)}`);
		}
	});
}

for (const [line, expected] of [
	['', {id: undefined, error: {code: 'bad-request'}}],
	['nonsense', {id: undefined, error: {code: 'bad-request'}}],
	['"text"', {id: undefined, error: {code: 'bad-request'}}],
	['[1]', {id: undefined, error: {code: 'bad-request'}}],
	['null', {id: undefined, error: {code: 'bad-request'}}],
	['{}', {id: undefined, op: undefined, error: {code: 'unknown-operation'}}],
	['{"id":1}', {id: 1, op: undefined, error: {code: 'unknown-operation'}}],
	['{"id":1,"op":"toString"}', {id: 1, op: 'toString', error: {code: 'unknown-operation'}}],
	['{"id":1,"op":"lu","__proto__":{"after":7}}', {request: {id: 1, op: 'lu'}}],
	['{"id":0,"op":"lu"}', {id: undefined, op: 'lu', error: {code: 'bad-request'}}],
	['{"id":-1,"op":"lu"}', {id: undefined, op: 'lu', error: {code: 'bad-request'}}],
	['{"id":1e300,"op":"lu"}', {id: undefined, op: 'lu', error: {code: 'bad-request'}}],
	['{"id":"1","op":"lu"}', {id: undefined, op: 'lu', error: {code: 'bad-request'}}],
] as const) {
	test(`the line ${line}`, t => {
		t.like(parseRequest(line), expected);
	});
}

test('an unknown operation is named, shortly', t => {
	const parsed = parseRequest(JSON.stringify({id: 1, op: 'x'.repeat(1000)}));
	t.is('op' in parsed ? parsed.op?.length : undefined, 40);
});

test('no line makes the server throw', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.oneof(fc.string({unit: 'binary'}), fc.json(), fc.record({id: fc.jsonValue(), op: fc.oneof(fc.constantFrom(...Object.keys(operations)), fc.jsonValue())}).map(value => JSON.stringify(value))), line => {
			parseRequest(line);
		}), {numRuns: 2000});
	});
});

const users = [{name: 'ann', online: true}];
const rooms = [{name: 'den', creator: 'ann', members: 2}];
const notices: ReadonlyArray<Record<string, unknown>> = [
	{event: 'presence', users},
	{event: 'presence', users: [], snapshot: true},
	{event: 'rooms', rooms, gone: ['attic']},
	{
		event: 'request', session, from: 'ann', expiresInMs: 30_000,
	},
	{
		event: 'withdrawn', session, from: 'ann', reason: 'timeout',
	},
	{
		event: 'session', session, with: 'ann', state: 'open', peer,
	},
	{
		event: 'session', session, with: 'ann', state: 'declined', reason: 'timeout',
	},
	{
		event: 'room', room: 'den', change: 'entered', user: 'ann', peer,
	},
	{
		event: 'room', room: 'den', change: 'gone', user: 'ann', away: true,
	},
	{
		event: 'group', session, room: 'ann-bob-cat', from: 'ann',
	},
	{
		event: 'invitation', invitation: session, room: 'den', from: 'ann', expiresInMs: 30_000,
	},
	{
		event: 'invitation-ended', invitation: session, room: 'den', with: 'ann', outcome: 'timeout',
	},
	{event: 'mail', waiting: [{user: 'ann', count: 2, since: 1_700_000_000_000}], slots: 1},
	{
		event: 'mail', waiting: [{
			user: 'ann', room: 'den', count: 2, since: 0,
		}], slots: 0,
	},
	{event: 'prekeys', oneTime: 19},
	{event: 'peer', peer},
	{event: 'address', seen: '10.0.0.1:5000'},
	{event: 'closing', code: 'shutdown', message: 'x'},
];
// What stands in every notice of its name is tested below.
const optional = new Set(['event', 'reason', 'peer', 'snapshot', 'away']);
for (const notice of notices) {
	test(`the notice ${JSON.stringify(notice)}`, t => {
		t.deepEqual(parseServerLine(JSON.stringify(notice)), {kind: 'notice', notice} as unknown);
		for (const name of Object.keys(notice)) {
			if (optional.has(name)) {
				continue;
			}

			const {[name]: _, ...rest} = notice;
			t.throws(() => parseServerLine(JSON.stringify(rest)), {code: 'bad-reply'}, `without ${name}`);
			t.throws(() => parseServerLine(JSON.stringify({...notice, [name]: 7.5})), {code: 'bad-reply'}, `with a strange ${name}`);
		}
	});
}

test('a notice of a newer server is passed over', t => {
	t.is(parseServerLine('{"event":"weather","sun":true}'), undefined);
});

test('replies, refusals and neither', t => {
	t.deepEqual(parseServerLine('{"id":1,"ok":true,"more":false}'), {
		kind: 'reply', id: 1, ok: true, fields: {more: false},
	});
	t.deepEqual(parseServerLine('{"id":1,"ok":false,"error":{"code":"no-such-user","message":"There is none."}}'), {
		kind: 'reply', id: 1, ok: false, error: {code: 'no-such-user', message: 'There is none.'},
	});
	for (const line of ['', 'x', '[]', '{}', '{"id":1}', '{"ok":true}', '{"id":0,"ok":true}', '{"id":1,"ok":1}', '{"id":1,"ok":false}', '{"id":1,"ok":false,"error":{"code":"No","message":""}}', '{"id":1,"ok":false,"error":{"code":"no"}}']) {
		t.throws(() => parseServerLine(line), {name: 'ProtocolError'}, `refuses ${line}`);
	}
});

test('a reply is checked against what was asked', t => {
	const loggedIn = {
		user: 'ann', card: 'x', token: 'y', punch, prekeys: {signed: 1, oneTime: 50},
	};
	t.deepEqual(parseReply('login', loggedIn), loggedIn);
	t.deepEqual(parseReply('lu', {users, more: false, extra: 1}), {users, more: false});
	t.deepEqual(parseReply('lr', {rooms, more: true}), {rooms, more: true});
	const entered = {
		room: 'den', creator: 'ann', created: true, members: [peer], away: ['bob'],
	};
	t.deepEqual(parseReply('enter', entered), entered);
	t.deepEqual(parseReply('enter', {...entered, private: true}), {...entered, private: true});
	const fetched = {
		mails: [
			{
				number: 1, from: 'ann', card: 'x.y', at: 0, sealed: 'AA',
			},
			{
				number: 2, from: 'ann', card: 'x.y', room: 'den', slot: 'receipt', at: 0, sealed: '',
			},
		], more: false,
	};
	t.deepEqual(parseReply('fetch', fetched), fetched);
	const bundle = {
		user: 'ann', card: 'x.y', signed: {...prekey, signature}, oneTime: [prekey],
	};
	t.deepEqual(parseReply('bundle', bundle), bundle);
	for (const [op, fields] of [
		['login', {...loggedIn, punch: {...punch, sid: 'xyz'}}],
		['lu', {users}],
		['lu', {users: [{name: 'a b', online: true}], more: false}],
		['lr', {rooms: [{name: 'den', creator: 'ann', members: -1}], more: false}],
		['open', {session: 'a b', expiresInMs: 1}],
		['login', {...loggedIn, prekeys: undefined}],
		['enter', {...entered, members: Array.from({length: 33}, () => peer)}],
		['enter', {...entered, away: Array.from({length: 33}, () => 'bob')}],
		['fetch', {...fetched, mails: [{...fetched.mails[0], from: 'a b'}]}],
		['bundle', {...bundle, signed: prekey}],
		['bundle', {...bundle, oneTime: Array.from({length: 21}, () => prekey)}],
		['whois', {user: 'ann', online: true, address: 'nowhere'}],
	] as const) {
		t.throws(() => parseReply(op, fields), {name: 'ProtocolError', code: 'bad-reply'}, `refuses a reply to ${op}`);
	}
});
