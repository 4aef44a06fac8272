// The keymap of the composer: what readline and most terminals taught people's fingers.
// It refuses to send anything: Enter is not in the table, its owner decides.
import {
	deleteBackward,
	deleteForward,
	insert,
	kill,
	move,
	redo,
	undo,
	yank,
	yankOlder,
	type Composer,
} from './composer.js';
import {moveDown, moveUp} from './composer-view.js';

type Edit = (composer: Composer, width: number) => Composer;

const edits: Readonly<Record<string, Edit>> = {
	'alt+enter': composer => insert(composer, '\n'),
	'ctrl+j': composer => insert(composer, '\n'),
	backspace: deleteBackward,
	delete: deleteForward,
	'ctrl+d': deleteForward,
	left: composer => move(composer, 'left'),
	'ctrl+b': composer => move(composer, 'left'),
	right: composer => move(composer, 'right'),
	'ctrl+f': composer => move(composer, 'right'),
	'alt+b': composer => move(composer, 'word-left'),
	'ctrl+left': composer => move(composer, 'word-left'),
	'alt+left': composer => move(composer, 'word-left'),
	'alt+f': composer => move(composer, 'word-right'),
	'ctrl+right': composer => move(composer, 'word-right'),
	'alt+right': composer => move(composer, 'word-right'),
	home: composer => move(composer, 'line-start'),
	'ctrl+a': composer => move(composer, 'line-start'),
	end: composer => move(composer, 'line-end'),
	'ctrl+e': composer => move(composer, 'line-end'),
	'ctrl+home': composer => move(composer, 'start'),
	'ctrl+end': composer => move(composer, 'end'),
	up: moveUp,
	down: moveDown,
	'ctrl+k': composer => kill(composer, 'line-end'),
	'ctrl+u': composer => kill(composer, 'line-start'),
	'ctrl+w': composer => kill(composer, 'word-left'),
	'alt+backspace': composer => kill(composer, 'word-left'),
	'alt+d': composer => kill(composer, 'word-right'),
	'ctrl+y': yank,
	'alt+y': yankOlder,
	'ctrl+_': undo,
	'ctrl+z': undo,
	'alt+_': redo,
	'alt+z': redo,
};

/**
The composer after the key, or undefined when the key means nothing here. `width` is the one it is drawn with.
*/
export function editByKey(composer: Composer, name: string, width: number): Composer | undefined {
	return edits[name]?.(composer, width);
}
