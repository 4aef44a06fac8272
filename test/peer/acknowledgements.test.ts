// How often a receiver says what came.
import test from 'ava';
import {Acknowledgements} from '../../source/peer/acknowledgements.js';
import {completeConfig} from '../../source/peer/config.js';

type Stream = {readonly size: number; readonly every: number; readonly seconds: number; readonly without?: number};

/**
When ACKs go, ms, for packets of `size` bytes that come `every` ms, one of them lost.
*/
function listen({size, every, seconds, without}: Stream): number[] {
	const acknowledgements = new Acknowledgements(completeConfig());
	const told: number[] = [];
	const tellUntil = (now: number) => {
		while ((acknowledgements.dueAt ?? Infinity) <= now) {
			const at = acknowledgements.dueAt!;
			told.push(at);
			acknowledgements.takeFrame(at);
		}
	};

	for (let pn = 0; pn * every < seconds * 1000; pn++) {
		const now = pn * every;
		tellUntil(now);
		if (pn === without) {
			continue;
		}

		acknowledgements.handlePacket(pn, {size, isEliciting: true, isUrgent: false}, now);
		tellUntil(now);
	}

	return told;
}

const rates = [
	{
		what: 'lines, ten a second', size: 150, every: 100, least: 9, most: 10,
	},
	{
		what: 'lines, a hundred a second: every second one', size: 150, every: 10, least: 48, most: 52,
	},
	{
		what: 'lines, a thousand a second', size: 150, every: 1, least: 80, most: 120,
	},
	{
		what: 'packets full to the brim, a thousand a second: every second one', size: 1452, every: 1, least: 480, most: 520,
	},
	{
		what: 'packets full to the brim, ten thousand a second', size: 1452, every: 0.1, least: 450, most: 600,
	},
];

for (const {what, size, every, least, most} of rates) {
	test(`${what}: ${least} to ${most} times a second`, t => {
		const count = listen({size, every, seconds: 2}).filter(at => at >= 1000).length;
		t.true(count >= least && count <= most, `${count} times`);
	});
}

test('a gap among a thousand lines a second is told at once', t => {
	t.true(listen({
		size: 150, every: 1, seconds: 2, without: 1500,
	}).includes(1501));
});

test('a line among a thousand a second waits 10 ms at most', t => {
	const told = listen({size: 150, every: 1, seconds: 2}).filter(at => at >= 1000);
	t.true(told.every((at, index) => index === 0 || at - told[index - 1]! <= 11));
});
