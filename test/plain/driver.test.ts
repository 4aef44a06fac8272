import {Buffer} from 'node:buffer';
import {setImmediate as turn} from 'node:timers/promises';
import test from 'ava';
import {drive} from '../../source/plain/driver.js';
import {createJsonFace} from '../../source/plain/json-face.js';
import type {ConversationView} from '../../source/messenger/view.js';
import {FakePort} from '../helpers/fake-port.js';
import {quietView} from '../helpers/quiet-view.js';

type Said = Record<string, unknown>;

class Stage {
	readonly port = new FakePort();
	readonly said: Said[] = [];
	readonly order: string[] = [];
	#input = Promise.withResolvers<Uint8Array | undefined>();
	readonly #waiting: Array<PromiseWithResolvers<Uint8Array | undefined>> = [this.#input];

	type(text: string | undefined): void {
		this.#input.resolve(text === undefined ? undefined : Buffer.from(text));
		this.#input = Promise.withResolvers();
		this.#waiting.push(this.#input);
	}

	async run(between: () => Promise<void> = async () => undefined, user?: string, hide?: () => void): Promise<void> {
		await drive({
			port: this.port,
			face: createJsonFace(line => {
				this.said.push(JSON.parse(line) as Said);
			}),
			facts: {version: '1.2.3', udpPort: 5},
			user,
			hideNextLine: hide,
			input: this.#chunks(),
			begin: async () => {
				this.order.push('begin');
			},
			between,
		});
	}

	async * #chunks(): AsyncGenerator<Uint8Array, void> {
		for (;;) {
			const chunk = await this.#waiting[0]!.promise;
			this.#waiting.shift();
			if (!chunk) {
				return;
			}

			yield chunk;
		}
	}
}

test('the first line says ready, then each command has its reply with its line', async t => {
	const stage = new Stage();
	stage.port.answer = line => line.startsWith('o ')
		? {command: 'o', ok: false, error: {code: 'no-such-user', message: 'There is no user of that name.'}}
		: {command: line, ok: true, fields: {users: [{name: 'ann', online: true}]}};
	stage.type('lu\n\no bob\n');
	stage.type(undefined);
	await stage.run();
	t.deepEqual(stage.said, [
		{type: 'ready', version: '1.2.3', udpPort: 5},
		{
			type: 'reply', command: 'lu', line: 1, ok: true, users: [{name: 'ann', online: true}],
		},
		{
			type: 'reply', command: 'o', line: 3, ok: false, error: {code: 'no-such-user', message: 'There is no user of that name.'},
		},
	]);
	t.deepEqual(stage.order, ['begin']);
});

test('a command begins only when the one before was answered', async t => {
	const stage = new Stage();
	const first = Promise.withResolvers<{command: string; ok: true; fields: Record<string, unknown>}>();
	const {execute} = stage.port;
	stage.port.execute = async line => line === 'slow' ? first.promise : execute.call(stage.port, line);
	stage.type('slow\nlu\n');
	const run = stage.run();
	await turn();
	await turn();
	t.deepEqual(stage.port.executed, []);
	first.resolve({command: 'slow', ok: true, fields: {}});
	stage.type(undefined);
	await run;
	t.deepEqual(stage.port.executed, ['lu']);
	t.deepEqual(stage.said.map(({command}) => command), [undefined, 'slow', 'lu']);
});

test('lines that are said wait for nothing, and what follows waits for them all', async t => {
	const stage = new Stage();
	stage.port.view = {
		...quietView, connection: {...quietView.connection, state: 'connected', user: 'ann'}, conversations: [conversation('delivered')], active: 'session:bob',
	};
	const kept: Array<() => void> = [];
	const {execute} = stage.port;
	stage.port.execute = async line => {
		const reply = await execute.call(stage.port, line);
		await new Promise<void>(resolve => {
			kept.push(resolve);
		});
		return reply;
	};

	stage.type(`lu\n${'s hi\n'.repeat(20)}s ${'x'.repeat(70_000)}\n`);
	stage.type('l\n');
	const run = stage.run();
	const goesOn = async () => {
		await turn();
		for (const resolve of kept.splice(0)) {
			resolve();
		}

		await turn();
		return stage.port.executed.length;
	};

	await turn();
	t.is(stage.port.executed.length, 1, 'the first of them waits for what is none');
	t.is(await goesOn(), 1 + 16, 'so many and no more');
	t.is(await goesOn(), 1 + 20, 'one that will be refused waits, so that replies come in order');
	t.is(await goesOn(), 1 + 21);
	stage.type(undefined);
	t.is(await goesOn(), 1 + 22);
	await goesOn();
	await run;
	t.deepEqual(stage.said.slice(1).map(({line}) => line), Array.from({length: 23}, (_, index) => index + 1));
});

test('what comes between two lines is waited for', async t => {
	const stage = new Stage();
	stage.type('login ann pw\ns hi\n');
	stage.type(undefined);
	await stage.run(async () => {
		stage.order.push(`${stage.port.executed.length} done`);
		await turn();
	});
	t.deepEqual(stage.order, ['begin', '0 done', '1 done', '2 done']);
});

test('a login without a name is for the name given at the start', async t => {
	const stage = new Stage();
	stage.type('login secret\nregister $1 \nlogin bob secret\nlogin\nlu\n');
	stage.type(undefined);
	await stage.run(undefined, 'ann');
	t.deepEqual(stage.port.executed, ['login ann secret', 'register ann $1', 'login bob secret', 'login', 'lu']);
});

test('a password left out is asked for unseen, where that can be done', async t => {
	const stage = new Stage();
	let hidden = 0;
	stage.port.view = {...quietView, connection: {...quietView.connection, state: 'connected'}};
	stage.type('login ann\nmy secret\nlu\n');
	stage.type(undefined);
	await stage.run(undefined, undefined, () => {
		hidden++;
	});
	t.deepEqual(stage.port.executed, ['login ann my secret', 'lu']);
	t.is(hidden, 1);
	t.like(stage.said[1], {type: 'notice', text: 'Password for ann:'});
	t.deepEqual(stage.said.slice(2).map(({line}) => line), [1, 3]);
});

test('no password is asked for when nobody can log in now', async t => {
	const stage = new Stage();
	stage.type('login ann\nlu\n');
	stage.type(undefined);
	await stage.run(undefined, undefined, () => {
		t.fail();
	});
	t.deepEqual(stage.port.executed, ['login ann', 'lu']);
});

test('bad lines get an error, and the next one goes on', async t => {
	const stage = new Stage();
	stage.type(`${'x'.repeat(1024 * 1024)}\nlu\n`);
	stage.type(undefined);
	await stage.run();
	t.like(stage.said[1], {
		type: 'reply', line: 1, ok: false, command: '', error: {code: 'line-too-long'},
	});
	t.like(stage.said[2], {type: 'reply', line: 2, ok: true});
});

test('events go out as they are', async t => {
	const stage = new Stage();
	const run = stage.run();
	const event = {
		type: 'message', id: '1', from: 'bob', session: 'bob', text: '\u{1B}[31mred\n', at: '2026-01-01T10:00:00.000Z', pending: false,
	} as const;
	stage.port.tell(event);
	stage.type(undefined);
	await run;
	t.deepEqual(stage.said[1], event);
});

test('x ends the run at once, though more lines wait', async t => {
	const stage = new Stage();
	stage.type('x\n');
	await stage.run();
	t.deepEqual(stage.port.executed, ['x']);
	t.is(stage.said.length, 2);
});

const conversation = (delivery: 'queued' | 'sent' | 'delivered', state: 'asking' | 'open' = 'open'): ConversationView => ({
	key: 'session:bob',
	kind: 'session',
	name: 'bob',
	state,
	members: [],
	creator: undefined,
	isPrivate: false,
	unread: 0,
	unreadFrom: undefined,
	earlier: 'none',
	messages: [{
		kind: 'line', id: '1', from: 'ann', isOwn: true, text: 'hi', at: 0, delivery, revision: 0,
	}],
});

test('a line that is on its way at the end of input is waited for', async t => {
	const stage = new Stage();
	// The other side may still accept.
	stage.port.view = {...quietView, conversations: [conversation('queued', 'asking')]};
	stage.type(undefined);
	let isOver = false;
	const run = (async () => {
		await stage.run();
		isOver = true;
	})();
	await turn();
	await turn();
	t.false(isOver);
	stage.port.show({...quietView, conversations: [conversation('sent')]});
	await turn();
	await turn();
	t.false(isOver);
	stage.port.show({...quietView, conversations: [conversation('delivered')]});
	await run;
	t.true(isOver);
});
