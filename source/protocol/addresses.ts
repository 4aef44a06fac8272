// `host:port` in text: reading what people type and what the wire carries, writing it back.
// Knows the syntax; refuses to know whether anybody listens there.
import {defaultPort, maximumAddresses} from './limits.js';

/**
A place on the network. `host` is a name or an IP address without brackets.
*/
export type HostPort = {readonly host: string; readonly port: number};

const pattern = /^(?:\[(?<six>[\d.a-f]*:[\d.:a-f]*(?:%[\w\-.]+)?)\]|(?<host>[^\s\/:@\[\]]+))(?::(?<port>\d{1,5}))?$/iv;

/**
No name of a host is longer (RFC 1035, section 2.3.4), and no address.
*/
const maximumHostLength = 255;

/**
Reads `host`, `host:port`, `[v6]` or `[v6]:port`; `undefined` when it is none of them. Port 0 is refused.
*/
export function parseHostPort(text: string, portIfAbsent: number = defaultPort): HostPort | undefined {
	const bare = /^[\da-f]*:[\da-f]*:[\d.:a-f]*$/iv.test(text) ? `[${text}]` : text;
	const groups = text.length <= 300 ? pattern.exec(bare)?.groups : undefined;
	if (!groups) {
		return undefined;
	}

	const port = groups.port === undefined ? portIfAbsent : Number(groups.port);
	const host = groups.six ?? groups.host;
	return host === undefined || host.length > maximumHostLength || port < 1 || port > 65_535 ? undefined : {host, port};
}

/**
Whether `text` is `ip:port` or `[ip]:port` with numbers in range, as addresses stand on the wire; a name is none.
*/
export function isIpAddress(text: string): boolean {
	const place = parseHostPort(text);
	if (!place) {
		return false;
	}

	const {host} = place;
	if (formatHostPort(place) !== text) {
		return false;
	}

	return host.includes(':') ? /^[\d.:a-f]+$/v.test(host) && URL.canParse(`udp://${text}`) : /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/v.test(host);
}

/**
Writes what `parseHostPort` reads.
*/
export function formatHostPort({host, port}: HostPort): string {
	return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
Reads the addresses that somebody behind a port forwarding or a tunnel announces in place of the own ones (`EARSHOT_ANNOUNCE`):
`none`, or a list of `IP[:PORT]` with commas between. `port` stands in where an entry names none.

@returns `ip:port` of each, or `undefined` when the text is no such list.
*/
export function parseAnnounced(text: string, port: number): readonly string[] | undefined {
	if (text.trim() === 'none') {
		return [];
	}

	const places = text.split(',').map(entry => parseHostPort(entry.trim(), port));
	return places.length <= maximumAddresses && places.every(place => place !== undefined && isNumeric(place.host))
		? places.map(place => formatHostPort(place!))
		: undefined;
}

function isNumeric(host: string): boolean {
	return host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/v.test(host);
}
