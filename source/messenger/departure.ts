// Leaving for good: lines in flight first, then good-byes, then the ends of the links; what came last is still marked and shown.
// Knows the steps and how long each may take; refuses to know what is in flight and how one says good-bye.
import {leaveFarewellMs, leaveFlightMs} from './limits.js';

/**
What is left to do, and how each step is taken.
*/
export type DepartureListener = {
	/**
	Whether nothing that was said is on its way any more.
	*/
	isAllSaid(now: number): boolean;
	/**
	Leaves every conversation and says good-bye to the server; `onAnswered` is called when it has heard.
	*/
	sayGoodbye(onAnswered: () => void, now: number): void;
	/**
	Whether every good-bye to a peer has arrived.
	*/
	isAllHeard(): boolean;
	/**
	Ends the connection to the server and all links.
	*/
	hangUp(now: number): void;
	/**
	Whether every peer knows that its link has ended.
	*/
	isHungUp(): boolean;
	isAllStored(): boolean;
	handleGone(): void;
};

type Step = {
	/**
	How long it may take, ms.
	*/
	readonly limit: number;
	readonly begin: (now: number) => void;
	readonly isDone: (now: number) => boolean;
};

export class Departure {
	readonly #steps: readonly Step[];
	readonly #listener: DepartureListener;
	/**
	The step that is being taken; `undefined` as long as nobody leaves.
	*/
	#current: number | undefined;
	#until = Infinity;
	#isAnswered = false;

	constructor(listener: DepartureListener) {
		this.#listener = listener;
		this.#steps = [
			{
				limit: leaveFlightMs,
				begin() {},
				isDone: now => listener.isAllSaid(now),
			},
			{
				limit: leaveFarewellMs,
				begin: now => {
					listener.sayGoodbye(() => {
						this.#isAnswered = true;
					}, now);
				},
				isDone: () => this.#isAnswered && listener.isAllHeard(),
			},
			{
				limit: leaveFarewellMs,
				begin(now) {
					listener.hangUp(now);
				},
				isDone: () => listener.isHungUp(),
			},
			{
				limit: leaveFlightMs,
				begin() {},
				isDone: () => listener.isAllStored(),
			},
		];
	}

	get isUnderWay(): boolean {
		return this.#current !== undefined;
	}

	begin(now: number): void {
		this.#enter(0, now);
	}

	/**
	When a step has taken as long as it may.
	*/
	pollTimeout(): number | undefined {
		return this.#until === Infinity ? undefined : this.#until;
	}

	/**
	Goes on as soon as a step is done, or its time is over.
	*/
	advance(now: number): void {
		while (this.#current !== undefined && this.#current < this.#steps.length && (this.#until <= now || this.#steps[this.#current]!.isDone(now))) {
			this.#enter(this.#current + 1, now);
		}
	}

	#enter(index: number, now: number): void {
		this.#current = index;
		const step = this.#steps[index];
		this.#until = step ? now + step.limit : Infinity;
		if (step) {
			step.begin(now);
		} else {
			this.#listener.handleGone();
		}
	}
}
