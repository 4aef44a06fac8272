// Folders that are made where they are missing.
// Knows how to make one and those above it; refuses to know what goes in.
import {mkdirSync, statSync} from 'node:fs';
import {dirname, resolve} from 'node:path';

/**
Makes a folder that only its owner may enter, and the ones above it. Node's own recursion never ends where a file system refuses folders (/proc).

@throws Node's error when that is refused.
*/
export function makeFolder(folder: string): void {
	if (isFolder(folder)) {
		return;
	}

	const above = dirname(resolve(folder));
	if (above !== resolve(folder)) {
		makeFolder(above);
	}

	try {
		mkdirSync(folder, {mode: 0o700});
	} catch (error) {
		// Another program may have made it meanwhile.
		if (!isFolder(folder)) {
			throw error;
		}
	}
}

function isFolder(path: string): boolean {
	return statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}
