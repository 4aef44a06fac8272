// The link under bad weather: every byte arrives in order exactly once, for hundreds of seeded worlds.
import test from 'ava';
import {Pair, type Side} from '../helpers/pair.js';
import {SeededRandom} from '../helpers/random.js';

const seeds = 500;

function writeAll(side: Side, stream: number, data: Uint8Array): () => boolean {
	let at = 0;
	return () => {
		at += side.endpoint.write(side.link, stream, data.subarray(at));
		return at === data.length;
	};
}

test(`${seeds} worlds with 20 % loss, duplication and reordering`, t => {
	for (let seed = 1; seed <= seeds; seed++) {
		const random = new SeededRandom(seed);
		const pair = new Pair({
			seed,
			conditions: {
				delay: random.integer(0, 60), jitter: random.integer(0, 30), loss: 0.2, duplicate: 0.1, reorder: 0.1, reorderDelay: random.integer(1, 100),
			},
		});
		pair.connect();
		const isOpen = pair.runUntil(() => pair.ann.link > 0 && pair.bob.link > 0, 10_000);
		const jobs = [pair.ann, pair.bob].flatMap(side => [0, 1].map(stream => {
			const data = random.bytes(random.integer(1, 20_000));
			return {
				side, stream, data, write: writeAll(side, stream, data),
			};
		}));
		const isDelivered = isOpen && pair.runUntil(() => jobs.map(({write}) => write()).every(Boolean) && jobs.every(({side, stream, data}) => {
			const other = side === pair.ann ? pair.bob : pair.ann;
			return other.receivedSize(stream) >= data.length;
		}), 120_000);
		for (const {side, stream, data} of jobs) {
			const other = side === pair.ann ? pair.bob : pair.ann;
			if (!isDelivered || !other.received(stream).equals(data)) {
				t.fail(`seed ${seed}: stream ${stream} of ${side.name}: ${other.received(stream).length} of ${data.length} bytes, open ${isOpen}`);
				return;
			}
		}

		pair.ann.endpoint.close(pair.ann.link, 0, 'done', pair.now);
		pair.run(60_000);
		const closed = pair.bob.ofType('closed').length + pair.bob.ofType('lost').length;
		if (closed !== 1 || pair.ann.ofType('lost').length > 0) {
			t.fail(`seed ${seed}: bob has ${closed} ends, ann lost ${pair.ann.ofType('lost').length}`);
			return;
		}
	}

	t.pass();
});
