// Pleas by themselves: who is asked, once, when it makes sense, and again where that failed.
import test from 'ava';
import type {StoredState, StoreWrite} from '../../../source/messenger/effects.js';
import {Journal} from '../../../source/messenger/journal.js';
import type {Bundle, Courier} from '../../../source/messenger/mail/courier.js';
import {mailBackoffMs, receiptDelayMs} from '../../../source/messenger/limits.js';
import {Pleas} from '../../../source/messenger/mail/pleas.js';
import {encodeSequences} from '../../../source/protocol/sequences.js';

class Bench {
	isReady = true;
	refusal: string | undefined;
	now = 1000;
	readonly sent: string[] = [];
	readonly writes: StoreWrite[] = [];
	readonly pleas: Pleas;
	readonly #journal: Journal;

	constructor(pleas: StoredState['pleas'] = new Map()) {
		const courier: Pick<Courier, 'ask' | 'send'> = {
			ask: (to, {device}, now, done) => {
				done(this.refusal === undefined ? {ok: true, bundle: {to, device} as unknown as Bundle} : {ok: false, error: {code: this.refusal, message: 'No.'}}, now);
			},
			send: (bundle, letter, {slot}, now, done) => {
				const {to, device} = bundle as unknown as {to: string; device: string};
				this.sent.push(`${to} ${device} ${letter.kind === 'plea' ? `${letter.lane} ${encodeSequences(letter.got)}` : ''} ${slot === undefined ? '' : 'in a slot'}`);
				done(undefined, now);
			},
		};
		const journal = new Journal(effect => {
			this.writes.push(...effect.type === 'store' ? effect.writes : []);
		});
		this.pleas = new Pleas({
			inbox: {seen: () => [[1, 4]]}, courier, journal, isReady: () => this.isReady, pleas,
		});
		this.#journal = journal;
		this.pleas.handleLoggedIn({realm: 'r', user: 'ann'}, this.now);
	}

	run(ms: number): string[] {
		const end = this.now + ms;
		for (let at = this.pleas.pollTimeout(); at !== undefined && at <= end; at = this.pleas.pollTimeout()) {
			this.now = Math.max(this.now, at);
			this.pleas.flush(this.now);
		}

		this.now = end;
		this.#journal.flush(Infinity);
		return this.sent.splice(0);
	}
}

const bob = {device: 'b1', lane: 'session', to: 'bob'} as const;
const row = {device: 'b1', place: 'r/ann/session', plea: {realm: 'r', owner: 'ann', to: 'bob'}};

test('who was to be asked before a restart is asked after it, by the name that can\'t open the mail', t => {
	const bench = new Bench(new Map([['b1 r/ann/session', row.plea], ['c1 r/cat/session', {realm: 'r', owner: 'cat', to: 'bob'}]]));
	t.deepEqual(bench.run(1000), ['bob b1 session 1-4 in a slot']);
	bench.pleas.handleLoggedIn({realm: 'r', user: 'cat'}, bench.now);
	t.deepEqual(bench.run(1000), ['bob c1 session 1-4 in a slot']);
});

test('an author is asked once for each lane, however many mails that were', t => {
	const bench = new Bench();
	t.deepEqual(bench.pleas.add(bob, bench.now), [{kind: 'plead', ...row}]);
	t.deepEqual(bench.pleas.add(bob, bench.now), []);
	t.is(bench.pleas.add({...bob, lane: 'room:den'}, bench.now).length, 1);
	t.false(bench.pleas.isIdle(bench.now));
	t.deepEqual(bench.run(receiptDelayMs), ['bob b1 session 1-4 in a slot', 'bob b1 room:den 1-4 in a slot']);
	t.true(bench.pleas.isIdle(bench.now));
	t.deepEqual(bench.writes[0], {kind: 'plead', ...row, plea: undefined});
	t.is(bench.pleas.add(bob, bench.now).length, 1, 'what comes later is asked for again');
});

test('nobody is asked before our prekeys of now are at the server', t => {
	const bench = new Bench();
	bench.isReady = false;
	bench.pleas.add(bob, bench.now);
	t.deepEqual(bench.run(5000), []);
	bench.isReady = true;
	t.is(bench.run(receiptDelayMs).length, 1);
});

test('a refusal is tried again later, but not where the author has another device by now, nor for another name', t => {
	const bench = new Bench();
	bench.refusal = 'no-prekeys';
	bench.pleas.add(bob, bench.now);
	t.deepEqual(bench.run(mailBackoffMs.first), []);
	bench.refusal = undefined;
	t.is(bench.run(mailBackoffMs.first + receiptDelayMs).length, 1);
	bench.refusal = 'device-changed';
	bench.pleas.add(bob, bench.now);
	bench.run(receiptDelayMs);
	bench.refusal = undefined;
	t.deepEqual(bench.run(mailBackoffMs.longest), []);
	bench.pleas.add(bob, bench.now);
	bench.pleas.handleLoggedOut();
	t.deepEqual(bench.run(1000), []);
	bench.pleas.handleLoggedIn({realm: 'r', user: 'cat'}, bench.now);
	t.deepEqual(bench.run(1000), []);
});
