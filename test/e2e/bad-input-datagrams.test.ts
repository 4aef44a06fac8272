// Bad datagrams at the UDP ports of server and clients: garbage, cut ones, strangers' ones, forged and replayed ones. Silence is the answer.
import {Buffer} from 'node:buffer';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import test from 'ava';
import {seededRandom} from '../helpers/random.js';
import {openUdpProxy} from '../helpers/udp-proxy.js';
import {whileOthersTalk} from '../helpers/undisturbed.js';

const seed = 41;
const sizes = [0, 1, 2, 4, 5, 16, 17, 27, 28, 29, 33, 34, 35, 48, 100, 1199, 1200, 1452, 9000, 60_000];
const types = [0x00, 0x20, 0x21, 0x22, 0x23, 0x24, 0x40, 0x41, 0x7F, 0x80, 0xFF];

test('garbage of every size and type from a stranger is met with silence', async t => {
	const random = seededRandom(seed);
	const stranger = createSocket('udp4');
	stranger.bind(0, '127.0.0.1');
	await once(stranger, 'listening');
	t.teardown(() => {
		stranger.close();
	});
	const answers: Buffer[] = [];
	stranger.on('message', bytes => {
		answers.push(bytes);
	});
	await whileOthersTalk(t, async ({server, ann, bob}) => {
		const bobPort = Number(/:(?<port>\d+)$/v.exec(String((await ann.ok('whois bob')).address))!.groups!.port);
		const annPort = Number(/:(?<port>\d+)$/v.exec(String((await bob.ok('whois ann')).address))!.groups!.port);
		for (const port of [server.udpPort, annPort, bobPort]) {
			for (const size of sizes) {
				for (const type of types) {
					const bytes = Buffer.from(Array.from({length: size}, () => Math.floor(random() * 256)));
					if (size > 0) {
						bytes[0] = type;
					}

					await new Promise(resolve => {
						stranger.send(bytes, port, '127.0.0.1', resolve);
					});
				}
			}
		}

		await server.ok('lu');
		await ann.ok('l');
		await bob.ok('l');
	});
	// A reset or retry may answer what looks like a packet, but never with more than was sent, and seldom.
	t.true(answers.length < sizes.length * types.length, `${answers.length} answers`);
	t.deepEqual(answers.filter(answer => answer.length > 64), [], 'nothing large, nothing to amplify');
});

test('forged and replayed packets between the two change nothing', async t => {
	let counts = {forged: 0, replayed: 0};
	await whileOthersTalk(t, async ({ann, bob}) => {
		await ann.events({type: 'message'}, 60);
		await bob.events({type: 'message'}, 60);
	}, {
		people: {environment: {EARSHOT_ANNOUNCE: 'none'}},
		async serverAddress(server) {
			const proxy = await openUdpProxy(server, seed, {
				loss: 0, duplication: 0, reordering: 0, holdMs: 5, forgery: 0.5, replay: 0.5,
			});
			counts = proxy.counts;
			t.teardown(async () => proxy.close());
			return proxy;
		},
	});
	t.true(counts.forged > 20 && counts.replayed > 20, JSON.stringify(counts));
});
