// When the rehearsal (messenger/rehearsal.ts) is played: some time after the login, in small steps with pauses between them, so that
// neither the start nor a key waits for it. Knows timers; refuses to know the play.
import {randomBytes} from 'node:crypto';
import type {Clock} from '../io/clock.js';
import type {MessengerPort} from '../messenger/port.js';
import {Rehearsal} from '../messenger/rehearsal.js';

/**
After the login lists arrive and are drawn; that comes first.
*/
const settleMs = 300;

/**
Between two steps keys and datagrams get their turn: at least so long, and so many times as long as the step took.
*/
const pauseMs = 4;
const pauseShare = 3;

/**
Does `act` after `ms`; returns how to call it off.
*/
export type Wait = (ms: number, act: () => void) => () => void;

// A program that has nothing else to do may end.
const waitIdly: Wait = (ms, act) => {
	const timer = setTimeout(act, ms);
	timer.unref();
	return () => {
		clearTimeout(timer);
	};
};

/**
Rehearses once, when somebody has logged in for the first time. Nothing of it is left when it is over, or when `port` has left.
*/
export function rehearseAfterLogin(port: MessengerPort, clock: Clock, wait: Wait = waitIdly): void {
	let callOff: (() => void) | undefined;
	const play = (rehearsal: Rehearsal): void => {
		const from = clock();
		callOff = rehearsal.step()
			? wait(Math.max(pauseMs, pauseShare * (clock() - from)), () => {
				play(rehearsal);
			})
			: undefined;
	};

	const stopLooking = port.subscribe(() => {
		const {state, user} = port.view.connection;
		// A name is known while its login is still being resumed.
		if (state !== 'connected' || user === undefined) {
			return;
		}

		stopLooking();
		callOff = wait(settleMs, () => {
			play(new Rehearsal({random: size => randomBytes(size), now: clock()}));
		});
	});
	void port.finished.then(() => {
		stopLooking();
		callOff?.();
	});
}
