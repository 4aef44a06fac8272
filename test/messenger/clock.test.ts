import test from 'ava';
import fc from 'fast-check';
import {HybridClock, isMoment} from '../../source/messenger/clock.js';

const start = 1_700_000_000_000;

test('each tick sorts after everything ticked or followed before', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(10_000))), steps => {
			const [ours, theirs] = [new HybridClock(), new HybridClock()];
			const before: string[] = [];
			for (const [isHeard, ms] of steps) {
				if (isHeard) {
					const heard = theirs.tick(start + ms);
					ours.follow(heard, start);
					before.push(heard);
				}

				const moment = ours.tick(start + ms);
				if (!isMoment(moment) || before.some(earlier => earlier >= moment)) {
					return false;
				}

				before.push(moment);
			}

			return true;
		}));
	});
});

test('an answer sorts after what it answers, though its author\'s clock is an hour behind', t => {
	const [ann, bob] = [new HybridClock(), new HybridClock()];
	const question = ann.tick(start + 3_600_000);
	bob.follow(question, start);
	t.true(bob.tick(start + 5) > question);
});

test('a clock that is a month ahead is not followed', t => {
	const [ann, bob] = [new HybridClock(), new HybridClock()];
	bob.follow(ann.tick(start + (30 * 86_400_000)), start);
	t.is(bob.tick(start), new HybridClock().tick(start));
});

test('what is no moment is not taken for one', t => {
	const clock = new HybridClock();
	for (const text of ['', 'x', '000000000.00000', 'ÄÄÄÄÄÄÄÄÄ.000000', '000000000.0000000']) {
		t.false(isMoment(text), `${text} is no moment`);
		clock.follow(text, start);
	}

	t.is(clock.tick(start), new HybridClock().tick(start));
});
