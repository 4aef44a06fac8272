// Builds everything into dist/: tsc checks and compiles each file for the tests,
// esbuild bundles the two programs into dist/bin, because one file starts in half the time of many.
// Plain JavaScript that an old Node can run too: `npm ci` calls it with whatever Node npm itself has.
import {spawnSync} from 'node:child_process';
import {chmodSync, existsSync, rmSync} from 'node:fs';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {checkAllApplied, quickerInk} from './quicker-ink.js';

const root = fileURLToPath(new URL('.', import.meta.url));

function run(command, ...arguments_) {
	const {status, error} = spawnSync(command, arguments_, {cwd: root, stdio: ['ignore', 2, 2]});
	if (error) {
		throw error;
	}

	if (status !== 0) {
		process.exit(status ?? 1);
	}
}

if (!existsSync(`${root}node_modules/.bin/tsc`)) {
	// An installed package arrives built; only a checkout has the compiler.
	process.exit(0);
}

run(`${root}node_modules/.bin/tsc`, '--project', root);
for (const folder of ['bin', 'bench/bundled']) {
	rmSync(`${root}dist/${folder}`, {recursive: true, force: true});
}

const {build} = await import('esbuild');
const options = {
	absWorkingDir: root,
	bundle: true,
	splitting: true,
	platform: 'node',
	format: 'esm',
	target: 'node24',
	// Native addons find their binary beside their own package.json, so they stay outside.
	external: ['sodium-native', 'react-devtools-core'],
	// Node 24 reads both; esbuild would make each such pattern anew with `new RegExp` wherever it stands, even inside a loop.
	supported: {'regexp-unicode-property-escapes': true, 'regexp-set-notation': true},
	entryNames: '[name]',
	chunkNames: '[name]-[hash]',
	// Yoga would fetch its WebAssembly from a data URL, and with it load all of Node's HTTP client; without `fetch` it decodes it.
	define: {'process.env.NODE_ENV': '"production"', fetch: 'undefined'},
	// A few of Ink's dependencies are CommonJS and ask for Node's own modules with `require`.
	banner: {js: '#!/usr/bin/env node\nimport {createRequire as makeRequire} from \'node:module\';\nconst require = makeRequire(import.meta.url);'},
	sourcemap: true,
	plugins: [quickerInk],
	logLevel: 'warning',
};
await build({
	...options,
	outdir: 'dist/bin',
	entryPoints: {
		earshot: 'source/main.ts',
		earshotd: 'server/main.ts',
		// Threads are files of their own, started by URL beside the chunk that starts them.
		'profile-worker': 'source/io/profile-worker.ts',
		'store-worker': 'server/store/store-worker.ts',
	},
});
checkAllApplied();
// What `bench screen` compares with gets all that the programs get.
await build({...options, outdir: 'dist/bench/bundled', entryPoints: {'bare-ink': 'bench/bare-ink.tsx'}});

for (const program of ['earshot', 'earshotd']) {
	chmodSync(`${root}dist/bin/${program}.js`, 0o755);
}
