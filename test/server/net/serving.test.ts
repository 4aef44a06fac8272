import {Buffer} from 'node:buffer';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {connect, type Socket} from 'node:net';
import {connect as connectTls} from 'node:tls';
import test from 'ava';
import {deviceId} from '../../../source/protocol/cards.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {maximumSealedLength} from '../../../source/protocol/limits.js';
import {encodePunch, isPunchAuthentic} from '../../../source/protocol/punch.js';
import {deviceKeys} from '../helpers/fake-server.js';
import {run, temporaryFolder} from '../helpers/running.js';
import {TlsClient} from '../helpers/tls-client.js';

/**
A server's patience with silence that a test waits out, and within which a busy machine still gets a handshake and a login done.
*/
const patientMs = 4000;

async function ended(socket: Socket): Promise<void> {
	socket.resume();
	return new Promise(resolve => {
		socket.on('error', () => {
			// The close event follows.
		});
		socket.on('close', () => {
			resolve();
		});
	});
}

test('two clients meet over TLS 1.3', async t => {
	const server = await run(t);
	const ann = await TlsClient.register(server.port, 'ann');
	const bob = await TlsClient.register(server.port, 'bob', 'B');
	t.is(ann.socket.getProtocol(), 'TLSv1.3');
	t.is(ann.socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase(), server.fingerprint);
	const {session} = await ann.ask('open', {user: 'bob'});
	await bob.notice(({event}) => event === 'request');
	await bob.ask('answer', {session, answer: 'accept'});
	const opened = await ann.notice(({event}) => event === 'session');
	t.like(opened, {session, state: 'open'});
	t.like(server.command('ls'), {ok: true, fields: {sessions: [{id: session, users: ['ann', 'bob']}]}});
});

test('older TLS is refused', async t => {
	const server = await run(t);
	const socket = connectTls({
		port: server.port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2',
	});
	await t.notThrowsAsync(ended(socket));
});

const strangers = [
	['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
	['a plain hello', Buffer.from('{"id":1,"op":"hello","protocol":1,"program":"test"}\n')],
	['binary noise', Buffer.from(Array.from({length: 5000}, (_, index) => (index * 7919) & 255))],
	['half a TLS record', Buffer.from('160301020001', 'hex')],
] as const;
for (const [what, bytes] of strangers) {
	test(`${what} instead of TLS is closed, others are served`, async t => {
		const server = await run(t, {netLimits: {handshakeTimeoutMs: patientMs, closeGraceMs: 50}});
		const ann = await TlsClient.register(server.port, 'ann');
		const socket = connect(server.port, '127.0.0.1');
		socket.write(bytes);
		await ended(socket);
		await t.notThrowsAsync(ann.ok('ping'));
	});
}

test('whoever says nothing is closed, before TLS and after', async t => {
	const server = await run(t, {netLimits: {handshakeTimeoutMs: patientMs, closeGraceMs: 50}, limits: {helloTimeoutMs: patientMs}});
	await ended(connect(server.port, '127.0.0.1'));
	const silent = await TlsClient.open(server.port);
	t.is(await silent.end(), 'timeout');
});

test('a logged-in client that falls silent is closed', async t => {
	const server = await run(t, {limits: {silenceTimeoutMs: patientMs}});
	const ann = await TlsClient.register(server.port, 'ann');
	t.is(await ann.end(), 'timeout');
	t.like(server.command('lcu'), {fields: {users: []}});
});

const badLines = [
	['an HTTP request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
	['a line of 1 MB', `${'x'.repeat(1_000_000)}\n`],
	['1 MB without an end', 'x'.repeat(1_000_000)],
	['a line of 9 KB before login', `${JSON.stringify({
		id: 1, op: 'hello', protocol: 1, program: 'x'.repeat(9000),
	})}\n`],
	['broken UTF-8', Buffer.from([0x7B, 0xFF, 0xFE, 0x0A])],
] as const;
for (const [what, bytes] of badLines) {
	test(`${what} within TLS is closed with a reason`, async t => {
		const server = await run(t);
		const client = await TlsClient.open(server.port);
		client.socket.write(bytes);
		t.is(await client.end(), 'bad-request');
	});
}

test('a request in single bytes is a request', async t => {
	const server = await run(t);
	const client = await TlsClient.open(server.port);
	const line = Buffer.from('{"id":1,"op":"hello","protocol":1,"program":"ünï"}\r\n');
	for (const byte of line) {
		client.socket.write(Buffer.from([byte]));
	}

	await client.ask('ping');
	await t.notThrowsAsync(client.ok('register', {user: 'ann', password: 'x', device: deviceKeys()}));
});

test('after login lines may be longer', async t => {
	const server = await run(t);
	const ann = await TlsClient.register(server.port, 'ann');
	const {error} = await ann.ask('open', {user: 'bob', padding: 'x'.repeat(20_000)});
	t.is(error!.code, 'no-such-user');
	ann.socket.write(`${'x'.repeat(70_000)}\n`);
	t.is(await ann.end(), 'bad-request');
});

test('the largest mail and the largest prekeys fit through TLS, and outlive the server', async t => {
	const folder = await temporaryFolder(t);
	const server = await run(t, {folder});
	const ann = await TlsClient.register(server.port, 'ann');
	const bob = await TlsClient.register(server.port, 'bob', 'B');
	const signed = {id: 1, key: 'K'.repeat(43), signature: 'S'.repeat(86)};
	const oneTime = Array.from({length: 100}, (_, id) => ({id: 0xFF_FF_FF_00 + id, key: 'K'.repeat(43)}));
	t.is((await bob.ok('publish', {signed, oneTime})).oneTime, 100);
	t.is((await ann.ok('bundle', {user: 'bob', count: 20})).oneTime.length, 20);
	const device = deviceId(decodeBase64(deviceKeys('B').sign));
	const sealed = 'A'.repeat(maximumSealedLength);
	for (const mail of ['one', 'two']) {
		await ann.ok('mail', {
			to: 'bob', device, mail, sealed, room: 'r'.repeat(32), slot: 's'.repeat(63) + mail.slice(0, 1),
		});
	}

	await bob.notice(({event}) => event === 'mail');
	await server.close();
	const again = await run(t, {folder});
	const back = await TlsClient.open(again.port);
	await back.ok('hello', {protocol: 1, program: 'test'});
	const {prekeys} = await back.ok('login', {user: 'bob', password: 'bob-secret', device: deviceKeys('B')});
	t.deepEqual(prekeys, {signed: 1, oneTime: 80});
	const told = await back.notice(({event}) => event === 'mail');
	t.deepEqual(told, {event: 'mail', waiting: [], slots: 2});
	const first = await back.ok('fetch');
	t.like(first, {more: true, mails: [{from: 'ann', sealed}]});
	const second = await back.ok('fetch', {after: first.mails[0]!.number});
	t.like(second, {more: false, mails: [{from: 'ann', sealed}]});
	await back.ok('ack', {mails: [...first.mails, ...second.mails].map(({number}) => number)});
	t.deepEqual((await back.ok('fetch')).mails, []);
});

test('a client that does not read is cut at its limit, others are not held up', async t => {
	const server = await run(t, {netLimits: {sendQueue: 64 * 1024, closeGraceMs: 50}, limits: {requestRate: 1e6, requestBurst: 1e6}});
	const ann = await TlsClient.register(server.port, 'ann');
	const bob = await TlsClient.register(server.port, 'bob', 'B');
	for (let index = 0; index < 60; index++) {
		await bob.ask('enter', {room: `${'room'.repeat(6)}${index}`});
		await bob.ask('leave', {room: `${'room'.repeat(6)}${index}`});
	}

	ann.socket.pause();
	// Its questions go on while nobody reads the answers, more than the system's own buffers hold.
	const lines = Array.from({length: 1000}, (_, index) => `${JSON.stringify({id: index + 10, op: 'lr'})}\n`).join('');
	const gone = bob.notice(notice => notice.event === 'presence' && notice.users.some(({name, online}) => name === 'ann' && !online));
	for (let index = 0; index < 10; index++) {
		ann.socket.write(lines);
		await t.notThrowsAsync(bob.ok('ping'));
	}

	await gone;
	ann.socket.resume();
	await ann.closed;
});

test('UDP: an ask shown from a socket is answered and told', async t => {
	const server = await run(t);
	const ann = await TlsClient.open(server.port);
	const {udpPort} = await ann.ask('hello', {protocol: 1, program: 'test'});
	t.is(udpPort, server.udpPort);
	const {punch} = await ann.ask('register', {user: 'ann', password: 'x', device: deviceKeys()});
	const secret = decodeBase64(punch.secret);
	const socket = createSocket('udp4');
	t.teardown(() => {
		socket.close();
	});
	const answer = new Promise<Buffer>(resolve => {
		socket.once('message', resolve);
	});
	socket.send(encodePunch({sid: Buffer.from(punch.sid, 'hex'), txid: Buffer.alloc(12, 1), kind: 'ask'}, secret), server.udpPort, '127.0.0.1');
	t.true(isPunchAuthentic(await answer, secret));
	t.deepEqual(await ann.notice(({event}) => event === 'address'), {event: 'address', seen: `127.0.0.1:${socket.address().port}`});
});

test('by default IPv4 and IPv6 are served, and IPv4 stays IPv4', async t => {
	const server = await run(t, {bind: undefined});
	const ann = await TlsClient.register(server.port, 'ann');
	const {address} = await ann.ask('whois', {user: 'ann'});
	t.is(address, `127.0.0.1:${ann.socket.localPort}`);
});

test('x tells every client and ends in order', async t => {
	const server = await run(t, {netLimits: {}});
	const ann = await TlsClient.register(server.port, 'ann');
	const stranger = await TlsClient.open(server.port);
	t.true(server.command('x').ok);
	t.is(await ann.end(), 'shutdown');
	t.is(await stranger.end(), 'shutdown');
	t.true(server.command('x').ok, 'a second one changes nothing');
	await server.closed;
	await t.throwsAsync(TlsClient.open(server.port), {code: 'ECONNREFUSED'});
});

test('a socket that nobody ends does not keep the server', async t => {
	const server = await run(t);
	const ann = await TlsClient.register(server.port, 'ann');
	ann.socket.pause();
	const halfOpen = connect(server.port, '127.0.0.1');
	await once(halfOpen, 'connect');
	const halfOpenEnded = ended(halfOpen);
	await t.notThrowsAsync(server.close());
	await halfOpenEnded;
	ann.socket.destroy();
});

test('a port in use and a foreign address are explained', async t => {
	const server = await run(t);
	await t.throwsAsync(run(t, {port: server.port}), {name: 'StartError', message: /Port \d+ is in use/v});
	await t.throwsAsync(run(t, {bind: '203.0.113.1'}), {name: 'StartError', message: /no address of this machine/v});
	await t.throwsAsync(run(t, {udpPort: server.udpPort}), {name: 'StartError', message: /Port \d+ is in use/v});
});
