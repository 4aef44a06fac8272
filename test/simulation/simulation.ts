// One seed, one life of a made-up world: a stretch of trouble, then healing and quiet, then everything must agree.
import {checkAgreement, checkNothingWaits} from './agreement.js';
import type {ClientSettings} from './client-node.js';
import {check} from './ledger.js';
import {livePieces} from './split.js';
import {
	actOnce,
	changeWeather,
	logIn,
	names,
	startServer,
} from './workload.js';
import {World} from './world.js';

/**
What became of a seed. `problem` is the broken promise, or whatever a core threw.
*/
export type Outcome = {
	readonly seed: number;
	readonly problem: string | undefined;
	readonly trace: readonly string[];
	readonly steps: number;
	readonly acknowledged: number;
	readonly shown: number;
	readonly excused: number;
	readonly failed: number;
	readonly taken: number;
};

/**
After the last misfortune everything has this long to come right: the longest way is a silent connection that has to be
noticed by the server (150 s), which lets its user in again only then, and a session that waits for its other end (30 s).
*/
const healingMs = 240_000;

/**
What waits for somebody who is there and free arrives within this time: mail that was refused for a while is tried again every few minutes.
*/
const freeMs = 300_000;

/**
Four clients with all links and waiting sessions ping, punch and ask now and then.
*/
const quietMs = 20_000;
const maximumQuietSteps = 300;

/**
Pauses between two acts, in ms, for a while.
*/
const paces = [[0, 1, 10, 50], [0, 20, 300], [300, 3000], [0, 1, 20, 300, 300, 3000, 15_000]] as const;

/**
Runs the world of one seed. Never throws.
*/
export function simulate(seed: number, {isTraced = false}: {isTraced?: boolean} = {}): Outcome {
	const world = new World(seed, {isTraced});
	let problem: string | undefined;
	try {
		live(world);
	} catch (error) {
		problem = error instanceof Error ? error.stack ?? error.message : String(error);
	}

	const {steps, ledger, traceLines} = world;
	return {
		seed, problem, trace: traceLines, steps, acknowledged: ledger.acknowledgedCount, shown: ledger.shownCount, excused: ledger.excusedCount, failed: ledger.failedCount, taken: ledger.takenCount,
	};
}

function live(world: World): void {
	const {chance} = world;
	changeWeather(world);
	for (const name of names) {
		const settings: ClientSettings = {mode: chance.pick(['one', 'many']), accept: chance.pick(['ask', 'everyone', 'everyone'])};
		const client = world.addClient(name, settings);
		world.trace(name, settings);
		logIn(world, client);
		world.run(100);
		logIn(world, client);
	}

	for (let phase = chance.integer(1, 12); phase > 0; phase--) {
		const pauses = chance.pick(paces);
		for (let count = chance.integer(10, 50); count > 0; count--) {
			world.run(chance.pick(pauses));
			actOnce(world);
		}
	}

	heal(world);
	checkAgreement(world);
	if (chance.chance(0.4)) {
		livePieces(world);
		heal(world);
		checkAgreement(world);
	}

	checkQuiet(world);
	free(world);
	checkNothingWaits(world);
}

/**
Everybody leaves their conversations and has time for what came by mail.
*/
function free(world: World): void {
	world.trace('fate', 'everybody is free');
	for (const client of world.clients.values()) {
		client.type('busy off');
		for (let count = client.client!.view.conversations.length; count > 0; count--) {
			client.type('cs');
		}
	}

	world.run(freeMs);
}

/**
A world in which nobody does anything has little to do: nothing is sent again and again, nothing piles up.
*/
function checkQuiet(world: World): void {
	const before = world.steps;
	world.run(quietMs);
	check(world.steps - before < maximumQuietSteps, `${world.steps - before} steps in ${quietMs} ms in which nobody did anything`);
}

function heal(world: World): void {
	world.trace('fate', 'everything heals');
	world.heal();
	world.diskMs = 2;
	world.wireMs = 1;
	world.network.conditions = {
		...world.network.conditions, delay: 1, jitter: 0.5, loss: 0, duplicate: 0, reorder: 0,
	};
	startServer(world);
	for (const client of world.clients.values()) {
		if (!client.client) {
			client.start();
		}
	}

	for (let waited = 0; waited < healingMs; waited += 5000) {
		for (const client of world.clients.values()) {
			if (client.client) {
				logIn(world, client);
			}
		}

		world.run(5000);
		if (waited === 0) {
			// Who was just leaving has left.
			for (const client of world.clients.values()) {
				if (!client.client) {
					client.start();
				}
			}
		}
	}
}
