// A room in pieces: the server is away, some members don't reach each other, some die. What one of them has, those it reaches get.
// Knows how a whole world is brought into one room and split, and what must come through meanwhile.
import type {ClientNode} from './client-node.js';
import {changeWeather, logIn, startServer} from './workload.js';
import type {World} from './world.js';

const room = 'den';

/**
Longest way of a line through neighbours: links that come anew (a dead one is noticed after 12 s), then the rare question of one who misses nobody.
*/
const passingMs = 120_000;

/**
Brings everybody into one room, takes the server away, cuts some links, lets people talk, crash and come back.

@throws {Violation} Where somebody has a line that a neighbour of theirs lacks.
*/
export function livePieces(world: World): void {
	const clients = world.clients.values().toArray();
	for (const client of clients) {
		client.type('busy off');
		if (world.chance.chance(0.8)) {
			client.type(`or ${room}`);
		}
	}

	world.run(20_000);
	if (world.chance.chance(0.5)) {
		welcomeLate(world, clients);
	}

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

/**
Somebody enters when a member who hears nothing lacks lines already: of what is said then the newcomer has a part, with a gap for that member.
*/
function welcomeLate(world: World, clients: readonly ClientNode[]): void {
	const {chance} = world;
	const start = chance.integer(0, clients.length - 1);
	const [author, deaf, late] = [...clients, ...clients].slice(start) as [ClientNode, ClientNode, ClientNode];
	late.type('cs');
	author.type(`or ${room}`);
	deaf.type(`or ${room}`);
	world.run(5000);
	world.trace(deaf.name, `hears nothing of ${author.name} and the server`);
	world.block(author.host, deaf.host);
	deaf.wire?.goHalfOpen();
	speak(world, author);
	world.run(chance.pick([100, 1000, 5000]));
	late.type(`or ${room}`);
	world.run(1000);
	speak(world, author);
	world.run(chance.pick([100, 1000]));
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
	switch (world.chance.pick([...Array.from({length: 40}, () => 'speak' as const), 'crash', 'split', 'split', 'return', 'return'] as const)) {
		case 'speak': {
			speak(world, client);
			break;
		}

		case 'crash': {
			world.trace(client.name, 'crashes');
			if (world.chance.chance(0.3)) {
				world.trace(client.name, 'will go on with its backup');
				client.crashAndDamage();
			} else {
				client.crash();
			}

			break;
		}

		case 'split': {
			world.heal();
			split(world, clients);
			break;
		}

		case 'return': {
			bringBack(world, clients);
			break;
		}
	}
}

function speak(world: World, client: ClientNode): void {
	for (let count = world.chance.integer(1, 4); count > 0; count--) {
		client.type(`s ${world.chance.integer(0, 0xFF_FF_FF).toString(16)}`);
	}
}

/**
The server is back, for a moment only: who has crashed comes back, somebody enters, perhaps before what was said until then went by mail.
*/
function bringBack(world: World, clients: readonly ClientNode[]): void {
	world.trace('fate', 'the server is back for a moment');
	startServer(world);
	for (const client of clients) {
		if (!client.client) {
			client.start();
		}

		logIn(world, client);
	}

	world.run(world.chance.pick([300, 1000]));
	for (const client of clients) {
		logIn(world, client);
		if (world.chance.chance(0.3)) {
			world.trace(client.name, 'hears nothing of the server');
			client.wire?.goHalfOpen();
		} else if (world.chance.chance(0.2)) {
			client.type('cs');
		} else if (world.chance.chance(0.5)) {
			client.type(`or ${room}`);
		}
	}

	for (let count = world.chance.integer(0, 6); count > 0; count--) {
		speak(world, world.chance.pick(clients));
		world.run(world.chance.pick([20, 100, 1000, 5000]));
	}

	world.trace('fate', 'the server crashes again');
	world.server.crash();
}

/**
Members with a standing link have the same lines, as far as these were meant for both.
*/
function checkPassed(world: World, clients: readonly ClientNode[]): void {
	const made = world.server.disk.rooms.get(room)?.made;
	const reach = (one: ClientNode, other: ClientNode): boolean => roomOf(one)?.members.some(({name, isLinked}) => name === other.name && isLinked) ?? false;
	for (const one of clients) {
		for (const other of clients) {
			if (made !== undefined && one !== other && reach(one, other) && reach(other, one)) {
				world.ledger.checkPassed(made, one.name, other.name);
			}
		}
	}
}

function roomOf({client}: ClientNode) {
	return client?.view.conversations.find(({kind, name}) => kind === 'room' && name === room);
}
