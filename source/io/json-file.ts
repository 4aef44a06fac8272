// A small JSON file that survives power cuts: written beside, synced, renamed, with the version before kept as a backup.
// Knows how a file reaches the disk whole; refuses to know what stands in it (`check` does).
// lowdb's own adapter never syncs, and a file it was cut short in is lost.
import {randomUUID} from 'node:crypto';
import {
	copyFile,
	open,
	readFile,
	rename,
	rm,
} from 'node:fs/promises';
import {dirname} from 'node:path';
import process from 'node:process';
import type {Adapter} from 'lowdb';

/**
Longer files are not ours.
*/
const maximumBytes = 1024 * 1024;

/**
An adapter for lowdb. `check` turns what was parsed into a `Data`, or `undefined` when it is none.
*/
export class JsonFile<Data> implements Adapter<Data> {
	readonly #path: string;
	readonly #check: (value: unknown) => Data | undefined;

	constructor(path: string, check: (value: unknown) => Data | undefined) {
		this.#path = path;
		this.#check = check;
	}

	get #backupPath(): string {
		return `${this.#path}.bak`;
	}

	/**
	The file, or its backup when the file is missing or damaged; `null` when neither can be used.
	*/
	async read(): Promise<Data | null> {
		return await this.#readOne(this.#path) ?? await this.#readOne(this.#backupPath) ?? null;
	}

	/**
	Replaces the file; resolves when the new one is on the disk. At no moment is there neither an old nor a new one.
	*/
	async write(data: Data): Promise<void> {
		const temporary = `${this.#path}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`;
		try {
			// A damaged file must not push a good backup out.
			if (await this.#readOne(this.#path) !== undefined) {
				await copyFile(this.#path, temporary);
				await sync(temporary);
				await rename(temporary, this.#backupPath);
			}

			const file = await open(temporary, 'w', 0o600);
			try {
				await file.writeFile(`${JSON.stringify(data, undefined, '\t')}\n`);
				await file.sync();
			} finally {
				await file.close();
			}

			await rename(temporary, this.#path);
			await sync(dirname(this.#path));
		} finally {
			await rm(temporary, {force: true});
		}
	}

	async #readOne(path: string): Promise<Data | undefined> {
		try {
			const text = await readFile(path, 'utf8');
			return text.length > maximumBytes ? undefined : this.#check(JSON.parse(text));
		} catch {
			return undefined;
		}
	}
}

async function sync(path: string): Promise<void> {
	const file = await open(path, 'r');
	try {
		await file.sync();
	} catch (error) {
		// Windows syncs neither folders nor files opened for reading.
		if ((error as NodeJS.ErrnoException).code !== 'EPERM') {
			throw error;
		}
	} finally {
		await file.close();
	}
}
