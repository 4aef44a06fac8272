// `--trace FILE`: two clients chat, and what their link did stands in a file that qvis opens. No row of its own in the mission.
import {existsSync, readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {readQlog, type QlogEvent} from '../helpers/qlog-reader.js';
import {hears, openSession, openWorld} from '../helpers/world.js';

test('a chat leaves traces of its link at both ends, and none of its words', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const files = ['ann', 'bob'].map(name => path.join(world.home(name), 'link.sqlog'));
	const [ann, bob] = await Promise.all(['ann', 'bob'].map(async (name, index) => world.person(name, server, {arguments: ['--trace', files[index]!]})));
	await ann!.event({type: 'presence', user: 'bob', online: true});
	await openSession(ann!, bob!);
	for (const text of ['the first secret', 'the second secret', 'the third secret']) {
		await hears(text, ann!, bob!);
		await hears(`${text} again`, bob!, ann!);
	}

	await ann!.leave();
	await bob!.leave();

	const traces = files.map(file => {
		t.is(statSync(file).mode & 0o777, 0o600);
		const text = readFileSync(file, 'utf8');
		t.false(text.includes('secret'));
		return readQlog(text).events;
	});
	const packets = (events: readonly QlogEvent[], name: string, type: string) => events.filter(event => event.name === name && event.data.header?.packet_type === type);
	for (const events of traces) {
		const [initial, handshake] = ['initial', 'handshake'].map(type => [...packets(events, 'transport:packet_sent', type), ...packets(events, 'transport:packet_received', type)]);
		t.true(initial!.length > 0 && handshake!.length > 0, 'the handshake');
		const frames = packets(events, 'transport:packet_received', '1RTT').flatMap(({data}) => data.frames ?? []);
		t.true(frames.some(frame => frame.frame_type === 'stream') && frames.some(frame => frame.frame_type === 'ack' && frame.acked_ranges!.length > 0), 'packets and acknowledgements');
		t.true(events.some(({name}) => name === 'recovery:metrics_updated'));
		t.true(events.some(({name}) => name === 'connectivity:connection_closed'));
	}

	const groups = traces.map(events => new Set(packets(events, 'transport:packet_sent', '1RTT').map(event => event.group_id)));
	t.deepEqual(groups[0], groups[1], 'both ends name the connection alike');
});

test('a trace that can\'t be made ends the start with code 2', async t => {
	const world = openWorld(t);
	const client = world.program('earshot', 'ann', {arguments: ['--json', '--trace', path.join(world.home('ann'), 'missing', 'x.sqlog')]});
	const exit = await client.exited;
	t.is(exit.code, 2);
	t.regex(client.errors, /^earshot: The trace can't be made: there is no folder .*--trace\.\n$/v);
});

(existsSync('/dev/full') ? test : test.skip)('a trace that can\'t be written any more is a notice, and the talk goes on', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server, {arguments: ['--trace', '/dev/full']});
	const bob = await world.person('bob', server);
	await ann.event({type: 'notice', level: 'error', text: /\/dev\/full can't be written any more/v});
	await openSession(ann, bob);
	await hears('still here', ann, bob);
	t.is(ann.seen({type: 'notice', level: 'error'}).length, 1);
});
