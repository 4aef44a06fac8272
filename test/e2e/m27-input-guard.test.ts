// M27: while a request or the palette is open, keys do not reach the message line.
import test from 'ava';
import {LateError} from '../helpers/expectations.js';
import {
	composerText,
	countsDown,
	registerOnScreen,
	typeSlowly,
} from '../helpers/screens.js';
import {keys} from '../helpers/terminal.js';
import {openWorld, promptly} from '../helpers/world.js';

test('keys of the palette stay in the palette', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await Promise.all([registerOnScreen(world, 'ann', server), world.person('bob', server)]);
	ann.enter('/o bob');
	await bob.event({type: 'request', from: 'ann'});
	await bob.ok('accept');
	await ann.shows('Write to bob');
	ann.type('half a line');
	await ann.shows(' › half a line');

	ann.type(keys.control('p'));
	await ann.shows('What would you like to do?');
	typeSlowly(ann, 'zebra');
	await ann.shows(' › zebra');
	ann.type(keys.escape);
	await ann.hides('zebra');
	t.is(composerText(ann), 'half a line');
	ann.enter(', whole');
	const {text} = await bob.event({type: 'message', from: 'ann'});
	t.is(text, 'half a line, whole');
});

test('a request that opens into somebody\'s typing takes the keys, and none of them is an answer or part of the line', async t => {
	await promptly(t, async world => {
		const server = await world.server();
		const [ann, bob] = await Promise.all([registerOnScreen(world, 'ann', server), world.person('bob', server)]);
		await ann.shows('● bob');
		ann.type('draft');
		await ann.shows(' › draft');
		await bob.ok('o ann');
		await ann.shows('bob wants to talk with you.');
		// The program lets keys go by for 700 ms; on a machine that has no time for the two of us they may come later.
		typeSlowly(ann, 'adyn');
		await countsDown(ann);
		if (!ann.screen().includes('bob wants to talk with you.')) {
			throw new LateError(`Keys that were on their way were taken for an answer.\n${ann.screen()}`);
		}

		typeSlowly(ann, 'xyzzy'.replaceAll('y', 'q'));
		ann.type(keys.escape);
		await ann.hides('wants to talk');
		t.is(composerText(ann), 'draft');

		ann.type(keys.control('u'));
		ann.enter('/accept bob');
		await bob.event({type: 'session', with: 'ann', state: 'open'});
		await ann.shows('Write to bob');
		t.deepEqual(bob.seen({type: 'message'}), []);
	});
});

test('a request is accepted and declined with a key', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await Promise.all([registerOnScreen(world, 'ann', server), world.person('bob', server)]);
	for (const [key, state] of [['d', 'declined'], ['a', 'open']] as const) {
		bob.forget();
		await bob.ok('o ann');
		await ann.shows('bob wants to talk with you.');
		await countsDown(ann);
		ann.type(key);
		await bob.event({type: 'session', with: 'ann', state});
		await ann.hides('wants to talk');
	}

	await t.notThrowsAsync(ann.shows(' › Write to bob, or / for commands'));
});
