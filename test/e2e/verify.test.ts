import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('both ends are shown the same safety number, and remember that it was compared', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	const shown = await ann.ok('verify bob');
	t.regex(String(shown.safetyNumber), /^\d{5}(?: \d{5}){11}$/v);
	t.is((await bob.ok('verify ann')).safetyNumber, shown.safetyNumber);
	t.like(await ann.ok('verify bob yes'), {verified: true});
	t.like(await ann.ok('verify bob'), {verified: true, safetyNumber: shown.safetyNumber});
});

test('another device under the same name gets nothing until its key is trusted', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await ann.ok('verify bob');
	await ann.ok('verify bob yes');
	await bob.leave();
	const elsewhere = await world.client('elsewhere', {arguments: ['--accept', 'everyone']});
	await elsewhere.ok(`c ${server.address}`);
	await elsewhere.ok('login bob bob-secret');
	await ann.ok('o bob');
	await ann.event({
		type: 'request', kind: 'key', from: 'bob', wasVerified: true,
	});
	await ann.event({type: 'notice', level: 'error'});
	await ann.ok('s for whom?');
	await elsewhere.ok('s it is me');
	await ann.event({type: 'message', from: 'bob', text: 'it is me'});
	t.notRegex(elsewhere.program.transcript, /for whom\?/v);
	await ann.ok('accept bob');
	await elsewhere.event({type: 'message', from: 'ann', text: 'for whom?'});
});
