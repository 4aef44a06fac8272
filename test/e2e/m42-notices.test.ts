// M42: who comes and goes is told in colour; NO_COLOR is respected.
import test from 'ava';
import {registerOnScreen} from '../helpers/screens.js';
import type {TerminalProgram} from '../helpers/terminal.js';
import {openWorld} from '../helpers/world.js';

// The colour of the line that tells it: of its arrow and of its words.
function colourOf(terminal: TerminalProgram, text: string): number | undefined {
	return terminal.cellsOf(text)?.find(({character}) => /\w/v.test(character))?.foreground;
}

test('join and leave lines are in different colours; with NO_COLOR there are none', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, dan, bob] = await Promise.all([
		registerOnScreen(world, 'ann', server),
		registerOnScreen(world, 'dan', server, {environment: {NO_COLOR: '1'}}),
		world.person('bob', server),
	]);
	for (const terminal of [ann, dan]) {
		terminal.enter('/or den');
		await terminal.shows('This is the room den');
	}

	await bob.ok('or den');
	for (const terminal of [ann, dan]) {
		await terminal.shows('bob has entered.');
	}

	await bob.ok('cs');
	for (const terminal of [ann, dan]) {
		await terminal.shows('bob has left.');
	}

	const [join, leave] = [colourOf(ann, '→ bob has entered.'), colourOf(ann, '← bob has left.')];
	t.not(join, undefined);
	t.not(leave, undefined);
	t.not(join, leave);
	t.false(dan.hasColour);
});
