// M28: the palette. What one picks there does what the typed command does; what is not allowed says why.
import test from 'ava';
import {registerOnScreen} from '../helpers/screens.js';
import {keys} from '../helpers/terminal.js';
import {openWorld} from '../helpers/world.js';

test('open it, type or, pick a room: the same as the typed command', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, cat, bob] = await Promise.all([registerOnScreen(world, 'ann', server), registerOnScreen(world, 'cat', server), world.person('bob', server)]);
	await bob.ok('or den');
	await ann.shows(/# den +1/v);
	ann.type(keys.control('p'));
	await ann.shows('What would you like to do?');
	ann.type('or');
	await ann.shows(/▸ or den +1 person, created by bob/v);
	ann.type(keys.enter);
	await ann.shows('This is the room den');
	await bob.event({
		type: 'room', room: 'den', change: 'entered', user: 'ann',
	});

	cat.enter('/or den');
	await cat.shows('This is the room den');
	const heads = [ann, cat].map(terminal => terminal.rows()[0]);
	t.regex(heads[0]!, /den/v);
	t.deepEqual(((await bob.ok('lru den')).users as string[]).toSorted(), ['ann', 'bob', 'cat']);
});

test('an entry that is not allowed says why and does nothing', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await registerOnScreen(world, 'ann', server);
	ann.type(keys.control('p'));
	await ann.shows('What would you like to do?');
	ann.type('cs');
	await ann.shows('No conversation is open');
	ann.type(keys.enter);
	ann.type(keys.escape);
	await ann.shows('Hello, ann.');
	ann.enter('/l');
	await t.notThrowsAsync(ann.shows(server.address));
});
