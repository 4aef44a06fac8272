// A room in pieces: the server is away, some members don't reach each other, some die. What one of them has, those it reaches get.
// Knows how a whole world is brought into one room and split, and what must come through meanwhile.
import type {ClientNode} from './client-node.js';
import {changeWeather, logIn, startServer} from './workload.js';
import type {World} from './world.js';

const room = 'den';

/**
Longest way of a line through neighbours: links that come anew (a dead one is noticed after 12 s), then twice the longest pause between two questions.
*/
const passingMs = 90_000;

/**
Brings everybody into one room, takes the server away, cuts some links, lets people talk, crash and come back.

@throws {Violation} Where somebody has a line that a neighbour of theirs lacks.
*/
export function livePieces(world: World): void {
	const clients = world.clients.values().toArray();
	for (const client of clients) {
		client.type('busy off');
		client.type(`or ${room}`);
	}

	world.run(20_000);
	world.trace('fate', 'the server crashes, and the room falls to pieces');
	world.server.crash();
	split(world, clients);
	changeWeather(world);
	for (let count = world.chance.integer(5, 30); count > 0; count--) {
		world.run(world.chance.pick([0, 1, 50, 1000, 5000]));
		speakOrSuffer(world, clients);
	}

	world.diskMs = 2;
	world.network.conditions = {...world.network.conditions, loss: 0, delay: 1};
	world.run(passingMs);
	checkPassed(world, clients);
	world.heal();
	startServer(world);
}

function split(world: World, clients: readonly ClientNode[]): void {
	for (let count = world.chance.integer(1, 3); count > 0; count--) {
		const [one, other] = [world.chance.pick(clients), world.chance.pick(clients)];
		world.trace(one.name, `does not reach ${other.name}`);
		world.block(one.host, other.host);
	}
}

function speakOrSuffer(world: World, clients: readonly ClientNode[]): void {
	const client = world.chance.pick(clients);
	if (world.chance.chance(0.85)) {
		for (let count = world.chance.integer(1, 4); count > 0; count--) {
			client.type(`s ${world.chance.integer(0, 0xFF_FF_FF).toString(16)}`);
		}
	} else if (world.chance.chance(0.2) && client.client) {
		world.trace(client.name, 'crashes');
		client.crash();
	} else if (world.chance.chance(0.3)) {
		world.heal();
		split(world, clients);
	} else if (world.chance.chance(0.3)) {
		// Back for a moment only: some mail gets through, and who has crashed comes back.
		startServer(world);
		for (const one of clients) {
			if (!one.client) {
				one.start();
			}

			logIn(world, one);
		}

		world.run(world.chance.pick([100, 1000, 5000]));
		world.server.crash();
	}
}

/**
Members with a standing link have the same lines, as far as these were meant for both.
*/
function checkPassed(world: World, clients: readonly ClientNode[]): void {
	const inside = clients.filter(({client}) => client?.view.conversations.some(({kind, name}) => kind === 'room' && name === room));
	for (const one of inside) {
		for (const {name} of one.client!.view.conversations.find(({kind, name}) => kind === 'room' && name === room)!.members.filter(({isLinked}) => isLinked)) {
			const other = inside.find(client => client.name === name);
			if (other && other !== one && isLinked(other, one)) {
				world.ledger.checkPassed(`room:${room}`, one.name, other.name);
			}
		}
	}
}

function isLinked(one: ClientNode, other: ClientNode): boolean {
	return one.client!.view.conversations.some(({kind, name, members}) => kind === 'room' && name === room && members.some(member => member.name === other.name && member.isLinked));
}
