// TCP ports: one that is free now, one that is taken.
import {once} from 'node:events';
import {createServer, type AddressInfo, type Server} from 'node:net';
import process from 'node:process';

/**
Listens on a free port of 127.0.0.1, which is taken until `close`.
*/
export async function takePort(): Promise<{readonly port: number; readonly server: Server}> {
	const server = createServer();
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {port: (server.address() as AddressInfo).port, server};
}

// Below what systems hand out to whoever names no port (from 32 768, or 49 152), where nobody comes by chance; each test process begins elsewhere.
const [lowest, span] = [20_000, 12_000];
let next = (process.pid * 97) % span;

/**
A port of 127.0.0.1 on which nobody listens, and which stays free until it is used, also when its user is away for a while.
*/
export async function freePort(): Promise<number> {
	for (;;) {
		const port = lowest + next;
		next = (next + 1) % span;
		if (await isPortFree('127.0.0.1', port)) {
			return port;
		}
	}
}

/**
Whether `port` can be bound on that address now.
*/
export async function isPortFree(host: string, port: number): Promise<boolean> {
	const server = createServer();
	try {
		server.listen(port, host);
		await once(server, 'listening');
		return true;
	} catch {
		return false;
	} finally {
		server.close();
	}
}
