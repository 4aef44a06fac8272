// Bad input on the control port: noise, half frames, floods of bytes. It is answered clearly or cut; the others notice nothing.
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import test from 'ava';
import {openRaw, type RawConnection} from '../helpers/raw-connection.js';
import {whileOthersTalk} from '../helpers/undisturbed.js';

const noise = (bytes: number) => Buffer.concat(Array.from({length: Math.ceil(bytes / 64)}, (_, index) => createHash('sha512').update(`noise ${index}`).digest())).subarray(0, bytes);
const hello = `${JSON.stringify({
	id: 1, op: 'hello', protocol: 1, program: 'test',
})}\n`;

test('what is no TLS is cut: an HTTP request, a bare JSON line, binary noise', async t => {
	await whileOthersTalk(t, async ({server}) => {
		for (const bytes of ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', hello, noise(64 * 1024), '\n', Buffer.from([0x16, 0x03, 0x01, 0xFF, 0xFF])]) {
			const raw = await openRaw(server.port, 'tcp');
			raw.send(bytes);
			await raw.closes();
			t.notRegex(raw.received, /[a-z]{3}/iv, 'nothing readable leaks');
		}
	});
});

test('inside TLS, lines that are no requests get an error or an end', async t => {
	await whileOthersTalk(t, async ({server}) => {
		const bad: ReadonlyArray<readonly [what: string, bytes: string | Uint8Array, answer: RegExp]> = [
			['HTTP', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', /bad-request/v],
			['noise', noise(4096), /bad-encoding|bad-request|line-too-long/v],
			['no JSON', '{"id":1,\n', /bad-request/v],
			['no object', '[1,2,3]\n', /bad-request/v],
			['null', 'null\n', /bad-request/v],
			['an unknown operation', '{"id":1,"op":"dance"}\n', /"id":1.*unknown-operation/v],
			['a prototype', '{"id":1,"op":"__proto__"}\n', /unknown-operation/v],
			['a constructor', '{"id":1,"op":"constructor"}\n', /unknown-operation/v],
			['missing fields', '{"id":1,"op":"hello"}\n', /"id":1.*bad-request/v],
			['another protocol', '{"id":1,"op":"hello","protocol":999,"program":"x"}\n', /"id":1.*"ok":false/v],
			['a negative id', '{"id":-1,"op":"hello","protocol":1,"program":"x"}\n', /bad-request/v],
			['an enormous id', '{"id":1e300,"op":"hello","protocol":1,"program":"x"}\n', /bad-request/v],
			['deep nesting', `${'['.repeat(4000)}${']'.repeat(4000)}\n`, /bad-request/v],
			['login before hello', '{"id":1,"op":"lu"}\n', /"id":1.*"ok":false/v],
			['wrong types', `${hello}{"id":2,"op":"login","user":["ann"],"password":{},"device":null}\n`, /"id":2.*bad-request/v],
			['a query before login', `${hello}{"id":2,"op":"lu"}\n`, /"id":2.*not-logged-in/v],
			['a forged token', `${hello}{"id":2,"op":"resume","token":"e30.e30","device":{"sign":"${'A'.repeat(43)}","agree":"${'A'.repeat(43)}"}}\n`, /"id":2.*"ok":false/v],
		];
		for (const [what, bytes, answer] of bad) {
			const raw = await openRaw(server.port, 'tls');
			raw.send(bytes);
			await t.notThrowsAsync(raw.receives(answer), what);
			raw.destroy();
		}
	});
});

test('lines of 1 MB, before and after hello, are cut with a reason', async t => {
	await whileOthersTalk(t, async ({server}) => {
		for (const first of ['', hello]) {
			const raw = await openRaw(server.port, 'tls');
			raw.send(first);
			raw.send(`{"id":2,"op":"${'x'.repeat(1024 * 1024)}"}\n`);
			await raw.closes();
			t.regex(raw.received, /line-too-long|bad-request/v);
		}
	});
});

test('half frames: a request byte by byte is understood; one that never ends is cut in time', async t => {
	await whileOthersTalk(t, async ({server}) => {
		const slow = await openRaw(server.port, 'tls');
		for (const byte of hello) {
			slow.send(byte);
		}

		await slow.receives(/"rootKey"/v);
		const silent = await openRaw(server.port, 'tcp');
		const half = await openRaw(server.port, 'tls');
		half.send('{"id":1,"op":"hel');
		await Promise.all([silent.closes({within: 20_000}), half.closes({within: 20_000})]);
		t.false(slow.isClosed, 'who has said hello may take time to log in');
	});
});

test('200 connections that say nothing, and 200 that break off, leave the others alone', async t => {
	await whileOthersTalk(t, async ({server, ann}) => {
		const connections: RawConnection[] = [];
		for (let count = 0; count < 200; count++) {
			connections.push(await openRaw(server.port, 'tcp'));
		}

		t.true((await ann.ok('lu')).ok);
		for (const connection of connections) {
			connection.destroy();
		}

		t.true((await ann.ok('lu')).ok);
	});
});
