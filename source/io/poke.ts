// Asks a machine whether anybody listens on one of its UDP ports.
// Knows one empty datagram and what the kernel hears of it; refuses to know who should be there and what follows.
//
// Only a connected socket is told that a port was refused (ICMP port unreachable), and peers know us by one port that must not be shared:
// so this goes out by a port of its own, which is gone a moment later.
import {isIP} from 'node:net';
import {createSocket, parseTarget} from './udp-socket.js';

/**
A refusal comes back within a round trip, or never.
*/
const listenMs = 250;

/**
What systems call a refusal; Windows has a word of its own.
*/
const refusals: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/**
Whether `address` (`ip:port` or `[v6]:port`) refuses an empty datagram. False where somebody takes it, and where nobody tells.
*/
export async function isRefused(address: string): Promise<boolean> {
	const {host, port, isSix} = parseTarget(address);
	if (isIP(host) === 0 || !(port > 0 && port < 65_536)) {
		return false;
	}

	const {promise, resolve} = Promise.withResolvers<boolean>();
	// Timers come before sockets in a turn: a process that stood still for so long first hears what has come meanwhile.
	const timer = setTimeout(() => {
		setImmediate(resolve, false);
	}, listenMs).unref();
	const poking = createSocket(isSix ? 'udp6' : 'udp4');
	const {socket} = poking;
	socket.unref();
	socket.on('error', (error: NodeJS.ErrnoException) => {
		resolve(refusals.has(error.code ?? ''));
	});
	socket.connect(port, host, (error?: Error) => {
		if (error) {
			resolve(false);
		} else {
			socket.send(new Uint8Array(0));
		}
	});
	const answer = await promise;
	clearTimeout(timer);
	await poking.close();
	return answer;
}
