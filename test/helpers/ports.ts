// TCP ports: one that is free now, one that is taken.
import {once} from 'node:events';
import {createServer, type AddressInfo, type Server} from 'node:net';

/**
Listens on a free port of 127.0.0.1, which is taken until `close`.
*/
export async function takePort(): Promise<{readonly port: number; readonly server: Server}> {
	const server = createServer();
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {port: (server.address() as AddressInfo).port, server};
}

/**
A port on which nobody listens.
*/
export async function freePort(): Promise<number> {
	const {port, server} = await takePort();
	server.close();
	await once(server, 'close');
	return port;
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
