import {
	chmodSync,
	existsSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {TraceFile} from '../../source/io/trace-file.js';
import {Pair} from '../helpers/pair.js';
import {readQlog} from '../helpers/qlog-reader.js';

function temporaryFolder(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true});
	});
	return folder;
}

const program = 'earshot 1.2.3';
const startedAt = 1_700_000_000_000;
const message = (time: number, text: string) => ({
	time, group: 'a', name: 'generic:message', data: {message: text},
});

test('what a link tells becomes a file that qvis reads', async t => {
	const path = join(temporaryFolder(t), 'talk.sqlog');
	const file = TraceFile.open(path, {startedAt, program});
	const pair = new Pair({
		conditions: {delay: 10, loss: 0.05},
		ann: {
			trace(event) {
				file.append(event);
			},
		},
	}).open();
	pair.ann.endpoint.write(pair.ann.link, 1, new Uint8Array(100_000));
	pair.run(5000);
	pair.ann.endpoint.close(pair.ann.link, 0, 'done', pair.now);
	pair.run(2000);
	await file.close();
	const {header, events} = readQlog(readFileSync(path, 'utf8'));
	t.is(header.trace?.common_fields?.reference_time, startedAt);
	t.true(events.length > 200);
	const names = new Set(events.map(({name}) => name));
	const expected = [
		'connectivity:connection_started',
		'connectivity:connection_state_updated',
		'connectivity:connection_closed',
		'connectivity:path_assigned',
		'connectivity:mtu_updated',
		'transport:parameters_set',
		'transport:packet_sent',
		'transport:packet_received',
		'transport:datagrams_sent',
		'transport:datagrams_received',
		'recovery:parameters_set',
		'recovery:metrics_updated',
		'recovery:packet_lost',
		'recovery:congestion_state_updated',
		'recovery:loss_timer_updated',
		'security:key_updated',
	];
	t.deepEqual(expected.filter(name => !names.has(name)), []);
});

test('its reader is the user alone, and an older trace makes way', async t => {
	const path = join(temporaryFolder(t), 'old.sqlog');
	writeFileSync(path, 'something old');
	chmodSync(path, 0o644);
	const file = TraceFile.open(path, {startedAt, program});
	file.append(message(startedAt + 1.234567, 'one\n\u{1E}two'));
	await file.close();
	t.is(statSync(path).mode & 0o777, 0o600);
	const {events} = readQlog(readFileSync(path, 'utf8'));
	t.deepEqual(events, [{
		time: 1.235, name: 'generic:message', group_id: 'a', data: {message: 'one\n\u{1E}two'},
	}]);
});

test('a file that can\'t be made is refused with the reason', t => {
	const folder = temporaryFolder(t);
	const missing = t.throws(() => TraceFile.open(join(folder, 'missing', 'x'), {startedAt, program}), {code: 'bad-file'});
	t.regex(missing.message, /missing.*--trace/v);
	t.throws(() => TraceFile.open(folder, {startedAt, program}), {code: 'bad-file'});
});

test('what the disk is too slow for is dropped and counted', async t => {
	const path = join(temporaryFolder(t), 'flood.sqlog');
	const file = TraceFile.open(path, {startedAt, program});
	const text = 'x'.repeat(1_000_000);
	for (let count = 0; count < 40; count++) {
		file.append(message(startedAt + count, text));
	}

	await file.close();
	const {events} = readQlog(readFileSync(path, 'utf8'));
	const whole = events.filter(({data}) => data.message === text).length;
	t.true(whole >= 16 && whole < 40);
	t.is(String(events.at(-1)?.data.message).slice(0, 80), `${40 - whole} events were dropped here: the disk was too slow`);
});

(existsSync('/dev/full') ? test : test.skip)('a full disk is told once', async t => {
	const file = TraceFile.open('/dev/full', {startedAt, program});
	const told: string[] = [];
	file.watch(problem => {
		told.push(problem);
	});

	for (let count = 0; count < 5; count++) {
		file.append(message(startedAt, 'lost'));
		await new Promise<void>(resolve => {
			setImmediate(resolve);
		});
	}

	await file.close();
	t.is(told.length, 1);
	t.regex(told[0]!, /\/dev\/full can't be written any more/v);
});

(existsSync('/dev/full') ? test : test.skip)('a disk that is slow first and full then is told once, too', async t => {
	const file = TraceFile.open('/dev/full', {startedAt, program});
	const told: string[] = [];
	file.watch(problem => {
		told.push(problem);
	});
	const text = 'x'.repeat(1_000_000);
	for (let count = 0; count < 20; count++) {
		file.append(message(startedAt, text));
	}

	while (told.length === 0) {
		await new Promise<void>(resolve => {
			setImmediate(resolve);
		});
	}

	await file.close();
	t.is(told.length, 1);
});
