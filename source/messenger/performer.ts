// The commands, performed: each name of the command table with what it does.
// Knows which part of the client does the work and what a reply carries; refuses to know when a command is allowed
// (commands.ts) and how the work is done.
import {formatHostPort, parseHostPort} from '../protocol/addresses.js';
import {verifyCard} from '../protocol/cards.js';
import {decodeBase64} from '../protocol/keys.js';
import {maximumPasswordBytes, maximumTextBytes} from '../protocol/limits.js';
import type {UserRow, RoomRow} from '../protocol/messages.js';
import {nameKey, nameProblem} from '../protocol/names.js';
import {
	commands,
	findCommand,
	usage,
	type ArgumentKind,
	type Command,
} from './commands.js';
import {
	refuse,
	succeed,
	type Context,
	type OnDone,
} from './context.js';
import type {Contacts} from './people/contacts.js';
import type {Conversation} from './conversations/conversation.js';
import type {Groups} from './conversations/groups.js';
import {maximumContacts} from './limits.js';
import {reportPath} from './peers/path-report.js';
import type {Recollection} from './conversations/recollection.js';
import type {Rooms} from './conversations/rooms.js';
import type {Sessions} from './conversations/sessions.js';
import type {Trust} from './people/trust.js';
import type {ContactView, PendingView} from './view.js';

/**
What only the client itself can do.
*/
export type ClientActions = {
	connect(server: {host: string; port: number}, now: number, done: OnDone): void;
	host(port: number | undefined, done: OnDone): void;
	say(conversation: Conversation, text: string, now: number, done: OnDone): void;
	leave(now: number): void;
	setBusy(isBusy: boolean): void;
	pending(): readonly PendingView[];
	contacts(): readonly ContactView[];
};

type Opening = {readonly act: (now: number, opened: OnDone) => void; readonly done: OnDone};

type Performance = (values: readonly string[], now: number, done: OnDone) => void;

/**
Arguments that must be a name that somebody or something can have.
*/
const nameKinds: ReadonlySet<ArgumentKind> = new Set(['new-user', 'user', 'room']);

/**
Conversations that may be in the course of being opened.
*/
const maximumOpenings = 100;

/**
Pages of a list that are asked for at most.
*/
const maximumPages = 1000;

function describe(command: Command): Readonly<Record<string, unknown>> {
	const {name, aliases, summary, group} = command;
	return {
		name, usage: usage(command), aliases, summary, group,
	};
}

export class Performer {
	readonly #context: Context;
	readonly #sessions: Sessions;
	readonly #rooms: Rooms;
	readonly #groups: Groups;
	readonly #contacts: Contacts;
	readonly #trust: Trust;
	readonly #recollection: Recollection;
	readonly #actions: ClientActions;
	readonly #openings: Opening[] = [];
	#isOpening = false;

	constructor({context, sessions, rooms, groups, contacts, trust, recollection, actions}: {
		context: Context; sessions: Sessions; rooms: Rooms; groups: Groups; contacts: Contacts; trust: Trust; recollection: Recollection; actions: ClientActions;
	}) {
		this.#context = context;
		this.#sessions = sessions;
		this.#rooms = rooms;
		this.#groups = groups;
		this.#contacts = contacts;
		this.#trust = trust;
		this.#recollection = recollection;
		this.#actions = actions;
	}

	/**
	Performs a command that is allowed. `done` is called exactly once, now or later.
	*/
	perform({name, arguments: shapes}: Command, values: readonly string[], now: number, done: OnDone): void {
		for (const [index, value] of values.entries()) {
			const kind = shapes[index]?.kind;
			const problem = kind !== undefined && nameKinds.has(kind) ? nameProblem(value) : undefined;
			if (problem !== undefined) {
				done(refuse('bad-name', problem));
				return;
			}
		}

		this.#performances[name]!(values, now, done);
	}

	/**
	Opens the next conversation that was asked for, if none is being opened; to be called at the end of each turn.
	*/
	openNext(now: number): void {
		while (!this.#isOpening && this.#openings.length > 0) {
			const {act, done} = this.#openings.shift()!;
			this.#isOpening = true;
			act(now, outcome => {
				this.#isOpening = false;
				this.#context.conversations.resume();
				done(outcome);
			});
		}
	}

	readonly #performances: Readonly<Record<string, Performance>> = {
		c: ([place = ''], now, done) => {
			const server = parseHostPort(place);
			if (server) {
				this.#actions.connect(server, now, done);
			} else {
				done(refuse('bad-address', `"${place}" is no address of a server; HOST or HOST:PORT was expected, such as 127.0.0.1:7600.`));
			}
		},
		d: (_values, now, done) => {
			this.#context.control.part(now);
			done(succeed());
		},
		host: ([port], _now, done) => {
			if (port === undefined || (/^\d{1,5}$/v.test(port) && Number(port) <= 65_535)) {
				this.#actions.host(port === undefined ? undefined : Number(port), done);
			} else {
				done(refuse('bad-port', `"${port}" is no port; a number from 0 to 65535 was expected, 0 for any free one.`));
			}
		},
		forget: ([place = ''], _now, done) => {
			const server = parseHostPort(place);
			if (!server) {
				done(refuse('bad-address', `"${place}" is no address of a server; HOST or HOST:PORT was expected.`));
			} else if (this.#context.control.forget(formatHostPort(server))) {
				done(succeed({server: formatHostPort(server)}));
			} else {
				done(refuse('not-known', `No certificate of ${formatHostPort(server)} is known.`));
			}
		},
		server: (_values, _now, done) => {
			done(succeed(this.#context.control.facts));
		},
		register: (values, now, done) => {
			this.#logIn('register', values, now, done);
		},
		login: (values, now, done) => {
			this.#logIn('login', values, now, done);
		},
		lu: (_values, now, done) => {
			this.#listUsers('lu', now, done);
		},
		lcu: (_values, now, done) => {
			this.#listUsers('lcu', now, done);
		},
		lr: (_values, now, done) => {
			this.#listRooms(now, done);
		},
		lru: ([room = ''], now, done) => {
			this.#context.control.request('lru', {room}, now, outcome => {
				done(outcome.ok ? succeed(outcome.reply) : outcome);
			});
		},
		whois: ([user = ''], now, done) => {
			this.#context.control.request('whois', {user}, now, outcome => {
				const address = this.#context.peers.addressOf(user);
				done(outcome.ok
					? succeed({
						address: null, fingerprint: null, ...outcome.reply, ...(address !== undefined && {address, isLinked: true}),
					})
					: outcome);
			});
		},
		path: ([user = ''], now, done) => {
			this.#showPath(user, now, done);
		},
		o: ([user = ''], now, done) => {
			this.#open((then, opened) => {
				this.#sessions.ask(user, then, opened);
			}, now, done);
		},
		accept: ([who], now, done) => {
			this.#open((then, opened) => {
				this.#answer('accept', who, then, opened);
			}, now, done);
		},
		decline: ([who], now, done) => {
			this.#answer('decline', who, now, done);
		},
		add: ([user = ''], now, done) => {
			const conversation = this.#context.conversations.active!;
			if (conversation.kind === 'room') {
				this.#groups.invite(conversation, user, now, done);
			} else {
				this.#open((then, opened) => {
					this.#groups.begin(conversation, user, then, opened);
				}, now, done);
			}
		},
		contacts: (_values, _now, done) => {
			done(succeed({contacts: this.#actions.contacts()}));
		},
		contact: ([change = '', user = ''], now, done) => {
			if (change === 'add') {
				this.#addContact(user, now, done);
			} else if (this.#contacts.has(user)) {
				this.#contacts.remove(user, name => {
					done(succeed({user: name}));
				});
			} else {
				done(refuse('no-such-contact', `${user} is none of your contacts. List them with: contacts`));
			}
		},
		verify: ([user = '', isSame], now, done) => {
			if (nameKey(user) === nameKey(this.#context.own())) {
				done(refuse('self', 'A safety number is compared with somebody else; that is your own name.'));
			} else if (isSame === undefined) {
				this.#verify(user, now, done);
			} else {
				this.#trust.confirm(user, now, done);
			}
		},
		s: ([text = ''], now, done) => {
			if (new TextEncoder().encode(text).length > maximumTextBytes) {
				done(refuse('text-too-long', `A line has at most ${maximumTextBytes} bytes; send it in parts.`));
			} else {
				this.#actions.say(this.#context.conversations.active!, text.toWellFormed(), now, done);
			}
		},
		cs: (_values, now, done) => {
			const conversation = this.#context.conversations.active!;
			const {kind, name} = conversation;
			this.#leave(conversation, now);
			done(succeed({kind, name}));
		},
		or: ([room = ''], now, done) => {
			this.#open((then, opened) => {
				this.#rooms.enter(room, then, opened);
			}, now, done);
		},
		cr: ([room = ''], now, done) => {
			this.#rooms.close(room, now, done);
		},
		history: ([count], _now, done) => {
			this.#recollection.history(this.#context.conversations.shown, count, done);
		},
		search: ([words = ''], _now, done) => {
			this.#recollection.search(words, done);
		},
		export: ([path = ''], _now, done) => {
			this.#recollection.export(this.#context.conversations.shown, path.trim(), done);
		},
		pending: (_values, _now, done) => {
			done(succeed({
				from: this.#actions.pending().map(({user, room, count, since}) => ({
					user, ...(room !== undefined && {room}), count, since: new Date(since).toISOString(),
				})),
			}));
		},
		busy: ([state], _now, done) => {
			if (state !== undefined && state !== 'on' && state !== 'off') {
				done(refuse('bad-arguments', `"${state}" is neither on nor off. Usage: busy [on|off]`));
				return;
			}

			if (state !== undefined) {
				this.#actions.setBusy(state === 'on');
			}

			done(succeed({busy: this.#context.isBusy()}));
		},
		l: (_values, _now, done) => {
			done(succeed(this.#status()));
		},
		help([word], _now, done) {
			const command = word === undefined ? undefined : findCommand(word);
			if (word !== undefined && !command) {
				done(refuse('unknown-command', 'There is no such command. Type "help" for all commands.'));
				return;
			}

			done(succeed({commands: (command ? [command] : commands).map(each => describe(each))}));
		},
		x: (_values, now, done) => {
			done(succeed());
			this.#actions.leave(now);
		},
	};

	/**
	Opens conversations one after the other: answers of the server may overtake each other, and the last one typed is the
	one that is meant. What is typed meanwhile must not go to the conversation before.
	*/
	#open(act: Opening['act'], now: number, done: OnDone): void {
		if (this.#openings.length >= maximumOpenings) {
			done(refuse('too-many-openings', 'Too many conversations are being opened at once; wait for the first ones.'));
			return;
		}

		this.#context.conversations.suspend();
		this.#openings.push({act, done});
		this.openNext(now);
	}

	#answer(answer: 'accept' | 'decline', who: string | undefined, now: number, done: OnDone): void {
		const request = this.#context.requests.find(who);
		if (!request) {
			done(refuse('no-request', who === undefined ? 'Nobody is waiting for your answer.' : `Nobody by the name ${who} is waiting for your answer.`));
			return;
		}

		const answerers = {session: this.#sessions, group: this.#groups, key: this.#trust};
		answerers[request.kind].answer(answer, request, now, done);
	}

	#addContact(user: string, now: number, done: OnDone): void {
		if (nameKey(user) === nameKey(this.#context.own())) {
			done(refuse('self', 'A contact is somebody else; that is your own name.'));
			return;
		}

		if (this.#contacts.isFull) {
			done(refuse('too-many-contacts', `You have ${maximumContacts} contacts, and that is the most; take one off with: contact remove USER`));
			return;
		}

		this.#context.control.request('whois', {user}, now, outcome => {
			if (!outcome.ok) {
				done(outcome);
				return;
			}

			const {user: name} = outcome.reply;
			this.#contacts.add(name, () => {
				done(succeed({user: name}));
			});
		});
	}

	/**
	The server shows the card of the device that speaks for somebody now; without it, the key seen last is what there is to compare.
	*/
	#verify(user: string, now: number, done: OnDone): void {
		const {control, rootKey} = this.#context;
		const show = (): void => {
			const verification = this.#trust.show(user);
			done(verification ? succeed(verification) : refuse('no-key', `No key of ${user} has been seen yet: there is none before their first login.`));
		};

		if (control.user === undefined) {
			show();
			return;
		}

		control.request('whois', {user}, now, (outcome, then) => {
			if (!outcome.ok) {
				done(outcome);
				return;
			}

			const {card: text} = outcome.reply;
			const card = text === undefined ? undefined : verifyCard(text, decodeBase64(rootKey()), then);
			if (card && nameKey(card.user) === nameKey(user)) {
				this.#trust.observe(card);
			}

			show();
		});
	}

	/**
	The link speaks for itself, server or no server; where there is none the server says whether there is such a user.
	*/
	#showPath(user: string, now: number, done: OnDone): void {
		const {peers, control, own} = this.#context;
		const statistics = peers.statisticsOf(user);
		const missing = refuse('no-link', `There is no direct link to ${user} now. One stands while you share an open session or a room; open a session with: o ${user}`);
		if (statistics) {
			done(succeed(reportPath(peers.nameOf(user), statistics, now)));
		} else if (nameKey(user) === nameKey(own())) {
			done(refuse('self', 'A link needs somebody else; that is your own name.'));
		} else if (control.user === undefined) {
			done(missing);
		} else {
			control.request('whois', {user}, now, outcome => {
				done(outcome.ok ? missing : outcome);
			});
		}
	}

	#leave(conversation: Conversation, now: number): void {
		if (conversation.kind === 'session') {
			this.#sessions.leave(conversation, now);
		} else {
			this.#rooms.leave(conversation, now);
		}
	}

	#logIn(op: 'register' | 'login', [user = '', password = '']: readonly string[], now: number, done: OnDone): void {
		if (new TextEncoder().encode(password).length > maximumPasswordBytes) {
			done(refuse('bad-password', `A password has at most ${maximumPasswordBytes} bytes.`));
			return;
		}

		const {control} = this.#context;
		if (control.user !== undefined && nameKey(user) !== nameKey(control.user)) {
			done(refuse('already-logged-in', `You are logged in as ${control.user}. Disconnect first with: d`));
			return;
		}

		control.logIn(op, user, password, now, outcome => {
			done(outcome.ok ? succeed({user: outcome.reply.user}) : outcome);
		});
	}

	#listUsers(op: 'lu' | 'lcu', now: number, done: OnDone): void {
		const rows: UserRow[] = [];
		const ask = (after: string | undefined, pages: number, then: number): void => {
			this.#context.control.request(op, {after}, then, (outcome, later) => {
				if (!outcome.ok) {
					done(outcome);
					return;
				}

				const {users, more} = outcome.reply;
				rows.push(...users);
				if (more && users.length > 0 && pages > 1) {
					ask(users.at(-1)!.name, pages - 1, later);
					return;
				}

				for (const row of rows) {
					this.#context.directory.setUser(row);
				}

				done(succeed({users: rows}));
			});
		};

		ask(undefined, maximumPages, now);
	}

	#listRooms(now: number, done: OnDone): void {
		const rows: RoomRow[] = [];
		const ask = (after: string | undefined, pages: number, then: number): void => {
			this.#context.control.request('lr', {after}, then, (outcome, later) => {
				if (!outcome.ok) {
					done(outcome);
					return;
				}

				const {rooms, more} = outcome.reply;
				rows.push(...rooms);
				if (more && rooms.length > 0 && pages > 1) {
					ask(rooms.at(-1)!.name, pages - 1, later);
				} else {
					done(succeed({rooms: rows}));
				}
			});
		};

		ask(undefined, maximumPages, now);
	}

	#status(): Readonly<Record<string, unknown>> {
		const {control, conversations} = this.#context;
		const {active} = conversations;
		const show = (conversation: Conversation) => ({
			kind: conversation.kind, name: conversation.name, state: conversation.state, ...(conversation.kind === 'room' && {members: conversation.members.size + 1}), ...(conversation.isPrivate && {private: true}),
		});
		return {
			connected: control.isReady,
			server: control.server ?? null,
			user: control.user ?? null,
			busy: this.#context.isBusy(),
			conversation: active ? show(active) : null,
			conversations: [...conversations].map(conversation => ({...show(conversation), unread: conversation.unread})),
		};
	}
}
