// The ledger: what was said, stored, shown and received in the whole world, and whether that is as promised.
// Knows the promises that must hold at every step; agreement.ts knows those that hold once all is quiet.
import type {OutboxEntry, StoreWrite} from '../../source/messenger/effects.js';
import type {CommandReply, DeliveryState, MessengerEvent} from '../../source/messenger/events.js';
import {afterFor} from '../../source/protocol/line-proof.js';
import {nameKey} from '../../source/protocol/names.js';
import {covers, lastOf, runLength} from '../../source/protocol/sequences.js';
import type {ClientNode} from './client-node.js';

/**
A promise was broken.
*/
export class Violation extends Error {
	override readonly name = 'Violation';
}

type Line = {
	readonly author: string;
	readonly text: string;
	readonly place: string;
	readonly at: number;
	readonly audience: string;
	readonly made: number | undefined;
	readonly recipients: Set<string>;
};
type Batch = {readonly writes: readonly StoreWrite[]; isDurable: boolean};

/**
A command is answered within this time, if only by an error.
*/
const longestAnswerMs = 45_000;

/**
Nobody uses old prekeys any more so long after new ones came to the server.
*/
const newKeysMs = 90_000;

const progress: readonly DeliveryState[] = ['queued', 'sent', 'stored', 'delivered', 'read', 'failed'];

export class Ledger {
	readonly lines = new Map<string, Line>();
	readonly #unanswered = new Map<string, {line: string; at: number}>();
	readonly #acknowledged = new Set<string>();
	/**
	`ID NAME`: shown to, given up for, or excused because a crash fell between mark and print.
	*/
	readonly #shown = new Set<string>();
	/**
	Those of them that can be passed on.
	*/
	readonly #heard = new Set<string>();
	readonly #failed = new Set<string>();
	readonly #excused = new Set<string>();
	/**
	Shown before the profile of who was shown it went back to a state that does not know of it: may be shown once more.
	*/
	readonly #shownBefore = new Set<string>();
	/**
	Told to be at the server.
	*/
	readonly #stored = new Set<string>();
	/**
	Those of them that only the server has, because their author has gone back to an older state.
	*/
	readonly #left = new Set<string>();
	/**
	What a damaged profile has taken: said after its backup, and neither received nor at the server; or sealed for keys of the damaged one.
	*/
	readonly #taken = new Set<string>();
	/**
	Who has gone back to an older state, and until when (ms since the epoch) mail to them may be sealed for keys of the lost one.
	*/
	readonly #keyless = new Map<string, number>();
	readonly #lastShown = new Map<string, number>();
	readonly #progress = new Map<string, DeliveryState>();
	readonly #batches = new Map<ClientNode, Map<number, Batch>>();

	get shownCount(): number {
		return this.#shown.size;
	}

	get acknowledgedCount(): number {
		return this.#acknowledged.size;
	}

	get excusedCount(): number {
		return this.#excused.size;
	}

	get takenCount(): number {
		return this.#taken.size;
	}

	get failedCount(): number {
		return this.#failed.size;
	}

	handleWrites(node: ClientNode, batch: number, writes: readonly StoreWrite[]): void {
		const batches = this.#batches.get(node) ?? new Map<number, Batch>();
		this.#batches.set(node, batches);
		batches.set(batch, {writes, isDurable: false});
		for (const write of writes) {
			if (write.kind === 'outbox-add') {
				this.#handleSaid(node, write.entry);
			}
		}
	}

	/**
	The server has a new signed prekey of somebody, and has dropped what stood beside the old one.
	*/
	handlePublished(name: string, now: number): void {
		if (this.#keyless.get(name) === Infinity) {
			this.#keyless.set(name, now + newKeysMs);
		}
	}

	handleDurable(node: ClientNode, number: number): void {
		const batch = this.#batches.get(node)!.get(number)!;
		batch.isDurable = true;
		for (const write of batch.writes) {
			if (write.kind === 'outbox-remove' || (write.kind === 'outbox-state' && write.state.step === 'delivered')) {
				check(this.#isDone(write.id, write.to), `${node.name} holds ${write.id} for received, which ${write.to} was not shown`);
			}
		}
	}

	handleAcknowledged(node: ClientNode, number: number): void {
		this.#batches.get(node)!.delete(number);
	}

	/**
	Lines whose mark is durable and which were not printed yet are the one thing a crash may take, or a leave that could wait
	no longer for its disk.
	Lines that were not durable yet were never said.
	*/
	handleCrash(node: ClientNode): void {
		for (const {writes, isDurable} of this.#batches.get(node)?.values() ?? []) {
			for (const write of writes) {
				if (isDurable && write.kind === 'seen') {
					this.#excused.add(`${write.device}-${lastOf(write.sequences)} ${node.name}`);
				} else if (isDurable && write.kind === 'history-add' && write.line.from !== node.name) {
					// A mark speaks for all lines that came with it.
					this.#excused.add(`${write.line.id} ${node.name}`);
				} else if (!isDurable && write.kind === 'outbox-add') {
					check(!this.#acknowledged.has(write.entry.id), `${node.name} acknowledged ${write.entry.id}, and a crash took it`);
					this.lines.delete(write.entry.id);
				}
			}
		}

		this.#forget(node);
	}

	/**
	The profile of `node` was damaged, and its disk is now what the backup held. What it has said since may be lost where it was neither received nor at the server; what it was shown since
	may be shown again; and mail that waits for it was sealed for keys that are gone, so that it comes only from authors who still have it.
	*/
	handleRestored(node: ClientNode, nodes: ReadonlyMap<string, ClientNode>): void {
		const {disk, name} = node;
		this.#keyless.set(name, Infinity);
		for (const [id, {author, place, recipients}] of this.lines) {
			for (const to of author === name ? recipients : []) {
				const key = `${id} ${to}`;
				if (!disk.has(id, to) && !this.#isDone(id, to)) {
					(this.#stored.has(key) ? this.#left : this.#taken).add(key);
				}
			}

			if (!recipients.has(name)) {
				continue;
			}

			const key = `${id} ${name}`;
			const [device = '', sequence = ''] = id.split('-', 2);
			const [, marks = []] = [...disk.seen].find(([source]) => source.startsWith(`${device} `) && source.endsWith(`/${place}`)) ?? [];
			if (this.#shown.has(key) && !covers(marks, Number(sequence))) {
				this.#shown.delete(key);
				this.#shownBefore.add(key);
			}

			if (disk.history.every(line => line.id !== id)) {
				this.#heard.delete(key);
			}

			this.#stored.delete(key);
			if (!this.#isDone(id, name) && !nodes.get(author)!.disk.has(id, name)) {
				this.#taken.add(key);
			}
		}

		for (const order of this.#lastShown.keys()) {
			if (order.startsWith(`${name} `)) {
				this.#lastShown.delete(order);
			}
		}
	}

	/**
	Its next life may tell of its lines' progress anew.
	*/
	#forget(node: ClientNode): void {
		for (const key of this.#unanswered.keys()) {
			if (key.startsWith(`${node.name} `)) {
				this.#unanswered.delete(key);
			}
		}

		this.#batches.delete(node);
		for (const key of this.#progress.keys()) {
			if (this.lines.get(key.slice(0, key.indexOf(' ')))?.author === node.name) {
				this.#progress.delete(key);
			}
		}
	}

	handleTyped(node: ClientNode, tag: number, line: string, now: number): void {
		this.#unanswered.set(`${node.name} ${tag}`, {line, at: now});
	}

	handleReply(node: ClientNode, tag: number, reply: CommandReply): void {
		check(this.#unanswered.delete(`${node.name} ${tag}`), `${node.name} got two replies to one command: ${JSON.stringify(reply)}`);
		if (reply.command !== 's' || !reply.ok) {
			return;
		}

		const id = reply.fields.id as string;
		this.#acknowledged.add(id);
		for (const to of this.lines.get(id)?.recipients ?? []) {
			check(node.disk.has(id, to), `${node.name} acknowledged ${id} for ${to} before it was on disk`);
		}
	}

	handleEvent(node: ClientNode, event: MessengerEvent, now: number): void {
		if (event.type === 'message') {
			this.#handleMessage(node, event);
		} else if (event.type === 'delivery') {
			this.#handleDelivery(event, now);
		}
	}

	/**
	Every command was answered. Every acknowledged line is shown, given up in the open, still in its author's outbox, or taken by a damaged profile.
	*/
	checkAll(nodes: ReadonlyMap<string, ClientNode>, now: number): void {
		for (const [key, {line, at}] of this.#unanswered) {
			check(at > now - longestAnswerMs, `nobody answered ${key}: ${line}`);
		}

		for (const id of this.#acknowledged) {
			const line = this.lines.get(id);
			for (const to of line?.recipients ?? []) {
				const isKept = nodes.get(line!.author)!.disk.has(id, to) || this.#left.has(`${id} ${to}`) || this.#taken.has(`${id} ${to}`);
				check(this.#isDone(id, to) || isKept, `${id} of ${line!.author} to ${to} was acknowledged and is lost`);
			}
		}
	}

	/**
	What was at the server when its author's profile was damaged has come.
	*/
	checkLeft(): void {
		for (const key of this.#left) {
			const [id = '', to = ''] = key.split(' ', 2);
			check(this.#isDone(id, to) || this.#taken.has(key), `${id} was at the server for ${to} when the profile of ${this.lines.get(id)!.author} was damaged, and is lost`);
		}
	}

	/**
	What `one` has heard in a room made at `made`, and `other` was meant to hear as well, `other` was shown, or lacks what came before.
	*/
	checkPassed(made: number, one: string, other: string): void {
		for (const [id, line] of this.lines) {
			const before = afterFor(line.audience, other) ?? 0;
			const beforeId = `${id.split('-', 1)[0]}-${before}`;
			const isNext = before === 0 || (this.#isDone(beforeId, other) && (this.#shown.has(`${beforeId} ${other}`) || !this.#shownBefore.has(`${beforeId} ${other}`)));
			if (isNext && line.made === made && line.recipients.has(other) && this.#heard.has(`${id} ${one}`)) {
				check(this.#isDone(id, other), `${one} has ${id} of ${line.author}, and ${other}, whom ${one} reaches, does not`);
			}
		}
	}

	#handleSaid(node: ClientNode, {id, from, to, text, place, at, proof}: OutboxEntry): void {
		const line = this.lines.get(id) ?? {
			author: from, text, place: place.kind === 'session' ? 'session' : `room:${nameKey(place.name)}`, at, audience: proof?.audience ?? '', made: proof?.made, recipients: new Set(),
		};
		check(line.author === node.name && line.text === text && !line.recipients.has(to), `${node.name} uses the id ${id} twice`);
		line.recipients.add(to);
		this.lines.set(id, line);
	}

	#handleMessage(node: ClientNode, event: MessengerEvent & {type: 'message'}): void {
		const {id, from, text} = event;
		const key = `${id} ${node.name}`;
		const line = this.lines.get(id);
		const place = event.room === undefined ? 'session' : `room:${nameKey(event.room)}`;
		check(line !== undefined, `${node.name} is shown ${id}, which nobody said`);
		check(line.author === from && line.text === text && line.at === Date.parse(event.at), `${node.name} is shown ${id} otherwise than ${line.author} said it`);
		check(line.place === place && line.recipients.has(node.name), `${node.name} is shown ${id} in ${place}, where it was not said to them`);
		check(!this.#shown.has(key), `${node.name} is shown ${id} twice`);
		this.#shown.add(key);
		this.#heard.add(key);
		const [device = '', sequence = ''] = id.split('-', 2);
		const order = `${node.name} ${device} ${place}`;
		const last = this.#lastShown.get(order) ?? 0;
		// An author who has gone back to an older state does not know what to wait for.
		const hasBegunAnew = Math.floor(Number(sequence) / runLength) < Math.floor(last / runLength);
		check(Number(sequence) > last || hasBegunAnew, `${node.name} is shown ${id} after ${last} of the same author`);
		this.#lastShown.set(order, Math.max(last, Number(sequence)));
	}

	#handleDelivery({id, to, state}: MessengerEvent & {type: 'delivery'}, now: number): void {
		const key = `${id} ${to}`;
		const before = this.#progress.get(key);
		check(before === undefined || progress.indexOf(before) < progress.indexOf(state), `${id} to ${to} went from ${before} to ${state}`);
		this.#progress.set(key, state);
		if (state === 'failed') {
			this.#failed.add(key);
		} else if (state === 'stored' && now >= (this.#keyless.get(to) ?? -Infinity)) {
			this.#stored.add(key);
		}

		check((state !== 'delivered' && state !== 'read') || this.#isDone(id, to), `${id} is called ${state}, and ${to} was not shown it`);
	}

	#isDone(id: string, name: string): boolean {
		const key = `${id} ${name}`;
		return this.#shown.has(key) || this.#failed.has(key) || this.#excused.has(key) || this.#shownBefore.has(key);
	}
}

/**
@throws {Violation} When a promise does not hold.
*/
export function check(holds: boolean, otherwise: string): asserts holds {
	if (!holds) {
		throw new Violation(otherwise);
	}
}
