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
Whether `address` (`ip:port`) is the place of one machine: in range, and neither unspecified, broadcast nor multicast, so that nobody can aim his peers at a crowd.
*/
export function isReachable(address: string): boolean {
	const place = parseHostPort(address);
	if (!place) {
		return false;
	}

	if (place.host.includes(':')) {
		return URL.canParse(`udp://${address}`) && !/^(?:ff|:{2}$)/iv.test(place.host);
	}

	const octets = place.host.split('.').map(Number);
	return octets.length === 4 && octets.every(octet => octet <= 255) && octets[0]! > 0 && octets[0]! < 224;
}

/**
Whether `address` (`ip:port`) is on its own machine only.
*/
export function isLoopbackAddress(address: string): boolean {
	return isLoopback(parseHostPort(address)?.host ?? '');
}
