// Recollection: what was said before, brought back from the history when a conversation opens, when somebody scrolls up, or asks.
// Knows which part of each conversation is in memory; refuses to know tables (the archive asks the disk) and panes.
import type {Archive} from '../archive.js';
import {
	refuse,
	succeed,
	type OnDone,
} from '../context.js';
import type {HistoryLine, Recalled, RecallResult} from '../effects.js';
import type {MessengerEvent, Place, SaidLine} from '../events.js';
import {
	defaultHistoryLines,
	maximumHistoryLines,
	maximumSearchHits,
	pageLines,
	reopenedLines,
	searchContextLines,
} from '../limits.js';
import type {ConversationKey} from '../view.js';
import type {Conversation} from './conversation.js';

/**
Whose history it is.
*/
export type Person = {readonly realm: string; readonly owner: string};

export class Recollection {
	readonly #archive: Archive;
	readonly #person: () => Person | undefined;
	readonly #spell: (key: ConversationKey) => string;
	readonly #emit: (event: MessengerEvent) => void;

	/**
	@param parts `spell` gives the name of a conversation as it is shown.
	@param parts.archive
	@param parts.person
	@param parts.spell
	@param parts.emit
	*/
	constructor({archive, person, spell, emit}: {archive: Archive; person: () => Person | undefined; spell: (key: ConversationKey) => string; emit: (event: MessengerEvent) => void}) {
		this.#archive = archive;
		this.#person = person;
		this.#spell = spell;
		this.#emit = emit;
	}

	/**
	A conversation has been opened: its last lines come back, and the faces are told of those that they have not shown in this run.

	@param conversation
	@param unreadSince When the first line came that nobody has looked at, in this run or before, ms since the epoch.
	*/
	handleOpened(conversation: Conversation, unreadSince: number | undefined): void {
		const person = this.#person();
		const {log} = conversation;
		if (!person || log.earlier !== 'unknown') {
			return;
		}

		log.awaitEarlier();
		this.#archive.recall({
			kind: 'page', ...person, place: conversation.key, before: undefined, limit: pageLines,
		}, result => {
			const lines = this.#linesOf(result);
			const news = log.addEarlier(lines, {isEnd: lines.length < pageLines});
			conversation.unreadFrom ??= unreadSince === undefined ? undefined : news.find(({from, at}) => from !== person.owner && at >= unreadSince)?.id;
			if (news.length > 0) {
				this.#emit({type: 'history', ...this.#placeOf(conversation.key), messages: news.slice(-reopenedLines).map(line => this.#describe(line))});
			}
		});
	}

	/**
	The reader has come near the oldest line in memory.
	*/
	handleScrolledUp(conversation: Conversation): void {
		const person = this.#person();
		const {log} = conversation;
		if (!person || log.earlier !== 'some') {
			return;
		}

		log.awaitEarlier();
		this.#archive.recall({
			kind: 'page', ...person, place: conversation.key, before: log.oldestLine, limit: pageLines,
		}, result => {
			const lines = this.#linesOf(result);
			log.addEarlier(lines, {isEnd: lines.length < pageLines});
		});
	}

	/**
	`history [N]`.
	*/
	history(conversation: Conversation | undefined, count: string | undefined, done: OnDone): void {
		const limit = readCount(count);
		if (limit === undefined) {
			done(refuse('bad-count', `"${count!}" is no number of lines; 1 to ${maximumHistoryLines} was expected.`));
			return;
		}

		this.#ask(conversation, done, (person, {key}) => {
			this.#archive.recall({
				kind: 'page', ...person, place: key, before: undefined, limit,
			}, result => {
				done(result.ok ? succeed({...this.#placeOf(key), messages: result.lines.map(line => this.#describe(line))}) : result);
			});
		});
	}

	/**
	`search WORDS`: in all conversations, newest first.
	*/
	search(words: string, done: OnDone): void {
		const person = this.#person();
		if (!person) {
			done(nobody());
			return;
		}

		this.#archive.recall({
			kind: 'search', ...person, words, limit: maximumSearchHits, context: searchContextLines,
		}, result => {
			done(result.ok ? succeed({words, messages: result.lines.map(line => this.#describeHit(line))}) : result);
		});
	}

	/**
	`export FILE`: a name that ends in `.json` makes JSON, any other text.
	*/
	export(conversation: Conversation | undefined, path: string, done: OnDone): void {
		this.#ask(conversation, done, (person, {key}) => {
			this.#archive.export({
				path, format: path.toLowerCase().endsWith('.json') ? 'json' : 'text', ...person, place: key,
			}, result => {
				done(result.ok ? succeed({path, lines: result.lines}) : result);
			});
		});
	}

	/**
	Lines that nobody asked for by a command: where they can't be read, that is said, and the conversation goes on without them.
	*/
	#linesOf(result: RecallResult): readonly Recalled[] {
		if (result.ok) {
			return result.lines;
		}

		this.#emit({type: 'notice', level: 'error', text: result.error.message});
		return [];
	}

	#ask(conversation: Conversation | undefined, done: OnDone, ask: (person: Person, conversation: Conversation) => void): void {
		const person = this.#person();
		if (!person) {
			done(nobody());
		} else if (conversation) {
			ask(person, conversation);
		} else {
			done(refuse('no-conversation', 'No conversation is open. Open one with: o USER, or enter a room with: or ROOM'));
		}
	}

	#placeOf(key: ConversationKey): Place {
		return key.startsWith('room:') ? {room: this.#spell(key)} : {session: this.#spell(key)};
	}

	#describe({id, from, text, at, place, state}: HistoryLine): SaidLine {
		return {
			type: 'message', id, from, ...this.#placeOf(place), text, at: new Date(at).toISOString(), pending: false, ...(state !== undefined && {state}),
		};
	}

	#describeHit({before = [], after = [], ...line}: Recalled): SaidLine & {readonly before: readonly SaidLine[]; readonly after: readonly SaidLine[]} {
		return {...this.#describe(line), before: before.map(each => this.#describe(each)), after: after.map(each => this.#describe(each))};
	}
}

function nobody(): ReturnType<typeof refuse> {
	return refuse('not-logged-in', 'Nobody is logged in here, so nobody\'s history is meant. Log in with: login USER PASSWORD');
}

function readCount(text: string | undefined): number | undefined {
	if (text === undefined) {
		return defaultHistoryLines;
	}

	return /^\d{1,6}$/v.test(text) && Number(text) >= 1 && Number(text) <= maximumHistoryLines ? Number(text) : undefined;
}
