// Passing on: a neighbour in a room who could not hear somebody asks for what we have, and gets what is meant for them.
// Knows who may ask for what and how often, and who waits for a hint; refuses to know what the asker does with it (catch-up.ts).
import {Buffer} from 'node:buffer';
import {mailLifetimeMs} from '../../protocol/limits.js';
import {afterFor} from '../../protocol/line-proof.js';
import type {Archive} from '../archive.js';
import type {Conversations} from '../conversations/conversations.js';
import type {Recalled} from '../effects.js';
import {
	answerBurst,
	answersPerSecond,
	maximumAskers,
	maximumPassedLines,
	passedBytes,
} from '../limits.js';
import type {Peers} from '../peers/peers.js';
import type {Person} from '../conversations/recollection.js';
import type {PassedLine, PeerRecord, SharedName} from '../peers/records.js';
import type {Trust} from '../people/trust.js';
import type {ConversationKey} from '../view.js';
import type {Delivery, ReceivedLine} from './delivery.js';

type Parts = {
	readonly conversations: Conversations;
	readonly delivery: Pick<Delivery, 'visits'>;
	readonly peers: Pick<Peers, 'send'>;
	readonly archive: Archive;
	readonly trust: Pick<Trust, 'isStopped'>;
	/**
	Whose history it is; `undefined` where none is kept.
	*/
	readonly person: () => Person | undefined;
};

/**
What somebody may still ask for, and what they wait for.
*/
type Asker = {tokens: number; at: number; isBeingAnswered: boolean; readonly hints: Map<SharedName, {readonly visit: number; readonly missing: ReadonlySet<string>}>};

export class Passing {
	readonly #parts: Parts;
	readonly #askers = new Map<string, Asker>();

	constructor(parts: Parts) {
		this.#parts = parts;
	}

	/**
	A member asks. Who asks too often, or while an answer is on its way, is not answered.
	*/
	handleHave(peer: string, {shared, visit, made, marks, missing}: PeerRecord & {kind: 'have'}, now: number): void {
		const {conversations, delivery, archive, trust} = this.#parts;
		const conversation = conversations.get(shared as ConversationKey);
		const visits = delivery.visits(peer, shared);
		if (visits?.ours !== visit || conversation?.kind !== 'room' || conversation.made !== made || trust.isStopped(peer)) {
			return;
		}

		const asker = this.#askerOf(peer, now);
		if (asker.tokens < 1 || asker.isBeingAnswered) {
			return;
		}

		asker.tokens--;
		const {theirs} = visits;
		asker.hints.set(shared, {visit: theirs, missing: new Set(missing)});
		const person = this.#parts.person();
		if (!person) {
			this.#answer(peer, shared, theirs, []);
			return;
		}

		asker.isBeingAnswered = true;
		archive.recall({
			kind: 'passable', ...person, place: conversation.key, made, reader: peer, marks: new Map(marks), since: Math.floor(now - mailLifetimeMs), limit: maximumPassedLines,
		}, result => {
			asker.isBeingAnswered = false;
			this.#answer(peer, shared, theirs, result.ok ? result.lines : []);
		});
	}

	/**
	A line has come and is kept: who waits for one of its author is told, once.
	*/
	handleLine({peer: author, lane, proof}: ReceivedLine): void {
		if (!proof) {
			return;
		}

		for (const [peer, {hints}] of this.#askers) {
			const hint = hints.get(lane);
			if (!hint?.missing.has(author) || afterFor(proof.audience, peer) === undefined) {
				continue;
			}

			hints.delete(lane);
			this.#parts.peers.send(peer, {kind: 'more', shared: lane, visit: hint.visit});
		}
	}

	handleLinkDown(peer: string): void {
		this.#askers.get(peer)?.hints.clear();
	}

	#askerOf(peer: string, now: number): Asker {
		const asker = this.#askers.get(peer) ?? {
			tokens: answerBurst, at: now, isBeingAnswered: false, hints: new Map(),
		};
		this.#askers.set(peer, asker);
		if (this.#askers.size > maximumAskers) {
			this.#askers.delete(this.#askers.keys().next().value!);
		}

		asker.tokens = Math.min(answerBurst, asker.tokens + (((now - asker.at) / 1000) * answersPerSecond));
		asker.at = now;
		return asker;
	}

	#answer(peer: string, shared: SharedName, visit: number, found: readonly Recalled[]): void {
		if (this.#parts.delivery.visits(peer, shared)?.theirs !== visit) {
			return;
		}

		const lines: PassedLine[] = [];
		let bytes = 0;
		for (const {sequence, text, at, clock, proof} of found) {
			const line = {
				sequence, text, at, clock, audience: proof!.audience, signature: proof!.signature,
			};
			bytes += Buffer.byteLength(JSON.stringify(line));
			if (lines.length > 0 && bytes > passedBytes) {
				break;
			}

			lines.push(line);
		}

		// A card that was issued later lasts longer, and speaks for the same device.
		this.#parts.peers.send(peer, {
			kind: 'pass', shared, visit, card: found[lines.length - 1]?.proof?.card ?? '', lines,
		});
	}
}
