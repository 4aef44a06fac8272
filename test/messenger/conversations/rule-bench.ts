// The rules of sessions and rooms by themselves: a server that answers when the test says so, and lists of what they ask, tell and do.
// Knows the shape of their context; refuses to know what is right.
import type {Context, OnDone, CommandOutcome} from '../../../source/messenger/context.js';
import {Conversations} from '../../../source/messenger/conversations/conversations.js';
import {Directory} from '../../../source/messenger/server/directory.js';
import {Requests} from '../../../source/messenger/conversations/requests.js';
import {Rooms} from '../../../source/messenger/conversations/rooms.js';
import {Sessions} from '../../../source/messenger/conversations/sessions.js';
import type {MessengerEvent} from '../../../source/messenger/events.js';

type Answer = {readonly ok: true; readonly reply: Readonly<Record<string, unknown>>} | {readonly ok: false; readonly error: {code: string; message: string}};

type Asked = {readonly op: string; readonly answered: (answer: Answer, now: number) => void};

export class RuleBench {
	/**
	Requests to the server, as `op value…`.
	*/
	readonly asked: string[] = [];
	/**
	What became of links and lines: `join bob`, `part bob`, `fail room:den`, `probe bob`.
	*/
	readonly done: string[] = [];
	readonly events: MessengerEvent[] = [];
	readonly outcomes: CommandOutcome[] = [];
	readonly conversations = new Conversations(() => {});
	readonly directory = new Directory();
	readonly sessions: Sessions;
	readonly rooms: Rooms;
	/**
	Who has a link to us.
	*/
	readonly linked = new Set<string>();
	readonly onDone: OnDone = outcome => {
		this.outcomes.push(outcome);
	};

	readonly #waiting: Asked[] = [];
	readonly #control = {
		user: 'ann' as string | undefined,
		request: (op: string, fields: Readonly<Record<string, unknown>>, _now: number, answered: (answer: Answer, now: number) => void = () => {}) => {
			this.asked.push([op, ...Object.values(fields)].join(' '));
			this.#waiting.push({op, answered});
		},
	};

	constructor() {
		const context = {
			control: this.#control,
			peers: {
				introduce: () => true,
				probe: (name: string) => {
					this.done.push(`probe ${name}`);
					return this.linked.has(name);
				},
			},
			delivery: {
				join: (peer: string, shared: string) => {
					this.done.push(`join ${peer} ${shared}`);
				},
				part: (peer: string, shared: string) => {
					this.done.push(`part ${peer} ${shared}`);
				},
				sayClosed() {
					// Nobody is listening.
				},
			},
			progress: {
				fail: (lane: string) => {
					this.done.push(`fail ${lane}`);
				},
			},
			conversations: this.conversations,
			directory: this.directory,
			requests: new Requests(),
			mode: 'many',
			accept: 'ask',
			isBusy: () => false,
			own: () => 'ann',
			rootKey: () => '',
			emit: (event: MessengerEvent) => {
				this.events.push(event);
			},
			tell() {
				// The rows are the view's business.
			},
			makeWay() {
				// Several conversations may stand.
			},
		};
		this.sessions = new Sessions(context as unknown as Context);
		this.rooms = new Rooms(context as unknown as Context);
	}

	/**
	The server answers the oldest `op` that waits.
	*/
	answer(op: string, reply: Readonly<Record<string, unknown>>): this {
		const [{answered}] = this.#waiting.splice(this.#waiting.findIndex(each => each.op === op), 1) as [Asked];
		answered({ok: true, reply}, 0);
		return this;
	}

	/**
	Ann asks bob, and the server takes the request under that id.
	*/
	ask(session: string): this {
		this.sessions.ask('bob', 0, this.onDone);
		return this.answer('open', {session, expiresInMs: 30_000});
	}

	/**
	The server says what became of a session with bob.
	*/
	tell(session: string, state: 'open' | 'closed' | 'gone' | 'unavailable'): this {
		this.sessions.handleNotice({
			event: 'session', session, with: 'bob', state,
		}, 0);
		return this;
	}

	/**
	Ann is in the den, which cat made, together with those.
	*/
	enterDen(...members: readonly string[]): this {
		this.rooms.enter('den', 0, this.onDone);
		return this.answer('enter', {
			room: 'den', creator: 'cat', created: false, members: members.map(user => ({user})), away: [],
		});
	}

	/**
	The name under which the server knows us; undefined while we are logged out.
	*/
	get user(): string | undefined {
		return this.#control.user;
	}

	set user(user: string | undefined) {
		this.#control.user = user;
	}

	get session() {
		return this.conversations.find('session', 'bob');
	}

	get den() {
		return this.conversations.find('room', 'den');
	}
}
