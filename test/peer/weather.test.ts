// The link under bad weather: every byte arrives in order exactly once, in hundreds of seeded worlds.
// A seed that fails is named; `runWorld(seed)` plays it again.
import test from 'ava';
import {Pair, type Side} from '../helpers/pair.js';
import {SeededRandom} from '../helpers/random.js';

const seeds = 500;

class Transfer {
	#written = 0;
	readonly from: Side;
	readonly to: Side;
	readonly stream: number;
	readonly data: Uint8Array;

	constructor(path: {from: Side; to: Side}, stream: number, data: Uint8Array) {
		this.from = path.from;
		this.to = path.to;
		this.stream = stream;
		this.data = data;
	}

	/**
	Writes as much as fits; true when all has arrived.
	*/
	advance(): boolean {
		this.#written += this.from.endpoint.write(this.from.link, this.stream, this.data.subarray(this.#written));
		return this.to.receivedSize(this.stream) >= this.data.length;
	}

	get problem(): string | undefined {
		return this.to.received(this.stream).equals(this.data)
			? undefined
			: `stream ${this.stream} of ${this.from.name}: ${this.to.receivedSize(this.stream)} bytes came of ${this.data.length}, or others`;
	}
}

/**
Ann and bob send each other random bytes on streams 0 and 1 at once, then ann closes. Returns what went wrong.
*/
function runWorld(seed: number): string | undefined {
	const random = new SeededRandom(seed);
	const pair = new Pair({
		seed,
		conditions: {
			delay: random.integer(0, 60), jitter: random.integer(0, 30), loss: 0.2, duplicate: 0.1, reorder: 0.1, reorderDelay: random.integer(1, 100),
		},
	});
	pair.connect();
	if (!pair.runUntil(() => pair.ann.link > 0 && pair.bob.link > 0, 10_000)) {
		return 'the link did not open';
	}

	const paths = [{from: pair.ann, to: pair.bob}, {from: pair.bob, to: pair.ann}];
	const transfers = paths.flatMap(path => [0, 1].map(stream => new Transfer(path, stream, random.bytes(random.integer(1, 20_000)))));
	pair.runUntil(() => transfers.map(transfer => transfer.advance()).every(Boolean), 120_000);
	const bad = transfers.find(({problem}) => problem !== undefined);
	if (bad) {
		return bad.problem;
	}

	pair.ann.endpoint.close(pair.ann.link, 0, 'done', pair.now);
	pair.run(60_000);
	const ends = [pair.ann, pair.bob].map(side => side.events.filter(({type}) => type === 'closed' || type === 'lost').length);
	return ends.every(count => count === 1) && pair.ann.endpoint.pollTimeout() === undefined && pair.bob.endpoint.pollTimeout() === undefined
		? undefined
		: `the link ended ${ends.join(' and ')} times`;
}

test(`${seeds} worlds with 20 % loss, duplication and reordering`, t => {
	const failures: string[] = [];
	for (let seed = 1; seed <= seeds; seed++) {
		const problem = runWorld(seed);
		if (problem !== undefined) {
			failures.push(`seed ${seed}: ${problem}`);
		}
	}

	t.deepEqual(failures, []);
});
