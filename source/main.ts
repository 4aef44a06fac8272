// The entry of the `earshot` program: a guard that any Node can run, then the program itself.
// It must import nothing statically that an old Node lacks, or an old Node would die of a stack trace before the guard speaks.
import process from 'node:process';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
	process.stderr.write(`earshot needs Node.js 24.12 or newer; this is ${process.versions.node}. In a checkout, "npm start" brings its own.\n`);
	process.exit(2);
}

const {main} = await import('./cli.js');
await main(process.argv.slice(2));
