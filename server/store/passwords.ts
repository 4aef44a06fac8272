// Password hashes: argon2id (RFC 9106), computed off the event loop, few at once.
// Knows the parameters of today and reads those of yesterday; refuses to know whose password it is.
import {Buffer} from 'node:buffer';
import {argon2, randomBytes, timingSafeEqual} from 'node:crypto';
import {availableParallelism} from 'node:os';

/**
Memory in KiB, passes and lanes.
*/
export type HashParameters = {readonly memory: number; readonly passes: number; readonly parallelism: number};

export const currentParameters: HashParameters = {memory: 19 * 1024, passes: 2, parallelism: 1};

const tagLength = 32;
const pattern = /^\$argon2id\$v=19\$m=(?<memory>\d{1,7}),t=(?<passes>\d{1,3}),p=(?<parallelism>\d{1,3})\$(?<salt>[\w\-]{22})\$(?<tag>[\w\-]{43})$/v;

/**
More jobs wait than are worth waiting for.
*/
export class BusyError extends Error {
	override readonly name = 'BusyError';
}

type PasswordOptions = {readonly parameters?: HashParameters; readonly concurrency?: number; readonly queueLimit?: number};

/**
Hashes and compares, at most `concurrency` at once; the rest waits in a queue of `queueLimit`.
*/
export class Passwords {
	readonly #parameters: HashParameters;
	readonly #concurrency: number;
	readonly #queueLimit: number;
	readonly #queue: Array<() => void> = [];
	readonly #decoy: string;
	#running = 0;

	constructor({parameters = currentParameters, concurrency = Math.max(1, availableParallelism() - 1), queueLimit = 256}: PasswordOptions = {}) {
		this.#parameters = parameters;
		this.#concurrency = concurrency;
		this.#queueLimit = queueLimit;
		this.#decoy = format(parameters, randomBytes(16), randomBytes(tagLength));
	}

	/**
	A new hash as text: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`.

	@throws {BusyError}
	*/
	async hash(password: string): Promise<string> {
		const salt = randomBytes(16);
		return format(this.#parameters, salt, await this.#compute(password, salt, this.#parameters));
	}

	/**
	Whether `password` made `hash`; without a hash the answer is no, at the same cost.

	@throws {BusyError}
	*/
	async verify(password: string, hash: string | undefined): Promise<boolean> {
		const stored = parse(hash ?? this.#decoy) ?? parse(this.#decoy)!;
		const tag = await this.#compute(password, stored.salt, stored.parameters);
		return timingSafeEqual(tag, stored.tag) && hash !== undefined;
	}

	/**
	Whether `hash` was made with other parameters than today's.
	*/
	isOutdated(hash: string): boolean {
		return !hash.startsWith(prefix(this.#parameters));
	}

	async #compute(password: string, salt: Uint8Array, {memory, passes, parallelism}: HashParameters): Promise<Uint8Array> {
		await this.#enter();
		try {
			return await new Promise<Uint8Array>((resolve, reject) => {
				argon2('argon2id', {
					message: password.normalize('NFC'), nonce: salt, parallelism, tagLength, memory, passes,
				}, (error, tag) => {
					if (error) {
						reject(error);
					} else {
						resolve(tag);
					}
				});
			});
		} finally {
			this.#leave();
		}
	}

	async #enter(): Promise<void> {
		if (this.#running < this.#concurrency) {
			this.#running += 1;
			return;
		}

		if (this.#queue.length >= this.#queueLimit) {
			throw new BusyError('too many passwords wait to be checked');
		}

		await new Promise<void>(resolve => {
			this.#queue.push(resolve);
		});
	}

	#leave(): void {
		const next = this.#queue.shift();
		if (next) {
			next();
		} else {
			this.#running -= 1;
		}
	}
}

function prefix({memory, passes, parallelism}: HashParameters): string {
	return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`;
}

function format(parameters: HashParameters, salt: Buffer, tag: Uint8Array): string {
	return `${prefix(parameters)}${salt.toString('base64url')}$${Buffer.from(tag).toString('base64url')}`;
}

function parse(hash: string): {parameters: HashParameters; salt: Uint8Array; tag: Uint8Array} | undefined {
	const groups = pattern.exec(hash)?.groups;
	return groups && {
		parameters: {memory: Number(groups.memory), passes: Number(groups.passes), parallelism: Number(groups.parallelism)},
		salt: Buffer.from(groups.salt!, 'base64url'),
		tag: Buffer.from(groups.tag!, 'base64url'),
	};
}
