// Which announced addresses make sense to hand to a peer, and to which peer.
// Knows IPv4 and IPv6 text; refuses to know names and whether anybody answers.
import {parseHostPort} from '../../source/protocol/addresses.js';

/**
Whether an IP address (without port) means the machine itself.
*/
export function isLoopback(host: string): boolean {
	return /^127\.|^(?:::ffff:127\.|::1$)/v.test(host);
}

/**
Whether `address`, an `ip:port` of the protocol, is the place of one machine: neither unspecified, broadcast nor multicast, so that nobody can aim his peers at a crowd.
*/
export function isReachable(address: string): boolean {
	const host = parseHostPort(address)?.host ?? '';
	const first = Number(host.split('.', 1)[0]);
	return host.includes(':') ? !/^(?:ff|[0:]+$)/v.test(host) : first > 0 && first < 224;
}

/**
Whether `address` (`ip:port`) is on its own machine only.
*/
export function isLoopbackAddress(address: string): boolean {
	return isLoopback(parseHostPort(address)?.host ?? '');
}
