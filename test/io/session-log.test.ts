import {
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {SessionLog} from '../../source/io/session-log.js';

function temporaryFolder(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true});
	});
	return folder;
}

test('lines are appended, and a second session goes on below', async t => {
	const path = join(temporaryFolder(t), 'talk.log');
	for (const line of ['one', 'two']) {
		const log = SessionLog.open(path);
		log.append(line);
		await log.close();
		log.append('after the end');
	}

	t.is(readFileSync(path, 'utf8'), 'one\ntwo\n');
	t.is(statSync(path).mode & 0o77, 0);
});

test('a missing folder is named in the error', t => {
	const folder = join(temporaryFolder(t), 'missing');
	const error = t.throws(() => SessionLog.open(join(folder, 'talk.log')));
	t.like(error, {code: 'bad-file'});
	t.true(error.message.includes(folder));
});

test('a folder is no log file', t => {
	t.throws(() => SessionLog.open(temporaryFolder(t)), {message: /can't be written/v});
});
