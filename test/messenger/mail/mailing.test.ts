// Mailing by itself: what is handed to the server, in which order, and what becomes of refusals, with a courier that is a list.
import test from 'ava';
import type {Bundle, Courier} from '../../../source/messenger/mail/courier.js';
import type {OutboxEntry} from '../../../source/messenger/effects.js';
import {Journal} from '../../../source/messenger/journal.js';
import type {LineLetter} from '../../../source/messenger/mail/letters.js';
import {
	freshAccountMs,
	mailBackoffMs,
	mailSweepMs,
	mailsInFlight,
	newPrekeysMs,
	pleaPauseMs,
	slowDownMs,
} from '../../../source/messenger/limits.js';
import {Mailing} from '../../../source/messenger/mail/mailing.js';
import {Outbox} from '../../../source/messenger/lines/outbox.js';
import {Progress} from '../../../source/messenger/lines/progress.js';
import {mailLifetimeMs, maximumBundleKeys} from '../../../source/protocol/limits.js';

type Answer = (code: string | undefined) => void;

function entry(sequence: number, more: Partial<OutboxEntry> = {}): OutboxEntry {
	return {
		id: `a-${sequence}`, sequence, realm: 'r', from: 'ann', to: 'bob', place: {kind: 'session', name: 'bob'}, text: 'x', at: 0, clock: '', state: {step: 'queued'}, ...more,
	};
}

class Bench {
	now = 1_000_000;
	/**
	The device that bob uses, and how many one-time prekeys the server has of it.
	*/
	device = 'b1';
	prekey = 1;
	oneTimeKeys = 100;
	isDirect = false;
	readonly told: string[] = [];
	readonly asked: number[] = [];
	readonly sent: Array<{readonly what: string; readonly mail: string; readonly hasKey: boolean; readonly answer: Answer}> = [];
	readonly outbox: Outbox;
	readonly mailing: Mailing;
	refusal: string | undefined;

	constructor(entries: readonly OutboxEntry[]) {
		this.outbox = new Outbox(entries);
		const isOurs = () => true;
		const progress = new Progress({
			outbox: this.outbox,
			journal: new Journal(() => {}),
			isOurs,
			onProgress: ({id}, state) => {
				this.told.push(`${id} ${state}`);
			},
			hasHistory: false,
		});
		const courier: Pick<Courier, 'ask' | 'send'> = {
			ask: (_to, {count}, now, done) => {
				this.asked.push(count);
				if (this.refusal !== undefined) {
					done({ok: false, error: {code: this.refusal, message: 'No.'}}, now);
					return;
				}

				const given = Math.min(count, this.oneTimeKeys);
				this.oneTimeKeys -= given;
				const bundle = {card: {device: this.device}, signed: {id: this.prekey}, oneTime: Array.from({length: given}, (_, id) => ({id, key: ''}))};
				done({ok: true, bundle: bundle as unknown as Bundle}, now);
			},
			send: (bundle, letter, {mail, room}, _now, done) => {
				const {sequence, after} = letter as LineLetter;
				this.sent.push({
					what: `${sequence} after ${after} for ${bundle.card.device}${room === undefined ? '' : ` in ${room}`}`,
					mail,
					hasKey: bundle.oneTime.shift() !== undefined,
					answer: code => {
						const error = code === undefined ? undefined : {code, message: 'No.'};
						done(error, this.now);
					},
				});
			},
		};
		this.mailing = new Mailing({
			outbox: this.outbox,
			progress,
			courier: courier as Courier,
			listener: {
				isStopped: () => false,
				directUntil: () => this.isDirect ? Infinity : -Infinity,
				isOurs,
				emit: event => {
					this.told.push(event.type === 'notice' ? `${event.level}: ${event.text}` : event.type);
				},
			},
		});
		this.mailing.handleLoggedIn(this.now);
	}

	/**
	Lets `ms` pass, waking when it wants to be woken.
	*/
	run(ms = 1000): this {
		const end = this.now + ms;
		this.mailing.flush(this.now);
		for (let at = this.mailing.pollTimeout(); at !== undefined && at <= end; at = this.mailing.pollTimeout()) {
			this.now = Math.max(this.now, at);
			this.mailing.flush(this.now);
		}

		this.now = end;
		return this;
	}

	/**
	The server answers what was sent so far.
	*/
	answer(code?: string): this {
		for (const {answer} of this.sent.splice(0)) {
			answer(code);
		}

		return this.run();
	}

	take(): string[] {
		return this.sent.map(({what}) => what);
	}
}

test('lines go in order, each with the one before it, a few at once, every one with a prekey of its own', t => {
	const bench = new Bench(Array.from({length: maximumBundleKeys + 5}, (_, index) => entry(index + 1))).run();
	t.is(bench.sent.length, mailsInFlight);
	t.deepEqual(bench.take().slice(0, 3), ['1 after 0 for b1', '2 after 1 for b1', '3 after 2 for b1']);
	for (let round = 0; round < 4; round++) {
		t.true(bench.sent.every(({hasKey}) => hasKey));
		bench.answer();
	}

	t.deepEqual(bench.told, Array.from({length: maximumBundleKeys + 5}, (_, index) => `a-${index + 1} stored`));
	t.deepEqual(bench.asked, [maximumBundleKeys, 5]);
	t.true(bench.mailing.isIdle(bench.now));
	t.is(bench.mailing.pollTimeout(), 1_000_000 + mailSweepMs);
});

test('where the one-time prekeys are used up, lines go without', t => {
	const bench = new Bench([1, 2, 3].map(sequence => entry(sequence)));
	bench.oneTimeKeys = 1;
	bench.run();
	t.deepEqual(bench.sent.map(({hasKey}) => hasKey), [true, false, false]);
	t.is(bench.asked.length, 1);
});

test('nothing is mailed while a link stands, nor while nobody is logged in', t => {
	const bench = new Bench([entry(1)]);
	bench.isDirect = true;
	bench.run();
	t.deepEqual(bench.asked, []);
	bench.isDirect = false;
	bench.mailing.handleLoggedOut();
	bench.run();
	t.deepEqual(bench.asked, []);
	t.is(bench.mailing.pollTimeout(), undefined);
	bench.mailing.handleLoggedIn(bench.now);
	bench.run();
	t.deepEqual(bench.take(), ['1 after 0 for b1']);
});

test('a refused line holds up the lane, is tried again ever more rarely, and the user hears of it once', t => {
	const bench = new Bench([1, 2].map(sequence => entry(sequence))).run();
	const [first] = bench.sent;
	bench.answer('mailbox-full');
	t.is(bench.told.filter(what => what.startsWith('warn: What you wrote to bob')).length, 1);
	t.deepEqual(bench.take(), []);
	bench.run(mailBackoffMs.first);
	t.deepEqual(bench.take(), ['1 after 0 for b1', '2 after 1 for b1']);
	t.is(bench.sent[0]!.mail, first!.mail, 'under the same id');
	bench.answer('mailbox-full').run(mailBackoffMs.first);
	t.deepEqual(bench.take(), [], 'later than the first time');
	bench.mailing.handleOnline('Bob', bench.now);
	bench.run();
	t.deepEqual(bench.take(), ['1 after 0 for b1', '2 after 1 for b1'], 'at once when they are here');
	bench.answer();
	t.is(bench.told.filter(what => what.startsWith('warn')).length, 1);
	t.deepEqual(bench.told.slice(-2), ['a-1 stored', 'a-2 stored']);
});

test('a line that was stored behind a refused one is not sent again', t => {
	const bench = new Bench([1, 2].map(sequence => entry(sequence))).run();
	bench.sent[0]!.answer('mailbox-full');
	bench.sent[1]!.answer(undefined);
	bench.sent.length = 0;
	bench.run(mailBackoffMs.first);
	t.deepEqual(bench.take(), ['1 after 0 for b1']);
});

test('too many requests are followed by a short pause, without a word', t => {
	const bench = new Bench([entry(1)]).run();
	const [{answer}] = bench.sent.splice(0) as [Bench['sent'][number]];
	answer('slow-down');
	bench.run(slowDownMs - 100);
	t.deepEqual([bench.take(), bench.told], [[], []]);
	bench.run(200);
	t.deepEqual(bench.take(), ['1 after 0 for b1']);
});

test('somebody new has some seconds to publish prekeys before the user hears that there are none', t => {
	const bench = new Bench([entry(1)]);
	bench.refusal = 'no-prekeys';
	bench.run(freshAccountMs * 3);
	t.deepEqual(bench.told, []);
	bench.refusal = undefined;
	bench.run(freshAccountMs * 4);
	t.deepEqual(bench.take(), ['1 after 0 for b1']);
	const lone = new Bench([entry(1)]);
	lone.refusal = 'no-prekeys';
	lone.run(60_000);
	t.is(lone.told.length, 1);
});

test('for another device everything without a receipt is sealed again, whoever says that there is one', t => {
	const stored = {
		step: 'stored', device: 'b1', prekey: 1, at: 1_000_000,
	} as const;
	const lines = [entry(1, {state: stored}), entry(2, {state: stored}), entry(3)];
	const refused = new Bench(lines).run();
	t.deepEqual(refused.take(), ['3 after 2 for b1']);
	refused.device = 'b2';
	refused.answer('device-changed');
	t.deepEqual(refused.take(), ['1 after 0 for b2', '2 after 1 for b2', '3 after 2 for b2']);

	const seen = new Bench(lines.slice(0, 2)).run();
	t.deepEqual(seen.take(), []);
	seen.device = 'b2';
	seen.mailing.handleOnline('bob', seen.now);
	seen.run();
	t.deepEqual(seen.take(), ['1 after 0 for b2', '2 after 1 for b2']);
	t.deepEqual(seen.answer().told, [], 'stored it was before');
});

test('a new device that has not published its prekeys yet is asked for again soon, then ever more rarely', t => {
	const bench = new Bench([entry(1, {
		state: {
			step: 'stored', device: 'b1', prekey: 1, at: 1_000_000,
		},
	})]);
	bench.device = 'b2';
	bench.refusal = 'no-prekeys';
	bench.run(0);
	t.is(bench.asked.length, 1);
	bench.run(freshAccountMs);
	t.is(bench.asked.length, 2);
	bench.run(freshAccountMs);
	t.is(bench.asked.length, 2);
	bench.refusal = undefined;
	t.deepEqual(bench.run(freshAccountMs + 1000).take(), ['1 after 0 for b2']);
	t.deepEqual(bench.told, []);
});

test('who can\'t open what was stored and says so gets it sealed again with other prekeys, but not as often as they ask', t => {
	const bench = new Bench([1, 2, 3].map(sequence => entry(sequence, {
		state: {
			step: 'stored', device: 'b1', prekey: 1, at: 1_000_000,
		},
	}))).run();
	t.deepEqual(bench.take(), []);
	const asked = bench.asked.length;
	bench.mailing.handlePlea('bob', 'session', [[1, 1]], bench.now);
	t.deepEqual(bench.run().take(), ['2 after 1 for b1', '3 after 2 for b1']);
	t.true(bench.asked.length > asked, 'with prekeys that are asked for anew');
	bench.answer();
	t.deepEqual([...bench.outbox].map(({state}) => state.step), ['stored', 'stored', 'stored']);
	bench.mailing.handlePlea('bob', 'session', [[1, 1]], bench.now);
	t.deepEqual(bench.run().take(), []);
	t.deepEqual(bench.run(pleaPauseMs).take(), ['2 after 1 for b1', '3 after 2 for b1'], 'later');
	bench.answer();
	bench.run(pleaPauseMs);
	bench.mailing.handlePlea('bob', 'session', [[1, 3]], bench.now);
	t.deepEqual(bench.run().take(), [], 'nothing is without a receipt');
	bench.mailing.handlePlea('bob', 'session', [[1, 2]], bench.now);
	t.deepEqual(bench.run().take(), ['3 after 2 for b1']);
});

test('a line that has to be sealed again is not told stored, or sent, another time', t => {
	const bench = new Bench([entry(1)]).run().answer();
	t.deepEqual(bench.told, ['a-1 stored']);
	bench.mailing.handlePlea('bob', 'session', [], bench.now);
	t.deepEqual(bench.run().take(), ['1 after 0 for b1']);
	bench.answer();
	t.deepEqual(bench.told, ['a-1 stored']);
});

test('what is sealed with a prekey that its reader has replaced is sealed again, also where that is published after they have come', t => {
	const stored = {
		step: 'stored', device: 'b1', prekey: 1, at: 1_000_000,
	} as const;
	const bench = new Bench([entry(1, {state: stored}), entry(2, {state: stored})]).run();
	t.deepEqual(bench.take(), []);
	bench.mailing.handleOnline('bob', bench.now);
	t.deepEqual(bench.run(newPrekeysMs / 2).take(), []);
	bench.prekey = 2;
	t.deepEqual(bench.run(newPrekeysMs).take(), ['1 after 0 for b1', '2 after 1 for b1']);
	const mails = bench.sent.map(({mail}) => mail);
	bench.answer();
	t.deepEqual([...bench.outbox].map(({state}) => state.step === 'stored' && state.prekey), [2, 2]);
	t.deepEqual(bench.run(10 * newPrekeysMs).take(), []);
	t.deepEqual(bench.told, [], 'nothing new to its author');
	t.true(mails.every(mail => mail.startsWith('line-')));
});

test('a full mailbox whose owner has just come is tried again soon', t => {
	const bench = new Bench([entry(1)]).run().answer('mailbox-full');
	t.deepEqual(bench.take(), []);
	bench.mailing.handleOnline('bob', bench.now);
	bench.run(0).answer('mailbox-full');
	t.deepEqual(bench.run(freshAccountMs + 100).take(), ['1 after 0 for b1']);
	t.is(bench.told.length, 1);
});

test('what has been stored for as long as the server keeps mail is mailed again', t => {
	const bench = new Bench([entry(1, {
		state: {
			step: 'stored', device: 'b1', prekey: 1, at: 1_000_000,
		},
	})]).run();
	bench.run(mailLifetimeMs - mailSweepMs);
	t.deepEqual(bench.take(), []);
	bench.run(1.5 * mailSweepMs);
	t.deepEqual(bench.take(), ['1 after 0 for b1']);
});

test('lanes have an order of their own; a room is named to the server', t => {
	const bench = new Bench([entry(1), entry(2, {place: {kind: 'room', name: 'den'}}), entry(3), entry(4, {place: {kind: 'room', name: 'den'}})]).run();
	t.deepEqual(bench.take(), ['1 after 0 for b1', '3 after 1 for b1', '2 after 0 for b1 in den', '4 after 2 for b1 in den']);
});

test('the connection ends: nothing is refused, and everything begins anew with the next login', t => {
	const bench = new Bench([1, 2].map(sequence => entry(sequence))).run();
	const sent = bench.sent.splice(0);
	for (const {answer} of sent) {
		answer('connection-lost');
	}

	bench.mailing.handleLoggedOut();
	bench.run();
	t.deepEqual([bench.take(), bench.told], [[], []]);
	bench.mailing.handleLoggedIn(bench.now);
	bench.run();
	t.deepEqual(bench.sent.map(({mail}) => mail), sent.map(({mail}) => mail));
});
