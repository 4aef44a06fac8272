// The emulator between real sockets.
import {Buffer} from 'node:buffer';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import test from 'ava';
import {LinkEmulatorProxy} from '../helpers/link-emulator-proxy.js';

async function openEcho() {
	const socket = createSocket('udp4');
	socket.on('message', (data, {port}) => {
		socket.send(data, port, '127.0.0.1');
	});
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	return socket;
}

test('datagrams cross it both ways, late and not all of them', async t => {
	const echo = await openEcho();
	const proxy = await LinkEmulatorProxy.open(echo.address().port, 5, {delay: 10, loss: 0.2});
	const client = createSocket('udp4');
	const delays: number[] = [];
	const count = 200;
	// Two in three come back; that these do not is out of the question.
	const enough = 90;
	const ended = new Promise<void>(resolve => {
		client.on('message', data => {
			delays.push(performance.now() - data.readDoubleLE(0));
			if (delays.length === enough) {
				resolve();
			}
		});
	});
	for (let index = 0; index < count; index++) {
		const data = Buffer.alloc(100);
		data.writeDoubleLE(performance.now());
		client.send(data, proxy.port, '127.0.0.1');
	}

	await ended;
	t.true(delays.every(delay => delay >= 19.5), `${Math.min(...delays)}`);
	// Not all 200 need to have passed by now.
	const {sent, lost} = proxy.there.counts;
	t.true(lost > sent / 10 && lost < sent / 3, `${lost} of ${sent}`);
	client.close();
	proxy.close();
	echo.close();
});
