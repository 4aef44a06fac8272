// The sign-in form: a name, a password that is never shown, and whether the account is new.
// Knows fields and answers; refuses to keep a password longer than the form is open.
import type {CommandReply} from '../../messenger/events.js';
import type {KeyEvent} from '../../kit/keys.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import type {StyledLine} from '../../kit/style.js';
import {wrap} from '../../kit/text.js';
import type {Theme} from '../../kit/theme.js';
import {
	closeOverlay,
	only,
	replaceOverlay,
	run,
	type Overlay,
	type ScreenState,
	type Step,
} from '../state.js';
import {
	buttons,
	editField,
	innerHeight,
	innerWidth,
	inputField,
	keyHints,
	type OverlayView,
} from './overlay-view.js';

type SignIn = Extract<Overlay, {kind: 'sign-in'}>;

const fields = ['name', 'password', 'mode'] as const;

export function handleSignInKey(state: ScreenState, form: SignIn, event: KeyEvent): Step {
	const change = (changed: Partial<SignIn>) => only(replaceOverlay(state, {...form, ...changed}));
	if (event.kind === 'key') {
		switch (event.name) {
			case 'escape': {
				return only({...closeOverlay(state), putOff: new Set([...state.putOff, 'sign-in'])});
			}

			case 'tab':
			case 'down': {
				return change({field: fields[(fields.indexOf(form.field) + 1) % fields.length]!});
			}

			case 'shift+tab':
			case 'up': {
				return change({field: fields[(fields.indexOf(form.field) + fields.length - 1) % fields.length]!});
			}

			case 'enter': {
				return form.field === 'name' && form.password.text === '' ? change({field: 'password'}) : submit(state, form);
			}

			default:
		}

		if (form.field === 'mode' && ['left', 'right'].includes(event.name)) {
			return change({mode: form.mode === 'login' ? 'register' : 'login', problem: undefined});
		}
	}

	if (form.field === 'mode') {
		return event.kind === 'text' && event.text === ' ' ? change({mode: form.mode === 'login' ? 'register' : 'login', problem: undefined}) : only(state);
	}

	const edited = editField(form[form.field], event);
	return edited ? change({[form.field]: edited, problem: undefined}) : only(state);
}

function submit(state: ScreenState, form: SignIn): Step {
	if (form.isBusy) {
		return only(state);
	}

	const name = form.name.text.trim();
	if (name === '' || /\s/v.test(name)) {
		return only(replaceOverlay(state, {...form, field: 'name', problem: name === '' ? 'Please type a name.' : 'A name has no spaces.'}));
	}

	return form.password.text === '' ? only(replaceOverlay(state, {...form, field: 'password', problem: 'Please type a password.'})) : run(replaceOverlay(state, {...form, isBusy: true, problem: undefined}), `${form.mode} ${name} ${form.password.text}`, 'sign-in');
}

/**
The server's answer: success closes the form with the next view, a failure is shown in it.
*/
export function handleSignInReply(state: ScreenState, reply: CommandReply): ScreenState {
	return {
		...state,
		overlays: state.overlays.map(overlay => {
			if (overlay.kind !== 'sign-in') {
				return overlay;
			}

			if (reply.ok) {
				return {...overlay, isBusy: false, problem: undefined};
			}

			const name = overlay.name.text.trim();
			return overlay.mode === 'register' && reply.error.code === 'name-taken'
				? {
					...overlay, isBusy: false, mode: 'login', field: 'password', problem: `${name} has an account here already. If it is yours, press Enter to log in.`,
				}
				: {
					...overlay, isBusy: false, field: reply.error.code === 'bad-name' ? 'name' : overlay.field, problem: reply.error.message,
				};
		}),
	};
}

export function viewSignIn(state: ScreenState, form: SignIn, theme: Theme): OverlayView {
	const width = innerWidth(state.size, 48);
	const name = inputField({label: [{text: 'Name      ', style: theme.muted}], field: form.name, width});
	const password = inputField({
		label: [{text: 'Password  ', style: theme.muted}], field: form.password, width, secret: {from: 0, to: form.password.text.length},
	});
	const below: StyledLine[] = form.isBusy
		? [[{text: 'One moment…', style: theme.muted}]]
		: wrap(sanitiseLine(form.problem ?? ''), width).slice(0, 3).map(text => [{text, style: theme.warning}]);
	// On a low screen the form itself comes first.
	const isLow = state.size.rows < 15;
	const air: StyledLine[] = isLow ? [] : [[]];
	const {state: standing, server = 'The server'} = state.view.connection;
	const place = sanitiseLine(server);
	const greeting: StyledLine[number] = standing === 'connected' ? {text: `Connected to ${place}. Who are you?`} : {text: `${place} does not answer.`, style: theme.warning};
	const above: StyledLine[] = isLow ? [] : [[greeting], []];
	const lines: StyledLine[] = [
		...above,
		name.line,
		password.line,
		...air,
		[{text: ' '.repeat(10)}, ...buttons(theme, [['register', 'New account'], ['login', 'Log in']], form.mode, form.field === 'mode')],
		...air,
		...below,
	];
	const cursors = {
		name: {row: above.length, column: name.column}, password: {row: above.length + 1, column: password.column}, mode: undefined,
	};
	return {
		title: [{text: form.mode === 'register' ? 'Welcome to Earshot' : 'Welcome back', style: theme.title}],
		footer: keyHints(theme, [['Tab', 'next field'], ['Enter', form.mode === 'register' ? 'register' : 'log in'], ['Esc', 'later']]),
		lines,
		width: width + 4,
		height: innerHeight(state.size, isLow ? 5 : 10) + 2,
		cursor: cursors[form.field],
	};
}
