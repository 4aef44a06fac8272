import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {sqliteThreadFlags} from '../../source/disk/sqlite-warning.js';

const room = new URL('../../source/disk/sqlite-warning.js', import.meta.url).href;

/**
What a program prints on standard error that warns of this and that.
*/
function complaints(program: string, ...flags: readonly string[]): string {
	return spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', program], {encoding: 'utf8', cwd: fileURLToPath(new URL('.', import.meta.url))}).stderr;
}

const warn = 'process.emitWarning("of SQLite", "ExperimentalWarning"); process.emitWarning("of something else");';

test('what is experimental is not told, everything else is', t => {
	t.regex(complaints(warn), /of SQLite/v);
	const hidden = complaints(`const {hideExperimentalWarnings} = await import(${JSON.stringify(room)}); hideExperimentalWarnings(); ${warn}`);
	t.notRegex(hidden, /of SQLite/v);
	t.regex(hidden, /of something else/v);
});

test('nor does a thread with these flags tell it', t => {
	const told = complaints(`
		import {Worker} from 'node:worker_threads';
		new Worker(${JSON.stringify(warn)}, {eval: true, execArgv: ${JSON.stringify(sqliteThreadFlags)}});
	`);
	t.notRegex(told, /of SQLite/v);
	t.regex(told, /of something else/v);
});
