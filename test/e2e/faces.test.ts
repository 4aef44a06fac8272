// The two faces without a screen, as people and scripts use them: a conversation in plain lines, and a script through a pipe.
import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('plain: register, ask, accept, talk, enter a room, leave; each line with its time', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const flags = {arguments: ['--plain', '--udp-port', '0', '--server', server.address]};
	const [ann, bob] = [world.program('earshot', 'ann', flags), world.program('earshot', 'bob', flags)];
	for (const person of [ann, bob]) {
		await person.line(`connected to ${server.address}`);
		person.type(`register ${person.name} pw`);
		await person.line(`logged in as ${person.name}`);
	}

	await ann.line('bob is online');
	ann.type('o bob');
	await bob.line('ann asks for a session');
	bob.type('accept');
	await Promise.all([ann.line('session with bob is open'), bob.line('session with ann is open')]);
	ann.type('s hello bob');
	await bob.line(/\bann: hello bob$/v);
	await ann.line('delivered (bob)');
	ann.type('dance');
	await ann.line('error: There is no such command');
	ann.type('or den');
	await bob.line('session with ann closed');
	bob.type('or den');
	await ann.line('[den] bob entered');
	bob.type('s hello den');
	await ann.line(/\[den\] bob: hello den$/v);
	bob.type('x');
	await ann.line('[den] bob left');
	ann.end();
	for (const person of [ann, bob]) {
		t.deepEqual(await person.exit(), {code: 0, signal: null});
		t.deepEqual(person.lines.filter(line => !/^\d\d:\d\d:\d\d \S/v.test(line) && !/^\d\d:\d\d:\d\d {3}\S/v.test(line)), []);
		t.is(person.errors, '');
	}
});

test('json: a script through a pipe gets a reply a line, in order, and code 0', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const script = world.program('earshot', 'ann', {arguments: ['--json', '--udp-port', '0', '--server', server.address]});
	script.write('register ann secret\nor den\n\ns hello\nl\nx\n');
	script.end();
	t.deepEqual(await script.exit(), {code: 0, signal: null});
	const said = script.lines.map(line => JSON.parse(line) as Record<string, unknown>);
	t.is(said[0]?.type, 'ready');
	const replies = said.filter(({type}) => type === 'reply').map(({command, line, ok}) => [command, line, ok]);
	t.deepEqual(replies, [['register', 1, true], ['or', 2, true], ['s', 4, true], ['l', 5, true], ['x', 6, true]]);
	t.deepEqual((await server.ok('lcu')).users, []);
	t.deepEqual((await server.ok('lr')).rooms, [{name: 'den', creator: 'ann', members: 0}]);
});
