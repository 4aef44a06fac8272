// Delivery by itself: records in, records out, with a link that is a list.
import test from 'ava';
import {HybridClock} from '../../source/messenger/clock.js';
import {Delivery} from '../../source/messenger/lines/delivery.js';
import type {Effect, OutboxEntry} from '../../source/messenger/effects.js';
import {Inbox} from '../../source/messenger/lines/inbox.js';
import {Journal} from '../../source/messenger/journal.js';
import {Outbox} from '../../source/messenger/lines/outbox.js';
import {Progress} from '../../source/messenger/lines/progress.js';
import type {PeerRecord} from '../../source/messenger/peers/records.js';
import {encodeSequences, lastOf, type Sequences} from '../../source/protocol/sequences.js';

const den = {key: 'room:den', lane: 'room:den'} as const;
const clock = new HybridClock().tick(1_700_000_000_000);

function say(visit: number, sequence: number): PeerRecord {
	return {
		kind: 'say', shared: 'room:den', visit, sequence, text: `line ${sequence}`, at: 0, clock,
	};
}

function here(visit: number, seen = 0, read = 0): PeerRecord {
	return {
		kind: 'here', shared: 'room:den', visit, seen: [[1, seen]], read: [[1, read]],
	};
}

function got(sequence: number, read = 0): PeerRecord {
	return {
		kind: 'got', shared: 'room:den', seen: [[1, sequence]], read: [[1, read]],
	};
}

/**
We, and bob at the other end of a link.
*/
class Bench {
	/**
	Whether lines are read as they are shown.
	*/
	isReading = true;
	readonly told: string[] = [];
	readonly delivery: Delivery;
	readonly outbox: Outbox;
	isLinked = true;
	isExpecting = false;
	now = 0;
	readonly #said: string[] = [];
	readonly #effects: Effect[] = [];
	readonly #journal: Journal;

	constructor(lines: readonly number[] = []) {
		this.#journal = new Journal(effect => {
			this.#effects.push(effect);
		});
		this.outbox = new Outbox(lines.map((sequence): OutboxEntry => ({
			id: `a-${sequence}`, sequence, realm: 'r', from: 'ann', to: 'bob', place: {kind: 'room', name: 'den'}, text: `line ${sequence}`, at: 0, clock, state: {step: 'queued'},
		})));
		const progress = new Progress({
			outbox: this.outbox,
			journal: this.#journal,
			isOurs: () => true,
			onProgress: ({id}, state) => {
				this.told.push(`${id} ${state}`);
			},
			hasHistory: true,
		});
		const inbox = new Inbox(this.#journal, () => 'r/ann', {seen: new Map(), read: new Map()});
		this.delivery = new Delivery({
			peers: {
				hold: (_peer, need) => {
					this.told.push(`hold ${need}`);
				},
				release: (_peer, need) => {
					this.told.push(`release ${need}`);
				},
				isLinked: () => this.isLinked,
				canSend: () => this.isLinked,
				deviceOf: () => 'b',
				signedCardOf: () => 'card',
				send: (_peer, record) => {
					this.#said.push(describe(record));
				},
				close: (_peer, {reason}) => {
					this.told.push(`close: ${reason}`);
				},
			},
			outbox: this.outbox,
			inbox,
			progress,
			listener: {
				recordLine: () => [],
				handleLine: ({device, lane, sequence}) => {
					this.told.push(`shown ${device}-${sequence}`);
					if (this.isReading) {
						inbox.markRead(device, lane, {isKept: false});
					}
				},
				handleHere: (_peer, key) => {
					this.told.push(`here ${key}`);
				},
				handleClaim: (_peer, shared) => {
					this.told.push(`claim ${shared}`);
				},
				handleBye: (_peer, key) => {
					this.told.push(`bye ${key}`);
				},
				handleRoomClosed: (_peer, key) => {
					this.told.push(`closed ${key}`);
				},
				isExpecting: () => this.isExpecting,
				isStopped: () => false,
				isOurs: () => true,
			},
		});
	}

	enter(): this {
		this.delivery.join('bob', 'room:den', den, this.now);
		return this;
	}

	leave(isSaid = true): this {
		this.delivery.part('bob', 'room:den', {isSaid}, this.now);
		return this;
	}

	/**
	Bob says something; what is said back.
	*/
	hear(...records: readonly PeerRecord[]): string[] {
		for (const record of records) {
			this.delivery.handleRecord('bob', record, this.now);
		}

		return this.turn();
	}

	/**
	Ends a turn, with a disk that is done at once, and takes what was said.
	*/
	turn(): string[] {
		this.delivery.flush(this.now);
		this.#journal.flush(Infinity);
		for (const effect of this.#effects.splice(0)) {
			if (effect.type === 'store') {
				this.#journal.handleStored(effect.batch, this.now);
			}
		}

		this.delivery.flush(this.now);
		return this.#said.splice(0);
	}
}

/**
The last number where all up to it are meant, as is usual.
*/
function numbers(sequences: Sequences): string {
	return sequences.length < 2 ? String(lastOf(sequences)) : encodeSequences(sequences);
}

function describe(record: PeerRecord): string {
	switch (record.kind) {
		case 'here': {
			return `here ${record.visit} seen ${numbers(record.seen)}`;
		}

		case 'say': {
			return `say ${record.sequence} visit ${record.visit}`;
		}

		case 'got': {
			return numbers(record.read) === numbers(record.seen) ? `got ${numbers(record.seen)}` : `got ${numbers(record.seen)} read ${numbers(record.read)}`;
		}

		default: {
			return `${record.kind} ${record.visit}`;
		}
	}
}

test('lines go out once both have said here, with the reader\'s visit', t => {
	const bench = new Bench([1, 2]).enter();
	t.deepEqual(bench.turn(), ['here 1 seen 0']);
	t.deepEqual(bench.hear(here(7)), ['say 1 visit 7', 'say 2 visit 7']);
	t.deepEqual(bench.hear(got(1)), []);
	t.deepEqual(bench.told, ['hold room:den', 'here room:den', 'a-1 sent', 'a-2 sent', 'a-1 delivered']);
});

test('what the reader has seen is not sent, and counts as received', t => {
	const bench = new Bench([1, 2, 3]).enter();
	t.deepEqual(bench.hear(here(1, 2)), ['here 1 seen 0', 'say 3 visit 1']);
	t.deepEqual(bench.told, ['hold room:den', 'a-1 delivered', 'a-2 delivered', 'here room:den', 'a-3 sent']);
});

test('what was received is told, and told again when it was read', t => {
	const bench = new Bench([1, 2, 3]).enter();
	bench.hear(here(1));
	bench.hear(got(2), got(3, 1), got(3, 3), got(3, 3));
	t.deepEqual(bench.told.filter(what => !what.endsWith('sent')), ['hold room:den', 'here room:den', 'a-1 delivered', 'a-2 delivered', 'a-3 delivered', 'a-1 read', 'a-2 read', 'a-3 read']);
	t.deepEqual([...bench.outbox], []);
});

test('a here tells what was read while we were away', t => {
	const bench = new Bench([1, 2]).enter();
	bench.hear(here(1, 2, 1));
	t.deepEqual(bench.told.slice(1), ['a-1 delivered', 'a-2 delivered', 'a-1 read', 'here room:den']);
});

test('lines that are shown and not read yet are receipted so', t => {
	const bench = new Bench().enter();
	bench.isReading = false;
	t.deepEqual(bench.hear(here(1), say(1, 5)), ['here 1 seen 0', 'got 5 read 0']);
});

test('a receipt for more than was sent is no receipt for it', t => {
	const bench = new Bench().enter();
	bench.hear(here(1));
	bench.outbox.add({
		id: 'a-9', sequence: 9, realm: 'r', from: 'ann', to: 'bob', place: {kind: 'room', name: 'den'}, text: 'x', at: 0, clock, state: {step: 'queued'},
	});
	bench.delivery.handleRecord('bob', got(99), 0);
	t.is(bench.outbox.count('bob'), 1);
});

test('a new link begins anew, from what was not received', t => {
	const bench = new Bench([1, 2]).enter();
	bench.hear(here(1), got(1));
	bench.delivery.handleLinkDown('bob', 0);
	t.deepEqual(bench.turn(), []);
	bench.delivery.handleLinkUp('bob', 0);
	t.deepEqual(bench.hear(here(1, 1)), ['here 2 seen 0', 'say 2 visit 1']);
	t.is(bench.told.filter(what => what === 'a-2 sent').length, 1);
});

test('a line of an earlier visit is not taken: those before it were not', t => {
	const bench = new Bench().enter();
	t.deepEqual(bench.hear(here(1), say(1, 5)), ['here 1 seen 0', 'got 5']);
	bench.leave().enter();
	t.deepEqual(bench.hear(say(1, 7)), ['bye 1', 'here 2 seen 5']);
	t.deepEqual(bench.hear(say(2, 6), say(2, 7)), ['got 7']);
	t.deepEqual(bench.told.filter(what => what.startsWith('shown')), ['shown b-5', 'shown b-6', 'shown b-7']);
});

test('a line that comes again is not shown again, but receipted', t => {
	const bench = new Bench().enter();
	bench.hear(here(1), say(1, 5));
	t.deepEqual(bench.hear(say(1, 5)), ['got 5']);
	t.deepEqual(bench.told.filter(what => what.startsWith('shown')), ['shown b-5']);
});

test('a line where we are not is neither shown nor receipted', t => {
	const bench = new Bench();
	t.deepEqual(bench.hear(say(0, 1), say(1, 1)), []);
	t.deepEqual(bench.told, []);
});

test('a good-bye ends the visit it names, and no other', t => {
	const bench = new Bench([1]).enter();
	bench.hear(here(1), got(1), here(2));
	bench.hear({kind: 'bye', shared: 'room:den', visit: 1});
	t.false(bench.told.includes('bye room:den'));
	t.true(bench.delivery.isPresent('bob', 'room:den'));
	bench.hear({kind: 'bye', shared: 'room:den', visit: 2});
	t.true(bench.told.includes('bye room:den'));
	t.false(bench.delivery.isPresent('bob', 'room:den'));
});

test('only the visit that stands may close a room or deny that we share it', t => {
	const bench = new Bench().enter();
	bench.hear(here(3), {kind: 'close', shared: 'room:den', visit: 2}, {kind: 'absent', shared: 'room:den', visit: 9});
	t.deepEqual(bench.told, ['hold room:den', 'here room:den']);
	bench.hear({kind: 'close', shared: 'room:den', visit: 3}, {kind: 'absent', shared: 'room:den', visit: 1});
	t.deepEqual(bench.told.slice(2), ['closed room:den', 'bye room:den']);
});

test('a here that comes before we know of the room is kept until we do', t => {
	const bench = new Bench([1]);
	t.deepEqual(bench.hear(here(4)), []);
	t.deepEqual(bench.enter().turn(), ['here 1 seen 0', 'say 1 visit 4']);
	t.deepEqual(bench.told, ['claim room:den', 'here room:den', 'hold room:den', 'a-1 sent']);
});

test('their here outlives our parting, as long as they have not said good-bye', t => {
	const bench = new Bench([1]).enter();
	bench.hear(here(4));
	t.deepEqual(bench.leave(false).enter().turn(), ['here 2 seen 0', 'say 1 visit 4']);
	bench.hear({kind: 'bye', shared: 'room:den', visit: 4});
	t.deepEqual(bench.leave(false).enter().turn(), ['here 3 seen 0']);
});

test('a here that nobody expects is denied after a while; one that is expected waits on', t => {
	const bench = new Bench();
	bench.hear(here(4));
	bench.isExpecting = true;
	bench.now = bench.delivery.pollTimeout()!;
	bench.delivery.handleTimeout(bench.now);
	t.deepEqual(bench.turn(), []);
	bench.isExpecting = false;
	bench.now = bench.delivery.pollTimeout()!;
	bench.delivery.handleTimeout(bench.now);
	t.deepEqual(bench.turn(), ['absent 4']);
	t.is(bench.delivery.pollTimeout(), undefined);
});

test('a peer that claims to share everything with us is remembered within bounds', t => {
	const bench = new Bench();
	for (let index = 0; index < 1000; index++) {
		bench.delivery.handleRecord('bob', {
			kind: 'here', shared: `room:r${index}`, visit: index, seen: [], read: [],
		}, 0);
	}

	bench.delivery.handleTimeout(10_000);
	t.is(bench.turn().length, 128);
});

test('a peer that says more than the disk can take is cut off', t => {
	const bench = new Bench().enter();
	bench.delivery.handleRecord('bob', here(1), 0);
	for (let sequence = 1; sequence <= 5000; sequence++) {
		bench.delivery.handleRecord('bob', say(1, sequence), 0);
	}

	t.true(bench.told.includes('close: more lines at once than can be kept'));
});
