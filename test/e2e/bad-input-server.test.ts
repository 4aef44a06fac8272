// A server that misbehaves: whatever it says or fails to say, the client gets one clear error and stays usable.
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {
	createServer as createTcpServer,
	type AddressInfo,
	type Server,
	type Socket,
} from 'node:net';
import {createServer as createTlsServer} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {makeCertificate} from '../../server/store/certificate.js';
import {openWorld} from '../helpers/world.js';

type Behaviour = (socket: Socket) => void;

async function pretend(t: ExecutionContext, how: 'tcp' | 'tls', behave: Behaviour): Promise<string> {
	const {privateKey, publicKey} = generateKeyPairSync('ed25519');
	const sockets = new Set<Socket>();
	const handle: Behaviour = socket => {
		sockets.add(socket);
		socket.on('error', () => {
			socket.destroy();
		});
		behave(socket);
	};

	const server: Server = how === 'tcp'
		? createTcpServer(handle)
		: createTlsServer({key: privateKey.export({format: 'pem', type: 'pkcs8'}), cert: makeCertificate(privateKey, publicKey, randomBytes(16)), minVersion: 'TLSv1.3'}, handle);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => {
		server.close();
		for (const socket of sockets) {
			socket.destroy();
		}
	});
	return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const says = (text: string | Uint8Array): Behaviour => socket => {
	socket.on('data', () => {
		socket.write(text);
	});
};

const bad: ReadonlyArray<readonly [what: string, how: 'tcp' | 'tls', behave: Behaviour, code: RegExp]> = [
	['speaks HTTP', 'tcp', says('HTTP/1.1 400 Bad Request\r\n\r\n'), /^not-tls$/v],
	['hangs up at once', 'tcp', socket => {
		socket.destroy();
	}, /^(?:unreachable|not-tls)$/v],
	['says nothing before TLS', 'tcp', () => {
		// Nothing.
	}, /^unreachable$/v],
	['hangs up after TLS', 'tls', socket => {
		socket.destroy();
	}, /./v],
	['answers noise', 'tls', says(Uint8Array.from({length: 4096}, (_, index) => (index * 37) % 251)), /./v],
	['answers JSON that is no answer', 'tls', says('{"hello":"world"}\n'), /./v],
	['answers with wrong fields', 'tls', says('{"id":1,"ok":true,"protocol":"one"}\n'), /./v],
	['answers what was never asked', 'tls', says('{"id":77,"ok":true}\n'), /./v],
	['speaks another version', 'tls', says('{"id":1,"ok":false,"error":{"code":"wrong-protocol","message":"Update."}}\n'), /./v],
	['sends a line without an end', 'tls', socket => {
		const more = (): void => {
			while (!socket.destroyed && socket.write('x'.repeat(65_536))) {
				// Until it does not fit any more.
			}
		};

		socket.on('data', more);
		socket.on('drain', more);
	}, /./v],
];

for (const [what, how, behave, code] of bad) {
	test(`a server that ${what}`, async t => {
		const world = openWorld(t);
		const [address, good, ann] = await Promise.all([pretend(t, how, behave), world.server(), world.client('ann')]);
		t.regex(await ann.refused(`c ${address}`, {within: 20_000}), code);
		t.like(await ann.ok('l'), {connected: false});
		// Some are tried again until this; a refusal was final.
		await ann.command('d');
		await ann.ok(`c ${good.address}`);
		await ann.ok('register ann pw');
		t.like(await ann.ok('l'), {connected: true, user: 'ann'});
	});
}
