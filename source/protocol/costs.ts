// What a request takes from the bucket of its connection: the server refuses what goes beyond it, a client keeps within it.
// Knows the price of each operation, and how a bucket fills; refuses to know who enforces it.
import type {Operation, Request} from './messages.js';

/**
Tokens that come back to a connection's bucket each second, and those that a rested one holds.
*/
export const requestRate = 50;
export const requestBurst = 200;

/**
A long mail costs more than a short one.
*/
const charactersPerToken = 8192;

const costs: Readonly<Record<Operation, number>> = {
	hello: 1,
	register: 5,
	login: 5,
	resume: 5,
	lu: 1,
	lcu: 1,
	lr: 1,
	lru: 1,
	whois: 1,
	announce: 2,
	open: 2,
	answer: 1,
	close: 1,
	enter: 2,
	leave: 1,
	'close-room': 2,
	restore: 1,
	group: 5,
	invite: 2,
	'answer-invitation': 1,
	publish: 5,
	bundle: 3,
	mail: 1,
	fetch: 2,
	ack: 1,
	departed: 1,
	ping: 0.5,
	bye: 0,
};

/**
Tokens that a request costs.
*/
export function requestCost({op, sealed = ''}: {readonly op: Operation; readonly sealed?: Request<'mail'>['sealed']}): number {
	return costs[op] + Math.floor(sealed.length / charactersPerToken);
}
