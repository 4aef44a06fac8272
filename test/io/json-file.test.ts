import {
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {JsonFile} from '../../source/io/json-file.js';

type Data = {count: number};

function open(t: ExecutionContext): {file: JsonFile<Data>; path: string; folder: string} {
	const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
	t.teardown(() => {
		rmSync(folder, {recursive: true});
	});
	const path = join(folder, 'data.json');
	return {folder, path, file: new JsonFile<Data>(path, value => typeof (value as Data | null)?.count === 'number' ? value as Data : undefined)};
}

test('what was written is read, and nothing else is left behind', async t => {
	const {file, folder} = open(t);
	t.is(await file.read(), null);
	await file.write({count: 1});
	await file.write({count: 2});
	t.deepEqual(await file.read(), {count: 2});
	t.deepEqual(readdirSync(folder).toSorted(), ['data.json', 'data.json.bak']);
});

test('a file cut short anywhere gives way to its backup', async t => {
	const {file, path} = open(t);
	await file.write({count: 1});
	await file.write({count: 2});
	const whole = readFileSync(path);
	// Without its newline it still is whole.
	for (let length = 0; length < whole.length - 1; length++) {
		writeFileSync(path, whole);
		truncateSync(path, length);
		t.deepEqual(await file.read(), {count: 1}, `cut after ${length} bytes`);
	}
});

test('a damaged file does not push the good backup out', async t => {
	const {file, path} = open(t);
	await file.write({count: 1});
	await file.write({count: 2});
	writeFileSync(path, '{"count":');
	await file.write({count: 3});
	writeFileSync(path, '{"count":');
	t.deepEqual(await file.read(), {count: 1});
});

test('what has another shape or size is not ours', async t => {
	const {file, path} = open(t);
	for (const text of ['null', '[]', '{"count":"1"}', `{"count":1,"x":"${'x'.repeat(1024 * 1024)}"}`]) {
		writeFileSync(path, text);
		t.is(await file.read(), null, text.slice(0, 20));
	}
});
