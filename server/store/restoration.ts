// Another set of files in place of a server's own, without a moment in which neither is there.
// Knows the steps and how to finish them after a crash; refuses to know why. Call it under the folder's lock, with the database closed but for `prepare`.
//
//   restoring.new/          being filled; worthless after a crash
//   restoring-NAME/         whole: from here on it will be finished, by the next start if need be
//   NAME/                   what was there before
import {existsSync, readdirSync} from 'node:fs';
import {
	copyFile,
	mkdir,
	open,
	rename,
	rm,
	rmdir,
} from 'node:fs/promises';
import {join} from 'node:path';
import {makeFolder} from '../../source/disk/folder.js';
import {ProtocolError} from '../../source/protocol/errors.js';
import {unpackBackup, type BackupLabel} from './backup.js';
import {openRealm, realmFiles} from './realm.js';
import {syncFolder, syncFile} from './safe-file.js';
import {DamageError} from './start-error.js';

/**
The server's database in its folder.
*/
export const databaseFile = 'earshotd.db';

const draft = 'restoring.new';
const prefix = 'restoring-';

/**
Checks a backup and lays its files ready; nothing of the server's own is touched yet, so it may run meanwhile.

@param folder The server's folder.
@param file The backup.
@param keepAs Name of the folder that will hold what is there now.
@throws {ProtocolError} `bad-backup` or `bad-file`.
*/
export async function prepareRestoration(folder: string, file: string, keepAs: string): Promise<BackupLabel> {
	const drafted = join(folder, draft);
	try {
		await rm(drafted, {recursive: true, force: true});
		await mkdir(drafted, {mode: 0o700});
		const database = join(drafted, databaseFile);
		await copyFile(file, database);
		const {realm, label} = unpackBackup(database, file);
		for (const name of realmFiles) {
			const content = realm[name];
			if (content === undefined) {
				throw new ProtocolError('bad-backup', `${file} holds no ${name}; nothing was changed.`);
			}

			const handle = await open(join(drafted, name), 'w', 0o600);
			await handle.writeFile(content);
			await handle.sync();
			await handle.close();
		}

		await openRealm(drafted);
		await syncFile(database);
		await syncFolder(drafted);
		await rename(drafted, join(folder, `${prefix}${keepAs}`));
		await syncFolder(folder);
		return label;
	} catch (error) {
		await rm(drafted, {recursive: true, force: true});
		if (error instanceof ProtocolError) {
			throw error;
		}

		throw error instanceof DamageError
			? new ProtocolError('bad-backup', `${file} holds a key that can't be read; nothing was changed.`)
			: new ProtocolError('bad-file', `${file} can't be restored (${(error as Error).message}); nothing was changed. Check the file, permissions and free space.`);
	}
}

/**
Puts what was laid ready in place and keeps what was there; does nothing where nothing was.

@returns The folder with what was there before, if anything was.
*/
export async function finishRestoration(folder: string): Promise<string | undefined> {
	await rm(join(folder, draft), {recursive: true, force: true});
	const ready = readdirSync(folder).find(name => name.startsWith(prefix));
	if (ready === undefined) {
		return undefined;
	}

	const from = join(folder, ready);
	const kept = join(folder, ready.slice(prefix.length));
	makeFolder(kept);
	for (const [name, ...companions] of [[databaseFile, `${databaseFile}-wal`, `${databaseFile}-shm`], ...realmFiles.map(realmFile => [realmFile])] as string[][]) {
		if (!existsSync(join(from, name!))) {
			// A crash came after this one was in place.
			continue;
		}

		for (const old of [name!, ...companions]) {
			if (existsSync(join(folder, old))) {
				await rename(join(folder, old), join(kept, old));
			}
		}

		await syncFolder(kept);
		await rename(join(from, name!), join(folder, name!));
		await syncFolder(folder);
	}

	await rmdir(from);
	const isKept = readdirSync(kept).length > 0;
	if (!isKept) {
		await rmdir(kept);
	}

	await syncFolder(folder);
	return isKept ? kept : undefined;
}
