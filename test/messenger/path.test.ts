// `path USER`: what it reports of a link, and its refusals.
import test from 'ava';
import {describePath, reportPath} from '../../source/messenger/peers/path-report.js';
import {People} from './people.js';

const names = [
	'user',
	'address',
	'initiator',
	'rttMs',
	'rttMinMs',
	'rttVarianceMs',
	'packetsLost',
	'lossShare',
	'packetSize',
	'deliveryRate',
	'pacingRate',
	'congestionWindow',
	'bytesInFlight',
	'cipher',
	'keyEpoch',
	'keyAgeMs',
	'packetsOut',
	'packetsIn',
	'bytesOut',
	'bytesIn',
	'bytesResent',
	'streamsOpen',
];

test('a standing link is reported in full, with and without a server', t => {
	const people = new People({delay: 20});
	const ann = people.join('ann');
	const bob = people.join('Bob', {accept: 'everyone'});
	ann.type('o bob');
	people.run(300);
	ann.type('s hello');
	people.run(2000);
	const reply = ann.type('path bob');
	const fields = reply.ok ? reply.fields : {};
	t.deepEqual(Object.keys(fields), names, 'scripts rely on these');
	t.like(fields, {
		user: 'Bob', address: '10.0.0.2:5000', packetsLost: 0, lossShare: 0, keyEpoch: 0,
	});
	const at = (name: string) => Number(fields[name]);
	t.true(at('rttMs') >= 40 && at('rttMs') < 100 && at('rttMinMs') <= at('rttMs'), JSON.stringify(fields));
	t.true(at('keyAgeMs') >= 2000 && at('keyAgeMs') < 10_000);
	t.true(at('packetsOut') > 1 && at('packetsIn') > 1 && at('bytesOut') > 28 && at('packetSize') >= 1200 && at('streamsOpen') >= 1);

	const other = bob.type('path ANN');
	t.like(other, {ok: true, fields: {user: 'ann', initiator: fields.initiator !== true}});
	ann.type('d');
	t.like(ann.type('path bob'), {ok: true, fields: {user: 'Bob'}});
});

test('nobody, oneself and somebody without a link are told apart', t => {
	const people = new People();
	const ann = people.join('ann');
	people.join('bob');
	const refusal = (line: string) => {
		const reply = ann.type(line);
		return reply.ok ? undefined : reply.error.code;
	};

	t.is(refusal('path'), 'bad-arguments');
	t.is(refusal('path no/body'), 'bad-name');
	t.is(refusal('path nobody'), 'no-such-user');
	t.is(refusal('path ann'), 'self');
	t.is(refusal('path bob'), 'no-link');
	ann.type('d');
	t.is(refusal('path bob'), 'no-link', 'without a server nobody knows who exists');
});

const statistics = {
	peer: 'bob', address: '192.0.2.7:7600', isInitiator: true, cipher: 'ChaCha20-Poly1305', rtt: 52.12345, rttVariation: 3, minimumRtt: 49.5, datagramSize: 1452,
	congestionWindow: 612_000, bytesInFlight: 14_520, bytesWaiting: 0, bytesResent: 1452, pacingRate: 12_500, deliveryRate: 12_000, streamsOpen: 2,
	packetsIn: 1, packetsOut: 2000, packetsLost: 20, bytesIn: 40, bytesOut: 2_904_000, epoch: 1, epochSince: 10_000,
};

test('units are those of the names, and people read them in words', t => {
	const fields = reportPath('bob', statistics, 85_000.4);
	t.like(fields, {
		rttMs: 52.123, lossShare: 0.01, deliveryRate: 12_000_000, pacingRate: 12_500_000, keyAgeMs: 75_000,
	});
	t.deepEqual(describePath(fields), [
		['address', '192.0.2.7:7600'],
		['round trip', '52 ms, at best 50 ms, varies by 3.00 ms'],
		['loss', '1.00 %: 20 of 2000 packets'],
		['packet size', '1452 bytes'],
		['delivers', '12.0 MB/s'],
		['may send', '12.5 MB/s, 612.0 KB in flight'],
		['in flight', '14.5 KB'],
		['cipher', 'ChaCha20-Poly1305'],
		['key', '1 min 15 s old, stepped 1 time'],
		['sent', '2000 packets, 2.90 MB, of it 1.45 KB again'],
		['received', '1 packet, 40 bytes'],
		['streams', '2 open'],
	]);
});

test('what is not measured or not limited is null', t => {
	const fields = reportPath('bob', {
		...statistics, pacingRate: Infinity, deliveryRate: undefined, packetsOut: 0, packetsLost: 0,
	}, 0);
	t.like(fields, {
		pacingRate: null, deliveryRate: null, lossShare: 0, keyAgeMs: 0,
	});
	const words = new Map(describePath(fields));
	t.is(words.get('delivers'), 'not measured');
	t.regex(words.get('may send')!, /^without pacing, /v);
});
