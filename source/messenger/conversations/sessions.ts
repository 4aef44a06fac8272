// Sessions: two people, from the request to the end, as one of them sees it.
// Knows asking, answering, waiting, losing and restoring; refuses to know how lines travel (delivery.ts).
//
//            ┌─ declined, timeout ─► (gone)
//   asking ──┼─ unavailable ─► waiting ── they appear: asked again by itself ─┐
//      │     └─ open ◄────────────────────────────────────────────────────────┘
//      │          │  ▲ link and `here` again
//      ▼ close    ▼  │ link lost
//   (gone) ◄──── open ─► lost
import {nameKey} from '../../protocol/names.js';
import type {Notice} from '../../protocol/messages.js';
import {
	refuse,
	succeed,
	type Context,
	type OnDone,
} from '../context.js';
import {
	askAgainMs,
	busyNoticeMs,
	maximumRequests,
	nextBackoff,
} from '../limits.js';
import type {SharedName} from '../peers/records.js';
import type {SessionState} from '../events.js';
import type {RequestView} from '../view.js';
import type {Conversation} from './conversation.js';

/**
Sessions left while the server was away that it still has to be told of; more are left to its own timeout.
*/
const maximumFarewells = 64;

/**
Stands for the id of a session until the server has given one.
*/
const beingAsked = 'being-asked';

export class Sessions {
	readonly #context: Context;
	/**
	Requests to us that we have accepted and that are not open yet, with who waits for that.
	*/
	readonly #accepted = new Map<string, (isOpen: boolean) => void>();
	#asking = 0;
	readonly #farewells = new Set<string>();
	/**
	Sessions that we have left lately: the server may still name one in an answer that was under way meanwhile.
	*/
	readonly #left = new Set<string>();
	/**
	When the user was last told of somebody who found us busy, by name key.
	*/
	readonly #toldBusy = new Map<string, number>();

	constructor(context: Context) {
		this.#context = context;
	}

	/**
	Whether an answer of the server may yet open a session.
	*/
	get isExpecting(): boolean {
		return this.#asking > 0 || this.#accepted.size > 0 || [...this.#context.conversations].some(({kind, state, session}) => kind === 'session' && session !== undefined && (state === 'asking' || state === 'waiting'));
	}

	expects(shared: SharedName): boolean {
		return this.isExpecting || [...this.#context.conversations].some(conversation => conversation.shared === shared);
	}

	/**
	`o USER`.
	*/
	ask(name: string, now: number, done: OnDone): void {
		const {conversations, control, directory} = this.#context;
		if (nameKey(name) === nameKey(this.#context.own())) {
			done(refuse('self', 'A session needs somebody else; that is your own name.'));
			return;
		}

		const standing = conversations.find('session', name);
		if (standing && (standing.state === 'open' || standing.state === 'asking')) {
			this.#context.makeWay(standing, now);
			conversations.activate(standing);
			done(succeed({user: standing.name, state: standing.state}));
			return;
		}

		this.#asking++;
		control.request('open', {user: name}, now, (outcome, then) => {
			this.#asking--;
			if (!outcome.ok) {
				done(outcome);
				return;
			}

			const {session, expiresInMs} = outcome.reply;
			if (this.#left.has(session)) {
				this.ask(name, then, done);
				return;
			}

			const known = conversations.find('session', name);
			this.#context.makeWay(known, then);
			const conversation = known ?? conversations.open('session', directory.spell(name), 'asking');
			conversations.activate(conversation);
			this.#setSession(conversation, session, then);
			conversation.state = 'asking';
			conversation.askAt = undefined;
			if (expiresInMs > 0) {
				this.#announce(conversation, 'asking');
				this.#context.tell(conversation, 'info', `${conversation.name} is asked for a session.`, then);
			}

			done(succeed({user: conversation.name, session}));
		});
	}

	/**
	`accept`, `decline` for a request.
	*/
	answer(answer: 'accept' | 'decline', {id, from}: RequestView, now: number, done: OnDone): void {
		this.#context.requests.remove(id);
		if (answer === 'accept') {
			this.#accept(id, from, now, done);
			return;
		}

		this.#context.control.request('answer', {session: id, answer}, now, outcome => {
			done(outcome.ok ? succeed({user: from}) : outcome);
		});
	}

	handleRequest({session, from, expiresInMs}: Notice<'request'>, now: number): void {
		const {requests, welcomes, isBusy, conversations, mode, control, emit} = this.#context;
		const ours = conversations.find('session', from);
		const isTalking = [...conversations].some(conversation => conversation !== ours && conversation.state === 'open');
		if (ours) {
			// They ask the one who asks them, or their end of our session has vanished: that is an answer.
			this.#accept(session, from, now);
		} else if (isBusy() || (mode === 'one' && isTalking) || requests.isFull) {
			control.request('answer', {session, answer: 'busy'}, now);
			this.#tellBusy(from, now);
		} else if (welcomes(from)) {
			this.#accept(session, from, now);
		} else {
			const expiresAt = now + expiresInMs;
			requests.add({
				id: session, kind: 'session', from, expiresAt,
			});
			emit({
				type: 'request', kind: 'session', from, id: session, expiresAt: new Date(expiresAt).toISOString(),
			});
		}
	}

	handleWithdrawn({session, reason}: Notice<'withdrawn'>): void {
		this.#settleAccepted(session, false);
		this.#endRequest(session, reason);
	}

	handleNotice(notice: Notice<'session'>, now: number): void {
		const conversation = this.#context.conversations.find('session', notice.with);
		if (notice.state === 'open') {
			this.#handleOpen(notice, conversation, now);
		} else if (conversation?.session !== notice.session) {
			return;
		}

		switch (notice.state) {
			case 'declined': {
				this.#end(conversation!, 'declined', notice.reason, now);
				break;
			}

			case 'unavailable': {
				this.#wait(conversation!, notice.reason, now);
				break;
			}

			case 'closed': {
				this.#end(conversation!, 'closed', notice.reason, now);
				break;
			}

			case 'gone': {
				// Only a hint: the server has lost them, the link may stand.
				if (!this.#context.peers.probe(conversation!.name, now)) {
					this.#lose(conversation!, now);
				} else if (this.#context.directory.isOnline(conversation!.name)) {
					// They may come back without being missed by anybody, and what we told the server is forgotten by then.
					this.#restore(conversation!, now);
				}

				break;
			}

			default:
		}
	}

	/**
	`cs`, or making way for another conversation: ends it on both sides.
	*/
	leave(conversation: Conversation, now: number): void {
		const {session} = conversation;
		if (session !== undefined && session !== beingAsked) {
			this.#sayFarewell(session, now);
		}

		this.#part(conversation, {isSaid: true}, now);
		this.#announceEnd(conversation, 'closed', undefined, now);
		this.#context.conversations.remove(conversation, {isOurWish: true});
	}

	/**
	The session has become a group, at both ends: it is over here without a word to the other one, and its share is left to the caller.
	*/
	dissolve(conversation: Conversation, room: string, now: number): void {
		const {session, name} = conversation;
		if (session !== undefined && session !== beingAsked) {
			this.#remember(session);
		}

		this.#context.emit({
			type: 'session', with: name, state: 'closed', reason: `it is the group ${room} now`, room,
		});
		this.#context.tell(conversation, 'info', `The session has become the group ${room}.`, now);
		this.#context.conversations.remove(conversation, {isOurWish: true});
	}

	/**
	We are logged in (again): what stands between the peers is told to the server, what waits is asked for.
	*/
	handleLoggedIn(now: number): void {
		const {conversations, control} = this.#context;
		for (const session of this.#farewells) {
			control.request('close', {session}, now);
		}

		this.#farewells.clear();
		for (const conversation of conversations) {
			if (conversation.kind === 'session') {
				if (conversation.state === 'open' || conversation.state === 'lost') {
					this.#restore(conversation, now);
				} else {
					this.#wait(conversation, undefined, now);
					this.#askAgain(conversation, now);
				}
			}
		}
	}

	handleLoggedOut(now: number): void {
		for (const session of this.#accepted.keys()) {
			this.#settleAccepted(session, false);
		}

		for (const request of this.#context.requests.view) {
			if (request.kind !== 'key') {
				this.#context.endRequest(request, 'the connection to the server was lost');
			}
		}

		for (const conversation of this.#context.conversations) {
			if (conversation.kind === 'session' && conversation.state === 'asking') {
				this.#wait(conversation, 'no connection to the server', now);
			} else if (conversation.state === 'waiting') {
				conversation.session = undefined;
			}
		}
	}

	handlePresence(name: string, online: boolean, now: number): void {
		const conversation = this.#context.conversations.find('session', name);
		if (!conversation) {
			return;
		}

		if (!online) {
			this.#context.peers.probe(name, now);
		} else if (conversation.state === 'waiting') {
			this.#askAgain(conversation, now);
		} else if (conversation.state !== 'asking') {
			this.#restore(conversation, now);
		}
	}

	handleLinkDown(peer: string, {isStranger}: {isStranger: boolean}, now: number): void {
		const conversation = this.#context.conversations.find('session', peer);
		if (!conversation || (conversation.state !== 'open' && conversation.state !== 'lost')) {
			return;
		}

		if (isStranger) {
			this.#sayFarewell(conversation.session!, now);
			this.#end(conversation, 'closed', 'their end is gone', now);
		} else {
			this.#lose(conversation, now);
		}
	}

	/**
	The partner says on the link that the session stands.
	*/
	handleHere(conversation: Conversation, now: number): void {
		if (conversation.state !== 'lost') {
			return;
		}

		conversation.state = 'open';
		this.#announce(conversation, 'open', 'found again');
		this.#context.tell(conversation, 'join', `${conversation.name} is back.`, now);
	}

	/**
	The partner has left, said on the link.
	*/
	handleBye(conversation: Conversation, now: number): void {
		this.#sayFarewell(conversation.session!, now, {heard: true});
		this.#end(conversation, 'closed', 'left', now);
	}

	pollTimeout(): number | undefined {
		const times = [...this.#context.conversations].map(({askAt}) => askAt).filter(time => time !== undefined);
		return times.length === 0 ? undefined : Math.min(...times);
	}

	handleTimeout(now: number): void {
		for (const conversation of this.#context.conversations) {
			if (conversation.askAt === undefined || !(conversation.askAt <= now)) {
				continue;
			}

			conversation.askAt = undefined;
			this.#askAgain(conversation, now);
		}
	}

	/**
	Who waits for us asks again and again; the user hears of it now and then.
	*/
	#tellBusy(from: string, now: number): void {
		const toldAt = this.#toldBusy.get(nameKey(from));
		if (toldAt !== undefined && now < toldAt + busyNoticeMs) {
			return;
		}

		this.#toldBusy.set(nameKey(from), now);
		if (this.#toldBusy.size > maximumRequests) {
			this.#toldBusy.delete(this.#toldBusy.keys().next().value!);
		}

		this.#context.emit({type: 'notice', level: 'info', text: `${from} asked for a session and was told that you are busy.`});
	}

	#accept(session: string, from: string, now: number, done: OnDone = () => {}): void {
		const {control} = this.#context;
		this.#accepted.set(session, isOpen => {
			done(isOpen ? succeed({user: from}) : refuse('no-such-request', `The request of ${from} no longer stands.`));
		});
		control.request('answer', {session, answer: 'accept'}, now, outcome => {
			if (!outcome.ok && this.#accepted.delete(session)) {
				done(outcome);
			}
		});
	}

	#endRequest(id: string, reason: string): void {
		const request = this.#context.requests.find(id);
		if (request?.id === id) {
			this.#context.endRequest(request, reason);
		}
	}

	#settleAccepted(session: string, isOpen: boolean): void {
		const settle = this.#accepted.get(session);
		this.#accepted.delete(session);
		settle?.(isOpen);
	}

	#handleOpen({session, with: name, peer}: Notice<'session'>, known: Conversation | undefined, now: number): void {
		const {conversations, control, peers} = this.#context;
		const wasAccepted = this.#accepted.has(session);
		if (this.#left.has(session) || (!known && !wasAccepted)) {
			// Left while the answer was under way.
			control.request('close', {session}, now);
			this.#settleAccepted(session, false);
			return;
		}

		const wasOpen = known?.state === 'open' && known.session === session;
		if (!known || wasAccepted) {
			this.#context.makeWay(known, now);
		}

		const conversation = known ?? conversations.open('session', name, 'open');
		if (!known || wasAccepted) {
			conversations.activate(conversation);
		}

		this.#setSession(conversation, session, now);
		conversation.state = 'open';
		conversation.askAt = undefined;
		conversation.askPauseMs = undefined;
		if (peer && !peers.introduce(peer, this.#context.rootKey(), now)) {
			this.#context.emit({type: 'notice', level: 'error', text: `The card that the server shows for ${name} is not signed by its root key; no link is made.`});
		}

		this.#context.delivery.join(nameKey(conversation.name), conversation.shared!, conversation, now);
		if (!wasOpen) {
			this.#announce(conversation, 'open');
			this.#context.tell(conversation, 'join', `The session with ${conversation.name} is open.`, now);
		}

		// Who asks the one who asks them has answered without the dialog.
		this.#endRequest(session, 'accepted');
		this.#settleAccepted(session, true);
	}

	/**
	Lines wait from now on; we ask again when there is hope.
	*/
	#wait(conversation: Conversation, reason: string | undefined, now: number): void {
		const wasWaiting = conversation.state === 'waiting';
		conversation.state = 'waiting';
		conversation.session = undefined;
		if (reason === 'busy') {
			conversation.askPauseMs = nextBackoff(conversation.askPauseMs, askAgainMs);
			conversation.askAt = now + conversation.askPauseMs;
		}

		if (wasWaiting) {
			return;
		}

		this.#announce(conversation, 'unavailable', reason);
		this.#context.tell(conversation, 'info', `${conversation.name} is away${reason === undefined ? '' : ` (${reason})`}; what you write is kept and sent as soon as possible.`, now);
	}

	/**
	Asks for a waiting session without a word to the user until something comes of it.
	*/
	#askAgain(conversation: Conversation, now: number): void {
		const {control, conversations} = this.#context;
		if (control.user === undefined || conversation.session !== undefined || !this.#context.directory.isOnline(conversation.name)) {
			return;
		}

		conversation.session = beingAsked;
		control.request('open', {user: conversation.name}, now, (outcome, then) => {
			if (conversation.state !== 'waiting' || conversation.session !== beingAsked || conversations.get(conversation.key) !== conversation) {
				if (outcome.ok && conversation.session !== outcome.reply.session) {
					control.request('close', {session: outcome.reply.session}, then);
				}

				return;
			}

			conversation.session = outcome.ok && !this.#left.has(outcome.reply.session) ? outcome.reply.session : undefined;
		});
	}

	#restore(conversation: Conversation, now: number): void {
		if (this.#context.control.user !== undefined && conversation.session !== undefined) {
			// Whether the other end has said so too does not matter to us: the link decides.
			this.#context.control.request('restore', {session: conversation.session, with: conversation.name}, now);
		}
	}

	#lose(conversation: Conversation, now: number): void {
		if (conversation.state !== 'open') {
			return;
		}

		conversation.state = 'lost';
		this.#announce(conversation, 'lost', 'their end does not answer');
		this.#context.tell(conversation, 'warn', `${conversation.name} does not answer any more.`, now);
	}

	#end(conversation: Conversation, state: SessionState, reason: string | undefined, now: number): void {
		this.#part(conversation, {isSaid: false}, now);
		this.#announceEnd(conversation, state, reason, now);
		this.#context.conversations.remove(conversation, {isOurWish: false});
	}

	#announceEnd(conversation: Conversation, state: SessionState, reason: string | undefined, now: number): void {
		this.#announce(conversation, state, reason);
		this.#context.tell(conversation, 'leave', state === 'declined' ? `${conversation.name} did not accept${reason === 'timeout' ? ' in time' : ''}.` : `The session with ${conversation.name} is closed.`, now);
	}

	/**
	A session goes on under another id of the server's.
	*/
	#setSession(conversation: Conversation, session: string, now: number): void {
		if (conversation.session === session) {
			return;
		}

		this.#part(conversation, {isSaid: false}, now);
		conversation.session = session;
	}

	#part(conversation: Conversation, how: {isSaid: boolean}, now: number): void {
		if (conversation.shared !== undefined) {
			this.#context.delivery.part(nameKey(conversation.name), conversation.shared, how, now);
		}
	}

	#remember(session: string): void {
		this.#left.add(session);
		if (this.#left.size > maximumFarewells) {
			this.#left.delete(this.#left.keys().next().value!);
		}
	}

	#sayFarewell(session: string, now: number, how: {readonly heard?: true} = {}): void {
		const {control} = this.#context;
		this.#remember(session);
		if (control.user !== undefined) {
			control.request('close', {session, ...how}, now);
		} else if (this.#farewells.size < maximumFarewells) {
			this.#farewells.add(session);
		}
	}

	#announce(conversation: Conversation, state: SessionState, reason?: string): void {
		this.#context.emit({
			type: 'session', with: conversation.name, state, ...(reason !== undefined && {reason}),
		});
	}
}
