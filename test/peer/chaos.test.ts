// Links under everything at once: both sides connect, talk, close, crash, come back, move and are cut off, in any order.
// Whatever happened, once the network heals and both want to talk, they can; and no link ever ends twice.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {Pair, Side} from '../helpers/pair.js';
import {SeededRandom} from '../helpers/random.js';

const seeds = 150;

class World {
	readonly pair: Pair;
	readonly random: SeededRandom;
	readonly trace: string[] = [];

	constructor(seed: number) {
		this.random = new SeededRandom(seed);
		this.pair = new Pair({
			seed,
			conditions: {
				delay: this.random.integer(0, 40), jitter: this.random.integer(0, 20), loss: 0.1, duplicate: 0.1, reorder: 0.1, reorderDelay: 60,
			},
			ann: {privateKey: this.random.bytes(32)},
			bob: {privateKey: this.random.bytes(32)},
		});
		for (const index of [0, 1]) {
			this.restart(index);
		}
	}

	side(index: number): Side {
		return this.pair.sides[index]!;
	}

	connect(index: number): void {
		const [side, other] = [this.side(index), this.side(1 - index)];
		side.endpoint.connect({publicKey: other.publicKey, candidates: [other.address]}, this.pair.now);
	}

	/**
	The process dies without a word, and another takes its place with the same keys and address.
	*/
	restart(index: number): void {
		const {name, address} = this.side(index);
		this.pair.sides[index] = new Side(name, address, this.pair.random.fork(), {privateKey: new Uint8Array(32).fill(index + 1)});
	}

	act(): void {
		const {pair, random} = this;
		const index = random.integer(0, 1);
		const {endpoint, link} = this.side(index);
		const action = random.pick(['connect', 'connect', 'write', 'write', 'close', 'restart', 'cut', 'heal', 'heal', 'probe', 'move', 'wait'] as const);
		this.trace.push(`${Math.round(pair.now % 1e6)} ${index} ${action}`);
		switch (action) {
			case 'connect': {
				this.connect(index);
				break;
			}

			case 'write': {
				endpoint.write(link, random.integer(0, 1), random.bytes(random.integer(1, 5000)));
				break;
			}

			case 'close': {
				endpoint.close(link, 0, '', pair.now);
				break;
			}

			case 'restart': {
				this.restart(index);
				break;
			}

			case 'cut': {
				const blocked = random.pick([this.side(0).address, this.side(1).address]);
				pair.network.isBlocked = ({to}) => to === blocked;
				break;
			}

			case 'heal': {
				pair.network.isBlocked = () => false;
				break;
			}

			case 'probe': {
				endpoint.probe(link, pair.now);
				break;
			}

			case 'move': {
				this.side(index).address = `10.0.${random.integer(1, 250)}.${index + 1}:7600`;
				break;
			}

			case 'wait': {
				pair.run(random.integer(0, 15_000));
				break;
			}
		}

		pair.run(random.integer(0, random.pick([1, 30, 300])));
	}

	/**
	Both sides do what the program above does: connect, and again whenever the link ended, until both heard the other's last word.
	*/
	reunite(): boolean {
		const {pair} = this;
		pair.network.isBlocked = () => false;
		const words = [0, 1].map(index => Buffer.from(`last word of ${index}`));
		const hasHeard = (index: number) => this.side(index).received(1).includes(words[1 - index]!);
		const spoken = new Map<number, number>();
		return pair.runUntil(() => {
			for (const index of [0, 1]) {
				const {endpoint} = this.side(index);
				const other = this.side(1 - index);
				const link = endpoint.connect({publicKey: other.publicKey, candidates: [other.address]}, pair.now);
				if (spoken.get(index) === link) {
					continue;
				}

				spoken.set(index, link);
				endpoint.write(link, 1, words[index]!);
			}

			return hasHeard(0) && hasHeard(1);
		}, 60_000);
	}
}

function findProblem(seed: number): string | undefined {
	const world = new World(seed);
	for (let step = 0; step < 25; step++) {
		world.act();
	}

	if (!world.reunite()) {
		return 'they cannot talk again';
	}

	for (const {name, events} of world.pair.sides) {
		const ends = events.filter(({type}) => ['closed', 'lost', 'failed'].includes(type)).map(({link}) => link);
		const opens = events.filter(({type}) => type === 'open').map(({link}) => link);
		if (new Set(ends).size !== ends.length || new Set(opens).size !== opens.length) {
			return `a link of ${name}'s opened or ended twice`;
		}
	}

	return undefined;
}

test(`${seeds} lives of two who connect, crash, move and are cut off`, t => {
	const failures: string[] = [];
	for (let seed = 1; seed <= seeds; seed++) {
		const problem = findProblem(seed);
		if (problem !== undefined) {
			failures.push(`seed ${seed}: ${problem}`);
		}
	}

	t.deepEqual(failures, []);
});
