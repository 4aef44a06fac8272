// The end of a link: CLOSE is said a few times, or answered once, and the link lingers until late packets have been read.
// Knows how often and how long; refuses to know who began and why.
import {type PeerConfig} from './config.js';
import {closeCode} from './errors.js';
import {maxReasonSize, type CloseFrame} from './packets/frame.js';

export class Closing {
	readonly frame: CloseFrame;
	readonly #interval: number;
	readonly #endsAt: number;
	#sendsLeft: number;
	#sendAt: number;

	private constructor({frame, interval, endsAt, sendsLeft}: {frame: CloseFrame; interval: number; endsAt: number; sendsLeft: number}, now: number) {
		this.frame = frame;
		this.#interval = interval;
		this.#endsAt = endsAt;
		this.#sendsLeft = sendsLeft;
		this.#sendAt = now;
	}

	/**
	We begin: CLOSE is repeated until the peer answers.
	*/
	static begin({code, reason}: {code: number; reason: string}, {closeSends, closeInterval, drainTime}: PeerConfig, now: number): Closing {
		return new Closing({
			frame: {type: 'close', code, reason: reason.slice(0, maxReasonSize)}, interval: closeInterval, endsAt: now + (closeSends * closeInterval) + drainTime, sendsLeft: closeSends,
		}, now);
	}

	/**
	The peer has said CLOSE. One of ours answers theirs, so that they need not repeat it; where ours went before, theirs is the answer.
	*/
	static answer(ours: Closing | undefined, {isAnswerDue}: {isAnswerDue: boolean}, {closeInterval, drainTime}: PeerConfig, now: number): Closing {
		return new Closing({
			frame: {type: 'close', code: closeCode.none, reason: ''}, interval: closeInterval, endsAt: ours ? ours.#endsAt : now + drainTime, sendsLeft: isAnswerDue ? 1 : 0,
		}, now);
	}

	/**
	Whoever still talks has not heard our CLOSE.
	*/
	repeat(): void {
		this.#sendsLeft = Math.max(this.#sendsLeft, 1);
	}

	/**
	Whether a CLOSE is to be sent now, which then counts as sent.
	*/
	takeSend(now: number): boolean {
		if (this.#sendsLeft === 0 || now < this.#sendAt) {
			return false;
		}

		this.#sendsLeft--;
		this.#sendAt = now + this.#interval;
		return true;
	}

	isOver(now: number): boolean {
		return now >= this.#endsAt;
	}

	pollTimeout(): number {
		return this.#sendsLeft > 0 ? Math.min(this.#sendAt, this.#endsAt) : this.#endsAt;
	}
}
