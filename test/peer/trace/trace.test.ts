// The observer's story of a link: what it is told, what it is not, and that being watched changes nothing.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {type TraceEvent} from '../../../source/peer/endpoint.js';
import {type Datagram} from '../../helpers/network.js';
import {Pair, type PairOptions} from '../../helpers/pair.js';
import {type QlogData, type QlogFrame} from '../../helpers/qlog-reader.js';

type Told = {group: string; name: string; time: number; data: QlogData};

function watch(options: PairOptions = {}): {pair: Pair; ann: Told[]; bob: Told[]} {
	const ann: Told[] = [];
	const bob: Told[] = [];
	const listen = (told: Told[]) => ({
		trace(event: TraceEvent) {
			told.push(event);
		},
	});
	const pair = new Pair({...options, ann: {...options.ann, ...listen(ann)}, bob: {...options.bob, ...listen(bob)}});
	return {pair, ann, bob};
}

const named = (told: readonly Told[], name: string) => told.filter(event => event.name === name);
const packetsOf = (told: readonly Told[], name: string, type: string) => named(told, name).filter(({data}) => data.header?.packet_type === type);
const framesOf = (told: readonly Told[], name: string, type: string): QlogFrame[] => named(told, name).flatMap(({data}) => data.frames ?? []).filter(frame => frame.frame_type === type);

test('a link is told from its first datagram to its end, by both sides under one name', t => {
	const {pair, ann, bob} = watch({conditions: {delay: 20}});
	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('good morning'));
	pair.run(500);
	pair.ann.endpoint.close(pair.ann.link, 3, 'that was all', pair.now);
	pair.run(3000);

	const groups = new Set([...ann, ...bob].map(({group}) => group));
	t.is(groups.size, 1);
	t.regex([...groups][0]!, /^[\da-f]{8}$/v);
	const states = (told: readonly Told[]) => named(told, 'connectivity:connection_state_updated').map(({data}) => data.new);
	t.deepEqual(states(ann), ['attempted', 'handshake_complete', 'handshake_confirmed', 'closed']);
	t.deepEqual(states(bob), ['handshake_started', 'handshake_complete', 'handshake_confirmed', 'closed']);
	t.like(named(ann, 'connectivity:connection_started')[0]?.data, {ip_version: 'v4', dst_ip: '10.0.0.2', dst_port: 7600});
	t.like(named(bob, 'connectivity:connection_started')[0]?.data, {ip_version: 'v4', dst_ip: '10.0.0.1', dst_port: 7600});
	for (const [told, sent, received] of [[ann, 'initial', 'handshake'], [bob, 'handshake', 'initial']] as const) {
		t.is(packetsOf(told, 'transport:packet_sent', sent).length, 1);
		t.is(packetsOf(told, 'transport:packet_received', received).length, 1);
		t.is(named(told, 'security:key_updated').length, 2);
		t.is(named(told, 'transport:packet_dropped').length, 0);
	}

	t.true(named(ann, 'recovery:metrics_updated').length > 0);
	t.deepEqual(named(ann, 'recovery:loss_timer_updated').map(({data}) => data.event_type).slice(0, 2), ['set', 'cancelled']);
	t.like(framesOf(ann, 'transport:packet_sent', 'stream')[0], {stream_id: 1, offset: 0, length: 12});
	t.like(framesOf(bob, 'transport:packet_received', 'stream')[0], {stream_id: 1, offset: 0, length: 12});
	t.true(framesOf(ann, 'transport:packet_received', 'ack').length > 0);
	t.like(named(ann, 'connectivity:connection_closed')[0]?.data, {owner: 'local', application_code: 3});
	t.like(named(bob, 'connectivity:connection_closed')[0]?.data, {owner: 'remote', application_code: 3});
});

test('every packet that was sent was received or is lost', t => {
	const {pair, ann, bob} = watch({conditions: {delay: 10, loss: 0.1}, seed: 7});
	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, new Uint8Array(400_000));
	t.true(pair.runUntil(() => pair.bob.receivedSize(1) === 400_000, 60_000));
	pair.run(2000);
	const numbers = (told: readonly Told[], name: string) => new Set(packetsOf(told, name, '1RTT').map(({data}) => data.header!.packet_number!));
	const sent = numbers(ann, 'transport:packet_sent');
	const arrived = numbers(bob, 'transport:packet_received');
	const lost = numbers(ann, 'recovery:packet_lost');
	const acked = new Set(framesOf(ann, 'transport:packet_received', 'ack').flatMap(({acked_ranges: ranges = []}) => ranges.flatMap(([from, to]) => Array.from({length: to - from + 1}, (_, index) => from + index))));
	t.true(arrived.isSubsetOf(sent) && lost.isSubsetOf(sent) && acked.isSubsetOf(arrived));
	const eliciting = new Set(packetsOf(ann, 'transport:packet_sent', '1RTT').filter(({data}) => data.frames!.some(({frame_type: type}) => type === 'stream')).map(({data}) => data.header!.packet_number!));
	t.deepEqual([...eliciting].filter(pn => !acked.has(pn) && !lost.has(pn)), []);
	t.true(lost.size > 10 && lost.size === pair.ann.endpoint.statistics(pair.ann.link)!.packetsLost + [...lost].filter(pn => acked.has(pn)).length);
	t.true(named(ann, 'recovery:congestion_state_updated').length > 0);
	t.true(named(ann, 'recovery:loss_timer_updated').some(({data}) => data.event_type === 'expired'));
});

test('what is dropped is told with its reason', t => {
	const {pair, bob} = watch();
	const datagrams: Datagram[] = [];
	pair.network.tap = datagram => {
		datagrams.push(datagram);
	};

	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('once'));
	pair.run(100);
	const packet = datagrams.findLast(({to, data}) => to === pair.bob.address && data[0] === 0x40)!.data;
	const init = datagrams.find(({data}) => data[0] === 0x20)!.data;
	const forged = new Uint8Array(packet);
	forged[20]! ^= 1;
	forged[11]! ^= 0x40;
	const unknown = new Uint8Array(packet);
	unknown[3]! ^= 1;
	bob.length = 0;
	for (const data of [Uint8Array.of(7), Uint8Array.of(), forged, packet, unknown, init]) {
		pair.bob.endpoint.handleDatagram(data, '203.0.113.6:6', pair.now);
	}

	t.deepEqual(named(bob, 'transport:packet_dropped').map(({data}) => data.trigger), ['header_parse_error', 'header_parse_error', 'payload_decrypt_error', 'duplicate', 'unknown_connection_id', 'duplicate']);
});

test('keys that step and sizes that grow are told; keys are not', t => {
	const {pair, ann, bob} = watch({config: {keyLifetime: 1000, keyPackets: 2 ** 24}});
	pair.open();
	for (let round = 0; round < 5; round++) {
		pair.ann.endpoint.write(pair.ann.link, 1, new Uint8Array(3000));
		pair.run(1100);
	}

	const phases = (told: readonly Told[], owner: string) => named(told, 'security:key_updated').filter(({data}) => data.owner === owner).map(({data}) => data.key_phase);
	t.deepEqual(phases(ann, 'local').slice(0, 4), [0, 1, 2, 3]);
	t.deepEqual(phases(bob, 'remote').slice(0, 4), [0, 1, 2, 3]);
	t.true(named(ann, 'connectivity:mtu_updated').length > 0);
	t.true(named(ann, 'security:key_updated').every(({data}) => Object.keys(data).join(' ') === 'owner key_phase trigger'));
});

test('no byte of what people say is told', t => {
	const {pair, ann, bob} = watch();
	pair.open();
	pair.ann.endpoint.write(pair.ann.link, 1, Buffer.from('the cellar key is under the third stone'));
	pair.run(500);
	t.is(pair.bob.received(1).toString(), 'the cellar key is under the third stone');
	const text = JSON.stringify([ann, bob]);
	t.false(text.includes('cellar') || text.includes(Buffer.from('cellar').toString('hex')) || text.includes(Buffer.from('cellar').toString('base64').slice(0, 8)));
});

test('an initiation that nobody answers ends', t => {
	const {pair, ann} = watch();
	pair.bob.isRunning = false;
	pair.connect();
	pair.run(15_000);
	t.like(named(ann, 'connectivity:connection_closed')[0]?.data, {trigger: 'handshake_timeout'});
	t.is(named(ann, 'connectivity:connection_state_updated').at(-1)?.data.new, 'closed');
});

test('being watched changes nothing', t => {
	const run = (isWatched: boolean): string[] => {
		const options = {conditions: {delay: 15, loss: 0.05, jitter: 3}, seed: 11};
		const pair = isWatched ? watch(options).pair : new Pair(options);
		const sent: string[] = [];
		pair.network.tap = ({from, data}) => {
			sent.push(`${pair.now} ${from} ${Buffer.from(data).toString('base64')}`);
		};

		pair.open();
		pair.ann.endpoint.write(pair.ann.link, 1, new Uint8Array(100_000));
		pair.bob.endpoint.write(pair.bob.link, 1, new Uint8Array(50_000));
		pair.run(5000);
		return sent;
	};

	t.deepEqual(run(true), run(false));
});
