// How a session begins: which server to connect to when the program starts or one appears, and which room to enter after the login.
// Knows the order in which servers are looked for, and how long; refuses to know flags (cli.tsx) and how a face tells it.
import {setTimeout as delay} from 'node:timers/promises';
import {findServer, type DiscoveryReach} from '../io/discovery.js';
import type {MessengerEvent} from '../messenger/events.js';
import type {MessengerPort} from '../messenger/port.js';
import {formatHostPort, parseHostPort, type HostPort} from '../protocol/addresses.js';

/**
How long after a look around that found nothing the next one begins, ms.
*/
const lookEveryMs = 3000;

/**
The first command, if there is one, and what the user should hear before.
*/
export type Opening = {readonly command: string | undefined; readonly notice: MessengerEvent | undefined};

/**
What is known before anything was tried.
*/
export type OpeningFacts = {
	/**
	Host a server at once, on `port`.
	*/
	readonly host: {readonly port: number | undefined} | undefined;
	readonly server: HostPort | undefined;
	/**
	`host:port` from the settings.
	*/
	readonly lastServer: string | undefined;
	readonly reach: DiscoveryReach;
};

/**
Decides where to begin; looks for a server, with `find`, where none was named.
*/
export async function chooseOpening({host, server, lastServer, reach}: OpeningFacts, find: typeof findServer = findServer): Promise<Opening> {
	if (host) {
		return {command: host.port === undefined ? 'host' : `host ${host.port}`, notice: undefined};
	}

	if (server) {
		return {command: `c ${formatHostPort(server)}`, notice: undefined};
	}

	const lastUsed = parseLastServer(lastServer);
	const found = await find({lastUsed, reach});
	if (!found) {
		const silent = lastUsed ? `The server used last, ${lastServer!}, does not answer, and no other` : 'No server';
		const how = reach === 'off' ? 'was named' : 'was found nearby';
		return {command: undefined, notice: {type: 'notice', level: 'warn', text: `${silent} ${how}. Host one here with: host    Or connect with: c HOST[:PORT]`}};
	}

	return connectTo(found, lastServer);
}

/**
Looks on where no server was found, until one appears, the user has found another way, or leaves.

@returns How to begin after all; `undefined` where nothing is left to begin.
*/
export async function lookOn(
	{lastServer, reach}: Pick<OpeningFacts, 'lastServer' | 'reach'>,
	port: Pick<MessengerPort, 'view' | 'finished'>,
	{find = findServer, pause = async () => delay(lookEveryMs, undefined, {ref: false})}: {find?: typeof findServer; pause?: () => Promise<unknown>} = {},
): Promise<Opening | undefined> {
	const lastUsed = parseLastServer(lastServer);
	if (!lastUsed && reach === 'off') {
		return undefined;
	}

	let hasLeft = false;
	const leaving = (async () => {
		await port.finished;
		hasLeft = true;
	})();
	const isWanted = () => !hasLeft && port.view.connection.server === undefined && !port.view.isHosting;
	while (isWanted()) {
		await Promise.race([pause(), leaving]);
		const found = isWanted() ? await find({lastUsed, reach}) : undefined;
		if (found && isWanted()) {
			return connectTo(found, lastServer);
		}
	}

	return undefined;
}

function parseLastServer(lastServer: string | undefined): HostPort | undefined {
	return lastServer === undefined ? undefined : parseHostPort(lastServer);
}

function connectTo(found: HostPort, lastServer: string | undefined): Opening {
	const place = formatHostPort(found);
	return {
		command: `c ${place}`,
		notice: place === lastServer ? undefined : {type: 'notice', level: 'info', text: `Found a server at ${place}.`},
	};
}

/**
Enters `room` once, as soon as somebody is logged in. `onRefused` gets the sentence when it can't be entered.

@returns A function that resolves when the room, if it is due, is entered: to be awaited before the next command.
*/
export function enterAfterLogin(port: MessengerPort, room: string | undefined, onRefused: (message: string) => void): () => Promise<void> {
	if (room === undefined) {
		return async () => {
			// Nothing is due.
		};
	}

	let entering: Promise<void> | undefined;
	const enter = async (): Promise<void> => {
		const reply = await port.execute(`or ${room}`);
		if (!reply.ok) {
			onRefused(reply.error.message);
		}
	};

	const look = () => {
		if (entering) {
			return;
		}

		const {state, user} = port.view.connection;
		// A name is known while its login is still being resumed.
		if (state !== 'connected' || user === undefined) {
			return;
		}

		stop();
		entering = enter();
	};

	const stop = port.subscribe(look);
	return async () => {
		look();
		await entering;
	};
}
