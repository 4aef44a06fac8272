import test from 'ava';
import type {MessengerPort} from '../../source/messenger/port.js';
import {
	chooseOpening,
	enterAfterLogin,
	lookOn,
	type OpeningFacts,
} from '../../source/runtime/opening.js';
import {quietView} from '../helpers/quiet-view.js';

const nothing: OpeningFacts = {
	host: undefined, server: undefined, lastServer: undefined, reach: 'network',
};
const last = '10.0.0.1:7600';

// What is known, what the search finds, the command, the notice.
const cases: ReadonlyArray<readonly [string, Partial<OpeningFacts>, {host: string; port: number} | undefined, string | undefined, RegExp | undefined]> = [
	['a server to host', {host: {port: undefined}}, undefined, 'host', undefined],
	['a server to host on a port', {host: {port: 0}}, undefined, 'host 0', undefined],
	['a named server', {server: {host: '::1', port: 1}}, undefined, 'c [::1]:1', undefined],
	['the server used last', {lastServer: last}, {host: '10.0.0.1', port: 7600}, 'c 10.0.0.1:7600', undefined],
	['a server nearby', {lastServer: last}, {host: '10.0.0.2', port: 7600}, 'c 10.0.0.2:7600', /Found a server at 10\.0\.0\.2:7600/v],
	['no server at all', {}, undefined, undefined, /^No server was found nearby\. .*host .*c HOST/v],
	['no answer from the server used last', {lastServer: last}, undefined, undefined, /^The server used last, 10\.0\.0\.1:7600, does not answer, and no other was found/v],
	['no search', {reach: 'off'}, undefined, undefined, /^No server was named/v],
];

for (const [name, facts, found, command, text] of cases) {
	test(`the opening with ${name}`, async t => {
		const opening = await chooseOpening({...nothing, ...facts}, async () => found);
		t.is(opening.command, command);
		if (text === undefined) {
			t.is(opening.notice, undefined);
		} else {
			t.regex(opening.notice?.type === 'notice' ? opening.notice.text : '', text);
		}
	});
}

const here = {host: '127.0.0.1', port: 7600};
const never = new Promise<void>(() => {});

test('a server that appears later is found by itself', async t => {
	let looks = 0;
	const found = await lookOn({...nothing, lastServer: last}, {view: quietView, finished: never}, {
		async find({lastUsed}) {
			t.deepEqual(lastUsed, {host: '10.0.0.1', port: 7600});
			return ++looks === 3 ? here : undefined;
		},
		async pause() {},
	});
	t.like(found, {command: 'c 127.0.0.1:7600', notice: {text: 'Found a server at 127.0.0.1:7600.'}});
	t.is(looks, 3);
});

const elsewhere = {...quietView, connection: {...quietView.connection, server: 'far:7600'}};
for (const [name, after] of [['connects somewhere', elsewhere], ['hosts a server', {...quietView, isHosting: true}]] as const) {
	test(`nobody looks on once the user ${name}, not even when that happens during a look`, async t => {
		const port = {view: quietView, finished: never};
		let looks = 0;
		const found = await lookOn(nothing, port, {
			async find() {
				looks++;
				port.view = after;
				return here;
			},
			async pause() {},
		});
		t.is(found, undefined);
		t.is(await lookOn(nothing, port, {find: async () => here, async pause() {}}), undefined);
		t.is(looks, 1);
	});
}

test('nobody looks on after leaving, nor where nothing may be looked for', async t => {
	const find = async () => here;
	t.is(await lookOn(nothing, {view: quietView, finished: Promise.resolve()}, {find, pause: async () => never}), undefined);
	t.is(await lookOn({...nothing, reach: 'off'}, {view: quietView, finished: never}, {find, async pause() {}}), undefined);
});

test('a room is entered once, after the login', async t => {
	const executed: string[] = [];
	const refusals: string[] = [];
	const listeners = new Set<() => void>();
	const port = {
		view: quietView,
		async execute(line: string) {
			executed.push(line);
			return {command: 'or', ok: false, error: {code: 'room-full', message: 'full'}} as const;
		},
		subscribe(listener: () => void) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
	const between = enterAfterLogin(port as unknown as MessengerPort, 'den', message => {
		refusals.push(message);
	});
	await between();
	t.deepEqual(executed, []);
	for (const [state, commands] of [['connecting', []], ['connected', ['or den']], ['connected', ['or den']]] as const) {
		port.view = {...quietView, connection: {...quietView.connection, state, user: 'ann'}};
		for (const listener of listeners) {
			listener();
		}

		await between();
		t.deepEqual(executed, [...commands]);
	}

	t.deepEqual(refusals, ['full']);
});
