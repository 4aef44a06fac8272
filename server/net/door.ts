// The local door of a running server: whoever may enter its folder may run the operator's commands.
// Knows a Unix domain socket (a named pipe on Windows) and one JSON line each way; refuses to know what a command does.
//
//   {"command":"backup /home/ann/server.backup"}
//   {"command":"backup","ok":true,"fields":{…}}  or  {"command":"backup","ok":false,"error":{"code":"…","message":"…"}}
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import {lstatSync, rmSync} from 'node:fs';
import {
	connect,
	createServer,
	type Server,
	type Socket,
} from 'node:net';
import {tmpdir, userInfo} from 'node:os';
import {dirname, join} from 'node:path';
import process from 'node:process';
import {makeFolder} from '../../source/disk/folder.js';
import {LineDecoder} from '../../source/protocol/framing.js';
import type {OperatorReply} from '../core/actions.js';

/**
Room for a path in a socket's address on every system: 104 bytes with the final zero on macOS and the BSDs.
*/
const maximumPathBytes = 103;
const maximumQuestionBytes = 64 * 1024;
const maximumAnswerBytes = 64 * 1024 * 1024;
const maximumCallers = 16;

/**
Where the door of the server in `folder` is. Where the folder's own path is too long for a socket's address, it is a short one in a
folder of this user's in the temporary folder.
*/
export function doorPath(folder: string, platform = process.platform): string {
	const hash = createHash('sha256').update(folder).digest('hex').slice(0, 16);
	if (platform === 'win32') {
		return String.raw`\\.\pipe\earshotd-${hash}`;
	}

	const path = join(folder, 'earshotd.sock');
	return Buffer.byteLength(path) <= maximumPathBytes ? path : join(temporaryFolder(), `${hash}.sock`);
}

function temporaryFolder(): string {
	return join(tmpdir(), `earshotd-${userInfo().uid}`);
}

/**
Whether nobody else can have put something in the path's way.
*/
function isSafe(path: string): boolean {
	if (dirname(path) !== temporaryFolder()) {
		return true;
	}

	const {uid} = userInfo();
	const found = lstatSync(temporaryFolder(), {throwIfNoEntry: false});
	return found !== undefined && found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0;
}

export class Door {
	readonly path: string;
	readonly #server: Server;
	readonly #callers = new Set<Socket>();

	private constructor(path: string, handle: (command: string) => Promise<OperatorReply>) {
		this.path = path;
		this.#server = createServer(socket => {
			this.#callers.add(socket);
			socket.on('close', () => {
				this.#callers.delete(socket);
			});
			void serveCaller(socket, handle);
		});
		this.#server.maxConnections = maximumCallers;
	}

	/**
	Opens the door of `folder`; call it under the folder's lock, so that a socket that is there was left by a server that is no more.

	@param folder
	@param handle Runs an operator's command.
	@throws {Error} When it can't be opened.
	*/
	static async open(folder: string, handle: (command: string) => Promise<OperatorReply>): Promise<Door> {
		const door = new Door(doorPath(folder), handle);
		await door.#listen();
		return door;
	}

	/**
	Tells nobody: callers find it closed.
	*/
	async close(): Promise<void> {
		const closed = new Promise<void>(resolve => {
			this.#server.close(() => {
				resolve();
			});
		});
		for (const caller of this.#callers) {
			// What was answered just now still goes out.
			caller.destroySoon();
		}

		await closed;
	}

	async #listen(): Promise<void> {
		if (process.platform !== 'win32') {
			if (dirname(this.path) === temporaryFolder()) {
				makeFolder(temporaryFolder());
			}

			if (!isSafe(this.path)) {
				throw new Error(`${temporaryFolder()} is not this user's alone`);
			}

			rmSync(this.path, {force: true});
		}

		await new Promise<void>((resolve, reject) => {
			// The socket is made at once, with the rights of that moment: its owner's alone.
			const before = process.umask(0o177);
			try {
				this.#server.once('error', reject);
				this.#server.listen(this.path, () => {
					this.#server.removeListener('error', reject);
					this.#server.on('error', () => {});
					resolve();
				});
			} finally {
				process.umask(before);
			}
		});
	}
}

/**
Answers one line after the other; a line that is no question ends the talk.
*/
async function serveCaller(socket: Socket, handle: (command: string) => Promise<OperatorReply>): Promise<void> {
	// The close event follows; nobody is left to be told.
	socket.on('error', () => {});
	const decoder = new LineDecoder(maximumQuestionBytes);
	try {
		for await (const chunk of socket as AsyncIterable<Uint8Array>) {
			for (const line of decoder.push(chunk)) {
				const {command} = JSON.parse(line) as {command?: unknown};
				if (typeof command !== 'string') {
					throw new TypeError('no command');
				}

				socket.write(`${JSON.stringify(await handle(command))}\n`);
			}
		}
	} catch {
		socket.destroy();
	}
}

/**
Asks the server that runs on `folder`.

@returns Its answer; `undefined` when no server runs there.
@throws {Error} When the server went away before it answered.
*/
export async function askDoor(folder: string, command: string): Promise<OperatorReply | undefined> {
	const path = doorPath(folder);
	if (process.platform !== 'win32' && !isSafe(path)) {
		return undefined;
	}

	const socket = connect(path);
	const isThere = await new Promise<boolean>((resolve, reject) => {
		socket.once('connect', () => {
			resolve(true);
		});
		socket.once('error', (error: NodeJS.ErrnoException) => {
			if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(error.code ?? '')) {
				resolve(false);
			} else {
				reject(error);
			}
		});
	});
	if (!isThere) {
		return undefined;
	}

	socket.write(`${JSON.stringify({command})}\n`);
	const decoder = new LineDecoder(maximumAnswerBytes);
	for await (const chunk of socket as AsyncIterable<Uint8Array>) {
		const [line] = decoder.push(chunk);
		if (line !== undefined) {
			socket.destroy();
			return JSON.parse(line) as OperatorReply;
		}
	}

	throw new Error('the server went away before it answered');
}
