// M20: the author hears that a line was read, also when they log in later.
import test from 'ava';
import {openWorld} from '../helpers/world.js';

for (const isServerKilled of [false, true]) {
	test(`ann hears at her next login that bob has read her line${isServerKilled ? ', the server having been killed in between' : ''}`, async t => {
		const world = openWorld(t);
		let server = await world.server();
		const restart = async () => {
			if (!isServerKilled) {
				return;
			}

			server.program.signal('SIGKILL');
			await server.program.exit();
			server = await world.server({arguments: ['--port', String(server.port)], home: 'server'});
		};

		const [ann, bob] = await world.people(['ann', 'bob'], server);
		await bob.leave();
		await ann.event({type: 'presence', user: 'bob', online: false});
		await ann.ok('o bob');
		const {id} = await ann.ok('s did you see this?');
		await ann.event({
			type: 'delivery', id, to: 'bob', state: 'stored',
		});
		await ann.leave();
		await restart();

		const reader = await world.client('bob');
		await reader.ok(`c ${server.address}`);
		await reader.ok('login bob bob-secret');
		await reader.event({type: 'message', from: 'ann', text: 'did you see this?'});
		// Leaving waits until the receipt is at the server.
		await reader.leave();
		await restart();

		const author = await world.client('ann');
		await author.ok(`c ${server.address}`);
		await author.ok('login ann ann-secret');
		await author.event({
			type: 'delivery', id, to: 'bob', state: 'read',
		});
		await author.ok('o bob');
		t.like(await author.ok('history'), {messages: [{id, text: 'did you see this?', state: 'read'}]});
	});
}
