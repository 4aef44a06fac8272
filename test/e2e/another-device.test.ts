// A reader who logs in with another device: what was stored for the old one is sealed again for it and arrives there once; the old one still gets its own.
import test from 'ava';
import type {JsonClient} from '../helpers/json-client.js';
import {openWorld, type Server, type World} from '../helpers/world.js';

/**
Ann has two lines stored for bob's device, who is away.
*/
async function begin(world: World): Promise<{readonly server: Server; readonly ann: JsonClient; readonly ids: readonly unknown[]}> {
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await bob.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});
	await ann.ok('o bob');
	const ids: unknown[] = [];
	for (const text of ['first', 'second']) {
		const {id} = await ann.ok(`s ${text}`);
		await ann.event({
			type: 'delivery', id, to: 'bob', state: 'stored',
		});
		ids.push(id);
	}

	// Else she would ask for a session as bob comes.
	await ann.ok('cs');
	return {server, ann, ids};
}

async function logIn(world: World, name: string, home: string, server: Server): Promise<JsonClient> {
	const client = await world.client(`${name}-${home}`, {home});
	await client.ok(`c ${server.address}`);
	await client.ok(`login ${name} ${name}-secret`);
	return client;
}

const textsOf = (client: JsonClient) => client.seen({type: 'message'}).map(({text}) => text);

test('bob comes with another device: nothing goes there before ann has trusted it, then all of it, once; the old device gets its copy, and what follows', async t => {
	const world = openWorld(t);
	const {server, ann, ids} = await begin(world);
	const other = await logIn(world, 'bob', 'elsewhere', server);
	await ann.event({type: 'request', kind: 'key', from: 'bob'});
	await other.ok('lu');
	t.deepEqual(textsOf(other), []);
	await ann.ok('accept bob');
	await other.event({type: 'message', text: 'second'});
	for (const id of ids) {
		await ann.event({type: 'delivery', id, state: 'read'});
	}

	t.deepEqual(textsOf(other), ['first', 'second']);
	await other.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});

	const old = await logIn(world, 'bob', 'bob', server);
	await old.event({type: 'message', text: 'second'});
	t.deepEqual(textsOf(old), ['first', 'second'], 'what the server had for this one');
	const asked = ann.ok('o bob');
	await old.event({type: 'request', from: 'ann'});
	await old.ok('accept ann');
	await asked;
	const {id} = await ann.ok('s third');
	await ann.event({type: 'delivery', id, state: 'read'});
	await old.event({type: 'message', text: 'third'});
	t.deepEqual(textsOf(old), ['first', 'second', 'third']);
	t.is(ann.seen({type: 'request', kind: 'key'}).length, 1, 'the old device is known');
	await old.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});

	const third = await logIn(world, 'bob', 'elsewhere', server);
	await third.ok('lu');
	t.deepEqual(textsOf(third), [], 'nothing a second time');
});

test('ann was away as well: she seals again when she is back, also what was said in a room', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await ann.ok('or den');
	await bob.ok('or den');
	await ann.event({
		type: 'room', room: 'den', change: 'entered', user: 'bob',
	});
	await bob.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});
	const {id} = await ann.ok('s in the den');
	await ann.event({
		type: 'delivery', id, to: 'bob', state: 'stored',
	});
	await ann.leave();
	const other = await logIn(world, 'bob', 'elsewhere', server);
	await other.ok('lu');
	await other.leave();
	const back = await logIn(world, 'ann', 'ann', server);
	await back.event({type: 'request', kind: 'key', from: 'bob'});
	await back.ok('accept bob');
	const third = await logIn(world, 'bob', 'elsewhere', server);
	await third.event({
		type: 'message', room: 'den', text: 'in the den', pending: true,
	});
	await back.event({type: 'delivery', id, state: 'read'});
	t.deepEqual(textsOf(third), ['in the den']);
});
