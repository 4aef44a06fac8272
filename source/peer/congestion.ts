// What a congestion controller is told and what it answers. Any algorithm fits behind it; new-reno.ts is the first.

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
};

export type CongestionController = {
	/**
	Bytes that may be in flight.
	*/
	readonly window: number;
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
	Bytes a millisecond that the pacer lets go, at a round trip of `rtt` ms.
	*/
	pacingRate(rtt: number): number;
};

/**
Makes a controller for a path that takes datagrams of `datagramSize` bytes.
*/
export type CongestionFactory = (datagramSize: number) => CongestionController;
