import {globSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {findBreaches, roomOf} from './helpers/house-rules.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const paths = globSync('{source,server}/**/*.{ts,tsx}', {cwd: root});

test('every import follows an arrow, nothing runs in a circle, pure rooms stay pure', t => {
	t.true(paths.length > 30, 'the house was found');
	const breaches = findBreaches(new Map(paths.map(path => [path, readFileSync(`${root}${path}`, 'utf8')])));
	t.deepEqual(breaches.map(({file, line, problem}) => `${file}:${line} ${problem}`), []);
});

// What the rules must catch: name, files, the breaches expected in them.
const bad: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, readonly string[]]> = [
	['an arrow that points up', {'source/peer/a.ts': 'import {b} from \'../messenger/b.js\';', 'source/messenger/b.ts': ''}, ['must not import source/messenger']],
	['an arrow between neighbours', {'source/peer/a.ts': 'export * from \'../files/b.js\';', 'source/files/b.ts': ''}, ['must not import source/files']],
	['a face that reaches for sockets', {'source/plain/a.ts': 'import {b} from \'../io/b.js\';', 'source/io/b.ts': ''}, ['must not import source/io']],
	['the client reaching into the server', {'source/runtime/a.ts': 'await import(\'../../server/serve.js\');', 'server/serve.ts': ''}, ['must not import server/serve.ts']],
	['io using the messenger for more than its types', {'source/io/a.ts': 'import {type A, b} from \'../messenger/b.js\';', 'source/messenger/b.ts': ''}, ['must not import source/messenger']],
	['a cycle of two', {'source/peer/a.ts': 'import \'./b.js\';', 'source/peer/b.ts': 'import {type A} from \'./a.js\';'}, ['closes a cycle: source/peer/a.ts -> source/peer/b.ts']],
	['types that mention each other', {'source/peer/a.ts': 'import type {B} from \'./b.js\';', 'source/peer/b.ts': 'import type {A} from \'./a.js\';'}, ['closes a cycle: source/peer/a.ts -> source/peer/b.ts']],
	['a cycle of three', {'source/kit/a.ts': 'import \'./b.js\';', 'source/kit/b.tsx': 'import \'./c.js\';', 'source/kit/c.ts': 'import \'./a.js\';'}, ['closes a cycle']],
	['a file outside of all rooms', {'source/attic/a.ts': ''}, ['stands in no known room']],
	['an import of nothing', {'source/peer/a.ts': 'import \'./gone.js\';'}, ['is in no room']],
	['an import that can\'t be read', {'source/cli.tsx': 'await import(name);'}, ['only running it would tell']],
	['a socket in a pure room', {'source/protocol/a.ts': 'import {connect} from \'node:net\';'}, ['imports node:net']],
	['a file in a pure room', {'server/core/a.ts': 'const fs = await import(\'node:fs/promises\');'}, ['imports node:fs/promises']],
	['keys from nowhere', {'source/messenger/a.ts': 'import {createHash, randomBytes as noise, generateKeyPairSync} from \'node:crypto\';'}, ['imports randomBytes', 'imports generateKeyPairSync']],
	['all of crypto at once', {'source/peer/a.ts': 'import * as everything from \'node:crypto\';'}, ['imports default of node:crypto']],
	['the wall clock', {'source/messenger/a.ts': 'Date.now();\nnew Date();\nDate();\nperformance.now();'}, ['uses Date.now', 'uses new Date()', 'uses Date()', 'uses performance']],
	['dice', {'source/files/a.ts': 'const a = Math.random;'}, ['uses Math.random']],
	['timers', {'source/kit/a.tsx': 'setTimeout(() => {}, 1); queueMicrotask(a); globalThis.setInterval(a, 1);'}, ['uses setTimeout', 'uses queueMicrotask', 'uses globalThis']],
];

for (const [name, files, expected] of bad) {
	test(`the rules catch ${name}`, t => {
		const problems = findBreaches(new Map(Object.entries(files))).map(({problem}) => problem);
		t.is(problems.length, expected.length, problems.join('\n'));
		for (const [index, part] of expected.entries()) {
			t.true(problems[index]!.includes(part), `${problems[index]!} should say ${part}`);
		}
	});
}

const good: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
	['types of the messenger in io', {'source/io/a.ts': 'import type {B} from \'../messenger/b.js\';', 'source/messenger/b.ts': ''}],
	['dates made of a given moment', {'source/messenger/a.ts': 'const a = new Date(now); const b = Date.parse(text);'}],
	['members and types that are called like a global', {'source/peer/a.ts': 'type T = typeof process; clock.setTimeout(1); const a = {performance: 1}; interface B {fetch(): void}'}],
	['deterministic crypto', {'source/peer/a.ts': 'import {createHmac, hkdfSync, type KeyObject} from \'node:crypto\';'}],
	['clocks where they belong', {'source/io/a.ts': 'import {connect} from \'node:net\'; setTimeout(a, Date.now());'}],
];

for (const [name, files] of good) {
	test(`the rules allow ${name}`, t => {
		t.deepEqual(findBreaches(new Map(Object.entries(files))), []);
	});
}

test('a file is in the innermost room that is known', t => {
	t.is(roomOf('source/cli.tsx'), 'source/cli.tsx');
	t.is(roomOf('source/io/deep/a.ts'), 'source/io');
	t.is(roomOf('source/iota/a.ts'), undefined);
});
