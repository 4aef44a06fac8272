// M8: talking. Both type at once: every line arrives, in order, once; and it goes on while the server stands still.
import test from 'ava';
import type {JsonClient} from '../helpers/json-client.js';
import {openSession, openWorld} from '../helpers/world.js';

const numbered = (name: string, count: number, start = 1) => Array.from({length: count}, (_, index) => `${name} ${start + index}`);

function typeAll(client: JsonClient, texts: readonly string[]): void {
	for (const text of texts) {
		client.program.type(`s ${text}`);
	}
}

test('50 lines each at the same time arrive in order and once; with the server stopped it goes on', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	const heard = async (listener: JsonClient, count: number) => {
		const messages = await listener.events({type: 'message'}, count);
		return messages.map(({text}) => text);
	};

	typeAll(ann, numbered('ann', 50));
	typeAll(bob, numbered('bob', 50));
	t.deepEqual(await heard(bob, 50), numbered('ann', 50));
	t.deepEqual(await heard(ann, 50), numbered('bob', 50));

	server.program.signal('SIGSTOP');
	typeAll(ann, numbered('ann', 10, 51));
	typeAll(bob, numbered('bob', 10, 51));
	t.deepEqual(await heard(bob, 60), numbered('ann', 60));
	t.deepEqual(await heard(ann, 60), numbered('bob', 60));
	server.program.signal('SIGCONT');

	// Every line has a receipt of the other's program, and nothing comes twice after it.
	const delivered = await ann.events({type: 'delivery', to: 'bob', state: 'delivered'}, 60);
	t.is(new Set(delivered.map(({id}) => id)).size, 60);
	await ann.ok('lu');
	t.is(bob.seen({type: 'message'}).length, 60);
	const [message] = bob.seen({type: 'message'});
	t.like(message, {from: 'ann', session: 'ann', pending: false});
	t.regex(String(message!.at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/v);
});

test('text arrives as it was typed', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	await openSession(ann, bob);
	const texts = ['  two spaces before', 'grüße, 你好, 👩‍👩‍👧, עברית', String.raw`"quotes" \ and {json: true}`, '\u{1B}[31mred\u{1B}[0m', 'x'.repeat(16_000)];
	for (const text of texts) {
		const {id} = await ann.ok(`s ${text}`);
		t.like(await bob.event({type: 'message'}), {id, text});
		await ann.event({
			type: 'delivery', id, to: 'bob', state: 'read',
		});
		const states = ann.seen({type: 'delivery', id}).map(({state}) => String(state));
		t.deepEqual(states, ['queued', 'sent', 'stored', 'delivered', 'read'].filter(state => states.includes(state)), 'each once, forwards');
	}
});
