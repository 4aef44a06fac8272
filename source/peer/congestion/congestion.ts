// What a congestion controller is told and what it answers. congestion-bbr.ts is the one in use, new-reno.ts the simple reference.
import {type RateSample} from '../recovery/delivery-rate.js';

/**
Packets that were acknowledged by one ACK, summed up.
*/
export type AckedBatch = {
	bytes: number;
	/**
	When the newest of them was sent.
	*/
	sentAt: number;
	/**
	Bytes in flight before this acknowledgement.
	*/
	inFlight: number;
	/**
	Smoothed round trip, ms.
	*/
	rtt: number;
	/**
	Round trip of the newest packet less the delay of its acknowledgement, ms; undefined when it was acknowledged before its turn.
	*/
	latestRtt: number | undefined;
	/**
	All bytes ever delivered, and how many that were when the newest packet was sent: a round trip lies between.
	*/
	delivered: number;
	priorDelivered: number;
	sample: RateSample | undefined;
};

export type CongestionController = {
	/**
	Bytes that may be in flight.
	*/
	readonly window: number;
	/**
	Bytes that the path holds without a queue, as far as is known.
	*/
	readonly capacity: number;
	/**
	What the path was seen to deliver, bytes a ms; zero before the first sample, undefined where nobody measures it.
	*/
	readonly bandwidth?: number | undefined;
	/**
	What the controller is at, in a word for traces.
	*/
	readonly state?: string | undefined;
	handleAcknowledged(batch: AckedBatch, now: number): void;
	/**
	Packets were declared lost; `sentAt` is when the newest of them was sent.
	*/
	handleLost(loss: {bytes: number; sentAt: number}, now: number): void;
	/**
	Packets have another size from now on, bytes.
	*/
	handleDatagramSize?(size: number): void;
	/**
	Packets that had been declared lost came after all.
	*/
	handleSpurious(bytes: number): void;
	/**
	Everything sent for several probe timeouts was lost (RFC 9002, section 7.6).
	*/
	handlePersistentCongestion(): void;
	/**
	Bytes a millisecond that the pacer lets go, at a round trip of `rtt` ms.
	*/
	pacingRate(rtt: number): number;
};

/**
Makes a controller for a path that takes datagrams of `datagramSize` bytes.
*/
export type CongestionFactory = (datagramSize: number) => CongestionController;

/**
What may be in flight before anything is known of the path (RFC 9002, section 7.2).
*/
export function initialWindow(datagramSize: number): number {
	return Math.min(10 * datagramSize, Math.max(2 * datagramSize, 14_720));
}
