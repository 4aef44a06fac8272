// The dialog for when no server answers: host one here, say where there is one, try again.
// Knows the choices; what they do are commands like any others.
import {createComposer} from '../../kit/composer.js';
import {step} from '../../kit/choice.js';
import type {CommandReply} from '../../messenger/events.js';
import type {KeyEvent} from '../../kit/keys.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import type {StyledLine} from '../../kit/style.js';
import {wrap} from '../../kit/text.js';
import type {Theme} from '../../kit/theme.js';
import {retryText} from '../panes/status.js';
import {
	closeOverlay,
	only,
	openOverlay,
	replaceOverlay,
	run,
	type Overlay,
	type ScreenState,
	type Step,
} from '../state.js';
import {
	editField,
	innerHeight,
	innerWidth,
	inputField,
	keyHints,
	type OverlayView,
} from './overlay-view.js';

type ServerDialog = Extract<Overlay, {kind: 'server'}>;

type Choice = {readonly label: string; readonly detail: string; readonly choose: (state: ScreenState, dialog: ServerDialog) => Step};

export function openServerDialog(state: ScreenState): ScreenState {
	return openOverlay(state, {
		kind: 'server', selected: 0, address: undefined, problem: undefined, hasHostFailed: false,
	});
}

function choicesFor({view}: ScreenState, {hasHostFailed}: ServerDialog): Choice[] {
	const {server} = view.connection;
	return [
		{
			label: hasHostFailed ? 'Host on another port' : 'Host a server here', detail: hasHostFailed ? 'any free one' : 'others on your network can join you',
			choose: (state, dialog) => run(replaceOverlay(state, {...dialog, problem: undefined}), hasHostFailed ? 'host 0' : 'host', 'server'),
		},
		{
			label: 'Enter an address', detail: 'of a server that somebody else runs',
			choose: (state, dialog) => only(replaceOverlay(state, {...dialog, address: createComposer({limit: 300}), problem: undefined})),
		},
		...(server === undefined
			? []
			: [{
				label: 'Try again now', detail: sanitiseLine(server),
				choose: (state: ScreenState) => run(state, `c ${server}`, 'server'),
			}]),
		{label: 'Leave', detail: '', choose: state => ({state, effects: [{type: 'leave'}]})},
	];
}

export function handleServerKey(state: ScreenState, dialog: ServerDialog, event: KeyEvent): Step {
	const choices = choicesFor(state, dialog);
	if (dialog.address) {
		return handleAddressKey(state, {...dialog, address: dialog.address}, event);
	}

	switch (event.kind === 'key' ? event.name : '') {
		case 'escape': {
			return only({...closeOverlay(state), putOff: new Set([...state.putOff, 'server'])});
		}

		case 'up':
		case 'shift+tab': {
			return only(replaceOverlay(state, {...dialog, selected: step(dialog.selected, -1, choices.length)}));
		}

		case 'down':
		case 'tab': {
			return only(replaceOverlay(state, {...dialog, selected: step(dialog.selected, 1, choices.length)}));
		}

		case 'enter': {
			return choices[Math.min(dialog.selected, choices.length - 1)]!.choose(state, dialog);
		}

		default: {
			// Who types, types an address: Enter after it must not start a server.
			return event.kind === 'text' && event.text.trim() !== ''
				? handleAddressKey(state, {...dialog, address: createComposer({limit: 300}), problem: undefined}, event)
				: only(state);
		}
	}
}

/**
Out of habit some type the whole command.
*/
const habit = /^\/?(?:c|connect)\s+/v;

function handleAddressKey(state: ScreenState, dialog: ServerDialog & {readonly address: NonNullable<ServerDialog['address']>}, event: KeyEvent): Step {
	if (event.kind === 'key' && event.name === 'escape') {
		return only(replaceOverlay(state, {...dialog, address: undefined, problem: undefined}));
	}

	if (event.kind === 'key' && event.name === 'enter') {
		const typed = dialog.address.text.trim().replace(habit, '');
		return typed === '' ? only(state) : run(replaceOverlay(state, {...dialog, problem: undefined}), `c ${typed}`, 'server');
	}

	const address = editField(dialog.address, event);
	return only(address ? replaceOverlay(state, {...dialog, address, problem: undefined}) : state);
}

/**
A failed attempt is shown in the dialog; success closes it with the next view.
*/
export function handleServerReply(state: ScreenState, reply: CommandReply): ScreenState {
	return {
		...state,
		overlays: state.overlays.map(overlay => overlay.kind === 'server' && !reply.ok ? {...overlay, problem: reply.error.message, hasHostFailed: overlay.hasHostFailed || reply.command === 'host'} : overlay),
	};
}

export function viewServerDialog(state: ScreenState, dialog: ServerDialog, theme: Theme): OverlayView {
	const width = innerWidth(state.size, 62);
	const {connection} = state.view;
	const said = dialog.problem ?? connection.reason ?? (connection.server === undefined ? 'No server is known yet.' : `No server answers at ${connection.server}.`);
	// On a low screen the choices come first.
	const isLow = state.size.rows < 15;
	const above: StyledLine[] = [
		...wrap(sanitiseLine(said), width).slice(0, isLow ? 1 : 3).map(text => [{text}]),
		...(isLow || connection.retryAt === undefined ? [] : [[{text: retryText(connection, state.now), style: theme.muted}]]),
		...(isLow ? [] : [[]]),
	];
	const field = dialog.address ? inputField({label: [{text: 'Address  ', style: theme.muted}], field: dialog.address, width}) : undefined;
	const choices = choicesFor(state, dialog).map(({label, detail}, index): StyledLine => {
		const isSelected = index === dialog.selected;
		return [
			{text: isSelected ? '▸ ' : '  ', style: theme.accent},
			{text: label.padEnd(20), style: isSelected ? {bold: true} : {}},
			{text: ` ${detail}`, style: theme.muted},
		];
	});
	const lines = field ? [...above, field.line, [], [{text: 'HOST or HOST:PORT; the port is 7600 unless given.', style: theme.muted}]] : [...above, ...choices];
	return {
		title: [{text: 'No server', style: theme.title}],
		footer: keyHints(theme, field ? [['Enter', 'connect'], ['Esc', 'back']] : [['↑↓', 'choose'], ['Enter', 'do it'], ['Esc', 'wait']]),
		lines,
		width: width + 4,
		height: innerHeight(state.size, lines.length) + 2,
		cursor: field ? {row: above.length, column: field.column} : undefined,
	};
}
