// A messenger that only pretends: views set by hand, commands answered from a table. The screen's tests talk to it through the real port.
// Knows the shape of a view and a few scenes; there is no server, peer or disk behind it.
import {findCommand, parseCommandLine} from '../../source/messenger/commands.js';
import type {CommandReply, MessengerEvent} from '../../source/messenger/events.js';
import type {MessengerPort} from '../../source/messenger/port.js';
import type {ConversationView, MessageRow, MessengerView} from '../../source/messenger/view.js';
import {quietView} from '../helpers/quiet-view.js';

export const noon = new Date(2026, 0, 5, 12, 0, 0).getTime();

export function line(id: number, from: string, text: string, delivery?: 'queued' | 'sent' | 'stored' | 'delivered' | 'read' | 'failed'): MessageRow {
	return {
		kind: 'line', id: `l${id}`, from, isOwn: from === 'ann', text, at: noon + (id * 7000), delivery, revision: 0,
	};
}

export function notice(id: number, tone: 'join' | 'leave' | 'info' | 'warn', text: string): MessageRow {
	return {
		kind: 'notice', id: `n${id}`, tone, text, at: noon + (id * 7000), revision: 0,
	};
}

export const signedOutView: MessengerView = {
	...quietView,
	connection: {...quietView.connection, state: 'connected', server: '127.0.0.1:7600'},
	log: [notice(1, 'info', 'Connected to 127.0.0.1:7600.')],
};

export const homeView: MessengerView = {
	...signedOutView,
	connection: {...signedOutView.connection, user: 'ann'},
	users: [{name: 'bob', online: true}, {name: 'cat', online: true}, {name: 'zoë', online: true}, {name: 'dave', online: false}],
	rooms: [{
		name: 'den', creator: 'bob', members: 3, isEntered: false,
	}, {
		name: 'lobby', creator: 'ann', members: 1, isEntered: false,
	}],
};

export function session(name: string, messages: readonly MessageRow[], more: Partial<ConversationView> = {}): ConversationView {
	return {
		key: `session:${name}`, kind: 'session', name, state: 'open', members: [{name: 'ann', isLinked: true}, {name, isLinked: true}], creator: undefined, isPrivate: false, unread: 0, unreadFrom: undefined, earlier: 'none', messages, ...more,
	};
}

export function room(name: string, members: readonly string[], messages: readonly MessageRow[], more: Partial<ConversationView> = {}): ConversationView {
	return {
		key: `room:${name}`, kind: 'room', name, state: 'open', members: ['ann', ...members].map(member => ({name: member, isLinked: true})), creator: 'bob', isPrivate: false, unread: 0, unreadFrom: undefined, earlier: 'none', messages, ...more,
	};
}

const talk: readonly MessageRow[] = [
	notice(0, 'join', 'bob accepted.'),
	line(1, 'bob', 'hi ann, did you see the new messenger? It runs in a terminal, and what we say goes straight from my machine to yours.'),
	line(2, 'ann', 'looks good!', 'read'),
	line(3, 'bob', '漢字 and emoji 👩‍👩‍👧‍👦 work too 👍🏽'),
	line(4, 'ann', 'two\nlines', 'delivered'),
	line(5, 'bob', 'evil \u{1B}[31mred\u{1B}[0m \u{202E}gpj.exe'),
	line(6, 'ann', 'still on its way', 'queued'),
];

export const talkView: MessengerView = {
	...homeView,
	conversations: [session('bob', talk)],
	active: 'session:bob',
};

export const manyView: MessengerView = {
	...homeView,
	rooms: [{...homeView.rooms[0]!, isEntered: true}, homeView.rooms[1]!],
	conversations: [
		session('bob', talk),
		room('den', ['bob', 'cat'], [notice(1, 'join', 'ann entered.'), notice(2, 'leave', 'zoë left.'), line(3, 'cat', 'welcome to the den')], {unread: 0}),
		session('cat', [line(9, 'cat', 'psst')], {unread: 2}),
	],
	active: 'room:den',
};

/**
The port, with a few commands that change the view as the real one would.
*/
export class SceneMessenger implements MessengerPort {
	readonly executed: string[] = [];
	readonly reached: string[] = [];
	readonly #listeners = new Set<() => void>();
	readonly #eventListeners = new Set<(event: MessengerEvent) => void>();
	readonly #finished = Promise.withResolvers<void>();
	#view: MessengerView;
	#count = 100;

	constructor(view: MessengerView) {
		this.#view = view;
	}

	get view(): MessengerView {
		return this.#view;
	}

	get finished(): Promise<void> {
		return this.#finished.promise;
	}

	reach(conversation: string, end: 'oldest' | 'newest'): void {
		this.reached.push(`${conversation} ${end}`);
	}

	show(view: MessengerView): void {
		this.#view = view;
		for (const listener of this.#listeners) {
			listener();
		}
	}

	emit(event: MessengerEvent): void {
		for (const listener of this.#eventListeners) {
			listener(event);
		}
	}

	/**
	Adds rows to the open conversation.
	*/
	say(...rows: readonly MessageRow[]): void {
		const conversations = this.#view.conversations.map(conversation => conversation.key === this.#view.active
			? {...conversation, messages: [...conversation.messages, ...rows].slice(-2000)}
			: conversation);
		this.show({...this.#view, conversations});
	}

	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	onEvent(listener: (event: MessengerEvent) => void): () => void {
		this.#eventListeners.add(listener);
		return () => {
			this.#eventListeners.delete(listener);
		};
	}

	async execute(typed: string): Promise<CommandReply> {
		this.executed.push(typed);
		const parsed = parseCommandLine(typed);
		if (!('command' in parsed)) {
			return {command: parsed.word, ok: false, error: parsed.error};
		}

		const {name} = parsed.command;
		const [value = '', second = ''] = parsed.values;
		const refusal = findCommand(name)?.refusal(this.#view);
		const error = refusal ?? this.#perform(name, value, second);
		return error ? {command: name, ok: false, error} : {command: name, ok: true, fields: this.#fields(name)};
	}

	async leave(): Promise<void> {
		this.#finished.resolve();
	}

	#perform(name: string, value: string, second: string): {readonly code: string; readonly message: string} | undefined {
		switch (name) {
			case 'register': {
				if (value === 'ann') {
					return {code: 'name-taken', message: 'The name ann is taken.'};
				}

				this.show({...homeView, connection: {...homeView.connection, user: value}});
				break;
			}

			case 'login': {
				if (second !== 'secret') {
					return {code: 'bad-credentials', message: 'Name or password is wrong.'};
				}

				this.show({...homeView, connection: {...homeView.connection, user: value}});
				break;
			}

			case 'host':
			case 'c': {
				this.show({...signedOutView, connection: {...signedOutView.connection, server: name === 'c' ? value : '127.0.0.1:7600'}});
				break;
			}

			case 'o': {
				this.#open(session(value, []));
				break;
			}

			case 'or': {
				this.#open(room(value, [], []));
				break;
			}

			case 's': {
				this.#count++;
				this.say(line(this.#count, 'ann', value, 'delivered'));
				this.#react(value);
				break;
			}

			case 'cs': {
				this.show({...this.#view, conversations: this.#view.conversations.filter(({key}) => key !== this.#view.active), active: undefined});
				break;
			}

			case 'accept':
			case 'decline': {
				this.show({...this.#view, requests: []});
				if (name === 'accept') {
					this.#open(session(value, []));
				}

				break;
			}

			case 'x': {
				this.#finished.resolve();
				break;
			}

			default:
		}

		return undefined;
	}

	#open(conversation: ConversationView): void {
		const others = this.#view.conversations.filter(({key}) => key !== conversation.key);
		const isOpen = this.#view.conversations.some(({key}) => key === conversation.key);
		this.show({...this.#view, conversations: isOpen ? this.#view.conversations : [...others, conversation], active: conversation.key});
	}

	/**
	Words that make something happen, for tests that can only type.
	*/
	#react(text: string): void {
		switch (text) {
			case 'ask me': {
				setTimeout(() => {
					this.show({
						...this.#view, requests: [{
							id: 'r1', kind: 'session', from: 'cat', expiresAt: Date.now() + 30_000,
						}],
					});
				}, 200);
				break;
			}

			case 'crash': {
				setTimeout(() => {
					throw new Error('the scene crashed');
				}, 10);
				break;
			}

			case 'trickle': {
				this.#pour(1, 500);
				break;
			}

			case 'flood': {
				this.#pour(20, 20_000);
				break;
			}

			default:
		}
	}

	/**
	`each` lines from bob every 20 ms, until there were `total`.
	*/
	#pour(each: number, total: number): void {
		let count = 0;
		const timer = setInterval(() => {
			const rows = Array.from({length: each}, () => line(++this.#count, 'bob', `line ${++count} of many, with words enough to fill a row and go on`));
			this.say(...rows);
			if (count >= total) {
				clearInterval(timer);
			}
		}, 20);
	}

	#fields(name: string): Readonly<Record<string, unknown>> {
		switch (name) {
			case 'lu': {
				return {users: this.#view.users};
			}

			case 'lr': {
				return {rooms: this.#view.rooms};
			}

			default: {
				return {};
			}
		}
	}
}
