// The entry of the `earshot` program: a guard that any Node can run, then the program itself.
// It must import nothing statically that an old Node lacks, or an old Node would die of a stack trace before the guard speaks.
import module from 'node:module';
import path from 'node:path';
import process from 'node:process';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
	process.stderr.write(`earshot needs Node.js 24.12 or newer; this is ${process.versions.node}. In a checkout, "npm start" brings its own.\n`);
	process.exit(2);
}

// What is compiled now is read at the next start; where the folder can't be written, it is compiled again. Node would make the folder, too,
// but never comes back where a file system refuses that (/proc).
if ((process.env.NODE_DISABLE_COMPILE_CACHE ?? '') === '') {
	const [{default: envPaths}, {makeFolder}] = await Promise.all([import('env-paths'), import('./disk/folder.js')]);
	const cache = path.join(envPaths('earshot', {suffix: ''}).cache, 'compiled');
	try {
		makeFolder(cache);
		module.enableCompileCache(cache);
	} catch {
		// It starts a little slower.
	}
}

const {hideExperimentalWarnings} = await import('./disk/sqlite-warning.js');
hideExperimentalWarnings();

const {main} = await import('./cli.js');
await main(process.argv.slice(2));
