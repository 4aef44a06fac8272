import {Buffer} from 'node:buffer';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startServer} from '../../server/serve.js';
import {
	askNetwork,
	discoveryReach,
	findServer,
	isAnswering,
} from '../../source/io/discovery.js';
import {answerDiscovery} from '../../source/protocol/discovery.js';
import {standStill} from '../helpers/stand-still.js';

async function listen(t: ExecutionContext): Promise<{host: string; port: number}> {
	const server = createServer(socket => {
		socket.destroy();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	return {host: '127.0.0.1', port: (server.address() as AddressInfo).port};
}

test('a server answers a broadcast with its TCP port', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	const server = await startServer({folder, port: 0});
	t.teardown(async () => {
		await server.close();
		rmSync(folder, {recursive: true});
	});
	// The broadcast address of the loopback network: nothing leaves the machine.
	for (const target of ['127.0.0.1', '127.255.255.255']) {
		const found = await askNetwork([target], server.udpPort, 5000);
		t.is(found?.port, server.port, `asked ${target}`);
	}
});

test('an answer to somebody else\'s question does not count', async t => {
	const liar = createSocket('udp4');
	liar.on('message', (ask, {port, address}) => {
		const forged = Buffer.from(ask);
		forged[5]! ^= 1;
		liar.send(answerDiscovery(forged, 7600)!, port, address);
	});
	liar.bind(0, '127.0.0.1');
	await once(liar, 'listening');
	t.teardown(() => liar.close());
	t.is(await askNetwork(['127.0.0.1'], liar.address().port, 100), undefined);
	t.is(await askNetwork([], 1), undefined);
});

test('whoever takes connections answers, whoever does not, does not', async t => {
	const place = await listen(t);
	t.true(await isAnswering(place));
	t.false(await isAnswering({host: '127.0.0.1', port: 9}));
});

test('who had no time to wait hears the answer that came meanwhile', async t => {
	const answer = isAnswering(await listen(t), 20);
	standStill(50);
	t.true(await answer);
});

test('the server used last comes first, and without reach it is the only one', async t => {
	const place = await listen(t);
	t.deepEqual(await findServer({lastUsed: place, reach: 'off'}), place);
	t.is(await findServer({lastUsed: {host: '127.0.0.1', port: 9}, reach: 'off'}), undefined);
	t.is(await findServer({lastUsed: undefined, reach: 'off'}), undefined);
});

test('the reach is read from the environment', t => {
	t.deepEqual(['off', 'loopback', '', undefined].map(value => discoveryReach(value)), ['off', 'loopback', 'network', 'network']);
});
