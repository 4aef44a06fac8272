import test from 'ava';
import type {ConversationView} from '../../source/messenger/view.js';
import {transcribe} from '../../source/plain/transcript.js';
import {FakePort} from '../helpers/fake-port.js';
import {quietView} from '../helpers/quiet-view.js';

const at = new Date(2026, 0, 31, 9, 8, 7).getTime();

function conversation(kind: 'session' | 'room', name: string, id: string, text: string): ConversationView {
	return {
		key: `${kind}:${name}`,
		kind,
		name,
		state: 'open',
		members: [],
		creator: undefined,
		isPrivate: false,
		unread: 0,
		unreadFrom: undefined,
		earlier: 'none',
		messages: [{
			kind: 'line', id, from: 'ann', isOwn: true, text, at, delivery: 'queued', revision: 0,
		}],
	};
}

test('a transcript has the date on each line, others\' words and one\'s own, once', t => {
	const port = new FakePort();
	port.view = {...quietView, conversations: [conversation('session', 'bob', '1', 'hi bob\nand more'), conversation('room', 'den', '2', 'hi all')]};
	const lines: string[] = [];
	const stop = transcribe(port, line => {
		lines.push(line);
	}, () => at);
	port.tell({type: 'presence', user: 'bob', online: true});
	for (const [id, to] of [['1', 'bob'], ['2', 'bob'], ['2', 'cat'], ['3', 'bob']] as const) {
		port.tell({
			type: 'delivery', id, to, state: 'queued',
		});
	}

	port.tell({
		type: 'message', id: '9', from: 'bob', session: 'bob', text: 'hello', at: new Date(at + 1000).toISOString(), pending: false,
	});
	stop();
	port.tell({type: 'presence', user: 'bob', online: false});
	t.deepEqual(lines, [
		'2026-01-31 09:08:07 bob is online',
		'2026-01-31 09:08:07 to bob: hi bob and more',
		'2026-01-31 09:08:07 [den] hi all',
		'2026-01-31 09:08:08 bob: hello',
	]);
});
