// Files that exist whole or not at all.
// Knows temporary names, fsync and rename; refuses to know what is in them.
import {
	open,
	readFile,
	rename,
} from 'node:fs/promises';
import {dirname} from 'node:path';
import process from 'node:process';
import {makeFolder} from '../../source/disk/folder.js';
import {StartError} from './start-error.js';

function codeOf(error: unknown): string | undefined {
	return (error as NodeJS.ErrnoException).code;
}

/**
Makes a folder that only its owner may enter.

@throws {StartError}
*/
export async function makePrivateFolder(folder: string): Promise<void> {
	try {
		makeFolder(folder);
	} catch (error) {
		throw new StartError(`The data folder ${folder} can't be made (${codeOf(error) ?? String(error)}); check the permissions above it, or choose another with --data.`);
	}
}

/**
The text of `file`, or, where there is no such file, what `make` returns after it has been written for its owner's eyes only and reached the disk.

@throws {StartError}
*/
export async function readOrMake(file: string, make: () => string): Promise<string> {
	try {
		return await readFile(file, 'utf8');
	} catch (error) {
		if (codeOf(error) !== 'ENOENT') {
			throw new StartError(`${file} can't be read (${codeOf(error) ?? String(error)}); check its permissions.`);
		}
	}

	const content = make();
	const temporary = `${file}.new`;
	try {
		const handle = await open(temporary, 'w', 0o600);
		await handle.writeFile(content);
		await handle.sync();
		await handle.close();
		await rename(temporary, file);
		await syncFolder(dirname(file));
	} catch (error) {
		throw new StartError(`${file} can't be written (${codeOf(error) ?? String(error)}); check the folder's permissions and free space.`);
	}

	return content;
}

/**
Makes an empty `file` for its owner's eyes only, where there is none.

@throws {StartError}
*/
export async function makePrivateFile(file: string): Promise<void> {
	try {
		const handle = await open(file, 'a', 0o600);
		await handle.close();
	} catch (error) {
		throw new StartError(`${file} can't be opened for writing (${codeOf(error) ?? String(error)}); check the folder's permissions, or choose another with --data.`);
	}
}

/**
Returns when what is in `file` is on the disk.
*/
export async function syncFile(file: string): Promise<void> {
	const handle = await open(file, 'r+');
	await handle.sync();
	await handle.close();
}

/**
Returns when the names in `folder` are on the disk.
*/
export async function syncFolder(folder: string): Promise<void> {
	if (process.platform === 'win32') {
		// A folder can't be opened there; the rename itself is journaled.
		return;
	}

	const handle = await open(folder, 'r');
	await handle.sync();
	await handle.close();
}
