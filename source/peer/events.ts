// What an endpoint and its links tell their user: the story of each link, and what was dropped on the way.
// Knows shapes only.
import {type Address} from './session.js';
import {type StreamEvent} from './streams/streams.js';

/**
Names a link within its endpoint; never used again.
*/
export type LinkId = number;

/**
What a link tells its user.
*/
export type LinkEvent =
	| StreamEvent
	| {type: 'closed'; code: number; reason: string; by: 'us' | 'peer'}
	| {type: 'lost'; reason: string}
	/**
	The peer's answer is overdue. Whoever can should send an empty datagram to `address` from another port, and tell `handleUnreachable`
	if it is refused.
	*/
	| {type: 'silent'; address: Address};

/**
The life of a link: `open` or `failed`; then stream events; then `closed` (orderly, by either side) or `lost` (the peer is gone, or a
newer link took its place).
*/
export type EndpointEvent =
	/**
	The responder learns of a link with the first packet it could open.
	*/
	| {type: 'open'; link: LinkId; peer: string; publicKey: Uint8Array; address: Address; initiator: boolean}
	| {type: 'failed'; link: LinkId; reason: string}
	| (LinkEvent & {link: LinkId});

/**
Datagrams that had no effect, by reason.
*/
export type EndpointCounters = {
	/**
	Neither a packet of ours nor meant for us; the empty ones by which a peer that misses us learns whether our port is open, too.
	*/
	malformed: number;
	/**
	For a connection that does not exist.
	*/
	unknown: number;
	/**
	Addressed right, but not authentic.
	*/
	forged: number;
	/**
	Seen before.
	*/
	replayed: number;
	/**
	Handshakes whose peer was refused.
	*/
	refused: number;
	/**
	Handshakes that were asked for a cookie first.
	*/
	retried: number;
	/**
	Handshakes dropped because there were too many.
	*/
	overload: number;
};
