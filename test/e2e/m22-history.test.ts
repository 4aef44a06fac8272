// M22: what was said stands there again, is found, and can be taken along.
import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
	type World,
} from '../helpers/world.js';
import type {JsonClient} from '../helpers/json-client.js';

type Said = {readonly id: string; readonly from: string; readonly text: string; readonly at: string; readonly session?: string; readonly room?: string; readonly state?: string};

const saidIn = (reply: Readonly<Record<string, unknown>>) => reply.messages as readonly Said[];
const texts = (messages: unknown) => (messages as readonly Said[]).map(({from, text}) => `${from}: ${text}`);

async function comeBack(world: World, name: string, server: {readonly address: string}, options: readonly string[] = []): Promise<JsonClient> {
	const client = await world.client(`${name} again`, {home: name, arguments: options});
	await client.ok(`c ${server.address}`);
	await client.ok(`login ${name} ${name}-secret`);
	return client;
}

test('talk, quit, restart, o bob: the earlier lines stand there in order, with times; search finds them', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	for (let round = 1; round <= 3; round++) {
		await hears(`question ${round}`, ann, bob);
		await hears(`answer ${round}`, bob, ann);
	}

	const lines = [1, 2, 3].flatMap(round => [`ann: question ${round}`, `bob: answer ${round}`]);
	await ann.event({type: 'delivery', to: 'bob', state: 'read'});
	await Promise.all([ann.leave(), bob.leave()]);

	const again = await comeBack(world, 'ann', server);
	await again.ok('o bob');
	const {messages} = await again.event({type: 'history', session: 'bob'});
	t.deepEqual(texts(messages), lines);
	const times = (messages as readonly Said[]).map(({at}) => Date.parse(at));
	t.deepEqual(times, times.toSorted((one, other) => one - other));
	t.true(times.every(at => Math.abs(at - Date.now()) < 600_000));
	t.deepEqual(texts(saidIn(await again.ok('history'))), lines);
	t.deepEqual(texts(saidIn(await again.ok('history 2'))), lines.slice(-2));
	t.is(saidIn(await again.ok('history')).find(({text}) => text === 'question 1')!.state, 'read');

	const found = saidIn(await again.ok('search answer'));
	t.deepEqual(texts(found), ['bob: answer 3', 'bob: answer 2', 'bob: answer 1']);
	t.true(found.every(({session}) => session === 'bob'));
	t.deepEqual(saidIn(await again.ok('search nowhere')), []);

	const file = path.join(world.folder, 'talk.json');
	t.like(await again.ok(`export ${file}`), {lines: 6});
	t.deepEqual(texts(JSON.parse(readFileSync(file, 'utf8'))), lines);
	t.is(await again.refused(`export ${file}`), 'export-failed');
});

test('rooms have a history of their own, and another name on the same data sees nothing of it', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await enterRoom('den', ann, bob);
	await hears('in the den', ann, bob);
	await hears('so it is', bob, ann);
	await ann.ok('d');
	await ann.ok(`c ${server.address}`);
	await ann.ok('register zoe zoe-secret');
	t.deepEqual(saidIn(await ann.ok('search den')), []);
	await ann.leave();

	const again = await comeBack(world, 'ann', server);
	await again.ok('or den');
	t.deepEqual(texts((await again.event({type: 'history', room: 'den'})).messages), ['ann: in the den', 'bob: so it is']);
});

test('--no-history keeps no line, and no word of it is on the disk', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server, {arguments: ['--no-history']});
	await openSession(ann, bob);
	await hears('xylophone solo', ann, bob);
	await ann.event({type: 'delivery', to: 'bob', state: 'read'});
	t.deepEqual(saidIn(await bob.ok('history')), []);
	await Promise.all([ann.leave(), bob.leave()]);
	t.deepEqual(['ann', 'bob'].flatMap(name => world.files(name)).filter(file => readFileSync(file).includes('xylophone')), []);
	const again = await comeBack(world, 'bob', server);
	t.deepEqual(saidIn(await again.ok('search xylophone')), []);
});
