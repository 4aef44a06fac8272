// How much may be said: a line of 64 KiB and no more, and what becomes of it when a mailbox is full: refused in words, kept by its author, delivered when the reader has been there.
import {Buffer} from 'node:buffer';
import test from 'ava';
import type {JsonClient} from '../helpers/json-client.js';
import {openSession, openWorld} from '../helpers/world.js';

const quota = 1000;

// One connection alone would be slowed down by the server after 200 requests.
const authors = ['ann', 'cat', 'dan', 'eve', 'fay', 'gil'] as const;
const linesEach = Math.ceil((quota + 1) / authors.length);

test('beyond a thousand lines that wait for somebody the author is told, keeps the line, and it comes when there is room', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const bob = await world.person('bob', server);
	const people = await Promise.all(authors.map(async name => world.person(name, server)));
	await Promise.all(people.map(async author => author.event({type: 'presence', user: 'bob', online: true})));
	await bob.leave();
	await Promise.all(people.map(async author => {
		await author.event({type: 'presence', user: 'bob', online: false});
		await author.ok('o bob');
		author.program.type(Array.from({length: linesEach}, (_, index) => `s line ${index + 1}`).join('\n'));
	}));
	const within = {within: 60_000};
	const statesOf = (author: JsonClient) => Map.groupBy(author.seen({type: 'delivery', to: 'bob'}), ({id}) => id).values().map(events => events.at(-1)!.state).toArray();
	const refusals = (author: JsonClient) => author.seen({type: 'notice', level: 'warn', text: /bob/v}).map(({text}) => text);
	// Whoever is told last sees all of it.
	await Promise.any(people.map(async author => author.program.expectations.until(
		'all places of the mailbox to be taken, and somebody to be refused one',
		() => {
			const stored = people.flatMap(person => statesOf(person)).filter(state => state === 'stored').length;
			return (stored >= quota && people.some(person => refusals(person).length > 0)) || undefined;
		},
		within,
	)));
	const told = new Set(people.flatMap(author => refusals(author)));
	t.deepEqual([...told], ['What you wrote to bob is kept here and will be tried again: bob\'s mailbox is full (1000 lines wait there); yours stays with you and is tried again.']);
	const states = people.flatMap(author => statesOf(author));
	t.is(states.filter(state => state === 'stored').length, quota);
	t.is(states.filter(state => state === 'queued').length, (linesEach * authors.length) - quota, 'the rest stays here');

	// Else they would ask for sessions as he comes, and wait for his answer.
	await Promise.all(people.map(async author => author.ok('cs')));
	const back = await world.client('bob');
	await back.ok(`c ${server.address}`);
	await back.ok('login bob bob-secret');
	const messages = await back.events({type: 'message'}, linesEach * authors.length, within);
	for (const author of authors) {
		t.deepEqual(messages.filter(({from}) => from === author).map(({text}) => text), Array.from({length: linesEach}, (_, index) => `line ${index + 1}`), 'all, once, in their order');
	}

	await Promise.all(people.map(async author => author.program.expectations.until(
		`${author.name} to hear that all was read`,
		() => author.seen({type: 'delivery', to: 'bob', state: 'read'}).length === linesEach || undefined,
		within,
	)));
});

test('a line has up to 64 KiB, directly and by mail; one byte more is refused in words and changes nothing', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	const longest = 'ü 漢 x'.repeat(8192);
	t.is(Buffer.byteLength(longest), 64 * 1024);
	await openSession(ann, bob);
	await ann.ok(`s ${longest}`);
	t.is((await bob.event({type: 'message'})).text, longest);
	await ann.event({type: 'delivery', state: 'read'});
	t.is(await ann.refused(`s ${longest}x`), 'text-too-long');
	t.is(await ann.refused(`s ${longest.repeat(3)}`), 'line-too-long');
	await bob.leave();
	await ann.event({type: 'session', with: 'bob', state: 'closed'});
	await ann.ok('o bob');
	const kept = `${longest.slice(0, -1)}!`;
	const {id} = await ann.ok(`s ${kept}`);
	await ann.event({type: 'delivery', id, state: 'stored'});
	const back = await world.client('bob');
	await back.ok(`c ${server.address}`);
	await back.ok('login bob bob-secret');
	t.is((await back.event({type: 'message', pending: true})).text, kept);
	await back.ok('o ann');
	t.deepEqual(((await back.ok('history')).messages as Array<{text: string}>).map(({text}) => text), [longest, kept]);
});
