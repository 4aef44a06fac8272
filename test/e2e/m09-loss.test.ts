// M9 for messages: a bad network between real programs. Every line arrives whole, in order, once; a dead peer is shown as lost.
import test from 'ava';
import {openUdpProxy} from '../helpers/udp-proxy.js';
import {openSession, openWorld} from '../helpers/world.js';

const seed = 9;

test('200 lines each way survive 20 % loss, duplication and reordering; a dead peer is shown as lost', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const proxy = await openUdpProxy(server, seed, {
		loss: 0.2, duplication: 0.1, reordering: 0.3, holdMs: 30,
	});
	t.teardown(async () => proxy.close());
	// Without own addresses they know each other only by the proxy's.
	const [ann, bob] = await world.people(['ann', 'bob'], proxy, {environment: {EARSHOT_ANNOUNCE: 'none'}});
	await openSession(ann, bob);
	const lines = Array.from({length: 200}, (_, index) => `line ${index + 1} ${'.'.repeat(index)}`);
	const before = {...proxy.counts};
	for (const line of lines) {
		ann.program.type(`s ${line}`);
		bob.program.type(`s ${line}`);
	}

	for (const listener of [ann, bob]) {
		const messages = await listener.events({type: 'message'}, 200, {within: 60_000});
		t.deepEqual(messages.map(({text}) => text), lines, `seed ${seed}`);
	}

	await ann.events({type: 'delivery', state: 'delivered'}, 200, {within: 60_000});
	await bob.events({type: 'delivery', state: 'delivered'}, 200, {within: 60_000});
	t.is(ann.seen({type: 'message'}).length, 200);
	t.is(bob.seen({type: 'message'}).length, 200);
	t.true(proxy.counts.passed - before.passed > 50, 'the datagrams took the bad way');
	t.true(proxy.counts.lost > before.lost && proxy.counts.doubled > before.doubled && proxy.counts.held > before.held);

	const [host] = proxy.address.split(':', 1);
	for (const [asker, name] of [[ann, 'bob'], [bob, 'ann']] as const) {
		t.is(String((await asker.ok(`whois ${name}`)).address).split(':', 1)[0], host, 'only the proxy is known');
	}

	bob.program.signal('SIGKILL');
	await ann.event({type: 'session', with: 'bob', state: 'lost'}, {within: 30_000});
});
