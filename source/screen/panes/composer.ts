// The composer's rows: prompt, text or hint, and where the cursor stands. Knows what is secret in a line; refuses to know what a key does.
import {viewComposer, type ComposerView, type Stretch} from '../../kit/composer-view.js';
import {paintCut, type Span} from '../../kit/style.js';
import {sanitiseLine} from '../../kit/sanitise.js';
import type {Theme} from '../../kit/theme.js';
import {passwordStretch, readTyped} from '../command-line.js';
import {maximumComposerRows, promptWidth} from '../layout.js';
import {activeConversation, type ScreenState} from '../state.js';

/**
Columns that text has; the same number in every use, or rows and cursor would part.
*/
export function composerWidth({size}: ScreenState): number {
	return size.columns - promptWidth;
}

export function layOutComposer(state: ScreenState): ComposerView {
	return viewComposer(state.composer, {width: composerWidth(state), maximumRows: maximumComposerRows(state.size.rows), secrets: secretsOf(state)});
}

/**
What of the typed text is a password: behind a slash, or bare where no conversation is open and every line is a command.
*/
export function secretsOf({composer: {text}, view}: Pick<ScreenState, 'composer' | 'view'>): readonly Stretch[] {
	const {kind, content} = readTyped(text);
	if (kind === 'message' && view.active !== undefined) {
		return [];
	}

	const stretch = passwordStretch(content);
	const offset = text.length - content.length;
	return stretch ? [{from: stretch.from + offset, to: stretch.to + offset}] : [];
}

export function paintComposer(state: ScreenState, view: ComposerView, theme: Theme): string[] {
	const isCommand = readTyped(state.composer.text).kind === 'command';
	const hasFocus = state.focus === 'composer' && state.overlays.length === 0;
	return view.rows.map((row, index) => {
		const prompt: Span = {text: index === 0 ? ' › ' : ' '.repeat(3), style: hasFocus ? theme.accent : theme.muted};
		const text: Span = state.composer.text === '' ? {text: hintOf(state), style: theme.muted} : {text: row, style: isCommand ? theme.accent : theme.plain};
		return paintCut([prompt, text], state.size.columns);
	});
}

function hintOf({view}: ScreenState): string {
	const conversation = activeConversation(view);
	if (!conversation) {
		return view.connection.user === undefined ? 'Press Ctrl-P for everything you can do' : 'Type / for commands';
	}

	return `Write to ${conversation.kind === 'room' ? 'everyone in ' : ''}${sanitiseLine(conversation.name)}, or / for commands`;
}
