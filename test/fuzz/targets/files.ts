// Files that a crash, another program or a person with an editor may have left: the settings.
import {strict as assert} from 'node:assert';
import {Buffer} from 'node:buffer';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {Settings} from '../../../source/io/settings.js';
import {type Target} from '../fuzzer.js';

const settings = JSON.stringify({
	lastServer: '127.0.0.1:7600', pins: {'127.0.0.1:7600': {fingerprint: 'ab'.repeat(32), rootKey: 'A'.repeat(43)}}, users: {1: 'ann'},
}, undefined, '\t');

let folder: string | undefined;

export const fileTargets: readonly Target[] = [
	{
		name: 'settings',
		kind: 'text',
		inputsPerRound: 32,
		corpus: () => [Buffer.from(settings), Buffer.from('{"pins":{},"users":{}}')],
		begin() {
			folder ??= mkdtempSync(path.join(tmpdir(), 'earshot-fuzz-'));
			const file = path.join(folder, 'settings.json');
			return async input => {
				writeFileSync(file, input);
				const {data} = await Settings.open(file);
				assert.ok(Object.values(data.pins).every(({fingerprint}) => /^[\da-f]{64}$/v.test(fingerprint)));
				assert.ok((data.lastServer?.length ?? 0) <= 300);
			};
		},
		end() {
			if (folder === undefined) {
				return;
			}

			rmSync(folder, {recursive: true});
			folder = undefined;
		},
	},
];
