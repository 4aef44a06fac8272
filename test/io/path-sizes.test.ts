import type {NetworkInterfaceInfo} from 'node:os';
import test from 'ava';
import {createSizeCeiling, readMtu, sizeCeiling} from '../../source/io/path-sizes.js';

const entry = (address: string, cidr: string, internal = false): NetworkInterfaceInfo => ({
	address, cidr, internal, netmask: '', mac: '', ...(address.includes(':') ? {family: 'IPv6', scopeid: 0} : {family: 'IPv4'}),
});

const interfaces = {
	lo: [entry('127.0.0.1', '127.0.0.1/8', true), entry('::1', '::1/128', true)],
	eth0: [entry('192.168.1.5', '192.168.1.5/24'), entry('2001:db8::5', '2001:db8::5/64')],
	jumbo: [entry('10.1.0.5', '10.1.0.5/16')],
};

const mtus: Record<string, number> = {lo: 65_536, eth0: 1500, jumbo: 9000};

for (const [host, mtu, expected] of [
	['127.0.0.1', mtus, 65_508],
	['127.9.9.9', mtus, 65_508],
	['::1', mtus, 65_488],
	['192.168.1.5', mtus, 65_508],
	['192.168.1.77', mtus, 1472],
	['2001:db8::77', mtus, 1452],
	['10.1.2.3', mtus, 8972],
	['8.8.8.8', mtus, 1452],
	['8.8.8.8', {...mtus, eth0: 1400}, 1372],
	['2001:db8:1::1', {...mtus, eth0: 1400}, 1352],
	['127.0.0.1', {}, 65_508],
	['192.168.1.77', {}, 1452],
	['8.8.8.8', {}, 1452],
	['nonsense', {}, 1452],
] as const) {
	test(`${host} with ${JSON.stringify(mtu)} takes ${expected} bytes in one piece`, t => {
		t.is(sizeCeiling(host, interfaces, name => (mtu as Record<string, number>)[name]), expected);
	});
}

test('the list of interfaces is asked again after a while, and addresses are taken with their port', t => {
	let now = 0;
	const ceiling = createSizeCeiling(() => now);
	t.true(ceiling('127.0.0.1:7600') >= 60_000);
	t.true(ceiling('[::1]:7600') > 1200);
	now = 10_000;
	t.true(ceiling('127.0.0.1:7600') >= 60_000);
	t.is(readMtu('no such interface'), undefined);
});
