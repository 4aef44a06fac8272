import {Buffer} from 'node:buffer';
import {setImmediate as nextTurn} from 'node:timers/promises';
import test from 'ava';
import {UdpSocket} from '../../source/io/udp-socket.js';

async function collect(socket: UdpSocket, count: number): Promise<Array<{text: string; from: string}>> {
	const got: Array<{text: string; from: string}> = [];
	return new Promise(resolve => {
		socket.listen((data, from) => {
			got.push({text: Buffer.from(data).toString(), from});
			if (got.length === count) {
				resolve(got);
			}
		});
	});
}

test('datagrams arrive with the address they came from', async t => {
	const [one, two] = await Promise.all([UdpSocket.open(0), UdpSocket.open(0)]);
	t.teardown(async () => Promise.all([one.close(), two.close()]));
	const arrived = collect(two, 1);
	one.send(Buffer.from('hello'), `127.0.0.1:${two.port}`);
	t.deepEqual(await arrived, [{text: 'hello', from: `127.0.0.1:${one.port}`}]);
});

test('IPv6 has the same port number, where the machine has IPv6', async t => {
	const [one, two] = await Promise.all([UdpSocket.open(0), UdpSocket.open(0)]);
	t.teardown(async () => Promise.all([one.close(), two.close()]));
	const arrived = collect(two, 1);
	one.send(Buffer.from('over six'), `[::1]:${two.port}`);
	one.send(Buffer.from('over four'), `127.0.0.1:${two.port}`);
	const [first] = await arrived;
	const from = first?.from ?? '';
	t.true([`[::1]:${one.port}`, `127.0.0.1:${one.port}`].includes(from));
});

test('a burst that is larger than the default buffer arrives while the receiver is busy', async t => {
	const [one, two] = await Promise.all([UdpSocket.open(0), UdpSocket.open(0)]);
	t.teardown(async () => Promise.all([one.close(), two.close()]));
	const count = two.receiveBufferSize >= 4 * 1024 * 1024 ? 1000 : 50;
	const arrived = collect(two, count);
	for (let index = 0; index < count; index++) {
		one.send(Buffer.alloc(1200, index), `127.0.0.1:${two.port}`);
	}

	const all = await arrived;
	t.is(all.length, count);
});

test('memory that was given back is free to be written, in both directions', async t => {
	const [one, two] = await Promise.all([UdpSocket.open(0), UdpSocket.open(0)]);
	t.teardown(async () => Promise.all([one.close(), two.close()]));
	// As many as a buffer of the usual size holds, with what the system adds to each.
	const count = Math.min(20, Math.floor(two.receiveBufferSize / 80_000));
	const got: number[] = [];
	const held: Uint8Array[] = [];
	const {promise, resolve} = Promise.withResolvers<void>();
	two.listen(data => {
		t.true(data.every(byte => byte === data[0]));
		got.push(data[0]!);
		held.push(data);
		if (got.length === count) {
			resolve();
		}
	});
	let packet = new Uint8Array(60_000);
	for (let index = 0; index < count; index++) {
		packet.fill(index);
		if (!one.send(packet, `127.0.0.1:${two.port}`)) {
			packet = new Uint8Array(60_000);
		}
	}

	packet.fill(0xFF);
	await promise;
	await nextTurn();
	t.deepEqual(got, Array.from({length: count}, (_, index) => index));
	t.true(held.every(({length}) => length === 0), 'large datagrams are gone when their listener has returned');
});

test('a busy port is named in the error', async t => {
	const first = await UdpSocket.open(0);
	t.teardown(async () => first.close());
	const error = await t.throwsAsync(UdpSocket.open(first.port));
	t.like(error, {code: 'port-in-use'});
	t.true(error.message.includes(String(first.port)));
});

test('what can\'t be sent is lost in silence', async t => {
	const socket = await UdpSocket.open(0);
	for (const to of ['127.0.0.1:0', '127.0.0.1:70000', 'nonsense', '127.0.0.1:x', '[::1:5', '256.1.1.1:5']) {
		socket.send(Buffer.from('x'), to);
	}

	socket.send(Buffer.alloc(70_000), '127.0.0.1:9');
	await socket.close();
	t.notThrows(() => {
		socket.send(Buffer.from('x'), '127.0.0.1:9');
	});
	await socket.close();
});
