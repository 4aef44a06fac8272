import type {NetworkInterfaceInfo} from 'node:os';
import test from 'ava';
import {broadcastAddresses, ownAddresses} from '../../source/io/addresses.js';

const four = (address: string, isInternal = false): NetworkInterfaceInfo => ({
	address, family: 'IPv4', internal: isInternal, netmask: '255.255.254.0', mac: '', cidr: null,
});
const six = (address: string, isInternal = false): NetworkInterfaceInfo => ({
	address, family: 'IPv6', internal: isInternal, netmask: '', mac: '', cidr: null, scopeid: 0,
});
const loopback = [four('127.0.0.1', true), six('::1', true)];

test('own addresses are those that mean something to others, IPv4 first', t => {
	const interfaces = {lo: loopback, eth0: [six('fe80::1'), six('fd00::2'), four('192.0.2.2')], zeroconf: [four('169.254.3.4')]};
	t.deepEqual(ownAddresses(5000, interfaces), ['192.0.2.2:5000', '[fd00::2]:5000']);
});

test('a machine without a network names its loopback address', t => {
	t.deepEqual(ownAddresses(5000, {lo: loopback}), ['127.0.0.1:5000']);
});

test('no more addresses are named than may be announced', t => {
	const many = Array.from({length: 20}, (_, index) => four(`10.0.0.${index + 1}`));
	t.is(ownAddresses(1, {many}).length, 8);
});

test('the broadcast address of a network has all host bits set', t => {
	t.deepEqual(broadcastAddresses({lo: loopback, eth0: [four('192.0.2.2'), six('fd00::2')]}), ['192.0.3.255']);
});
