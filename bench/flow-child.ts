// One end of a flow that goes on for as long as it is let: `receive KIND` tells how much has come, twice a second; `send KIND HOST PORT` writes.
import {Buffer} from 'node:buffer';
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {connect as connectTcp, createServer as createTcpServer, type AddressInfo} from 'node:net';
import process from 'node:process';
import type {Duplex} from 'node:stream';
import {connect as connectTls, createServer as createTlsServer} from 'node:tls';
import {makeCertificate} from '../server/store/certificate.js';
import {Driver} from './endpoint-driver.js';

const chunk = Buffer.alloc(256 * 1024, randomBytes(1024));
const fileStream = 2;
const tellEvery = 500;

/**
What the receiver tells its parent: its port first, then bytes so far and when (ms since the epoch).
*/
export type FlowMessage = {port: number} | {bytes: number; at: number};

let bytes = 0;

async function receive(kind: string): Promise<number> {
	if (kind === 'Earshot') {
		const driver = await Driver.respond(event => {
			bytes += event.type === 'data' ? event.data.length : 0;
		});
		return driver.port;
	}

	const count = (socket: Duplex): void => {
		socket.on('data', (data: Uint8Array) => {
			bytes += data.length;
		});
		socket.on('error', () => {
			// Its sender was ended.
		});
	};

	const {privateKey, publicKey} = generateKeyPairSync('ed25519');
	const server = kind === 'Node tls'
		? createTlsServer({key: privateKey.export({format: 'pem', type: 'pkcs8'}), cert: makeCertificate(privateKey, publicKey, randomBytes(16)), minVersion: 'TLSv1.3'}, count)
		: createTcpServer(count);
	server.listen(0, '0.0.0.0');
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
}

async function send(kind: string, host: string, port: number): Promise<void> {
	if (kind === 'Earshot') {
		const driver = await Driver.call(event => {
			if (event.type === 'open' || event.type === 'writable') {
				while (driver.endpoint.write(event.link, fileStream, chunk) > 0) {
					// Until nothing more fits.
				}
			}
		});
		driver.connect(port, host);
		return;
	}

	const socket = kind === 'Node tls'
		? connectTls({
			port, host, rejectUnauthorized: false, minVersion: 'TLSv1.3',
		})
		: connectTcp(port, host);
	const pump = (): void => {
		while (socket.write(chunk)) {
			// Until the socket has enough.
		}
	};

	socket.on('drain', pump);
	socket.once(kind === 'Node tls' ? 'secureConnect' : 'connect', pump);
}

const [role, kind = '', host = '', port = '0'] = process.argv.slice(2);
if (role === 'receive') {
	process.send!({port: await receive(kind)});
	setInterval(() => {
		process.send!({bytes, at: performance.timeOrigin + performance.now()});
	}, tellEvery);
} else {
	await send(kind, host, Number(port));
}
