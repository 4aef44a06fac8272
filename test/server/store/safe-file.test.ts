import {
	chmodSync,
	mkdtempSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test from 'ava';
import {makePrivateFolder} from '../../../server/store/safe-file.js';
import {StartError} from '../../../server/store/start-error.js';

test('a private folder is made with those above it, also by two at once, and again', async t => {
	const root = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(root, {recursive: true});
	});
	const folder = join(root, 'a', 'b');
	await Promise.all([makePrivateFolder(folder), makePrivateFolder(folder)]);
	await makePrivateFolder(folder);
	t.is(statSync(folder).mode & 0o77, 0);
	writeFileSync(join(root, 'file'), '');
	for (const path of [join(root, 'file'), join(root, 'file', 'x')]) {
		await t.throwsAsync(makePrivateFolder(path), {instanceOf: StartError});
	}
});

// The superuser may write anywhere, so it steps down for a moment; serial, because that holds for the whole process.
test.serial('a folder without write permission is explained', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true});
	});
	chmodSync(folder, 0o500);
	const isRoot = process.geteuid!() === 0;
	if (isRoot) {
		process.seteuid!('nobody');
	}

	try {
		await t.throwsAsync(makePrivateFolder(join(folder, 'server')), {instanceOf: StartError, message: /can't be made/v});
	} finally {
		if (isRoot) {
			process.seteuid!(0);
		}
	}
});

// Node's own recursive mkdir does not return from there.
(process.platform === 'linux' ? test : test.skip)('a file system that has no folders of ours refuses at once', async t => {
	await t.throwsAsync(makePrivateFolder('/proc/earshot/data'), {instanceOf: StartError});
});
