// `npm run bench [-- NAME… [--write] [--mebibytes N] [--rounds N] [--packets N] [--rows N,…]]`: measures, prints tables, and with --write puts them into docs/benchmarks.md.
// Benchmarks are not tests: they fail nothing.
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {formatReport, writeReport, type Report} from './report.js';

const {positionals, values} = parseArgs({
	allowPositionals: true,
	options: {
		write: {type: 'boolean', default: false},
		// What each transfer carries, and how often.
		mebibytes: {type: 'string', default: '1024'},
		rounds: {type: 'string', default: '5'},
		// Which rows `fairness` measures, as 1,3; all by default.
		rows: {type: 'string', default: ''},
		// How long `soak` goes on.
		packets: {type: 'string', default: '1000000'},
	},
});

const benches: Readonly<Record<string, () => Promise<Report>>> = {
	async latency() {
		const {measureLatency} = await import('./latency.js');
		return measureLatency();
	},
	async handshake() {
		const {measureHandshake} = await import('./handshake.js');
		return measureHandshake();
	},
	async emulated() {
		const {measureEmulated} = await import('./emulated.js');
		return measureEmulated();
	},
	async fairness() {
		const {measureFairness} = await import('./fairness.js');
		return measureFairness(values.rows.split(',').filter(row => row !== '').map(Number));
	},
	async recovery() {
		const {measureRecovery} = await import('./recovery.js');
		return measureRecovery();
	},
	async screen() {
		const {measureScreen} = await import('./screen.js');
		return measureScreen();
	},
	async soak() {
		const {measureSoak} = await import('./soak.js');
		return measureSoak(Number(values.packets));
	},
	async transfer() {
		const {measureTransfer} = await import('./transfer.js');
		return measureTransfer({mebibytes: Number(values.mebibytes), rounds: Number(values.rounds)});
	},
};

const unknown = positionals.filter(name => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
	process.stderr.write(`There is no benchmark called ${unknown.join(' or ')}. There are: ${Object.keys(benches).join(', ')}.\n`);
	process.exit(2);
}

const page = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
	const report = await benches[name]!();
	process.stdout.write(`${formatReport(report)}\n\n`);
	if (values.write && report.rows.length > 0) {
		writeReport(page, report);
	}
}

process.exit(0);
