// The largest datagram that leaves this machine for an address in one piece, by the MTU of the interface it goes out by.
// Knows interfaces and, on Linux, their MTU; refuses to know routes beyond them: what the network itself takes is for probes to find.
import {readFileSync} from 'node:fs';
import {BlockList, isIP} from 'node:net';
import {networkInterfaces} from 'node:os';
import type {Interfaces} from './addresses.js';

/**
IPv4 and IPv6 headers with UDP's, bytes.
*/
const overhead4 = 28;
const overhead6 = 48;

/**
Ethernet and most of what carries it: assumed where the system does not tell.
*/
const usualSize = 1452;
const loopbackMtu = 65_536;

/**
Interfaces come and go; their list costs 0.1 ms.
*/
const rememberMs = 5000;

/**
The MTU of an interface; undefined where the system does not tell.
*/
export function readMtu(name: string): number | undefined {
	try {
		const mtu = Number(readFileSync(`/sys/class/net/${name}/mtu`, 'latin1'));
		return Number.isSafeInteger(mtu) && mtu > 0 ? mtu : undefined;
	} catch {
		return undefined;
	}
}

/**
The largest datagram for `host`. One of our own addresses is reached by the loopback interface, a neighbour by the interface of its network;
for the rest of the world the smallest interface counts, and never more than what Ethernet takes.
*/
export function sizeCeiling(host: string, interfaces: Interfaces = networkInterfaces(), mtuOf: (name: string) => number | undefined = readMtu): number {
	const family = isIP(host) === 6 ? 'IPv6' : 'IPv4';
	const overhead = family === 'IPv6' ? overhead6 : overhead4;
	const entries = Object.entries(interfaces).flatMap(([name, list]) => (list ?? []).map(entry => ({name, ...entry})));
	const fits = (mtu: number | undefined, most: number) => mtu === undefined ? Math.min(usualSize, most) : Math.min(mtu - overhead, most);
	if (entries.some(({address, cidr, internal}) => address === host || (internal && isIn(host, cidr, family)))) {
		const loopback = entries.find(({internal}) => internal)?.name;
		return fits((loopback === undefined ? undefined : mtuOf(loopback)) ?? loopbackMtu, Infinity);
	}

	const neighbour = entries.find(({internal, cidr}) => !internal && isIn(host, cidr, family));
	if (neighbour) {
		return fits(mtuOf(neighbour.name), Infinity);
	}

	const names = [...new Set(entries.filter(entry => !entry.internal && entry.family === family).map(({name}) => name))];
	return Math.min(usualSize, ...names.map(name => fits(mtuOf(name), usualSize)));
}

/**
The same for `ip:port` or `[v6]:port`, remembered for a while.
*/
export function createSizeCeiling(clock: () => number): (address: string) => number {
	const known = new Map<string, number>();
	let forgetAt = -Infinity;
	return address => {
		const now = clock();
		if (now >= forgetAt) {
			known.clear();
			forgetAt = now + rememberMs;
		}

		const host = address.slice(0, address.lastIndexOf(':')).replaceAll(/[\[\]]/gv, '');
		const ceiling = known.get(host) ?? sizeCeiling(host);
		known.set(host, ceiling);
		return ceiling;
	};
}

function isIn(host: string, cidr: string | null, family: 'IPv4' | 'IPv6'): boolean {
	const [network, prefix] = cidr?.split('/') ?? [];
	if (network === undefined || isIP(network) !== isIP(host) || isIP(host) === 0) {
		return false;
	}

	const list = new BlockList();
	const type = family === 'IPv6' ? 'ipv6' : 'ipv4';
	list.addSubnet(network, Number(prefix), type);
	return list.check(host, type);
}
