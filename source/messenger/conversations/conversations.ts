// The open conversations, in the order in which they were opened, and which of them is active.
// Knows them as a collection; refuses to know what opens or ends one.
import {maximumClosedLogs, maximumRows} from '../limits.js';
import type {ConversationKey, ConversationView} from '../view.js';
import {MessageLog} from './message-log.js';
import {Conversation, conversationKey} from './conversation.js';

export class Conversations {
	readonly #open = new Map<ConversationKey, Conversation>();
	/**
	Rows of conversations that were closed, oldest first.
	*/
	readonly #closedLogs = new Map<ConversationKey, MessageLog>();
	/**
	The first row that nobody has looked at, of conversations that are not open.
	*/
	readonly #closedUnread = new Map<ConversationKey, string>();
	#active: Conversation | undefined;
	/**
	Ended by somebody else while the user looked at it, and nothing opened since.
	*/
	#ended: Conversation | undefined;
	/**
	While another conversation is being opened, what is typed must not go to the old one.
	*/
	#suspensions = 0;
	#view: readonly ConversationView[] = [];
	readonly #onOpened: (conversation: Conversation) => void;

	/**
	@param onOpened Called with each conversation that opens.
	*/
	constructor(onOpened: (conversation: Conversation) => void) {
		this.#onOpened = onOpened;
	}

	/**
	Where `s` goes.
	*/
	get active(): Conversation | undefined {
		return this.#suspensions > 0 ? undefined : this.#active;
	}

	/**
	What the user looks at.
	*/
	get front(): Conversation | undefined {
		return this.#active;
	}

	/**
	Whether the user looks at this conversation.
	*/
	isFront(conversation: Conversation): boolean {
		return this.#active === conversation;
	}

	find(kind: 'session' | 'room', name: string): Conversation | undefined {
		return this.#open.get(conversationKey(kind, name));
	}

	get(key: ConversationKey): Conversation | undefined {
		return this.#open.get(key);
	}

	/**
	Opens a conversation that is not open; its earlier rows come back.
	*/
	open(kind: 'session' | 'room', name: string, state: ConversationView['state']): Conversation {
		const key = conversationKey(kind, name);
		const log = this.logOf(key);
		this.#closedLogs.delete(key);
		const conversation = new Conversation(kind, name, {state, log});
		conversation.unreadFrom = this.#closedUnread.get(key);
		this.#closedUnread.delete(key);
		this.#open.set(key, conversation);
		this.#onOpened(conversation);
		return conversation;
	}

	activate(conversation: Conversation): void {
		if (this.#active && this.#active !== conversation) {
			this.#active.unreadFrom = undefined;
		}

		this.#active = conversation;
		this.#ended = undefined;
		conversation.unread = 0;
	}

	/**
	Somebody else uses the program now: what was said is none of their business.
	*/
	forget(): void {
		this.#closedLogs.clear();
		this.#closedUnread.clear();
		this.#ended = undefined;
	}

	/**
	A row has come to a conversation, open or not, that is not looked at.
	*/
	noteUnread(key: ConversationKey, id: string): void {
		const conversation = this.#open.get(key);
		if (conversation) {
			conversation.unread++;
			conversation.unreadFrom ??= id;
		} else if (!this.#closedUnread.has(key)) {
			this.#closedUnread.set(key, id);
		}
	}

	/**
	The conversation that is looked at: the active one, or the one that somebody else ended.
	*/
	get shown(): Conversation | undefined {
		return this.active ?? this.#ended;
	}

	/**
	It is over. Where that was not our wish (`isOurWish`), it stays in sight so that its last words can be read.
	*/
	remove(conversation: Conversation, {isOurWish}: {isOurWish: boolean}): void {
		this.#open.delete(conversation.key);
		this.#keepLog(conversation.key, conversation.log);

		if (this.#active !== conversation) {
			return;
		}

		this.#active = this.#open.values().toArray().at(-1);
		if (this.#active) {
			this.#active.unread = 0;
		} else if (!isOurWish) {
			conversation.state = 'closed';
			this.#ended = conversation;
		}
	}

	/**
	Nothing is active until `resume` was called as often.
	*/
	suspend(): void {
		this.#suspensions++;
	}

	resume(): void {
		this.#suspensions--;
	}

	/**
	The rows of a conversation, open or not.
	*/
	logOf(key: ConversationKey): MessageLog {
		const known = this.#open.get(key)?.log ?? this.#closedLogs.get(key);
		if (known) {
			return known;
		}

		const log = new MessageLog(maximumRows);
		this.#keepLog(key, log);
		return log;
	}

	/**
	What `ended` shows; the same object until something changed.
	*/
	endedView(own: string): ConversationView | undefined {
		return this.#ended?.view(own, () => false);
	}

	/**
	The same array until something changed.
	*/
	view(own: string, isLinked: (name: string) => boolean): readonly ConversationView[] {
		const views = this.#open.values().map(conversation => conversation.view(own, isLinked)).toArray();
		if (views.length !== this.#view.length || views.some((view, index) => view !== this.#view[index])) {
			this.#view = views;
		}

		return this.#view;
	}

	#keepLog(key: ConversationKey, log: MessageLog): void {
		this.#closedLogs.set(key, log);
		if (this.#closedLogs.size <= maximumClosedLogs) {
			return;
		}

		const oldest = this.#closedLogs.keys().next().value!;
		this.#closedLogs.delete(oldest);
		this.#closedUnread.delete(oldest);
	}

	[Symbol.iterator](): IterableIterator<Conversation> {
		return this.#open.values().toArray()[Symbol.iterator]() as IterableIterator<Conversation>;
	}
}
