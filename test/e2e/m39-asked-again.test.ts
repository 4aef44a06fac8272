// M39 in a terminal: what can't be done is said and asked again, not fatal.
import test from 'ava';
import {freePort, isPortFree, takePort} from '../helpers/ports.js';
import {openScreen} from '../helpers/screens.js';
import {keys} from '../helpers/terminal.js';
import {openWorld} from '../helpers/world.js';

test('a taken name and a wrong password are said in the form, and another name works', async t => {
	const world = openWorld(t);
	const server = await world.server();
	await world.person('bob', server);
	const ann = await openScreen(world, 'ann', server);
	ann.enter('bob');
	ann.enter('mine');
	await ann.shows('bob has an account here already');
	ann.type(keys.enter);
	await ann.shows(/do not[\s│]+go[\s│]+together/v);
	ann.type(keys.escape);
	await ann.hides('Who are you?');
	ann.enter('/register ann ann-secret');
	await ann.shows('Hello, ann.');
	t.deepEqual((await server.ok('lcu')).users, [{name: 'ann', online: true}, {name: 'bob', online: true}]);
});

test('a bad name is said in the form and asked again', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await openScreen(world, 'ann', server);
	ann.enter('two words');
	ann.enter('ann-secret');
	await ann.shows(/no\s[\s│]*spaces/v);
	ann.type(keys.escape);
	await ann.hides('Who are you?');
	ann.enter('/register ann ann-secret');
	await t.notThrowsAsync(ann.shows('Hello, ann.'));
});

test('where no server is known one is offered; a busy port is said, and another one works', async t => {
	const world = openWorld(t);
	const ann = world.terminal('earshot', 'ann');
	await ann.shows('▸ Host a server here');
	ann.type(keys.escape);
	await ann.hides('Host a server here');
	const [{port: busy, server: taken}, free] = await Promise.all([takePort(), freePort()]);
	t.teardown(() => taken.close());
	ann.enter(`/host ${busy}`);
	await ann.shows(new RegExp(String.raw`${busy}[^$]*in[│\s]+use`, 'v'));
	ann.enter(`/host ${free}`);
	await ann.shows(`Connected to 127.0.0.1:${free}. Who are you?`);
	ann.enter('ann');
	ann.enter('ann-secret');
	await ann.shows('Hello, ann.');
	const bob = await world.client('bob');
	await bob.ok(`c 127.0.0.1:${free}`);
	await bob.ok('register bob bob-secret');
	await t.notThrowsAsync(ann.shows('● bob'));
});

test('--host hosts at once, and leaving ends the server with the program', async t => {
	const world = openWorld(t);
	const ann = world.terminal('earshot', 'ann', {arguments: ['--host', '--port', '0']});
	const screen = await ann.shows(/Connected to 127\.0\.0\.1:\d+\. Who are you\?/v);
	const address = /127\.0\.0\.1:\d+/v.exec(screen)![0];
	ann.enter('ann');
	ann.enter('ann-secret');
	await ann.shows('Hello, ann.');
	const bob = await world.person('bob', {address});
	ann.enter('/x');
	t.is(await ann.exited, 0);
	await bob.event({type: 'connection', state: 'lost'});
	t.true(await isPortFree('127.0.0.1', Number(address.split(':', 2)[1])));
});

test('a server that is not there is said, and tried again until it is', async t => {
	const world = openWorld(t);
	const port = await freePort();
	const ann = world.terminal('earshot', 'ann', {arguments: ['--server', `127.0.0.1:${port}`]});
	await ann.shows(new RegExp(String.raw`127\.0\.0\.1:${port}`, 'v'));
	await ann.shows(/again in \d+ s|retry|tries/iv);
	await world.server({arguments: ['--port', String(port)]});
	await t.notThrowsAsync(ann.shows(`Connected to 127.0.0.1:${port}. Who are you?`));
});
