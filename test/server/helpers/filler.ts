// A process that writes accounts until its disk is full, then some more, and says what was acknowledged and what refused.
import {join} from 'node:path';
import process from 'node:process';
import {Store} from '../../../server/store/store.js';
import {deviceKeys} from './fake-server.js';

const store = await Store.open(join(process.argv[2]!, 'earshotd.db'));
const kept: string[] = [];
const refused: string[] = [];
for (let number = 0; refused.length < 3 && number < 2000; number++) {
	const name = `user-${number}`;
	try {
		await store.write({
			kind: 'account', key: name, name, hash: `hash of ${name}`, device: 'd'.repeat(4000), keys: deviceKeys(), at: 0,
		});
		kept.push(name);
	} catch (error) {
		refused.push((error as Error).message);
	}
}

const later = await store.hashOf(kept[0]!);
process.stdout.write(JSON.stringify({kept, refused, later}), () => {
	// A full disk may not let it end in order; a killed server does not either.
	process.exit(0);
});
