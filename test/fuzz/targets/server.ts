// The control server: lines of a connection that may be anybody's, datagrams at its UDP port, and what its operator types.
import {Buffer} from 'node:buffer';
import {strict as assert} from 'node:assert';
import {deviceKeys, FakeServer, type FakeClient} from '../../server/helpers/fake-server.js';
import {deviceId} from '../../../source/protocol/cards.js';
import {encodePunch} from '../../../source/protocol/punch.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {genuineLines} from '../genuine.js';
import {type Target} from '../fuzzer.js';

const key = 'A'.repeat(43);

/**
Requests that no client in a session of two makes.
*/
const rarelySaid: ReadonlyArray<Record<string, unknown>> = [
	{op: 'enter', room: 'den'},
	{op: 'group', session: 'x', user: 'bob'},
	{op: 'invite', room: 'den', user: 'bob'},
	{op: 'answer-invitation', invitation: 'x', answer: 'accept'},
	{op: 'publish', signed: {id: 1, key, signature: 'A'.repeat(86)}, oneTime: [{id: 1, key}]},
	{op: 'bundle', user: 'bob', count: 1},
	{
		op: 'mail', to: 'bob', device: deviceId(decodeBase64(deviceKeys().sign)), mail: 'one', room: 'den', slot: 'receipt', sealed: 'AAAA',
	},
	{
		op: 'fetch', after: 1, room: 'den', slots: true,
	},
	{op: 'ack', mails: [1, 2]},
	{op: 'departed', at: 1},
];

export const serverTargets: readonly Target[] = [
	{
		name: 'client-to-server',
		kind: 'text',
		inputsPerRound: 512,
		corpus: () => [...genuineLines().toServer, ...rarelySaid.map(fields => Buffer.from(JSON.stringify({id: 9, ...fields})))],
		begin(random) {
			const server = new FakeServer();
			const bob = server.register('bob');
			const clients: FakeClient[] = [];
			return input => {
				const index = random.integer(0, 3);
				let client = clients[index];
				if (!client || client.isCut) {
					client = server.connect(`10.0.0.${index}:${random.integer(1, 9)}`);
					clients[index] = client;
					if (random.chance(0.7)) {
						client.ask('hello', {protocol: 1, program: 'test'});
						client.ask('register', {user: `user${index}`, password: 'pw', device: client.device});
						client.ask('login', {user: `user${index}`, password: 'pw', device: client.device});
					}
				}

				if (!client.isCut) {
					client.line(Buffer.from(input).toString().trimEnd());
				}

				client.replies.clear();
				client.notices.length = 0;
				server.advance(random.pick([0, 1, 60, 400]));
				server.queries.length = 0;
				bob.notices.length = 0;
				assert.ok(!bob.isCut, 'somebody else was cut');
			};
		},
	},
	{
		name: 'datagrams-to-server',
		kind: 'bytes',
		corpus: () => [encodePunch({sid: Uint8Array.of(1, 2, 3, 4), txid: new Uint8Array(12), kind: 'ask'}, new Uint8Array(32))],
		begin(random) {
			const server = new FakeServer();
			const {sid, secret} = server.register('bob').login.punch;
			const genuine = encodePunch({sid: Buffer.from(sid, 'hex'), txid: new Uint8Array(12), kind: 'ask'}, decodeBase64(secret));
			return input => {
				// Half of them carry the id of somebody who is there.
				if (random.chance(0.5) && input.length > 5) {
					input.set(genuine.subarray(0, 5));
				}

				const before = server.datagrams.length;
				server.core.handleDatagram(input, `192.0.2.${random.integer(1, 200)}:9`, server.now);
				server.perform();
				const isGenuine = Buffer.compare(input, genuine) === 0;
				assert.ok(isGenuine || server.datagrams.slice(before).every(({bytes}) => bytes.length <= input.length), 'more was sent than came');
				server.datagrams.length = 0;
			};
		},
	},
	{
		name: 'operator',
		kind: 'text',
		corpus: () => ['lu', 'lcu', 'ls', 'lr', 'lru den', 'register', 'register bob', 'help', 'help lu'].map(line => Buffer.from(line)),
		begin() {
			const server = new FakeServer();
			server.register('bob').ask('enter', {room: 'den'});
			return input => {
				const line = Buffer.from(input).toString();
				if (/^\s*(?:x|quit|exit)(?:\s|$)/v.test(line)) {
					return;
				}

				const reply = server.core.handleCommand(line, server.now);
				assert.ok(reply.ok || reply.error.code !== '');
				server.perform();
			};
		},
	},
];
