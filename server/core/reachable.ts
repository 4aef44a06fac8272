// Which announced addresses make sense to hand to a peer, and to which peer.
// Knows special ranges of IPv4 and IPv6; refuses to know names and whether anybody answers.
import {parseHostPort} from '../../source/protocol/addresses.js';

/**
Whether an IP address (without port) means the machine itself.
*/
export function isLoopback(host: string): boolean {
	return /^127\.|^::1$/v.test(host);
}

/**
Whether `address`, an `ip:port` of the protocol, is the place of one machine, so that nobody can aim his peers at a crowd: neither unspecified,
broadcast nor multicast, and not IPv4 in the clothes of IPv6, which would hide such a one.
*/
export function isReachable(address: string): boolean {
	const host = parseHostPort(address)?.host ?? '';
	if (host.includes(':')) {
		const canonical = URL.parse(`http://[${host}]/`)?.hostname.slice(1, -1) ?? '::';
		return canonical === '::1' || !/^(?:::|ff)/v.test(canonical);
	}

	const first = Number(host.split('.', 1)[0]);
	return first > 0 && first < 224;
}

/**
Whether `address` (`ip:port`) is on its own machine only.
*/
export function isLoopbackAddress(address: string): boolean {
	return isLoopback(parseHostPort(address)?.host ?? '');
}
