import test from 'ava';
import fc from 'fast-check';
import {formatHostPort, isIpAddress, parseHostPort} from '../../source/protocol/addresses.js';

const places = [
	['localhost', {host: 'localhost', port: 7600}],
	['localhost:1', {host: 'localhost', port: 1}],
	['127.0.0.1:65535', {host: '127.0.0.1', port: 65_535}],
	['chat.example.org', {host: 'chat.example.org', port: 7600}],
	['::1', {host: '::1', port: 7600}],
	['[::1]', {host: '::1', port: 7600}],
	['[::1]:80', {host: '::1', port: 80}],
	['[fe80::1%eth0]:80', {host: 'fe80::1%eth0', port: 80}],
	['2001:db8::1', {host: '2001:db8::1', port: 7600}],
] as const;
for (const [text, expected] of places) {
	test(`${text} is a place`, t => {
		t.deepEqual({...parseHostPort(text)!}, expected);
	});
}

for (const text of ['', ':', ':80', 'host:', 'host:0', 'host:65536', 'host:999999', 'host:-1', 'host:1.5', 'host:80:90', 'ho st', 'user@host', 'http://host', '[::1', '::1]', '[::1]80', '[host]:80', 'x'.repeat(301)]) {
	test(`${JSON.stringify(text.slice(0, 20))} is none`, t => {
		t.is(parseHostPort(text), undefined);
	});
}

test('what is written is read back', t => {
	const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
	t.notThrows(() => {
		fc.assert(fc.property(host, fc.integer({min: 1, max: 65_535}), (name, port) => {
			const read = parseHostPort(formatHostPort({host: name, port}));
			return read?.host === name && read.port === port;
		}));
		fc.assert(fc.property(fc.string({unit: 'binary'}), text => {
			parseHostPort(text);
			isIpAddress(text);
		}));
	});
});

test('addresses on the wire are IP addresses with a port', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({min: 1, max: 65_535}), (host, port) => isIpAddress(formatHostPort({host, port}))));
	});
	for (const text of ['10.0.0.1', '256.0.0.1:1', '10.0.0:1', '10.0.0.0.1:1', '1.2.3.:1', '10.0.0.1:0', '10.0.0.1:65536', '10.0.0.1:080', '::1:80', '[1::2::3]:80', '[::1%eth0]:80', 'localhost:80', '[::1]', ' 10.0.0.1:1', '10.0.0.1:1\n']) {
		t.false(isIpAddress(text), `${JSON.stringify(text)} is none`);
	}
});

test('what is read can be written and read again, however long the name', t => {
	t.deepEqual(parseHostPort('x'.repeat(255)), {host: 'x'.repeat(255), port: 7600});
	t.truthy(parseHostPort(formatHostPort({host: 'x'.repeat(255), port: 65_535})));
	// Without its port it would just have been short enough to be read, and with it too long to be read again.
	t.is(parseHostPort('x'.repeat(296)), undefined);
});
