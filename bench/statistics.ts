// Percentiles of measured times.

/**
The value below which the share `p` (0 to 1) of the samples lies; NaN of none.
*/
export function percentile(samples: readonly number[], p: number): number {
	const sorted = samples.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? NaN;
}

/**
Both ends of what a person notices: the usual and the bad case.
*/
export type Spread = {readonly p50: number; readonly p99: number};

export function spread(samples: readonly number[]): Spread {
	return {p50: percentile(samples, 0.5), p99: percentile(samples, 0.99)};
}

/**
`p50 / p99` with one digit, or none from a hundred on.
*/
export function formatSpread({p50, p99}: Spread): string {
	return `${formatNumber(p50)} / ${formatNumber(p99)}`;
}

export function formatNumber(value: number): string {
	return value < 10 ? value.toFixed(2) : (value < 100 ? value.toFixed(1) : value.toFixed(0));
}
