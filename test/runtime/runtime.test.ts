import {Buffer} from 'node:buffer';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {createClock} from '../../source/io/clock.js';
import {ProfileStore} from '../../source/io/profile-store.js';
import {UdpSocket, type DatagramListener} from '../../source/io/udp-socket.js';
import type {MessengerEvent} from '../../source/messenger/events.js';
import {ProtocolError} from '../../source/protocol/errors.js';
import {Runtime, type Host} from '../../source/runtime/runtime.js';
import {ScriptedCore, type Input} from '../helpers/scripted-core.js';

type World = {core: ScriptedCore; runtime: Runtime; udp: UdpSocket; clock: () => number};

async function start(t: ExecutionContext, host?: Host, prepare?: (udp: UdpSocket) => void): Promise<World> {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	const core = new ScriptedCore();
	const clock = createClock();
	const [udp, store] = await Promise.all([UdpSocket.open(0), ProfileStore.open({folder})]);
	prepare?.(udp);
	const runtime = new Runtime({
		core, udp, store, clock, host,
	});
	t.teardown(async () => {
		await runtime.leave();
		rmSync(folder, {recursive: true});
	});
	return {
		core, runtime, udp, clock,
	};
}

/**
The next input of that kind.
*/
async function input<Kind extends Input['kind']>(core: ScriptedCore, kind: Kind): Promise<Extract<Input, {kind: Kind}>> {
	const before = core.onInput;
	return new Promise(resolve => {
		core.onInput = found => {
			before(found);
			if (found.kind !== kind) {
				return;
			}

			core.onInput = before;
			resolve(found as Extract<Input, {kind: Kind}>);
		};
	});
}

const notice = (text: string): MessengerEvent => ({type: 'notice', level: 'info', text});

test('a command gets its own reply', async t => {
	const {core, runtime} = await start(t);
	core.onInput = found => {
		if (found.kind === 'command') {
			core.effects.push({type: 'reply', tag: found.tag, reply: {command: found.line, ok: true, fields: {}}}, ...(found.line === 'x' ? [{type: 'quit'} as const] : []));
		}
	};

	const replies = await Promise.all([runtime.execute('l'), runtime.execute('lu')]);
	t.deepEqual(replies.map(({command}) => command), ['l', 'lu']);
});

test('replies and events reach a face in the order in which the core gave them', async t => {
	const {core, runtime} = await start(t);
	const seen: string[] = [];
	runtime.onEvent(event => {
		seen.push(event.type === 'notice' ? event.text : event.type);
	});
	const before = core.onInput;
	core.onInput = found => {
		before(found);
		if (found.kind === 'command' && found.line === 's') {
			core.effects.push({type: 'event', event: notice('one')}, {type: 'reply', tag: found.tag, reply: {command: 's', ok: true, fields: {}}}, {type: 'event', event: notice('two')});
		}
	};

	// As the driver does it: one step from the reply to the face.
	await runtime.execute('s').then(() => {
		seen.push('reply');
	});
	await new Promise(resolve => {
		setImmediate(resolve);
	});
	t.deepEqual(seen, ['one', 'reply', 'two']);
});

test('datagrams go in with their origin and out to their destination', async t => {
	const {core, udp} = await start(t);
	const peer = await UdpSocket.open(0);
	t.teardown(async () => peer.close());
	const arrived = input(core, 'datagram');
	core.onInput = (before => found => {
		before(found);
		if (found.kind === 'datagram') {
			core.transmits.push({to: found.from, data: Buffer.from('pong')});
		}
	})(core.onInput);
	const answer = new Promise<string>(resolve => {
		peer.listen(data => {
			resolve(Buffer.from(data).toString());
		});
	});
	peer.send(Buffer.from('ping'), `127.0.0.1:${udp.port}`);
	t.deepEqual(await arrived, {kind: 'datagram', text: 'ping', from: `127.0.0.1:${peer.port}`});
	t.is(await answer, 'pong');
});

test('a peer whose port is refused is reported, one who is there is not', async t => {
	const {core, runtime} = await start(t);
	const [gone, there] = await Promise.all([UdpSocket.open(0), UdpSocket.open(0)]);
	t.teardown(async () => there.close());
	await gone.close();
	const told = input(core, 'unreachable');
	core.effects.push({type: 'poke', address: `127.0.0.1:${there.port}`}, {type: 'poke', address: `127.0.0.1:${gone.port}`});
	void runtime.execute('go');
	t.deepEqual(await told, {kind: 'unreachable', address: `127.0.0.1:${gone.port}`});
	t.is(core.inputs.filter(({kind}) => kind === 'unreachable').length, 1);
});

test('more datagrams than fit in a turn all leave, and a timer is served between them', async t => {
	const {core, runtime, clock} = await start(t);
	const peer = await UdpSocket.open(0);
	t.teardown(async () => peer.close());
	// More than leave in one turn, and no more than any system's buffer holds.
	const all = 300;
	const arrived = new Promise<void>(resolve => {
		let count = 0;
		peer.listen(() => {
			count++;
			if (count === all) {
				resolve();
			}
		});
	});
	core.transmits.push(...Array.from({length: all}, () => ({to: `127.0.0.1:${peer.port}`, data: Buffer.from('x')})));
	core.timeout = clock();
	let left = 0;
	const timeout = input(core, 'timeout');
	void runtime.execute('go');
	await timeout;
	left = core.transmits.length;
	await arrived;
	t.true(left > 0);
});

test('what came in a turn is answered in one go, but large datagrams before they are too many', async t => {
	let receive: DatagramListener;
	const {core} = await start(t, undefined, udp => {
		udp.listen = listener => {
			receive = listener;
		};
	});
	const heardAtPoll = async (count: number, size: number): Promise<number[]> => {
		const {promise, resolve} = Promise.withResolvers<void>();
		const polls: number[] = [];
		core.pollTransmit = () => {
			const heard = core.inputs.filter(({kind}) => kind === 'datagram').length;
			polls.push(heard);
			if (heard === count) {
				resolve();
			}

			return undefined;
		};

		// A turn of its own, in which nothing has been answered yet.
		await new Promise(begin => {
			setImmediate(begin);
		});
		core.inputs.length = 0;
		polls.length = 0;
		for (let sent = 0; sent < count; sent++) {
			receive(new Uint8Array(size), '192.0.2.1:7600');
		}

		await promise;
		return polls;
	};

	t.deepEqual(await heardAtPoll(20, 1000), [1, 20]);
	// The first at once, then as many as hold half a megabyte, twice.
	t.deepEqual(await heardAtPoll(20, 60_000), [1, 10, 19, 20]);
});

test('the timeout comes when it is due, not before', async t => {
	const {core, runtime, clock} = await start(t);
	const due = clock() + 30;
	core.timeout = due;
	const timeout = input(core, 'timeout');
	void runtime.execute('go');
	const {now} = await timeout;
	t.true(now >= due);
});

test('an earlier timeout replaces a later one', async t => {
	const {core, runtime, clock} = await start(t);
	core.timeout = clock() + 3_600_000;
	void runtime.execute('go');
	await new Promise(resolve => {
		setImmediate(resolve);
	});
	core.timeout = clock() + 5;
	const timeout = input(core, 'timeout');
	void runtime.execute('go');
	const {now} = await timeout;
	t.true(now < clock() + 1000);
});

test('a batch is reported once it is durable', async t => {
	const {core, runtime} = await start(t);
	core.effects.push({type: 'store', batch: 7, writes: [{kind: 'sequence', next: 3}]}, {type: 'store', batch: 8, writes: []});
	const first = input(core, 'stored');
	void runtime.execute('go');
	t.like(await first, {batch: 7});
	t.like(await input(core, 'stored'), {batch: 8});
});

test('a connection that fails is reported, a dropped one is not', async t => {
	const {core, runtime} = await start(t);
	// Port 9 of the loopback address: nobody is there.
	core.effects.push({type: 'connect', server: {host: '127.0.0.1', port: 9}});
	const closed = input(core, 'control');
	void runtime.execute('go');
	t.like(await closed, {event: {type: 'closed', code: 'unreachable'}});
	core.effects.push({type: 'connect', server: {host: '127.0.0.1', port: 9}}, {type: 'disconnect'});
	void runtime.execute('go');
	await runtime.leave();
	t.is(core.inputs.filter(({kind}) => kind === 'control').length, 1);
});

test('a server is hosted once, and closed at the end', async t => {
	let isClosed = false;
	const {core, runtime} = await start(t, async port => ({
		port: port ?? 7600,
		fingerprint: 'f',
		async close() {
			isClosed = true;
		},
	}));
	for (const result of [{ok: true, port: 7601, fingerprint: 'f'}, {ok: false, error: {code: 'already-hosting'}}]) {
		core.effects.push({type: 'host', port: 7601});
		const hosted = input(core, 'hosted');
		void runtime.execute('go');
		t.like(await hosted, {result});
	}

	await runtime.leave();
	t.true(isClosed);
});

test('a server that can\'t be hosted can be tried again', async t => {
	let attempts = 0;
	const {core, runtime} = await start(t, async () => {
		attempts++;
		throw new ProtocolError('port-in-use', 'Port 7600 is in use.');
	});
	for (const attempt of [1, 2]) {
		core.effects.push({type: 'host', port: undefined});
		const hosted = input(core, 'hosted');
		void runtime.execute('go');
		t.like(await hosted, {result: {ok: false, error: {code: 'port-in-use', message: 'Port 7600 is in use.'}}});
		t.is(attempts, attempt);
	}
});

test('subscribers hear of a changed view once a turn, and only of a changed one', async t => {
	const {core, runtime} = await start(t);
	let calls = 0;
	const stop = runtime.subscribe(() => {
		calls++;
	});
	core.onInput = (before => found => {
		before(found);
		if (found.kind === 'command' && found.line === 'change') {
			core.view = {...core.view};
		}
	})(core.onInput);
	const turn = async () => new Promise(resolve => {
		setImmediate(() => {
			setImmediate(resolve);
		});
	});

	void runtime.execute('change');
	void runtime.execute('change');
	await turn();
	t.is(calls, 1);
	void runtime.execute('nothing');
	await turn();
	t.is(calls, 1);
	stop();
	void runtime.execute('change');
	await turn();
	t.is(calls, 1);
});

test('leaving answers whoever still waits, sends the last datagrams, and is safe to repeat', async t => {
	const {core, runtime} = await start(t);
	const peer = await UdpSocket.open(0);
	t.teardown(async () => peer.close());
	const goodbye = new Promise<string>(resolve => {
		peer.listen(data => {
			resolve(Buffer.from(data).toString());
		});
	});
	const waiting = runtime.execute('never answered');
	core.transmits.push({to: `127.0.0.1:${peer.port}`, data: Buffer.from('bye')});
	await Promise.all([runtime.leave(), runtime.leave()]);
	await runtime.finished;
	t.is(await goodbye, 'bye');
	t.like(await waiting, {ok: false, error: {code: 'leaving'}});
	t.like(await runtime.execute('lu'), {command: 'lu', ok: false, error: {code: 'leaving'}});
});
