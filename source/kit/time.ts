// Times as people read them, in the local zone of the terminal.
// Knows formats; refuses to know the clock: every moment is given, in ms since the epoch.

const twoDigits = (parts: readonly number[]) => parts.map(part => String(part).padStart(2, '0'));

/**
`09:08:07`.
*/
export function clockTime(at: number): string {
	const date = new Date(at);
	return twoDigits([date.getHours(), date.getMinutes(), date.getSeconds()]).join(':');
}

/**
`2026-01-31 09:08:07`.
*/
export function dateTime(at: number): string {
	const date = new Date(at);
	return `${twoDigits([date.getFullYear(), date.getMonth() + 1, date.getDate()]).join('-')} ${clockTime(at)}`;
}

/**
`Saturday, 31 January 2026`, the same in every locale.
*/
export function dayName(at: number): string {
	return new Date(at).toLocaleDateString('en-GB', {
		weekday: 'long', day: 'numeric', month: 'long', year: 'numeric',
	});
}

/**
`3 hours`: how long before `now` something was.
*/
export function ageOf(at: number, now: number): string {
	const minutes = Math.max(0, Math.round((now - at) / 60_000));
	const [count, unit] = minutes < 120 ? [minutes, 'minute'] as const : (minutes < 2880 ? [Math.round(minutes / 60), 'hour'] as const : [Math.round(minutes / 1440), 'day'] as const);
	return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const minuteMs = 60_000;

/**
Whether two moments are on one day; with nothing before, there is a new one.
*/
export function isSameDay(before: number | undefined, at: number): boolean {
	// Asked for every visible line in every frame: lines of one minute need no calendar.
	return before !== undefined && (Math.floor(before / minuteMs) === Math.floor(at / minuteMs) || new Date(before).toDateString() === new Date(at).toDateString());
}
