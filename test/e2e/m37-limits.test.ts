// M37: a full server refuses the next one politely; those inside notice nothing.
import test from 'ava';
import {hears, openSession, openWorld} from '../helpers/world.js';

test('at --max-users the next login is refused, the others are undisturbed, and a place that is freed can be taken', async t => {
	const world = openWorld(t);
	const server = await world.server({arguments: ['--max-users', '2']});
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	const cat = await world.client('cat');
	await cat.ok(`c ${server.address}`);
	const refusal = await cat.command('register cat pw');
	t.like(refusal, {ok: false, error: {code: 'server-full'}});
	t.regex(refusal.error!.message, /full|2/v);
	await hears('undisturbed', ann, bob);
	t.is(((await ann.ok('lcu')).users as unknown[]).length, 2);

	await bob.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});
	await cat.ok('register cat pw');
});
