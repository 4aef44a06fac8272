import test from 'ava';
import {colorTheme} from '../../source/kit/theme.js';
import {clockTime} from '../../source/kit/time.js';
import {commands} from '../../source/messenger/commands.js';
import type {CommandReply, MessengerEvent} from '../../source/messenger/events.js';
import {createPlainFace} from '../../source/plain/plain-face.js';

const now = Date.UTC(2026, 0, 1, 9, 8, 7);

function lines(act: (face: ReturnType<typeof createPlainFace>) => void, theme?: typeof colorTheme): string[] {
	let text = '';
	act(createPlainFace({
		write(part) {
			text += part;
		},
		now: () => now,
		theme,
	}));
	return text.split('\n').slice(0, -1);
}

const time = clockTime(now);
const at = '2026-01-01T10:00:00.000Z';

const events: ReadonlyArray<readonly [MessengerEvent, string | undefined]> = [
	[{
		type: 'connection', state: 'connected', server: '127.0.0.1:7600', term: 1,
	}, 'connected to 127.0.0.1:7600'],
	[{
		type: 'connection', state: 'retrying', server: 'a:1', term: 0, reason: 'Nobody answers.', retryInMs: 1900,
	}, 'trying a:1 again in 2 s: Nobody answers.'],
	[{
		type: 'connection', state: 'lost', server: 'a:1', term: 0,
	}, 'connection to a:1 lost'],
	[{
		type: 'connection', state: 'closed', server: null, term: 0,
	}, 'disconnected from the server'],
	[{type: 'presence', user: 'bob', online: true}, 'bob is online'],
	[{type: 'presence', user: 'bob', online: false}, 'bob is offline'],
	[{
		type: 'presence', user: 'bob', online: true, snapshot: true,
	}, undefined],
	[{
		type: 'request', kind: 'session', from: 'bob', id: '1', expiresAt: at,
	}, 'bob asks for a session: "accept bob" or "decline bob"'],
	[{
		type: 'request-ended', kind: 'session', from: 'bob', id: '1', reason: 'timeout',
	}, 'bob no longer asks: timeout'],
	[{type: 'session', with: 'bob', state: 'open'}, 'session with bob is open'],
	[{
		type: 'session', with: 'bob', state: 'lost', reason: 'no answer',
	}, 'bob was lost: no answer'],
	[{
		type: 'room', room: 'den', change: 'entered', user: 'bob',
	}, '[den] bob entered'],
	[{
		type: 'room', room: 'den', change: 'closed', user: 'ann',
	}, '[den] ann closed the room'],
	[{
		type: 'delivery', id: '1', to: 'bob', state: 'sent',
	}, undefined],
	[{
		type: 'delivery', id: '1', to: 'bob', state: 'delivered',
	}, 'delivered (bob)'],
	[{
		type: 'delivery', id: '1', to: 'bob', state: 'failed',
	}, 'a line did not reach bob'],
	[{
		type: 'request', kind: 'group', from: 'ann', id: '1', room: 'den', expiresAt: at,
	}, 'ann asks you into den: "accept ann" or "decline ann"'],
	[{
		type: 'request', kind: 'key', from: 'bob', id: '1',
	}, 'trust the new key of bob? "accept bob" or "decline bob"'],
	[{
		type: 'request-ended', kind: 'group', from: 'ann', id: '1', room: 'den', reason: 'timeout',
	}, 'ann no longer asks you into den: timeout'],
	[{
		type: 'invitation', room: 'den', user: 'cat', state: 'busy',
	}, '[den] cat is busy and can\'t join now'],
	[{
		type: 'session', with: 'bob', state: 'closed', room: 'ann-bob-cat',
	}, 'the session with bob is the group ann-bob-cat now'],
	[{type: 'notice', level: 'error', text: 'The certificate changed.'}, 'error: The certificate changed.'],
];

for (const [event, expected] of events) {
	test(`${JSON.stringify(event)} in words`, t => {
		t.deepEqual(lines(face => {
			face.event(event);
		}), expected === undefined ? [] : [`${time} ${expected}`]);
	});
}

test('a message has its own time, and one line whatever it says', t => {
	const message = {
		type: 'message', id: '1', from: 'bob', text: 'one\ntwo \u{1B}[31mred\u{1B}[0m\u{202E}', at, pending: false,
	} as const;
	const own = clockTime(Date.parse(at));
	t.deepEqual(lines(face => {
		face.event({...message, session: 'bob'});
		face.event({...message, room: 'den'});
	}), [`${own} bob: one two red`, `${own} [den] bob: one two red`]);
});

test('coming and going is coloured where there are colours', t => {
	const [join, leave, talk] = lines(face => {
		face.event({type: 'presence', user: 'bob', online: true});
		face.event({type: 'presence', user: 'bob', online: false});
		face.event({
			type: 'message', id: '1', from: 'bob', session: 'bob', text: 'hi', at, pending: false,
		});
	}, colorTheme);
	t.is(join, `${time} \u{1B}[32mbob is online\u{1B}[39m`);
	t.is(leave, `${time} \u{1B}[90mbob is offline\u{1B}[39m`);
	t.true(talk!.endsWith(' bob: hi'));
});

const replies: ReadonlyArray<readonly [CommandReply, readonly string[]]> = [
	[{command: 'lu', ok: true, fields: {users: [{name: 'ann', online: true}, {name: 'bobby', online: false}]}}, ['2 users', '  ann    online', '  bobby  offline']],
	[{command: 'lcu', ok: true, fields: {users: []}}, ['no users']],
	[{command: 'lr', ok: true, fields: {rooms: [{name: 'den', creator: 'ann', members: 1}]}}, ['1 room', '  den  by ann  1 member']],
	[{
		command: 'lr', ok: true, fields: {
			rooms: [{
				name: 'den', creator: 'ann', members: 1, private: true,
			}],
		},
	}, ['1 room', '  den  by ann  1 member, private']],
	[{command: 'contacts', ok: true, fields: {contacts: [{name: 'bob', online: true, verified: true}, {name: 'cat', online: false, verified: false}]}}, ['2 contacts', '  bob  online, verified', '  cat  offline']],
	[{command: 'verify', ok: true, fields: {user: 'bob', safetyNumber: Array.from({length: 12}, () => '01234').join(' '), trust: 'trusted'}}, [
		'safety number with bob', ...Array.from({length: 3}, () => '  01234 01234 01234 01234'), '  same at both ends? then: verify bob yes',
	]],
	[{command: 'lru', ok: true, fields: {room: 'den', users: ['ann', 'bob']}}, ['2 users in den', '  ann', '  bob']],
	[{
		command: 'l', ok: true, fields: {
			connected: true, server: 'a:1', user: 'ann', conversation: {kind: 'room', name: 'den', members: 3},
		},
	}, ['connected to a:1', '  user          ann', '  conversation  room den, 3 members']],
	[{
		command: 'l', ok: true, fields: {
			connected: true, server: 'a:1', user: 'ann', conversation: {kind: 'session', name: 'bob'},
		},
	}, ['connected to a:1', '  user          ann', '  conversation  session with bob']],
	[{
		command: 'l', ok: true, fields: {
			connected: false, server: null, user: null, conversation: null,
		},
	}, ['not connected', '  user          nobody is logged in', '  conversation  none']],
	[{
		command: 'whois', ok: true, fields: {
			user: 'bob', online: true, address: '127.0.0.1:5', fingerprint: 'ab cd',
		},
	}, ['bob is online', '  address      127.0.0.1:5', '  fingerprint  ab cd']],
	[{
		command: 'path', ok: true, fields: {
			user: 'bob', address: '127.0.0.1:5', rttMs: 0.25, rttMinMs: 0.2, rttVarianceMs: 0.05, packetsLost: 1, lossShare: 0.1, packetSize: 1452, deliveryRate: 2_500_000, pacingRate: null, congestionWindow: 14_520, bytesInFlight: 0, cipher: 'A', keyEpoch: 0, keyAgeMs: 61_000, packetsOut: 10, packetsIn: 1, bytesOut: 1000, bytesIn: 28, bytesResent: 0, streamsOpen: 1,
		},
	}, [
		'the link to bob',
		'  address      127.0.0.1:5',
		'  round trip   0.25 ms, at best 0.20 ms, varies by 0.05 ms',
		'  loss         10.00 %: 1 of 10 packets',
		'  packet size  1452 bytes',
		'  delivers     2.50 MB/s',
		'  may send     without pacing, 14.5 KB in flight',
		'  in flight    0 bytes',
		'  cipher       A',
		'  key          1 min 1 s old, stepped 0 times',
		'  sent         10 packets, 1.00 KB, of it 0 bytes again',
		'  received     1 packet, 28 bytes',
		'  streams      1 open',
	]],
	[{command: 'register', ok: true, fields: {user: 'ann'}}, ['logged in as ann']],
	[{command: 's', ok: true, fields: {id: 'x-1'}}, []],
	[{command: 'o', ok: false, error: {code: 'no-such-user', message: 'There is no \u{7}bob.'}}, ['error: There is no bob.']],
];

for (const [reply, expected] of replies) {
	test(`${JSON.stringify(reply)} in words`, t => {
		t.deepEqual(lines(face => {
			face.reply(reply, 1);
		}), expected.map(line => `${time} ${line}`));
	});
}

const helpRows = commands.map(({name, aliases, group, summary}) => ({
	name, usage: `${name} …`, aliases, group, summary,
}));

test('help names every command under its group, and one in detail', t => {
	const all = lines(face => {
		face.reply({command: 'help', ok: true, fields: {commands: helpRows}}, 1);
	}).map(line => line.slice(9));
	t.deepEqual(all.filter(line => !line.startsWith(' ')), ['Server', 'People', 'Talk', 'Rooms', 'Program']);
	for (const {summary} of commands) {
		t.true(all.some(line => line.endsWith(`  ${summary}`)), summary);
	}

	t.deepEqual(lines(face => {
		face.reply({command: 'help', ok: true, fields: {commands: helpRows.filter(({name}) => name === 'o')}}, 1);
	}).map(line => line.slice(9)), ['o …', '  Open a session with a user', '  also: open']);
});
