// What `path USER` says of a link: the fields of its reply, and the same in words for people.
// Knows units and how to say them; refuses to know where a face puts the words.
import type {LinkStatistics} from '../../peer/endpoint.js';

type Fields = Readonly<Record<string, unknown>>;

/**
The reply's fields. Times are ms, sizes bytes, rates bytes a second; `null` where nothing is known or nothing limits.

@param user
@param statistics
@param now On the clock of the statistics.
*/
export function reportPath(user: string, statistics: LinkStatistics, now: number): Fields {
	const {address, isInitiator, cipher, rtt, rttVariation, minimumRtt, packetsLost, packetsOut} = statistics;
	return {
		user,
		address,
		initiator: isInitiator,
		rttMs: round(rtt),
		rttMinMs: round(minimumRtt),
		rttVarianceMs: round(rttVariation),
		packetsLost,
		lossShare: packetsOut === 0 ? 0 : Number((packetsLost / packetsOut).toFixed(5)),
		packetSize: statistics.datagramSize,
		deliveryRate: perSecond(statistics.deliveryRate),
		pacingRate: perSecond(statistics.pacingRate),
		congestionWindow: statistics.congestionWindow,
		bytesInFlight: statistics.bytesInFlight,
		cipher,
		keyEpoch: statistics.epoch,
		keyAgeMs: Math.max(0, Math.round(now - statistics.epochSince)),
		packetsOut,
		packetsIn: statistics.packetsIn,
		bytesOut: statistics.bytesOut,
		bytesIn: statistics.bytesIn,
		bytesResent: statistics.bytesResent,
		streamsOpen: statistics.streamsOpen,
	};
}

/**
The same as pairs of what it is and how it stands, for a list.
*/
export function describePath(fields: Fields): ReadonlyArray<readonly [label: string, value: string]> {
	const number = (name: string): number => typeof fields[name] === 'number' ? fields[name] : 0;
	const text = (name: string): string => typeof fields[name] === 'string' ? fields[name] : '';
	const rate = (name: string, otherwise: string): string => typeof fields[name] === 'number' ? `${wordSize(fields[name])}/s` : otherwise;
	return [
		['address', text('address')],
		['round trip', `${wordTime(number('rttMs'))}, at best ${wordTime(number('rttMinMs'))}, varies by ${wordTime(number('rttVarianceMs'))}`],
		['loss', `${(number('lossShare') * 100).toFixed(2)} %: ${number('packetsLost')} of ${counted(number('packetsOut'), 'packet')}`],
		['packet size', `${number('packetSize')} bytes`],
		['delivers', rate('deliveryRate', 'not measured')],
		['may send', `${rate('pacingRate', 'without pacing')}, ${wordSize(number('congestionWindow'))} in flight`],
		['in flight', wordSize(number('bytesInFlight'))],
		['cipher', text('cipher')],
		['key', `${wordTime(number('keyAgeMs'))} old, stepped ${counted(number('keyEpoch'), 'time')}`],
		['sent', `${counted(number('packetsOut'), 'packet')}, ${wordSize(number('bytesOut'))}, of it ${wordSize(number('bytesResent'))} again`],
		['received', `${counted(number('packetsIn'), 'packet')}, ${wordSize(number('bytesIn'))}`],
		['streams', `${number('streamsOpen')} open`],
	];
}

const round = (value: number): number => Number(value.toFixed(3));

function perSecond(perMs: number | undefined): number | null {
	return perMs === undefined || !Number.isFinite(perMs) ? null : Math.round(perMs * 1000);
}

function counted(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function wordTime(ms: number): string {
	if (ms < 1000) {
		return `${ms < 10 ? ms.toFixed(2) : Math.round(ms)} ms`;
	}

	const seconds = Math.round(ms / 1000);
	return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const sizeUnits = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

function wordSize(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 1000 && unit < sizeUnits.length - 1) {
		value /= 1000;
		unit++;
	}

	return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${sizeUnits[unit]!}`;
}
