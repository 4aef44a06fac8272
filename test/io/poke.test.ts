import test, {type ExecutionContext} from 'ava';
import {isRefused} from '../../source/io/poke.js';
import {UdpSocket} from '../../source/io/udp-socket.js';
import {isPortFree} from '../helpers/ports.js';
import {standStill} from '../helpers/stand-still.js';

const hosts = ['127.0.0.1', ...(await isPortFree('::1', 0) ? ['[::1]'] : [])];

/**
A client's own socket: a poke keeps no process alive by itself.
*/
async function stayAlive(t: ExecutionContext): Promise<void> {
	const own = await UdpSocket.open(0);
	t.teardown(async () => own.close());
}

for (const host of hosts) {
	test(`${host}: a port is refused once nobody has it, and only then`, async t => {
		await stayAlive(t);
		const socket = await UdpSocket.open(0);
		const address = `${host}:${socket.port}`;
		const sizes: number[] = [];
		socket.listen(data => {
			sizes.push(data.length);
		});
		t.false(await isRefused(address));
		t.deepEqual(sizes, [0], 'whoever has it gets one empty datagram');
		await socket.close();
		t.true(await isRefused(address));
	});
}

test('who had no time to listen hears the refusal that came meanwhile', async t => {
	await stayAlive(t);
	const socket = await UdpSocket.open(0);
	await socket.close();
	const answer = isRefused(`127.0.0.1:${socket.port}`);
	standStill(400);
	t.true(await answer);
});

test('nonsense and addresses without a way to them are not refused', async t => {
	t.deepEqual(await Promise.all(['nonsense', '127.0.0.1:0', '127.0.0.1:70000', '[::1'].map(async address => isRefused(address))), [false, false, false, false]);
});
