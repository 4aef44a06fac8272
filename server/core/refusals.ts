// Refusals that several nouns of the core share.
import {ProtocolError} from '../../source/protocol/errors.js';

/**
A write failed, or a question to the disk did.
*/
export function storageFailed(): ProtocolError {
	return new ProtocolError('storage-failed', 'The server could not use its disk; nothing was changed. Its operator must look at it.');
}

/**
Somebody who must be here is not.
*/
export function userOffline(name: string): ProtocolError {
	return new ProtocolError('user-offline', `${name} is not online; ask again when they are.`);
}
