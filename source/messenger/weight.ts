// What a line counts for where lines in memory are bounded: a long one is worth several short ones.
// Knows lengths; refuses to know the bounds (limits.ts).

/**
One, and one more for each `unit` characters (UTF-16) of `text`.
*/
export function weightOf(text: string, unit: number): number {
	return 1 + Math.floor(text.length / unit);
}
