// One server a folder, whatever ends it.
// Knows a lock that the system gives back even after SIGKILL; refuses to know what is in the folder.
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {makePrivateFile} from './safe-file.js';
import {StartError} from './start-error.js';

// SQLite's SQLITE_BUSY.
const busyCode = 5;

/**
A folder that this process has for itself until `release`. An open transaction of SQLite is the only lock that Node offers on every
system and that no crash leaves behind.
*/
export class FolderLock {
	readonly #database: DatabaseSync;

	private constructor(database: DatabaseSync) {
		this.#database = database;
	}

	/**
	@throws {StartError} When another process has it, or it can't be written.
	*/
	static async take(folder: string): Promise<FolderLock> {
		const file = join(folder, 'earshotd.lock');
		await makePrivateFile(file);
		let database: DatabaseSync | undefined;
		try {
			database = new DatabaseSync(file, {timeout: 0});
			database.exec('BEGIN IMMEDIATE');
			return new FolderLock(database);
		} catch (error) {
			database?.close();
			const {errcode = 0, message} = error as Error & {errcode?: number};
			throw new StartError((errcode & 0xFF) === busyCode
				? `${folder} is in use: another earshotd runs on this folder. Stop it, or choose another folder with --data.`
				: `${file} can't be used (${message}); check the folder's permissions, or choose another with --data.`);
		}
	}

	release(): void {
		this.#database.close();
	}
}
