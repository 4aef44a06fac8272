import {
	existsSync,
	mkdtempSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test from 'ava';
import {makeFolder} from '../../source/disk/folder.js';

test('a folder and those above it are made for their owner; one that is there stays as it is', t => {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const deep = join(folder, 'a', 'b', 'c');
	makeFolder(deep);
	makeFolder(deep);
	t.is(statSync(deep).mode & 0o777, 0o700);
	t.is(statSync(join(folder, 'a')).mode & 0o777, 0o700);
	writeFileSync(join(folder, 'file'), '');
	t.throws(() => {
		makeFolder(join(folder, 'file'));
	}, {code: 'EEXIST'});
	t.throws(() => {
		makeFolder(join(folder, 'file', 'below'));
	});
});

(process.platform === 'linux' ? test : test.skip)('a file system that refuses folders is an error, not a wait without end', t => {
	t.throws(() => {
		makeFolder('/proc/nowhere/at/all');
	}, {code: 'ENOENT'});
	t.false(existsSync('/proc/nowhere'));
});
