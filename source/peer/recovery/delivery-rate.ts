// How fast the path delivers, sampled with every acknowledgement (draft-cheng-iccrg-delivery-rate-estimation).
// Knows bytes and times; refuses to know packet numbers and what anybody concludes.

/**
What a packet remembers of the moment it was sent.
*/
export type RateStamp = {
	/**
	Bytes delivered by then, and when the last of them were.
	*/
	delivered: number;
	deliveredAt: number;
	/**
	When the first packet of its flight was sent.
	*/
	firstSentAt: number;
	/**
	There was too little to send to fill the path.
	*/
	isAppLimited: boolean;
};

/**
Bytes a millisecond over about one round trip.
*/
export type RateSample = {rate: number; isAppLimited: boolean};

export class DeliveryRate {
	/**
	All bytes acknowledged so far.
	*/
	delivered = 0;
	#deliveredAt = 0;
	#firstSentAt = 0;
	/**
	While fewer bytes than this are delivered, samples say more about the application than about the path.
	*/
	#appLimitedUntil = 0;

	/**
	A packet goes out, with `inFlight` bytes before it.
	*/
	stamp(inFlight: number, now: number): RateStamp {
		if (inFlight === 0) {
			this.#firstSentAt = now;
			this.#deliveredAt = now;
		}

		return {
			delivered: this.delivered, deliveredAt: this.#deliveredAt, firstSentAt: this.#firstSentAt, isAppLimited: this.#appLimitedUntil > this.delivered,
		};
	}

	/**
	There was nothing to send although the path would have taken it.
	*/
	handleAppLimited(inFlight: number): void {
		this.#appLimitedUntil = this.delivered + inFlight + 1;
	}

	handleDelivered(bytes: number, now: number): void {
		this.delivered += bytes;
		this.#deliveredAt = now;
	}

	/**
	The sample of an acknowledgement whose newest packet was stamped `stamp`; to be asked after all of its bytes were counted.
	Undefined when the interval is shorter than a round trip can be, because acknowledgements were bunched.
	*/
	sample(stamp: RateStamp, sentAt: number, {minimumRtt, now}: {minimumRtt: number; now: number}): RateSample | undefined {
		const interval = Math.max(sentAt - stamp.firstSentAt, now - stamp.deliveredAt);
		this.#firstSentAt = sentAt;
		return interval > 0 && interval >= minimumRtt ? {rate: (this.delivered - stamp.delivered) / interval, isAppLimited: stamp.isAppLimited} : undefined;
	}
}
