// A conversation's history as a file for people or for programs.
// Knows the two formats and how to make a new file without ever writing over another; refuses to know tables.
import {
	closeSync,
	fsyncSync,
	openSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import {sanitiseText} from '../kit/sanitise.js';
import {dateTime} from '../kit/time.js';
import type {ExportResult, HistoryLine} from '../messenger/effects.js';

/**
Lines are written in pieces of about this many characters.
*/
const pieceLength = 1024 * 1024;

/**
`2026-01-31 18:05:09 ann: text` in local time; further lines of a text are indented, and nothing in it can command a terminal.
*/
export function formatLine({at, from, text}: HistoryLine): string {
	return `${dateTime(at)} ${from}: ${sanitiseText(text).replaceAll('\n', '\n    ')}\n`;
}

/**
The line as the json face shows a message.
*/
export function formatJson({id, from, place, text, at, state}: HistoryLine): string {
	const [kind, ...name] = place.split(':');
	return JSON.stringify({
		id, from, [kind!]: name.join(':'), text, at: new Date(at).toISOString(), ...(state !== undefined && {state}),
	});
}

const explanations: Readonly<Record<string, (path: string) => string>> = {
	EEXIST: path => `${path} exists already; nothing was written. Name a file that does not.`,
	ENOENT: path => `There is no folder for ${path}. Make it first, or name another file.`,
	EACCES: path => `${path} can't be written: permission denied. Name another file.`,
};

/**
Writes `lines` to a new file at `path`, for the user's eyes only: as text, or as a JSON array with one line each. A file that could not be finished is removed.
*/
export function exportHistory(path: string, format: 'text' | 'json', lines: Iterable<HistoryLine>): ExportResult {
	let descriptor: number | undefined;
	try {
		descriptor = openSync(path, 'wx', 0o600);
		const count = writeLines(descriptor, format, lines);
		fsyncSync(descriptor);
		closeSync(descriptor);
		return {ok: true, lines: count};
	} catch (error) {
		if (descriptor !== undefined) {
			closeSync(descriptor);
			unlinkSync(path);
		}

		const {code = '', message} = error as NodeJS.ErrnoException;
		return {ok: false, error: {code: 'export-failed', message: explanations[code]?.(path) ?? `${path} can't be written: ${message}. Name another file.`}};
	}
}

function writeLines(descriptor: number, format: 'text' | 'json', lines: Iterable<HistoryLine>): number {
	let count = 0;
	let piece = format === 'json' ? '[' : '';
	for (const line of lines) {
		piece += format === 'json' ? `${count === 0 ? '' : ','}\n${formatJson(line)}` : formatLine(line);
		count++;
		if (!(piece.length >= pieceLength)) {
			continue;
		}

		writeFileSync(descriptor, piece);
		piece = '';
	}

	writeFileSync(descriptor, format === 'json' ? `${piece}\n]\n` : piece);
	return count;
}
