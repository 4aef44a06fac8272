import test from 'ava';
import type {MessengerPort} from '../../source/messenger/port.js';
import {chooseOpening, enterAfterLogin, type OpeningFacts} from '../../source/runtime/opening.js';
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
