// The whole screen: panes, dialogs, and the one place where keys come in.
// Each pane subscribes to the slices it is drawn from; refuses to decide anything, that is update.ts.
import {
	Box,
	useCursor,
	useInput,
	usePaste,
	useWindowSize,
} from 'ink';
import {
	useEffect,
	useMemo,
	useSyncExternalStore,
	type JSX,
} from 'react';
import {namedEvents} from '../kit/keys.js';
import {Line, Lines, Rule} from '../kit/lines.js';
import {paintPanel} from '../kit/panel.js';
import {cutLine, lineWidth, paintCut} from '../kit/style.js';
import type {Theme} from '../kit/theme.js';
import {
	layOut,
	minimumSize,
	promptWidth,
	type Layout,
} from './layout.js';
import {keyHints, placeOf, type OverlayView} from './overlays/overlay-view.js';
import {suggestionLine, viewPalette} from './overlays/palette.js';
import {viewQuit} from './overlays/quit.js';
import {viewRequest} from './overlays/request.js';
import {viewServerDialog} from './overlays/server.js';
import {viewSheet} from './overlays/sheet.js';
import {viewSignIn} from './overlays/sign-in.js';
import {layOutComposer, paintComposer} from './panes/composer.js';
import {listsInput, paintLeft, paintRight} from './panes/lists.js';
import {viewMessages, type MessagesView} from './panes/messages.js';
import {paintRule, paintStatus} from './panes/status.js';
import type {Overlay, ScreenState} from './state.js';
import type {ScreenStore} from './store.js';
import {visibleSuggestions} from './writing.js';

export function App({store}: {readonly store: ScreenStore}): JSX.Element {
	useInput((input, key) => {
		const events = namedEvents(input, key);
		if (events.length > 0) {
			store.handleInput(events.map(event => ({type: 'key', event})));
		}
	});
	usePaste(text => {
		store.handleInput([{type: 'paste', text}]);
	});
	const {columns, rows} = useWindowSize();
	useEffect(() => {
		const {size} = store.shown();
		if (size.columns !== columns || size.rows !== rows) {
			store.handleInput([{type: 'resize', size: {columns, rows}}]);
		}
	}, [store, columns, rows]);

	const state = useSyncExternalStore(store.subscribe, store.shown);
	const composer = layOutComposer(state);
	const layout = layOut(state.size, composer.rows.length);
	return layout.kind === 'tiny' ? <TooSmall state={state}/> : <Panes store={store} state={state} layout={layout} composer={composer}/>;
}

function TooSmall({state}: {readonly state: ScreenState}): JSX.Element {
	const {setCursorPosition} = useCursor();
	setCursorPosition(undefined);
	return <Line text={paintCut([{text: `Earshot needs ${minimumSize.columns}x${minimumSize.rows}`}], state.size.columns)}/>;
}

type PanesProperties = {
	readonly store: ScreenStore;
	readonly state: ScreenState;
	readonly layout: Layout;
	readonly composer: ReturnType<typeof layOutComposer>;
};

function Panes({store, state, layout, composer}: PanesProperties): JSX.Element {
	const {tools} = store;
	const {theme} = tools;
	const {columns, rows} = state.size;
	const {left, right} = useLists(state, layout, store);
	const messages = useMessages(state, layout, store);
	const suggested = paintSuggestions(state, layout, theme);
	const shown = suggested.length === 0 ? messages.lines : [...messages.lines.slice(0, layout.body - suggested.length), ...suggested];
	const overlay = state.overlays.at(-1);
	const dialog = overlay && viewOverlay(state, overlay, store);
	const place = dialog && placeOf(state.size, dialog);

	const {setCursorPosition} = useCursor();
	if (dialog && place) {
		setCursorPosition(dialog.cursor && {x: place.column + 2 + dialog.cursor.column, y: place.row + 1 + dialog.cursor.row});
	} else {
		setCursorPosition(state.focus === 'composer' ? {x: promptWidth + composer.cursor.column, y: layout.body + 1 + composer.cursor.row} : undefined);
	}

	return (
		<Box flexDirection='column' width={columns} height={rows}>
			<Box height={layout.body} width={columns}>
				{layout.left > 0 && <Lines lines={left} width={layout.left - 1} height={layout.body}/>}
				{layout.left > 0 && <Rule height={layout.body} style={theme.rule}/>}
				<Lines lines={shown} width={layout.main} height={layout.body}/>
				{layout.right > 0 && <Rule height={layout.body} style={theme.rule}/>}
				{layout.right > 0 && <Lines lines={right} width={layout.right - 1} height={layout.body}/>}
			</Box>
			<Line text={paintRule(state, layout, messages, theme)}/>
			<Lines lines={paintComposer(state, composer, theme)} width={columns} height={layout.composer}/>
			<Line text={paintStatus(state, theme)}/>
			{dialog && place && <Lines lines={paintPanel({...dialog, border: theme.rule})} width={dialog.width} height={dialog.height} at={place}/>}
		</Box>
	);
}

/**
The message pane, painted anew only when something it shows has changed: most keys change nothing there.
*/
function useMessages(state: ScreenState, layout: Layout, {tools}: ScreenStore): MessagesView {
	const {view, focus, place, scrolled} = state;
	const {kind, main, messages} = layout;
	return useMemo(() => viewMessages(state, layout, tools), [tools, view, focus, place, scrolled, kind, main, messages]);
}

/**
What the command being typed could become, in the lower rows of the message pane.
*/
function paintSuggestions(state: ScreenState, {main}: Layout, theme: Theme): string[] {
	const suggestions = visibleSuggestions(state);
	if (suggestions.length === 0) {
		return [];
	}

	const chosen = state.suggestion === undefined ? undefined : suggestions[state.suggestion];
	const label = chosen?.refusal === undefined ? keyHints(theme, [['↑↓', 'choose'], ['Tab', 'fill in'], ['Esc', 'clear']]) : [{text: `Not now: ${chosen.refusal}`, style: theme.warning}];
	const head = cutLine([{text: '── ', style: theme.rule}, ...label, {text: ' '}], main - 1);
	return [
		paintCut([...head, {text: '─'.repeat(Math.max(0, main - lineWidth(head))), style: theme.rule}], main),
		...suggestions.map((suggestion, index) => paintCut(suggestionLine({
			suggestion, theme, width: main - 1, isSelected: index === state.suggestion,
		}), main)),
	];
}

/**
The list panes, painted anew only when something they show has changed.
*/
function useLists(state: ScreenState, layout: Layout, {tools: {theme}}: ScreenStore): {readonly left: readonly string[]; readonly right: readonly string[]} {
	const input = listsInput(state, layout);
	// Messages change the conversations' slice; the lists show only their names, states and unread counts.
	const conversations = input.conversations.map(({key, state: current, unread}) => `${key} ${current} ${unread}`).join('\n');
	const {focus, selectedRoom, selectedUser, rooms, users, active, isOnline} = input;
	const {kind, left, right, body} = layout;
	return useMemo(
		() => ({left: left > 0 ? paintLeft(input, theme) : [], right: right > 0 ? paintRight(input, theme) : []}),
		[theme, conversations, focus, selectedRoom, selectedUser, rooms, users, active, isOnline, kind, left, right, body],
	);
}

function viewOverlay(state: ScreenState, overlay: Overlay, {tools: {theme}}: ScreenStore): OverlayView {
	switch (overlay.kind) {
		case 'palette': {
			return viewPalette(state, overlay, theme);
		}

		case 'sign-in': {
			return viewSignIn(state, overlay, theme);
		}

		case 'server': {
			return viewServerDialog(state, overlay, theme);
		}

		case 'request': {
			return viewRequest(state, overlay, theme);
		}

		case 'sheet': {
			return viewSheet(state, overlay, theme);
		}

		case 'quit': {
			return viewQuit(state, theme);
		}
	}
}
