// One profile on disk, claimed by this process: its folder, its lock, the device's keys.
// Knows folders and locks; refuses to know tables (profile-database.ts) and threads (profile-store.ts).
//
//   FOLDER/1/  lock        held by the client that runs on this profile; the system frees it, whatever ends the process
//              device.json raw private keys, for the owner's eyes
//              profile.db  profile-database.ts
import {randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import * as v from 'valibot';
import {makeFolder} from '../disk/folder.js';
import {ProtocolError} from '../protocol/errors.js';
import {decodeBase64, encodeBase64} from '../protocol/keys.js';
import {JsonFile} from './json-file.js';
import {damagedFile} from './profile-database.js';

/**
Which profile is wanted: the free one of `preferred` that comes first, else the lowest free one that is not in `avoided`.
*/
export type ProfileWish = {readonly preferred: readonly number[]; readonly avoided: readonly number[]};

/**
A device's private keys, raw 32 bytes each: Ed25519 and X25519.
*/
export type DeviceSecrets = {readonly sign: Uint8Array; readonly agree: Uint8Array};

/**
As many clients can run side by side on one data folder.
*/
const maximumProfiles = 256;

// SQLite's SQLITE_BUSY.
const busyCode = 5;

/**
A profile that this process has for itself until `close`.
*/
export class ProfileClaim {
	readonly number: number;
	readonly device: DeviceSecrets;
	/**
	Its database, for `ProfileDatabase`.
	*/
	readonly path: string;
	readonly #lock: DatabaseSync;

	private constructor(number: number, {path, device, lock}: {path: string; device: DeviceSecrets; lock: DatabaseSync}) {
		this.number = number;
		this.path = path;
		this.device = device;
		this.#lock = lock;
	}

	/**
	Takes a free profile in `folder`, making folder, profile and keys where there are none.

	@throws {ProtocolError} `bad-folder` when the folder can't be written, `no-profile` when all are taken, `damaged-profile`.
	*/
	static async claim(folder: string, {preferred, avoided}: ProfileWish): Promise<ProfileClaim> {
		const unwanted = new Set(avoided);
		const candidates = new Set([...preferred, ...Array.from({length: maximumProfiles}, (_, index) => index + 1).filter(number => !unwanted.has(number))]);
		for (const number of candidates) {
			const lock = lockProfile(join(folder, String(number)));
			if (lock) {
				try {
					const path = join(folder, String(number));
					return new ProfileClaim(number, {path: join(path, 'profile.db'), device: await openDevice(join(path, 'device.json')), lock});
				} catch (error) {
					lock.close();
					throw error;
				}
			}
		}

		throw new ProtocolError('no-profile', `${maximumProfiles} clients already run on this data folder. Name another one with --data.`);
	}

	/**
	Frees it for other clients.
	*/
	close(): void {
		this.#lock.close();
	}
}

/**
The lock of a profile, or `undefined` when another client holds it. An open transaction of SQLite is the only lock
that Node offers on every system and that no crash leaves behind.
*/
function lockProfile(folder: string): DatabaseSync | undefined {
	let lock: DatabaseSync | undefined;
	try {
		makeFolder(folder);
		lock = new DatabaseSync(join(folder, 'lock'), {timeout: 0});
		lock.exec('BEGIN IMMEDIATE');
		return lock;
	} catch (error) {
		lock?.close();
		const {errcode, message} = error as Error & {errcode?: number};
		if (errcode === busyCode) {
			return undefined;
		}

		throw new ProtocolError('bad-folder', `The data folder can't be used: ${message}. Name another one with --data.`);
	}
}

const keyText = v.pipe(v.string(), v.regex(/^[\w\-]{43}$/v));
const deviceSchema = v.object({sign: keyText, agree: keyText});

async function openDevice(path: string): Promise<DeviceSecrets> {
	const file = new JsonFile(path, value => v.is(deviceSchema, value) ? value : undefined);
	let keys = await file.read();
	if (!keys) {
		// New keys in place of damaged ones would be a new person to everybody else; only the user may decide that.
		if (existsSync(path)) {
			throw damagedFile(path);
		}

		keys = {sign: encodeBase64(randomBytes(32)), agree: encodeBase64(randomBytes(32))};
		await file.write(keys);
	}

	return {sign: decodeBase64(keys.sign), agree: decodeBase64(keys.agree)};
}
