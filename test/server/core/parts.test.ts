// The small parts that the nouns are made of, against slow and obvious ones.
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {AddressBuckets, TokenBucket} from '../../../server/core/buckets.js';
import {Deadlines} from '../../../server/core/deadlines.js';
import {OrderedNames, pagesOf} from '../../../server/core/ordered-names.js';
import {isLoopbackAddress, isReachable} from '../../../server/core/reachable.js';
import {RecentTransactions} from '../../../server/core/recent-transactions.js';
import {Tally} from '../../../server/core/tally.js';

const anyKey = fc.string({maxLength: 3});

test('ordered names are a sorted set', t => {
	const step = fc.record({isAdding: fc.boolean(), key: anyKey});
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(anyKey), fc.array(step), (initial, steps) => {
			const naive = new Set(initial);
			const names = new OrderedNames(naive);
			for (const {isAdding, key} of steps) {
				if (isAdding) {
					naive.add(key);
					names.add(key);
				} else {
					naive.delete(key);
					names.delete(key);
				}
			}

			return names.size === naive.size && isDeepStrictEqual([...names], [...naive].toSorted());
		}));
	});
});

test('pages hold every name once, in order', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.uniqueArray(fc.string({unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 20}), {maxLength: 60}), fc.integer({min: 1, max: 300}), (keys, bytes) => {
			const names = new OrderedNames(keys);
			const seen: string[] = [];
			let after: string | undefined;
			for (let more = true; more;) {
				const page = names.page(after, name => ({name}), bytes);
				seen.push(...page.rows.map(({name}) => name));
				after = page.last;
				more = page.more;
			}

			return isDeepStrictEqual(seen, keys.toSorted());
		}));
		fc.assert(fc.property(fc.array(fc.record({name: fc.string({unit: 'grapheme', maxLength: 40})}), {maxLength: 1000}), rows => {
			const pages = pagesOf(rows);
			return isDeepStrictEqual(pages.flat(), rows) && pages.every(page => page.length > 0 && page.length <= 400);
		}), {numRuns: 20});
	});
});

test('deadlines end in their order, those started again later', t => {
	const step = fc.record({kind: fc.constantFrom('start', 'stop', 'poll'), item: fc.nat(4), wait: fc.nat(40)});
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(step), steps => {
			const deadlines = new Deadlines<number>(100);
			const naive = new Map<number, number>();
			let now = 0;
			return steps.every(({kind, item, wait}) => {
				now += wait;
				if (kind === 'start') {
					deadlines.start(item, now);
					naive.set(item, now + 100);
				} else if (kind === 'stop') {
					deadlines.stop(item);
					naive.delete(item);
				} else {
					const earliest = Math.min(...naive.values());
					const polled = deadlines.poll(now);
					const isRight = earliest <= now ? naive.get(polled!) === earliest : polled === undefined;
					naive.delete(polled ?? -1);
					return isRight;
				}

				return deadlines.next() === (naive.size === 0 ? undefined : Math.min(...naive.values()));
			});
		}));
	});
});

test('a bucket gives its burst, then its rate, then loses patience', t => {
	const bucket = new TokenBucket(10, 5, 0);
	const take = (count: number, now: number) => Array.from({length: count}, () => bucket.take(1, now));
	t.deepEqual(take(6, 0), ['ok', 'ok', 'ok', 'ok', 'ok', 'slow-down']);
	t.deepEqual(take(2, 200), ['ok', 'slow-down']);
	t.deepEqual(take(1, 10_000), ['ok']);
	t.is(take(12, 10_000).at(-1), 'flood');
	t.is(bucket.take(0, 20_000), 'ok');
});

test('addresses have buckets of their own', t => {
	const buckets = new AddressBuckets(1, 1);
	t.deepEqual(['a', 'a', 'b'].map(host => buckets.take(host, 1, 0)), ['ok', 'slow-down', 'ok']);
});

test('a tally forgets what it has none of', t => {
	const tally = new Tally();
	t.is(tally.add('a'), 1);
	t.is(tally.add('a'), 2);
	tally.remove('a');
	tally.remove('b');
	t.deepEqual(['a', 'b'].map(name => tally.count(name)), [1, 0]);
});

test('transactions are remembered for a while', t => {
	const recent = new RecentTransactions();
	const txid = (number: number) => new Uint8Array(12).fill(number);
	t.deepEqual([0, 1, 0, 1].map(number => recent.hasSeen(txid(number))), [false, false, true, true]);
	for (let number = 2; number < 66; number++) {
		t.false(recent.hasSeen(txid(number)));
	}

	t.true(recent.hasSeen(txid(65)));
	t.false(recent.hasSeen(txid(0)), 'the oldest is forgotten');
});

for (const [address, reachable, loopback] of [
	['10.0.0.1:1', true, false],
	['127.0.0.1:1', true, true],
	['[::1]:1', true, true],
	['[2001:db8::1]:1', true, false],
	['[fe80::1]:1', true, false],
	['0.0.0.0:1', false, false],
	['224.0.0.1:1', false, false],
	['255.255.255.255:1', false, false],
	['[::]:1', false, false],
	['[ff02::1]:1', false, false],
	['[::ffff:127.0.0.1]:1', false, false],
	['[0:0:0:0:0:ffff:7f00:1]:1', false, false],
] as const) {
	test(`${address} is ${reachable ? '' : 'not '}passed on${loopback ? ', on its machine' : ''}`, t => {
		t.is(isReachable(address), reachable);
		t.is(isLoopbackAddress(address), loopback);
	});
}
