// The backups that a server makes by itself, in a folder beside its data.
// Knows their names, which is the newest and how many are kept; refuses to know how one is made (backup.ts).
import {readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {makeFolder} from '../../source/disk/folder.js';
import {labelOf, type BackupLabel} from './backup.js';

const folderName = 'backups';
const kept = 2;
const pattern = /^earshotd-.*\.backup$/v;

/**
A moment as part of a file's name: `2026-01-31T10-00-00-000Z`, so that names stand in the order of time.
*/
export function stamp(at: number): string {
	return new Date(at).toISOString().replaceAll(/[.:]/gv, '-');
}

export class AutomaticBackups {
	readonly #folder: string;

	/**
	@param folder The server's folder.
	*/
	constructor(folder: string) {
		this.#folder = join(folder, folderName);
	}

	/**
	The newest one that can be read.
	*/
	newest(): (BackupLabel & {readonly file: string}) | undefined {
		for (const name of this.#names().toReversed()) {
			const file = join(this.#folder, name);
			const label = labelOf(file);
			if (label) {
				return {...label, file};
			}
		}

		return undefined;
	}

	/**
	Where the next one goes.
	*/
	next(at: number): string {
		makeFolder(this.#folder);
		return join(this.#folder, `earshotd-${stamp(at)}.backup`);
	}

	/**
	Removes all but the newest, and what a crash has left half-made.
	*/
	prune(): void {
		const whole = this.#names().filter(name => labelOf(join(this.#folder, name)));
		const spare = readdirSync(this.#folder).filter(name => !whole.slice(-kept).includes(name));
		for (const name of spare) {
			rmSync(join(this.#folder, name), {force: true});
		}
	}

	/**
	Oldest first.
	*/
	#names(): string[] {
		try {
			return readdirSync(this.#folder).filter(name => pattern.test(name)).toSorted();
		} catch {
			return [];
		}
	}
}
