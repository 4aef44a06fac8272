// A SQLite file before it is opened: whether all of it is there. SQLite itself misses a lost page only when it reads it, and opening may write.
// Knows the first bytes of the format (sqlite.org/fileformat2.html, section 1.3); refuses to know any table. Client and server both stand on it.
import {
	closeSync,
	openSync,
	readSync,
	statSync,
} from 'node:fs';
import {DatabaseSync} from 'node:sqlite';

const headerBytes = 100;
const magic = 'SQLite format 3\0';

// SQLITE_BUSY, SQLITE_CORRUPT and SQLITE_NOTADB.
const busyCode = 5;
const damageCodes: ReadonlySet<number> = new Set([11, 26]);

/**
Whether SQLite found that a file is not whole, or none of its own.
*/
export function isDamage(error: unknown): boolean {
	return damageCodes.has(codeOf(error));
}

function codeOf(error: unknown): number {
	return ((error as {errcode?: number}).errcode ?? 0) & 0xFF;
}

/**
Size of a file in bytes; 0 where there is none.
*/
export function sizeOf(path: string): number {
	return statSync(path, {throwIfNoEntry: false})?.size ?? 0;
}

/**
What is wrong with the database at `path`, as the end of a sentence; `undefined` when it may be opened. The file is left as it is.
*/
export function findDamage(path: string): string | undefined {
	const size = sizeOf(path);
	const expected = bytesBelonging(path, size);
	if (size >= expected) {
		return undefined;
	}

	// A crash in the middle of a checkpoint leaves a short file, too; then the log has all that is missing.
	return isWhole(path) ? undefined : `it was cut short: ${size} bytes of ${expected}`;
}

/**
What the file's header says that its size is.
*/
function bytesBelonging(path: string, size: number): number {
	if (size === 0) {
		return 0;
	}

	const header = new DataView(new ArrayBuffer(headerBytes));
	const file = openSync(path, 'r');
	try {
		readSync(file, header, 0, headerBytes, 0);
	} finally {
		closeSync(file);
	}

	if (size < headerBytes) {
		return headerBytes;
	}

	const isOurs = [...magic].every((character, index) => header.getUint8(index) === character.codePointAt(0));
	// 1 stands for 65536.
	const pageSize = header.getUint16(16) === 1 ? 65_536 : header.getUint16(16);
	return isOurs ? pageSize * header.getUint32(28) : 0;
}

function isWhole(path: string): boolean {
	let database: DatabaseSync | undefined;
	try {
		database = new DatabaseSync(path, {readOnly: true});
		return database.prepare('PRAGMA quick_check(1)').get()?.quick_check === 'ok';
	} catch (error) {
		// Whoever has it open knows better.
		return codeOf(error) === busyCode;
	} finally {
		database?.close();
	}
}
