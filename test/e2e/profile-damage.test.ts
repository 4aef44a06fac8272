// A client's damaged database: it goes on with its automatic backup, says so, and neither loses nor repeats a line that it need not.
import {readdirSync, statSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {
	enterRoom,
	hears,
	openSession,
	openWorld,
} from '../helpers/world.js';

test('a profile that is cut short goes on with its backup: the same device, the history, what was to be sent, and no id twice', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	await hears('before the damage', bob, ann);
	await ann.ok('contact add bob');
	const {safetyNumber} = await bob.ok('verify ann');
	await bob.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});
	await ann.ok('o bob');
	const {id} = await ann.ok('s kept for bob');
	await ann.event({type: 'delivery', id, state: 'stored'});
	await ann.leave();

	const path = world.files('ann').find(file => file.endsWith('profile.db'))!;
	truncateSync(path, Math.floor(statSync(path).size / 2));
	const again = await world.client('ann');
	const notice = await again.event({type: 'notice', level: 'error'});
	t.regex(notice.text as string, /profile\.db is damaged\. Earshot goes on with its automatic backup of \d{4}-.*, which is \d+ minutes? old\./v);
	t.true(readdirSync(join(path, '..')).some(name => name.startsWith('damaged-')));
	await again.ok(`c ${server.address}`);
	await again.ok('login ann ann-secret');
	t.deepEqual((await again.ok('contacts')).contacts, [{name: 'bob', online: false, verified: false}]);
	await again.event({type: 'delivery', id, state: 'stored'});
	await again.ok('o bob');
	const earlier = await again.ok('history');
	t.deepEqual((earlier.messages as Array<{text: string}>).map(({text}) => text), ['before the damage', 'kept for bob']);
	const {id: next} = await again.ok('s after the damage');
	const sequenceOf = (line: unknown) => Number(String(line).split('-').at(-1));
	t.true(sequenceOf(next) > sequenceOf(id) + (2 ** 32));
	await again.event({type: 'delivery', id: next, state: 'stored'});

	const back = await world.client('bob');
	await back.ok(`c ${server.address}`);
	await back.ok('login bob bob-secret');
	await back.event({type: 'message', text: 'after the damage'});
	t.deepEqual(back.seen({type: 'message'}).map(({text}) => text), ['kept for bob', 'after the damage']);
	await again.event({type: 'delivery', id, state: 'read'});
	await again.event({type: 'delivery', id: next, state: 'read'});
	t.is((await back.ok('verify ann')).safetyNumber, safetyNumber);
	await back.ok('o ann');
	await again.event({type: 'session', with: 'bob', state: 'open'});
	await hears('directly again', again, back);
	await hears('both ways', back, again);
});

test('what was sealed for prekeys that are in no backup is sealed again, in a session and in a room, without a word of the people', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await enterRoom('den', ann, bob);
	await ann.leave();
	await bob.event({type: 'presence', user: 'ann', online: false});
	const ids: unknown[] = [];
	const say = async (text: string) => {
		const {id} = await bob.ok(`s ${text}`);
		await bob.event({
			type: 'delivery', id, to: 'ann', state: 'stored',
		});
		ids.push(id);
	};

	await say('in the den');
	await bob.ok('o ann');
	await say('first');
	await say('second');
	await bob.ok('cs');

	const path = world.files('ann').find(file => file.endsWith('profile.db'))!;
	truncateSync(path, 100);
	const again = await world.client('ann');
	await again.ok(`c ${server.address}`);
	await again.ok('login ann ann-secret');
	await again.event({type: 'notice', text: /^Mail of bob can't be opened.*The messenger of bob is asked to send it again\.$/v});
	await again.event({type: 'message', session: 'bob', text: 'second'});
	await again.event({type: 'message', room: 'den', text: 'in the den'});
	for (const id of ids) {
		await bob.event({type: 'delivery', id, state: 'read'});
	}

	t.deepEqual(again.seen({type: 'message', session: 'bob'}).map(({text}) => text), ['first', 'second']);
	t.is(again.seen({type: 'message'}).length, 3);
});

test('the screen and the plain face say it, too', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server);
	await ann.leave();
	const path = world.files('ann').find(file => file.endsWith('profile.db'))!;
	truncateSync(path, 100);
	const plain = world.program('earshot', 'plain', {arguments: ['--plain', '--udp-port', '0'], home: 'ann'});
	t.regex(await plain.line(/is damaged/v), /goes on with its automatic backup/v);
	plain.end();
	t.is((await plain.exit()).code, 0);
	truncateSync(path, 100);
	const screen = world.terminal('earshot', 'screen', {arguments: ['--udp-port', '0'], home: 'ann'});
	await screen.shows('is damaged');
});
