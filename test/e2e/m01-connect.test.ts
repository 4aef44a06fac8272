// M1: connecting. A server is found; where there is none, one clear error, visible retries, and a program that stays usable.
import process from 'node:process';
import test from 'ava';
import {freePort, isPortFree} from '../helpers/ports.js';
import {countsDown} from '../helpers/screens.js';
import {keys} from '../helpers/terminal.js';
import {openWorld} from '../helpers/world.js';

const isPortThere = process.platform === 'linux' && await isPortFree('127.76.0.1', 7600);
const isPortEverywhere = await isPortFree('::', 7600);

test('connects to a free port and says so', async t => {
	const world = openWorld(t);
	const [server, ann] = await Promise.all([world.server(), world.client('ann')]);
	t.like(await ann.ok('l'), {connected: false, user: null, conversation: null});
	await ann.ok(`c ${server.address}`);
	await ann.event({type: 'connection', state: 'connected', server: server.address});
	t.like(await ann.ok('l'), {connected: true, server: server.address});
});

// The two tests with the port that is not to be chosen come one after the other, before the rest; they wait for a machine on which it is free.
(isPortThere ? test.serial : test.serial.skip)('a host without a port means port 7600', async t => {
	const world = openWorld(t);
	// An address of its own, so that a server of the developer's does not stand in the way.
	const [server, ann] = await Promise.all([world.server({arguments: ['--bind', '127.76.0.1', '--port', '7600']}), world.client('ann')]);
	t.is(server.port, 7600);
	await ann.ok('c 127.76.0.1');
	t.like(await ann.ok('l'), {connected: true, server: '127.76.0.1:7600'});
});

(isPortEverywhere ? test.serial : test.serial.skip)('one command in one terminal and again in a second is two people chatting', async t => {
	const world = openWorld(t);
	const bare = {environment: {EARSHOT_DISCOVERY: 'loopback'}};
	const ann = world.terminal('earshot', 'ann', bare);
	await ann.shows('▸ Host a server here');
	ann.type(keys.enter);
	await ann.shows('Connected to 127.0.0.1:7600. Who are you?');
	ann.enter('ann');
	ann.enter('ann-secret');
	await ann.shows('Hello, ann.');

	const bob = world.terminal('earshot', 'bob', bare);
	await bob.shows('Connected to 127.0.0.1:7600. Who are you?');
	bob.enter('bob');
	bob.enter('bob-secret');
	await bob.shows('● ann');
	bob.enter('/o ann');
	await ann.shows('bob wants to talk with you.');
	// Keys that were on their way when the dialog opened answer nothing.
	await countsDown(ann);
	ann.type('a');
	await bob.shows('The session with ann is open.');
	bob.enter('can you hear me?');
	await ann.shows('bob: can you hear me?');
	ann.enter('loud and clear');
	await t.notThrowsAsync(bob.shows('ann: loud and clear'));
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

test('the fingerprint stands at the server and in the client in the same groups, to be compared by eye', async t => {
	const world = openWorld(t);
	const server = world.program('earshotd', 'server', {arguments: ['--plain', '--bind', '127.0.0.1', '--port', '0', '--udp-port', '0']});
	const [shown] = /(?:[\da-f]{4} ){15}[\da-f]{4}/v.exec(await server.line(/certificate fingerprint/v))!;
	const {port} = /(?:TCP|127\.0\.0\.1|port)\D*(?<port>\d{4,5})/v.exec(server.lines.join('\n'))!.groups!;
	const client = world.program('earshot', 'ann', {arguments: ['--plain', '--udp-port', '0', '--server', `127.0.0.1:${port}`]});
	t.true((await client.line(/First connection/v)).includes(shown));
});
