// Members of a room who can't reach each other, while the server stands still: a third one passes on what was said.
import test, {type ExecutionContext} from 'ava';
import type {JsonClient} from '../helpers/json-client.js';
import {openUdpProxy, type UdpProxy} from '../helpers/udp-proxy.js';
import {
	enterRoom,
	hears,
	openWorld,
	type Server,
	type World,
} from '../helpers/world.js';

const environment = {EARSHOT_ANNOUNCE: 'none'};

/**
A link is given up after 12 s of silence; then the neighbours are asked.
*/
const within = 45_000;

type Den = {readonly world: World; readonly server: Server; readonly proxy: UdpProxy; readonly ann: JsonClient; readonly bob: JsonClient; readonly cat: JsonClient};

async function openDen(t: ExecutionContext): Promise<Den> {
	const world = openWorld(t);
	const server = await world.server();
	const proxy = await openUdpProxy(server, 1, {
		loss: 0, duplication: 0, reordering: 0, holdMs: 0,
	});
	t.teardown(async () => proxy.close());
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], proxy, {environment});
	await enterRoom('den', ann, bob, cat);
	await hears('hello', ann, bob, cat);
	await hears('hello yourself', cat, ann, bob);
	return {
		world, server, proxy, ann, bob, cat,
	};
}

function portOf(person: JsonClient): number {
	return Number(person.seen({type: 'ready'})[0]!.udpPort);
}

function heard(person: JsonClient, from: string): unknown[] {
	return person.seen({type: 'message', from}).map(({text}) => text);
}

test.serial('the last words of one who dies before the server is back come from another member, once', async t => {
	const {world, server, proxy, ann, bob, cat} = await openDen(t);
	proxy.block(portOf(ann), portOf(cat));
	server.program.signal('SIGSTOP');
	await hears('one', ann, bob);
	await hears('two', ann, bob);
	ann.program.signal('SIGKILL');
	await cat.event({
		type: 'message', room: 'den', from: 'ann', text: 'two', pending: false,
	}, {within});
	t.deepEqual(heard(cat, 'ann'), ['hello', 'one', 'two']);

	proxy.unblock();
	server.program.signal('SIGCONT');
	const again = await world.client('ann', {environment});
	await again.ok(`c ${proxy.address}`);
	await again.ok('login ann ann-secret', {within: 60_000});
	await again.ok('or den');
	await again.events({
		type: 'delivery', to: 'cat', state: 'read',
	}, 2, {within});
	await hears('three', again, bob, cat);
	t.deepEqual(heard(cat, 'ann'), ['hello', 'one', 'two', 'three']);
	const kept = (await cat.ok('history')).messages as ReadonlyArray<{readonly from: string; readonly text: string}>;
	t.deepEqual(kept.filter(({from}) => from === 'ann').map(({text}) => text), ['hello', 'one', 'two', 'three']);
});

test.serial('two who do not reach each other talk through a third', async t => {
	const {server, proxy, ann, bob, cat} = await openDen(t);
	proxy.block(portOf(ann), portOf(cat));
	server.program.signal('SIGSTOP');
	await ann.ok('s can you hear me?');
	await cat.event({type: 'message', from: 'ann', text: 'can you hear me?'}, {within});
	for (let round = 0; round < 5; round++) {
		await ann.ok(`s ping ${round}`);
		await cat.event({type: 'message', from: 'ann', text: `ping ${round}`}, {within});
		await cat.ok(`s pong ${round}`);
		await ann.event({type: 'message', from: 'cat', text: `pong ${round}`}, {within});
	}

	proxy.unblock();
	server.program.signal('SIGCONT');
	await hears('at last', ann, bob, cat);
	t.deepEqual(heard(cat, 'ann'), ['hello', 'can you hear me?', ...Array.from({length: 5}, (_, round) => `ping ${round}`), 'at last']);
	t.deepEqual(heard(ann, 'cat'), ['hello yourself', ...Array.from({length: 5}, (_, round) => `pong ${round}`)]);
});
