import {once} from 'node:events';
import {createServer, type AddressInfo, type Server} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import type {ControlEvent} from '../../source/messenger/effects.js';
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
