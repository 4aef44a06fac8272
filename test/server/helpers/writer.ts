// A process that writes accounts and mail as fast as it can and reports each once it is durable, until it is killed.
import process from 'node:process';
import {Store} from '../../../server/store/store.js';
import {deviceKeys} from './fake-server.js';

const [file = '', round = ''] = process.argv.slice(2);
const store = await Store.open(file);

async function write(name: string): Promise<void> {
	await store.write({
		kind: 'account', key: name, name, hash: 'hash', device: 'device', keys: deviceKeys(), at: 0,
	});
	process.send!(name);
	await store.write({
		kind: 'mail', user: name, device: 'device', sender: name, senderDevice: 'device', mail: name, room: undefined, slot: undefined, card: 'card', at: 1, sealed: 'A'.repeat(name.length * 300),
	});
	process.send!(`mail for ${name}`);
}

for (let batch = 0; ; batch++) {
	await Promise.all(Array.from({length: 1 + (batch % 7)}, async (_, index) => write(`user-${round}-${batch}-${index}`)));
}
