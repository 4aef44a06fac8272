// What a parser may do with what it can't read.
import {ProtocolError} from '../../source/protocol/errors.js';

/**
Runs `act`, which may refuse with a `ProtocolError` and throw nothing else. Undefined where it refused.
*/
export function orRefusal<Result>(act: () => Result): Result | undefined {
	try {
		return act();
	} catch (error) {
		if (error instanceof ProtocolError) {
			return undefined;
		}

		throw error;
	}
}
