// What a benchmark found, as a table for people: on the screen and in docs/benchmarks.md.
// Knows Markdown; refuses to know how anything was measured.
import {readFileSync, writeFileSync} from 'node:fs';
import {
	cpus,
	loadavg,
	totalmem,
	type,
} from 'node:os';
import process from 'node:process';

/**
One piece of work: what Earshot took, what each peer took in the same run, and the goal.
*/
export type Row = {
	readonly work: string;
	readonly earshot: string;
	/**
	By the peer's name.
	*/
	readonly peers?: Readonly<Record<string, string>>;
	/**
	Earshot against the peer that the goal names.
	*/
	readonly ratio?: string;
	readonly goal?: string;
	readonly isMet?: boolean;
};

/**
One benchmark's table. `about` says how it was measured, in a sentence or two.
*/
export type Report = {readonly name: string; readonly about: string; readonly rows: readonly Row[]};

// How busy the machine was before anything was measured.
const [loadBefore = 0] = loadavg();

/**
The machine, what else kept it busy, and the Node.js that measured.
*/
export function describeMachine(): string {
	const [cpu] = cpus();
	return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / (2 ** 30))} GiB, ${type()}, Node.js ${process.versions.node}, load ${loadBefore.toFixed(1)} before`;
}

/**
The table as Markdown; of nothing measured, why.
*/
export function formatReport({name, about, rows}: Report): string {
	if (rows.length === 0) {
		return `\`npm run bench -- ${name}\`: ${about}`;
	}

	const peers = [...new Set(rows.flatMap(row => Object.keys(row.peers ?? {})))];
	const cells = [
		['work', 'Earshot', ...peers, 'ratio', 'goal', ''],
		...rows.map(row => [row.work, row.earshot, ...peers.map(peer => row.peers?.[peer] ?? '-'), row.ratio ?? '-', row.goal ?? '-', row.isMet === undefined ? '' : (row.isMet ? 'met' : 'missed')]),
	];
	const widths = cells[0]!.map((_, column) => Math.max(...cells.map(row => row[column]!.length), 3));
	const lines = cells.map(row => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
	const rule = `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`;
	return [`\`npm run bench -- ${name}\` on ${describeMachine()}. ${about}`, '', lines[0], rule, ...lines.slice(1)].join('\n');
}

/**
Puts the table into the page, between the two comments that name the benchmark.

@throws {Error} When the page has no place for it.
*/
export function writeReport(path: string, report: Report): void {
	const page = readFileSync(path, 'utf8');
	const [begin, end] = [`<!-- ${report.name} -->`, `<!-- /${report.name} -->`];
	const from = page.indexOf(begin);
	const to = page.indexOf(end);
	if (from === -1 || to < from) {
		throw new Error(`${path} has no place for ${report.name}: put ${begin} and ${end} into it`);
	}

	writeFileSync(path, `${page.slice(0, from + begin.length)}\n${formatReport(report)}\n${page.slice(to)}`);
}
