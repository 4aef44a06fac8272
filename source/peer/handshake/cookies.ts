// Cookies against floods of INITs (as in RFC 9000, section 8.1, and WireGuard, section 5.3): under load an INIT counts only with a
// cookie, which is sent to the address it claims to come from. A forged address never sees it.
// Nothing is stored for a cookie: it is made of the address and a secret that changes. Refuses to know when there is load.
import {createHmac, timingSafeEqual} from 'node:crypto';
import {cookieSize} from '../packets/packet.js';
import {type Address} from '../session.js';

/**
A secret is used for so long, ms, and its cookies are taken for as long again.
*/
const secretLifetime = 120_000;
const secretSize = 32;

export class Cookies {
	readonly #random: (size: number) => Uint8Array;
	#current: Uint8Array | undefined;
	#previous: Uint8Array | undefined;
	#renewAt = -Infinity;

	constructor(random: (size: number) => Uint8Array) {
		this.#random = random;
	}

	/**
	The cookie for whoever reads what is sent to `address`.
	*/
	create(address: Address, now: number): Uint8Array {
		return computeCookie(this.#secret(now), address);
	}

	/**
	Whether `cookie` was made for `address`, not long ago.
	*/
	isRight(cookie: Uint8Array, address: Address, now: number): boolean {
		return [this.#secret(now), this.#previous].some(secret => secret !== undefined && timingSafeEqual(computeCookie(secret, address), cookie));
	}

	#secret(now: number): Uint8Array {
		if (!this.#current || now >= this.#renewAt) {
			const isNext = now < this.#renewAt + secretLifetime;
			this.#previous = isNext ? this.#current : undefined;
			this.#current = this.#random(secretSize);
			this.#renewAt = (isNext ? this.#renewAt : now) + secretLifetime;
		}

		return this.#current;
	}
}

function computeCookie(secret: Uint8Array, address: Address): Uint8Array {
	return createHmac('sha256', secret).update(address).digest().subarray(0, cookieSize);
}
