// Addresses as sockets give them and as the protocol writes them.
// Knows that an IPv4 peer of a dual-stack socket shows as ::ffff:a.b.c.d; refuses to know names.
import {formatHostPort} from '../../source/protocol/addresses.js';

/**
`ip:port` for the protocol; IPv4 stays IPv4 whatever socket it came through.
*/
export function formatSocketAddress(host: string | undefined, port: number | undefined): string {
	return formatHostPort({host: (host ?? '0.0.0.0').replace(/^::ffff:(?=\d)/iv, '').replace(/%.*$/v, ''), port: port ?? 0});
}
