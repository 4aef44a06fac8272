import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type AddressInfo, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createServer as createTlsServer, type TLSSocket} from 'node:tls';
import {setImmediate as turn} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import type {ControlEvent} from '../../source/messenger/effects.js';
import {openRealm} from '../../server/store/realm.js';
import {ControlSocket, describeFailure} from '../../source/io/control-socket.js';

async function listen(t: ExecutionContext, server: Server): Promise<{host: string; port: number}> {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	return {host: '127.0.0.1', port: (server.address() as AddressInfo).port};
}

function createHangingUp(): Server {
	return createServer(socket => {
		socket.destroy();
	});
}

async function firstEvent(server: {host: string; port: number}): Promise<ControlEvent> {
	return new Promise(resolve => {
		const socket = new ControlSocket(server, event => {
			void socket.close();
			resolve(event);
		});
	});
}

test('a port where nobody listens is unreachable, and the sentence says where', async t => {
	const server = createServer();
	const place = await listen(t, server);
	server.close();
	await once(server, 'close');
	const event = await firstEvent(place);
	t.like(event, {type: 'closed', code: 'unreachable'});
	t.true(event.type === 'closed' && event.message.includes(`127.0.0.1:${place.port}`) && event.message.includes('refused'));
});

test('something that does not speak TLS is no server', async t => {
	const place = await listen(t, createServer(socket => {
		socket.on('error', () => {
			socket.destroy();
		});
		socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
	}));
	t.like(await firstEvent(place), {type: 'closed', code: 'not-tls'});
});

test('something that hangs up at once is unreachable', async t => {
	const place = await listen(t, createHangingUp());
	t.like(await firstEvent(place), {type: 'closed', code: 'unreachable'});
});

test('something that stays silent does not answer', async t => {
	const place = await listen(t, createServer(socket => {
		t.teardown(() => {
			socket.destroy();
		});
	}));
	const event = await new Promise<ControlEvent>(resolve => {
		// eslint-disable-next-line no-new
		new ControlSocket(place, resolve, 50);
	});
	t.like(event, {type: 'closed', code: 'unreachable'});
	t.true(event.type === 'closed' && event.message.includes('does not answer'));
});

async function arrival(events: readonly ControlEvent[], count: number): Promise<void> {
	while (events.length < count) {
		await turn();
	}
}

/**
A server with a certificate, and what a socket to it reports.
*/
async function serve(t: ExecutionContext, onConnection: (socket: TLSSocket) => void) {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true});
	});
	const {tls, fingerprint} = await openRealm(folder);
	const place = await listen(t, createTlsServer({key: tls, cert: tls}, onConnection));
	const events: ControlEvent[] = [];
	const {promise: ended, resolve} = Promise.withResolvers<void>();
	const socket = new ControlSocket(place, event => {
		events.push(event);
		if (event.type === 'closed') {
			resolve();
		}
	});
	t.teardown(async () => socket.close());
	return {
		socket, events, ended, fingerprint,
	};
}

test('a connection tells the fingerprint, carries lines both ways, and says when it is lost', async t => {
	const {socket, events, ended, fingerprint} = await serve(t, server => {
		server.on('data', chunk => {
			server.end(`echo ${String(chunk)}`);
		});
		server.write('hello\n');
	});
	await arrival(events, 2);

	socket.send('line\n');
	await ended;
	t.deepEqual(events[0], {type: 'opened', fingerprint, remoteAddress: '127.0.0.1'});
	t.is(events.flatMap(event => event.type === 'data' ? [new TextDecoder().decode(event.chunk)] : []).join(''), 'hello\necho line\n');
	t.like(events.at(-1), {type: 'closed', code: 'lost'});
});

test('a good-bye still goes out before the socket closes', async t => {
	const heard = Promise.withResolvers<string>();
	const {socket, events} = await serve(t, server => {
		server.on('data', chunk => {
			heard.resolve(String(chunk));
		});
	});
	await arrival(events, 1);

	socket.send('bye\n');
	await socket.close();
	t.is(await heard.promise, 'bye\n');
	t.is(events.length, 1);
});

test('a server that does not read is given up', async t => {
	const {socket, events, ended} = await serve(t, server => {
		server.pause();
		server.on('error', () => {
			// It is cut off.
		});
	});
	await arrival(events, 1);

	// More than any system keeps between two programs.
	for (let sent = 0; sent < 40; sent++) {
		socket.send(`${'x'.repeat(1024 * 1024)}\n`);
	}

	await ended;
	t.like(events.at(-1), {type: 'closed', code: 'lost'});
});

test('a closed socket says nothing any more', async t => {
	const place = await listen(t, createHangingUp());
	const events: ControlEvent[] = [];
	const socket = new ControlSocket(place, event => {
		events.push(event);
	});
	socket.send('too early\n');
	await socket.close();
	await socket.close();
	t.deepEqual(events, []);
});

for (const [code, word] of [['ECONNREFUSED', 'refused'], ['ENOTFOUND', 'no host called example'], ['EHOSTUNREACH', 'route'], ['ETIMEDOUT', 'does not answer'], ['ESOMETHING', 'boom']] as const) {
	test(`${code} is put in plain words`, t => {
		const {message} = describeFailure({host: 'example', port: 7600}, Object.assign(new Error('boom'), {code}));
		t.true(message.includes(word), message);
	});
}
