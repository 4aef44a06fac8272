// Requests that wait for our answer: for a session, into a group, to trust a key.
// Knows who asked, in which order, and when each expires; refuses to know the answer.
import {nameKey} from '../../protocol/names.js';
import {maximumRequests, requestGraceMs} from '../limits.js';
import type {RequestView} from '../view.js';

export class Requests {
	#waiting: readonly RequestView[] = [];

	/**
	Oldest first; the same array until something changed.
	*/
	get view(): readonly RequestView[] {
		return this.#waiting;
	}

	/**
	Whether people must be told that we are busy. Keys ask nobody to wait.
	*/
	get isFull(): boolean {
		return this.#waiting.filter(({kind}) => kind !== 'key').length >= maximumRequests;
	}

	add(request: RequestView): void {
		this.#waiting = [...this.#waiting, request];
	}

	/**
	The request by that id, or else the newest of that person, or of all.
	*/
	find(which: string | undefined): RequestView | undefined {
		return which === undefined
			? this.#waiting.at(-1)
			: this.#waiting.find(({id}) => id === which) ?? this.#waiting.findLast(({from}) => nameKey(from) === nameKey(which));
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
		const next = Math.min(...this.#waiting.map(({expiresAt}) => expiresAt ?? Infinity)) + requestGraceMs;
		return Number.isFinite(next) ? next : undefined;
	}

	/**
	A request whose end the server did not tell.
	*/
	pollExpired(now: number): RequestView | undefined {
		return this.#waiting.find(({expiresAt}) => expiresAt !== undefined && expiresAt + requestGraceMs <= now);
	}
}
