// Finds a control server when none was named: on this machine, then on the local network.
// Knows how to knock and how to ask; refuses to know whether what answers can be trusted.
import type {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import type {RemoteInfo} from 'node:dgram';
import {connect} from 'node:net';
import {DgramAsPromised} from 'dgram-as-promised';
import type {HostPort} from '../protocol/addresses.js';
import {decodeDiscoveryAnswer, discoveryNonceLength, encodeDiscoveryAsk} from '../protocol/discovery.js';
import {defaultPort} from '../protocol/limits.js';
import {broadcastAddresses} from './addresses.js';

/**
How far to look: not at all, on this machine, or on the local network too.
*/
export type DiscoveryReach = 'off' | 'loopback' | 'network';

/**
A server on this network answers well within this time.
*/
const networkWaitMs = 500;

/**
A server on this machine or used before is given this long to take a connection.
*/
const knockWaitMs = 700;

/**
The reach that the environment variable `EARSHOT_DISCOVERY` sets: `off`, `loopback`, or anything else for `network`.
*/
export function discoveryReach(value: string | undefined): DiscoveryReach {
	return value === 'off' || value === 'loopback' ? value : 'network';
}

/**
Whether something takes TCP connections at `server`.
*/
export async function isAnswering(server: HostPort, waitMs: number = knockWaitMs): Promise<boolean> {
	return new Promise(resolve => {
		const socket = connect(server);
		const finish = (isThere: boolean) => {
			clearTimeout(timer);
			socket.destroy();
			resolve(isThere);
		};

		// Timers come before sockets in a turn: a process that stood still for so long first hears what has come meanwhile.
		const timer = setTimeout(() => {
			setImmediate(finish, false);
		}, waitMs);
		socket.on('connect', () => {
			finish(true);
		});
		socket.on('error', () => {
			finish(false);
		});
	});
}

/**
Asks each of `targets` (IPv4 addresses, broadcast ones too) on UDP `port` and resolves with the first server that answers,
or `undefined` after `waitMs`.
*/
export async function askNetwork(targets: readonly string[], port: number = defaultPort, waitMs: number = networkWaitMs): Promise<HostPort | undefined> {
	if (targets.length === 0) {
		return undefined;
	}

	const nonce = randomBytes(discoveryNonceLength);
	const ask = encodeDiscoveryAsk(nonce);
	const socket = DgramAsPromised.createSocket('udp4');
	try {
		await socket.bind(0);
		socket.setBroadcast(true);
		return await new Promise(resolve => {
			const timer = setTimeout(() => {
				setImmediate(resolve, undefined);
			}, waitMs);
			socket.socket.on('message', (data: Buffer, {address}: RemoteInfo) => {
				const tcpPort = decodeDiscoveryAnswer(data, nonce);
				if (tcpPort === undefined) {
					return;
				}

				clearTimeout(timer);
				resolve({host: address, port: tcpPort});
			});
			for (const target of targets) {
				socket.socket.send(ask, port, target, () => {
					// An interface that can't broadcast is as good as one where nobody answers.
				});
			}
		});
	} finally {
		await socket.close();
	}
}

/**
Looks for a server as far as `reach` allows. `lastUsed` comes first, whatever the reach.

@returns Where to connect, or `undefined` when none answers within about a second.
*/
export async function findServer({lastUsed, reach}: {readonly lastUsed: HostPort | undefined; readonly reach: DiscoveryReach}): Promise<HostPort | undefined> {
	const here: HostPort = {host: '127.0.0.1', port: defaultPort};
	const [isLastThere, isHere] = await Promise.all([
		lastUsed ? isAnswering(lastUsed) : false,
		reach === 'off' ? false : isAnswering(here),
	]);
	if (isLastThere) {
		return lastUsed;
	}

	if (isHere) {
		return here;
	}

	return reach === 'network' ? askNetwork(broadcastAddresses()) : undefined;
}
