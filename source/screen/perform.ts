// From a command line somebody chose to what happens: a refusal, a form that asks for what is missing, a sheet of help, or a command for the messenger.
// Knows which commands the screen answers itself; refuses to know how the others are performed.
import {findCommand, parseCommandLine} from '../messenger/commands.js';
import {createComposer, insert} from '../kit/composer.js';
import {helpSheet} from './sheets.js';
import {
	only,
	openOverlay,
	run,
	showToast,
	type ScreenState,
	type Step,
} from './state.js';

/**
Runs a bare command line, or says why not.
*/
export function performLine(state: ScreenState, line: string): Step {
	const parsed = parseCommandLine(line);
	if (!('command' in parsed)) {
		return only(showToast(state, 'danger', parsed.error.message));
	}

	const {command, values} = parsed;
	const refusal = command.refusal(state.view);
	if (refusal) {
		return only(showToast(state, 'danger', refusal.message));
	}

	return command.name === 'help' ? only(openOverlay(state, {kind: 'sheet', start: 0, ...helpSheet(values[0])})) : run(state, line, command.name === 's' ? 'message' : 'command');
}

/**
The form that asks for what the line lacks: a name and a password are better typed into fields.
*/
export function wantsForm(line: string): 'register' | 'login' | undefined {
	const name = findCommand(line.trim())?.name;
	return name === 'register' || name === 'login' ? name : undefined;
}

export function openSignIn(state: ScreenState, mode: 'register' | 'login', name = ''): ScreenState {
	return openOverlay(state, {
		kind: 'sign-in',
		mode,
		field: name === '' ? 'name' : 'password',
		name: insert(createComposer({limit: 64}), name),
		password: createComposer({limit: 1024}),
		problem: undefined,
		isBusy: false,
	});
}
