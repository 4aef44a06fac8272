// What people and fate do in a made-up world: a random choice of all commands, and of all misfortunes.
import type {World} from './world.js';
import type {ClientNode} from './client-node.js';

export const names = ['ann', 'bob', 'cat', 'dan'] as const;
const rooms = ['den', 'attic'] as const;
const server = '10.0.0.100';

type Act = (world: World) => void;

function someone(world: World): ClientNode | undefined {
	const alive = world.clients.values().filter(({client}) => client).toArray();
	return alive.length === 0 ? undefined : world.chance.pick(alive);
}

/**
A command of somebody's.
*/
function command(line: (world: World, client: ClientNode) => string): Act {
	return world => {
		const client = someone(world);
		if (!client) {
			return;
		}

		const text = line(world, client);
		world.trace(client.name, `> ${text}`);
		client.type(text);
	};
}

function fate(name: string, act: Act): Act {
	return world => {
		world.trace('fate', name);
		act(world);
	};
}

/**
How often each thing is done, and how.
*/
const acts: ReadonlyArray<readonly [weight: number, act: Act]> = [
	[25, command(world => say(world))],
	[10, world => {
		// A few lines in one breath, and perhaps gone at once.
		const client = someone(world);
		const lines = Array.from({length: world.chance.integer(1, 6)}, () => say(world));
		for (const line of world.chance.chance(0.2) ? [...lines, 'cs'] : lines) {
			client?.type(line);
		}
	}],
	[7, world => {
		leaveAndReturn(world);
	}],
	[4, world => {
		dither(world);
	}],
	[12, command(world => `o ${world.chance.pick(names)}`)],
	[15, command(() => 'accept')],
	[2, command(() => 'decline')],
	[8, command(world => `or ${world.chance.pick(rooms)}`)],
	[2, command(() => 'cs')],
	[3, command(world => `add ${world.chance.pick(names)}`)],
	[1, command(world => `cr ${world.chance.pick(rooms)}`)],
	[1, command(world => world.chance.pick(['lu', 'lcu', 'lr', 'l', 'help', 'nonsense']))],
	[3, command(world => `add ${world.chance.pick(names)}`)],
	[1, command(world => `contact ${world.chance.pick(['add', 'remove'])} ${world.chance.pick(names)}`)],
	[1, command(() => 'busy on')],
	[3, command(() => 'busy off')],
	[1, command(world => world.chance.pick(['pending', 'history', 'search 1']))],
	[1, command(world => `lru ${world.chance.pick(rooms)}`)],
	[1, command(world => `whois ${world.chance.pick(names)}`)],
	[1, command(() => 'd')],
	[15, world => {
		const client = someone(world);
		if (client) {
			logIn(world, client);
		}
	}],
	[1, command(() => 'x')],
	[2, fate('somebody crashes', world => {
		const client = someone(world);
		world.trace(client?.name ?? 'nobody', 'crashes');
		client?.crash();
	})],
	[1, fate('a profile is damaged', world => {
		const client = someone(world);
		world.trace(client?.name ?? 'nobody', 'crashes, and goes on with its backup');
		client?.crashAndDamage();
		if (!(client && world.chance.chance(0.5))) {
			return;
		}

		client.start();
		logIn(world, client);
	})],
	[8, fate('somebody starts', world => {
		const dead = world.clients.values().filter(({client}) => !client).toArray();
		if (dead.length === 0) {
			return;
		}

		const client = world.chance.pick(dead);
		world.trace(client.name, 'starts');
		client.start();
		logIn(world, client);
	})],
	[1, fate('the server crashes', world => {
		world.server.crash();
	})],
	[6, fate('the server starts', world => {
		startServer(world);
	})],
	[1, fate('a partition', world => {
		const hosts = ['server', ...world.clients.values().map(({host}) => host)];
		world.part(hosts.filter(() => world.chance.chance(0.5)));
	})],
	[2, fate('two hosts lose sight of each other', world => {
		const clients = world.clients.values().toArray();
		const [one, other] = [world.chance.pick(clients), world.chance.pick(clients)];
		world.trace(one.name, `does not reach ${other.name}`);
		world.block(one.host, other.host);
	})],
	[1, fate('two hosts lose sight of each other, and the server crashes', world => {
		const clients = world.clients.values().toArray();
		const [one, other] = [world.chance.pick(clients), world.chance.pick(clients)];
		world.trace(one.name, `does not reach ${other.name}`);
		world.block(one.host, other.host);
		world.server.crash();
	})],
	[4, fate('the partition heals', world => {
		world.heal();
	})],
	[1, fate('a connection breaks', world => {
		pickWire(world)?.cut();
	})],
	[1, fate('a connection goes silent', world => {
		pickWire(world)?.goHalfOpen();
	})],
	[1, fate('somebody moves', world => {
		someone(world)?.move();
	})],
	[2, fate('the weather changes', world => {
		changeWeather(world);
	})],
];

function say(world: World): string {
	return `s ${world.chance.integer(0, 0xFF_FF_FF).toString(16)}`;
}

/**
Leaves the conversation and opens the same one again at once.
*/
function leaveAndReturn(world: World): void {
	const client = someone(world);
	const active = client?.client!.view.active;
	if (!client || active === undefined) {
		return;
	}

	const [kind, name] = active.split(':', 2) as [string, string];
	world.trace(client.name, `leaves ${active} and returns`);
	client.type('cs');
	client.type(kind === 'session' ? `o ${name}` : `or ${name}`);
}

/**
Opens one conversation after the other without waiting for an answer.
*/
function dither(world: World): void {
	const client = someone(world);
	for (let count = world.chance.integer(2, 4); count > 0; count--) {
		const line = world.chance.chance(0.5) ? `o ${world.chance.pick(names)}` : `or ${world.chance.pick(rooms)}`;
		world.trace(client?.name ?? 'nobody', `> ${line}`);
		client?.type(line);
	}
}

const totalWeight = acts.reduce((sum, [weight]) => sum + weight, 0);

function pickWire(world: World) {
	return world.wires.size === 0 ? undefined : world.chance.pick([...world.wires]);
}

/**
Does what brings a client on line, as far as it is not.
*/
export function logIn(world: World, client: ClientNode): void {
	const {connection} = client.client!.view;
	if (connection.user === undefined) {
		world.trace(client.name, `logs in (${connection.state})`);
	}

	if (connection.state === 'connected' && connection.user === undefined) {
		// The first of the two is refused where the other is right.
		client.type(`register ${client.name} secret`);
		client.type(`login ${client.name} secret`);
	} else if (connection.state === 'closed') {
		client.type(`c ${server}`);
	}
}

export function startServer(world: World): void {
	if (!world.server.core) {
		world.server.start();
	}
}

export function changeWeather(world: World): void {
	const {chance, network} = world;
	world.wireMs = chance.pick([0.2, 1, 10, 40]);
	world.diskMs = chance.pick([2, 2, 50, 500]);
	network.conditions = {
		...network.conditions,
		delay: chance.pick([0.2, 1, 10, 40, 150]),
		jitter: chance.pick([0, 1, 20]),
		loss: chance.pick([0, 0, 0.02, 0.2]),
		duplicate: chance.pick([0, 0, 0.05]),
		reorder: chance.pick([0, 0, 0.1]),
	};
}

/**
One thing that somebody does or that happens.
*/
export function actOnce(world: World): void {
	let left = world.chance.float() * totalWeight;
	for (const [weight, act] of acts) {
		left -= weight;
		if (left < 0) {
			act(world);
			return;
		}
	}
}
