// M1: connecting. A server is found; where there is none, one clear error, visible retries, and a program that stays usable.
import process from 'node:process';
import test from 'ava';
import {freePort, isPortFree} from '../helpers/ports.js';
import {openWorld} from '../helpers/world.js';

test('connects to a free port and says so', async t => {
	const world = openWorld(t);
	const [server, ann] = await Promise.all([world.server(), world.client('ann')]);
	t.like(await ann.ok('l'), {connected: false, user: null, conversation: null});
	await ann.ok(`c ${server.address}`);
	await ann.event({type: 'connection', state: 'connected', server: server.address});
	t.like(await ann.ok('l'), {connected: true, server: server.address});
});

(process.platform === 'linux' ? test : test.skip)('a host without a port means port 7600', async t => {
	if (!await isPortFree('127.76.0.1', 7600)) {
		t.log('port 7600 is taken on this machine');
		return;
	}

	const world = openWorld(t);
	// An address of its own, so that a server of the developer's does not stand in the way.
	const [server, ann] = await Promise.all([world.server({arguments: ['--bind', '127.76.0.1', '--port', '7600']}), world.client('ann')]);
	t.is(server.port, 7600);
	await ann.ok('c 127.76.0.1');
	t.like(await ann.ok('l'), {connected: true, server: '127.76.0.1:7600'});
});

test('no server: one clear error, retries with growing waits, and the program stays usable until one is there', async t => {
	const world = openWorld(t);
	const [ann, port] = await Promise.all([world.client('ann'), freePort()]);
	const address = `127.0.0.1:${port}`;
	const reply = await ann.command(`c ${address}`);
	t.false(reply.ok);
	t.is(reply.error?.code, 'unreachable');
	t.regex(reply.error!.message, new RegExp(String(port), 'v'));

	const retries = await ann.events({type: 'connection', state: 'retrying', server: address}, 3);
	const waits = retries.map(({retryInMs}) => Number(retryInMs));
	t.true(waits.every(wait => wait > 0), 'each retry says when it comes');
	t.true(waits.at(-1)! > waits[0]!, `waits grow: ${waits.join(', ')}`);
	t.like(await ann.ok('l'), {connected: false});
	t.true((await ann.ok('help')).ok);
	t.is(await ann.refused('lu'), 'not-connected');

	await world.server({arguments: ['--port', String(port)]});
	await ann.event({type: 'connection', state: 'connected', server: address});
	t.like(await ann.ok('l'), {connected: true, server: address});
});
