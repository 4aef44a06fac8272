// Cuts standard input into lines that are safe to look at: bounded, UTF-8, counted.
// Knows bytes; refuses to know commands. Unlike the wire's decoder it goes on after a bad line: the next one may be good.
import {Buffer} from 'node:buffer';

/**
Longest line in bytes: the longest message, its command, and room to spare, so that most of what is too long is told from what can't be a message at all.
*/
export const maximumInputBytes = 128 * 1024;

/**
A line with its number, counted from 1, or why it can't be read.
*/
export type InputLine =
	| {readonly number: number; readonly text: string; readonly problem?: never}
	| {readonly number: number; readonly problem: 'line-too-long' | 'bad-encoding'; readonly text?: never};

/**
Each problem as a sentence.
*/
export const inputProblems = {
	'line-too-long': `The line is longer than ${maximumInputBytes} bytes.`,
	'bad-encoding': 'The line is not UTF-8 text.',
} as const;

const newline = 0x0A;

/**
The lines of `input`, without line ends. What stands after the last newline is a line too.
Reads no further ahead than the chunk it is in, so a slow consumer slows its producer.
*/
export async function * readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<InputLine, void> {
	const decoder = new TextDecoder('utf-8', {fatal: true});
	let number = 0;
	let pending: Uint8Array[] = [];
	let length = 0;

	const take = (): InputLine => {
		number++;
		const bytes = Buffer.concat(pending);
		const isTooLong = length > maximumInputBytes;
		pending = [];
		length = 0;
		if (isTooLong) {
			return {number, problem: 'line-too-long'};
		}

		try {
			return {number, text: decoder.decode(bytes).replace(/\r$/v, '')};
		} catch {
			return {number, problem: 'bad-encoding'};
		}
	};

	const hold = (part: Uint8Array) => {
		length += part.length;
		// What is too long already is counted, not kept.
		if (length <= maximumInputBytes) {
			pending.push(part);
		} else {
			pending = [];
		}
	};

	for await (const chunk of untilBroken(input)) {
		let start = 0;
		for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
			hold(chunk.subarray(start, end));
			yield take();
			start = end + 1;
		}

		if (start < chunk.length) {
			hold(chunk.subarray(start));
		}
	}

	if (length > 0) {
		yield take();
	}
}

/**
An input that breaks (a terminal that is gone, a folder in place of a file) has ended.
*/
async function * untilBroken(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
	try {
		yield * input;
	} catch {}
}
