// Addresses as sockets give them and as the protocol writes them.
// Knows that an IPv4 peer of a dual-stack socket shows as ::ffff:a.b.c.d, and an IPv6 one perhaps with its interface; refuses to know names.
import {formatHostPort} from '../../source/protocol/addresses.js';

/**
`ip:port` for the protocol; IPv4 stays IPv4 whatever socket it came through.
*/
export function formatSocketAddress(host: string | undefined, port: number | undefined): string {
	const [address = ''] = (host ?? '0.0.0.0').split('%', 1);
	return formatHostPort({host: address.replace(/^::ffff:(?=\d+\.)/iv, ''), port: port ?? 0});
}
