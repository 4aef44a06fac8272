// Prekeys on disk.
// Knows that a one-time prekey is handed out once, also when it is published twice; refuses to know what they are for.
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import {maximumOneTimePrekeys} from '../../source/protocol/limits.js';
import type {Prekey} from '../../source/protocol/messages.js';
import type {Answer, HeldPrekeys, Write} from '../core/storage.js';

type DeviceRow = {
	sign: string; agree: string; signed: number | null; signed_key: string | null; signature: string | null;
};

/**
Handed out prekeys that are remembered of each device.
*/
const remembered = 1000;

export class PrekeyTable {
	readonly #statements: Record<'device' | 'sign' | 'add' | 'drop' | 'count' | 'free' | 'take' | 'note' | 'forgetOldest' | 'forgetBefore', StatementSync>;

	constructor(database: DatabaseSync) {
		this.#statements = {
			device: database.prepare('SELECT sign, agree, signed, signed_key, signature FROM device WHERE key = ? AND device = ?'),
			sign: database.prepare('UPDATE device SET signed = ?, signed_key = ?, signature = ? WHERE key = ? AND device = ?'),
			add: database.prepare('INSERT INTO prekey (user, device, id, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'),
			drop: database.prepare('DELETE FROM prekey WHERE user = ? AND device = ? AND taken IS NULL'),
			count: database.prepare('SELECT count(*) AS count FROM prekey WHERE user = ? AND device = ? AND taken IS NULL'),
			free: database.prepare('SELECT id, key FROM prekey WHERE user = ? AND device = ? AND taken IS NULL ORDER BY id LIMIT ?'),
			take: database.prepare('UPDATE prekey SET taken = ? WHERE user = ? AND device = ? AND id = ?'),
			note: database.prepare('UPDATE account SET signed = ?, one_time = ? WHERE key = ? AND device = ?'),
			forgetOldest: database.prepare(`DELETE FROM prekey WHERE user = ?1 AND device = ?2 AND id IN (SELECT id FROM prekey WHERE user = ?1 AND device = ?2 AND taken IS NOT NULL ORDER BY taken DESC, id DESC LIMIT -1 OFFSET ${remembered})`),
			forgetBefore: database.prepare('DELETE FROM prekey WHERE taken < ?'),
		};
	}

	/**
	The two public keys of a device.
	*/
	keys(user: string, device: string): Answer<'keys'> {
		const row = this.#device(user, device);
		return row && {sign: row.sign, agree: row.agree};
	}

	/**
	What is held of a device, which becomes its account's newest.
	*/
	held(user: string, device: string): HeldPrekeys {
		const held = {signed: this.#device(user, device)?.signed ?? undefined, oneTime: this.#count(user, device)};
		this.#note(user, device, held);
		return held;
	}

	publish({user, device, signed, oneTime, isReplacing}: Extract<Write, {kind: 'prekeys'}>): number {
		const {sign, add, drop, forgetOldest} = this.#statements;
		if (signed) {
			sign.run(signed.id, signed.key, signed.signature, user, device);
		}

		if (isReplacing) {
			drop.run(user, device);
		}

		let count = this.#count(user, device);
		for (const {id, key} of oneTime) {
			if (count < maximumOneTimePrekeys) {
				count += Number(add.run(user, device, id, key).changes);
			}
		}

		forgetOldest.run(user, device);
		this.#note(user, device, {signed: this.#device(user, device)?.signed ?? undefined, oneTime: count});
		return count;
	}

	take({user, device, count, at}: Extract<Write, {kind: 'prekeys-taken'}>): Answer<'prekeys-taken'> {
		const row = this.#device(user, device);
		if (typeof row?.signed_key !== 'string') {
			return undefined;
		}

		const {free, take} = this.#statements;
		const oneTime = free.all(user, device, count) as Prekey[];
		for (const {id} of oneTime) {
			take.run(at, user, device, id);
		}

		const left = this.#count(user, device);
		this.#note(user, device, {signed: row.signed ?? undefined, oneTime: left});
		return {
			keys: {sign: row.sign, agree: row.agree}, signed: {id: row.signed!, key: row.signed_key, signature: row.signature!}, oneTime, left,
		};
	}

	/**
	Forgets one-time prekeys that were handed out before `at`.
	*/
	expire(at: number): void {
		this.#statements.forgetBefore.run(at);
	}

	#device(user: string, device: string): DeviceRow | undefined {
		return this.#statements.device.get(user, device) as DeviceRow | undefined;
	}

	#count(user: string, device: string): number {
		return this.#statements.count.get(user, device)!.count as number;
	}

	#note(user: string, device: string, {signed, oneTime}: HeldPrekeys): void {
		this.#statements.note.run(signed ?? null, oneTime, user, device);
	}
}
