// M14: a line in a room goes from its author to each member; the server carries none of it.
import {readFileSync} from 'node:fs';
import test from 'ava';
import {enterRoom, hears, openWorld} from '../helpers/world.js';

test('a line in a room reaches every other member directly and leaves no trace at the server', async t => {
	const secret = 'the-walls-have-ears-90210';
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await enterRoom('den', ann, bob, cat);
	await hears(secret, cat, ann, bob);
	t.like(ann.seen({type: 'message'})[0], {from: 'cat', room: 'den', text: secret});
	await cat.events({type: 'delivery', state: 'delivered'}, 2);

	// Nothing can go through a server that does not run.
	server.program.signal('SIGSTOP');
	await hears('around a stopped server', cat, ann, bob);
	await hears('and back', bob, ann, cat);
	server.program.signal('SIGCONT');

	await server.ok('lu');
	t.false(server.program.lines.some(line => line.includes(secret)));
	t.false(server.program.errors.includes(secret));
	for (const file of world.files('server')) {
		t.false(readFileSync(file).includes(secret), file);
	}
});
