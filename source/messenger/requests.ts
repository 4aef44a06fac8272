// Requests for a session that wait for our answer.
// Knows who asked, in which order, and when each expires; refuses to know the answer.
import {nameKey} from '../protocol/names.js';
import {maximumRequests, requestGraceMs} from './limits.js';
import type {RequestView} from './view.js';

export class Requests {
	#waiting: readonly RequestView[] = [];

	/**
	Oldest first; the same array until something changed.
	*/
	get view(): readonly RequestView[] {
		return this.#waiting;
	}

	get isFull(): boolean {
		return this.#waiting.length >= maximumRequests;
	}

	add(request: RequestView): void {
		this.#waiting = [...this.#waiting, request];
	}

	/**
	The request of `from`, or the newest.
	*/
	find(from: string | undefined): RequestView | undefined {
		return from === undefined ? this.#waiting.at(-1) : this.#waiting.findLast(request => nameKey(request.from) === nameKey(from));
	}

	/**
	Takes a request out.
	*/
	remove(id: string): RequestView | undefined {
		const request = this.#waiting.find(candidate => candidate.id === id);
		if (request) {
			this.#waiting = this.#waiting.filter(candidate => candidate !== request);
		}

		return request;
	}

	pollTimeout(): number | undefined {
		return this.#waiting.length === 0 ? undefined : Math.min(...this.#waiting.map(({expiresAt}) => expiresAt)) + requestGraceMs;
	}

	/**
	A request whose end the server did not tell.
	*/
	pollExpired(now: number): RequestView | undefined {
		return this.#waiting.find(({expiresAt}) => expiresAt + requestGraceMs <= now);
	}
}
