import {
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Settings} from '../../source/io/settings.js';

function temporaryPath(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true});
	});
	return join(folder, 'settings.json');
}

const fingerprint = 'ab'.repeat(32);

test('settings begin empty and come back', async t => {
	const path = temporaryPath(t);
	const settings = await Settings.open(path);
	t.deepEqual(settings.data, {pins: {}, users: {}});
	await settings.update(data => {
		data.lastServer = '127.0.0.1:7600';
		data.pins['127.0.0.1:7600'] = {fingerprint};
	});
	const again = await Settings.open(path);
	t.is(again.data.lastServer, '127.0.0.1:7600');
	t.deepEqual(again.data.pins, {'127.0.0.1:7600': {fingerprint}});
});

test('two clients that share the file keep what the other wrote', async t => {
	const path = temporaryPath(t);
	const [one, two] = await Promise.all([Settings.open(path), Settings.open(path)]);
	await one.update(data => {
		data.users['1'] = ['ann'];
	});
	await two.update(data => {
		data.users['2'] = ['bob'];
	});
	t.deepEqual(two.data.users, {1: ['ann'], 2: ['bob']});
	const later = await Settings.open(path);
	t.deepEqual(later.data.users, {1: ['ann'], 2: ['bob']});
});

test('changes that come while others are written are not lost', async t => {
	const path = temporaryPath(t);
	const settings = await Settings.open(path);
	const changes = Array.from({length: 30}, async (_, index) => {
		await Promise.resolve();
		for (let turn = 0; turn < index; turn++) {
			await new Promise(resolve => {
				setImmediate(resolve);
			});
		}

		await settings.update(data => {
			data.users[index] = [`user${index}`];
		});
	});
	await Promise.all(changes);
	const again = await Settings.open(path);
	t.is(Object.keys(again.data.users).length, 30);
});

test('a file that is no settings file is left aside', async t => {
	const path = temporaryPath(t);
	writeFileSync(path, '{"pins":{"a":{"fingerprint":"no"}}}');
	const settings = await Settings.open(path);
	t.deepEqual(settings.data.pins, {});
	await settings.update(data => {
		data.users['1'] = ['ann'];
	});
	t.true(readFileSync(path, 'utf8').includes('ann'));
});

test('a file of the version that kept one name a profile is read', async t => {
	const path = temporaryPath(t);
	writeFileSync(path, '{"pins": {}, "users": {"1": "ann", "2": ["bob", "zoe"]}}');
	t.deepEqual((await Settings.open(path)).data.users, {1: ['ann'], 2: ['bob', 'zoe']});
});
