import test from 'ava';
import {hears, openSession, openWorld} from '../helpers/world.js';

test('a third person joins a session: all links are direct, and who leaves leaves the others connected', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await openSession(ann, bob);
	const added = await ann.ok('add cat');
	const {room} = added;
	t.is(room, 'ann-bob-cat');
	t.true(added.private);
	await bob.event({
		type: 'room', room, change: 'entered', user: 'bob',
	});
	await cat.event({
		type: 'request', kind: 'group', from: 'ann', room,
	});
	t.deepEqual((await cat.ok('lr')).rooms, []);
	await cat.ok('accept ann');
	await ann.event({
		type: 'invitation', room, user: 'cat', state: 'accepted',
	});
	await Promise.all([ann, bob].map(async person => person.event({
		type: 'room', room, change: 'entered', user: 'cat',
	})));
	for (const [from, ...others] of [[ann, bob, cat], [bob, ann, cat], [cat, ann, bob]] as const) {
		await hears(`it is ${from.name}`, from, ...others);
		for (const other of others) {
			// By whichever of this machine's addresses: it is the other's own port.
			const {udpPort} = other.said.find(({type}) => type === 'ready')!;
			t.true(String((await from.ok(`path ${other.name}`)).address).endsWith(`:${String(udpPort)}`));
		}
	}

	await ann.ok('cs');
	await Promise.all([bob, cat].map(async person => person.event({
		type: 'room', room, change: 'left', user: 'ann',
	})));
	await hears('still here', bob, cat);
	await hears('me too', cat, bob);
	t.like(await cat.ok('l'), {
		conversation: {
			kind: 'room', name: 'ann-bob-cat', members: 2, private: true,
		},
	});
	t.notRegex(ann.program.transcript, /"text":"still here"/v);
});

test('an invitation that is declined leaves a group of two', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob, cat] = await world.people(['ann', 'bob', 'cat'], server);
	await openSession(ann, bob);
	await ann.ok('add cat');
	await cat.event({type: 'request', kind: 'group', from: 'ann'});
	await cat.ok('decline');
	await ann.event({type: 'invitation', user: 'cat', state: 'declined'});
	await bob.event({type: 'room', change: 'entered', user: 'bob'});
	await t.notThrowsAsync(hears('just us', ann, bob));
});
