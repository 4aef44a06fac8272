// The status line and the rule above the composer: where one is, who one is, what has just happened.
// Knows the words for each state; refuses to know how a state comes about.
import type {ConnectionView} from '../../messenger/view.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import {
	justify,
	lineWidth,
	paint,
	paintCut,
	type StyledLine,
} from '../../kit/style.js';
import type {Theme} from '../../kit/theme.js';
import type {Layout} from '../layout.js';
import type {ScreenState} from '../state.js';
import {keyHints} from '../overlays/overlay-view.js';
import type {MessagesView} from './messages.js';

export function paintStatus(state: ScreenState, theme: Theme): string {
	const {columns} = state.size;
	const left = state.toast ? toastLine(state.toast, theme) : whereLine(state, theme);
	const hints = keyHints(theme, columns < 64 ? [['Ctrl-P', 'commands']] : [['Ctrl-P', 'commands'], ['Alt-H', 'help']]);
	const right: StyledLine = [...hints, {text: ' '}];
	// A message that needs the room gets it.
	return paintCut(lineWidth(left) + lineWidth(right) < columns ? justify(left, right, columns) : left, columns);
}

function toastLine({text, tone}: NonNullable<ScreenState['toast']>, theme: Theme): StyledLine {
	const style = {
		info: theme.plain, good: theme.good, warning: theme.warning, danger: theme.danger,
	}[tone];
	return [{text: ` ${sanitiseLine(text)}`, style}];
}

function whereLine({view, now, overlays}: ScreenState, theme: Theme): StyledLine {
	const {connection, requests} = view;
	const server = sanitiseLine(connection.server ?? '');
	const asking = requests[0];
	if (asking && overlays.every(({kind}) => kind !== 'request')) {
		return [{text: ` ${sanitiseLine(asking.from)} ${asking.kind === 'key' ? 'shows another key' : 'waits for an answer'}: /accept or /decline`, style: theme.warning}];
	}

	switch (connection.state) {
		case 'connected': {
			return connection.user === undefined
				? [{text: ' ● ', style: theme.warning}, {text: `${server}, not logged in`}]
				: [{text: ' ● ', style: theme.good}, {text: sanitiseLine(connection.user), style: theme.strong}, {text: ` at ${server}`, style: theme.muted}];
		}

		case 'connecting': {
			return [{text: ' ◌ ', style: theme.warning}, {text: `connecting to ${server}…`}];
		}

		case 'retrying': {
			return [{text: ' ◌ ', style: theme.warning}, {text: `${server} does not answer. ${retryText(connection, now)}`, style: theme.warning}];
		}

		case 'closed': {
			return [{text: ' ○ ', style: theme.muted}, {text: 'not connected', style: theme.muted}];
		}
	}
}

/**
`Trying again in 4 s (attempt 3).`
*/
export function retryText({retryAt, attempts}: ConnectionView, now: number): string {
	const seconds = Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000));
	return `Trying again ${seconds === 0 ? 'now' : `in ${seconds} s`} (attempt ${attempts + 1}).`;
}

/**
The rule above the composer; it says what is out of sight below, and what did not fit into the line.
*/
export function paintRule(state: ScreenState, layout: Layout, {scrolled}: MessagesView, theme: Theme): string {
	const {columns} = state.size;
	const {leftOut} = state.composer;
	const label: StyledLine = leftOut > 0
		? [{text: ` The line is full: ${leftOut} characters were left out. `, style: theme.danger}]
		: (scrolled
			? [{text: scrolled.newBelow === 0 ? ' PgDn goes on, Alt-End returns ' : ` ↓ ${scrolled.newBelow} new, Alt-End returns `, style: scrolled.newBelow === 0 ? theme.muted : theme.accent}]
			: []);
	const room = columns - lineWidth(label) - (label.length === 0 ? 0 : 2);
	let rule = '';
	for (let column = 0; column < room; column++) {
		rule += (layout.left > 0 && column === layout.left - 1) || (layout.right > 0 && column === columns - layout.right) ? '┴' : '─';
	}

	return paint(rule, theme.rule) + paintCut(label, lineWidth(label)) + paint(label.length === 0 ? '' : '──', theme.rule);
}
