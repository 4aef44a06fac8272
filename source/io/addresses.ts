// Where this machine can be reached: the addresses of its interfaces.
// Knows the operating system's list and which of them make sense to others; refuses to know who is told.
import {networkInterfaces, type NetworkInterfaceInfo} from 'node:os';
import {formatHostPort} from '../protocol/addresses.js';
import {maximumAddresses} from '../protocol/limits.js';

/**
Interfaces as the operating system lists them.
*/
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/**
Often enough for somebody who changes from cable to wireless; the list costs 0.1 ms.
*/
const watchIntervalMs = 5000;

function isUsable({address, family, internal}: NetworkInterfaceInfo): boolean {
	// A link-local address means nothing without the name of the reader's own interface.
	return !internal && !(family === 'IPv6' ? /^fe[89ab]/iv.test(address) : address.startsWith('169.254.'));
}

/**
`ip:port` of each address under which others may find us, IPv4 first, at most `maximumAddresses`.
A machine without a network names its loopback address: its own users can still meet.
*/
export function ownAddresses(port: number, interfaces: Interfaces = networkInterfaces()): readonly string[] {
	const all = Object.values(interfaces).flatMap(list => list ?? []);
	const usable = all.filter(entry => isUsable(entry));
	const chosen = usable.length > 0 ? usable : all.filter(({address}) => address === '127.0.0.1');
	const ordered = [...chosen.filter(({family}) => family === 'IPv4'), ...chosen.filter(({family}) => family === 'IPv6')];
	return [...new Set(ordered.map(({address}) => formatHostPort({host: address, port})))].slice(0, maximumAddresses);
}

/**
The broadcast address of each IPv4 network this machine is part of.
*/
export function broadcastAddresses(interfaces: Interfaces = networkInterfaces()): readonly string[] {
	const networks = Object.values(interfaces).flatMap(list => list ?? []).filter(entry => entry.family === 'IPv4' && isUsable(entry));
	return [...new Set(networks.map(({address, netmask}) => {
		const mask = netmask.split('.').map(Number);
		return address.split('.').map((byte, index) => Number(byte) | (~mask[index]! & 0xFF)).join('.');
	}))];
}

/**
Calls `onChange` when the list of own addresses has become another; returns how to stop.
*/
export function watchAddresses(port: number, onChange: () => void): () => void {
	let last = ownAddresses(port).join(' ');
	const timer = setInterval(() => {
		const current = ownAddresses(port).join(' ');
		if (current === last) {
			return;
		}

		last = current;
		onChange();
	}, watchIntervalMs);
	timer.unref();
	return () => {
		clearInterval(timer);
	};
}
