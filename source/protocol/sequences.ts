// Sequences: which of a device's numbered lines somebody has, as a few ranges, and where its numbering began anew.
// Knows arithmetic only; refuses to know whose lines these are and how they came.
//
//   1 ────── 8   10         run·L ── run·L+3        A device numbers its lines one after the other, in *runs* of 2^20. When its profile goes on
//   └─ had ──┘   └┘         └── had ──────┘         from an older state, it begins a later run: what it said after that state it knows nothing of.
//
// A line speaks for those before it: its author says that of them the reader lacked none after `after`. It can only know that of its own run.

/**
From `first` to `last`, both included.
*/
export type SequenceRange = readonly [first: number, last: number];

/**
Ranges in ascending order that don't touch.
*/
export type Sequences = readonly SequenceRange[];

/**
Lines of a run. Numbering that gets to its end goes over into the next one, and nothing changes for anybody.
*/
export const runLength = 2 ** 20;

/**
The highest sequence; six bytes hold it.
*/
export const maximumSequence = (2 ** 48) - 1;

/**
Ranges that are kept of one device in one place. With more of them what is missing between the two lowest is given up: so many times a device must have
begun anew, or a line must have been lost with its author's state, while lines of the first were still on their way.
*/
export const maximumRanges = 16;

/**
Whether a line is among `sequences`.
*/
export function covers(sequences: Sequences, sequence: number): boolean {
	return sequences.some(([first, last]) => first <= sequence && sequence <= last);
}

/**
The highest of `sequences`; 0 where there are none.
*/
export function lastOf(sequences: Sequences): number {
	return sequences.at(-1)?.[1] ?? 0;
}

/**
`sequences` and one range more.
*/
export function join(sequences: Sequences, [first, last]: SequenceRange): Sequences {
	const before = sequences.filter(range => range[1] < first - 1);
	const after = sequences.filter(range => range[0] > last + 1);
	const touched = sequences.slice(before.length, sequences.length - after.length);
	const joined: Sequences = [...before, [Math.min(first, touched[0]?.[0] ?? first), Math.max(last, lastOf(touched))], ...after];
	return joined.length > maximumRanges ? [[joined[0]![0], joined[1]![1]], ...joined.slice(2)] : joined;
}

/**
Those of `sequences` that are no higher than `limit`.
*/
export function upTo(sequences: Sequences, limit: number): Sequences {
	return sequences.filter(([first]) => first <= limit).map(([first, last]) => [first, Math.min(last, limit)]);
}

/**
What is missing between `sequences` and after them, in ascending order.
*/
export function gapsOf(sequences: Sequences): Sequences {
	const starts = [1, ...sequences.map(([, last]) => last + 1)];
	const ends = [...sequences.map(([first]) => first - 1), Number.MAX_SAFE_INTEGER];
	return starts.map((start, index): SequenceRange => [start, ends[index]!]).filter(([first, last]) => first <= last);
}

/**
What a reader has of a device's lines once it takes `sequence`, before which it lacked none after `after` (0: none at all).
*/
export function take(sequences: Sequences, sequence: number, after = 0): Sequences {
	return join(sequences, [Math.min(sequence, Math.max(runStart(sequence), after + 1)), sequence]);
}

/**
Whether a line can be taken now: the one that must come before it was, or need not be waited for, because the device has begun anew since; whatever is missing
then may still come, by another way, and is taken after it.
*/
export function isNext(sequences: Sequences, sequence: number, after: number): boolean {
	return after === 0 || covers(sequences, after) || lastOf(sequences) >= runStart(sequence) + runLength;
}

/**
Where a device goes on that may have used `next` and more. Two runs further, because its numbering may have gone over into the following one since; and as many runs as
minutes have passed since the epoch, for the case that it goes on from the same state a second time.

@param next
@param now Ms since the epoch.
*/
export function beginRun(next: number, now: number): number {
	return Math.max(Math.floor(next / runLength) + 2, Math.floor(now / 60_000)) * runLength;
}

/**
Ranges as text: `1-8 10-10`.
*/
export function encodeSequences(sequences: Sequences): string {
	return sequences.map(range => range.join('-')).join(' ');
}

/**
The ranges that `encodeSequences` made text of.
*/
export function decodeSequences(text: string): Sequences {
	return text === ''
		? []
		: text.split(' ').map(range => {
			const [first = 0, last = 0] = range.split('-', 2).map(Number);
			return [first, last];
		});
}

/**
Whether somebody else's `value` is a list of ranges as they stand here.
*/
export function isSequences(value: unknown): value is Sequences {
	return Array.isArray(value) && value.length <= maximumRanges && value.every((range, index) => isRange(range) && (index === 0 || range[0] > (value[index - 1] as SequenceRange)[1] + 1));
}

function isRange(value: unknown): value is SequenceRange {
	return Array.isArray(value) && value.length === 2 && value.every(number => Number.isSafeInteger(number)) && value[0] >= 1 && value[0] <= value[1] && value[1] <= maximumSequence;
}

function runStart(sequence: number): number {
	return sequence - (sequence % runLength);
}
